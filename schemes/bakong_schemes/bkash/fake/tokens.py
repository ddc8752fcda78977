"""Tokens: grants, refreshes, the rule of two, and who a call is from."""

import hashlib
from base64 import urlsafe_b64encode

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import keys
from bakong_schemes.bkash.fake.errors import ApiError, credentials_refused, refusal
from bakong_schemes.bkash.fake.records import BkashState, Credentials, Json
from bakong_schemes.bkash.fake.requests import Answer, Ask, header
from bakong_schemes.bkash.fake.wallets import OTP, PIN
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import DEFAULT

MAX_TOKENS = 1_000  # of a world, the newest: an older one is as unknown
POOL = "ap-southeast-1_sandbox"


def credentials_of(world: World) -> Credentials:
    """Made of the world's seed and name, and of no stream: they are the same after every reset."""

    def drawn(what: str) -> str:
        return hashlib.blake2b(f"{world.seed}/{world.name}/bkash/{what}".encode(), digest_size=24).hexdigest()

    return Credentials(
        username=f"sandbox-{world.name}",
        password=f"sandbox-{drawn('password')[:12]}",
        app_key=f"sandboxkey{drawn('key')[:16]}",
        app_secret=f"sandboxsecret{drawn('secret')[:32]}",
        pin=PIN,
        otp=OTP,
    )


def grant(ask: Ask) -> Answer:
    if not _is_us(ask):
        return credentials_refused(ask.family, ask.state.settings)
    _spend(ask.world, ask.state)
    return _issued(ask)


def refresh(ask: Ask) -> Answer:
    if not _is_us(ask):
        return credentials_refused(ask.family, ask.state.settings)
    _spend(ask.world, ask.state)
    now_ms = ask.world.clock.now_ms()
    if ask.state.refresh_tokens.get(ask.text("refresh_token"), 0) <= now_ms:
        return refusal("9999", ask.family, ask.state.settings, "Refresh token unknown or expired")
    if ask.state.settings.refresh_ends_token:
        ask.state.tokens.update(dict.fromkeys(ask.state.tokens, 0))
    return _issued(ask)


def _is_us(ask: Ask) -> bool:
    known = ask.state.credentials
    given = (
        *(header(ask.call, b"username"), header(ask.call, b"password")),
        *(ask.fields.get("app_key"), ask.fields.get("app_secret")),
    )
    return given == (known.username, known.password, known.app_key, known.app_secret)


def _spend(world: World, state: BkashState) -> None:
    """Raises ApiError where the rule of two is on, and it was broken within the last hour."""
    if not state.settings.token_rule:
        return
    now_ms = world.clock.now_ms()
    blocked = f"gateway {state.settings.blocked_status}"
    if now_ms < state.blocked_until_ms:
        raise ApiError(blocked)
    state.token_calls = [at_ms for at_ms in state.token_calls if at_ms > now_ms - wire.TOKEN_WINDOW_MS]
    if len(state.token_calls) >= wire.TOKEN_CALLS:
        state.blocked_until_ms = now_ms + wire.TOKEN_WINDOW_MS
        raise ApiError(blocked)
    state.token_calls.append(now_ms)


def _issued(ask: Ask) -> Json:
    world, state = ask.world, ask.state
    now_ms = world.clock.now_ms()
    token, again = _id_token(world, state, now_ms // 1000), _refresh_token(world)
    state.tokens[token] = (now_ms // 1000 + wire.TOKEN_LIFE_S) * 1000
    state.refresh_tokens[again] = now_ms + wire.REFRESH_LIFE_MS
    _admit(world, token)
    for kept in (state.tokens, state.refresh_tokens):
        if len(kept) > MAX_TOKENS:
            oldest = next(iter(kept))
            del kept[oldest]
            world.forget(oldest)
    head = {"statusCode": wire.SUCCESS, "statusMessage": wire.SUCCESSFUL} if ask.family == wire.TOKENIZED else {}
    return {
        **head,
        "id_token": token,
        "token_type": "Bearer",
        "expires_in": wire.TOKEN_LIFE_S,
        "refresh_token": again,
    }


def admit_all(world: World, state: BkashState) -> None:
    """Let calls with this world's username or a token of it find it; the default one's find it anyway."""
    _admit(world, f"{wire.NAME}/{state.credentials.username}")
    for token in state.tokens:
        _admit(world, token)


def _admit(world: World, token: str) -> None:
    if world.name != DEFAULT:
        world.admit(token)


def _id_token(world: World, state: BkashState, now_s: int) -> str:
    """As Cognito writes them. The call's headers keep 1024 bytes of it, so its fields are short."""
    import jwt  # noqa: PLC0415  no call but a grant needs it

    drawn = world.rng.hex("bkash/token", 48)
    payload = {
        "sub": f"{drawn[:8]}-{drawn[8:12]}-4{drawn[12:15]}-a{drawn[15:18]}-{drawn[18:30]}",
        "aud": state.credentials.app_key,
        "event_id": drawn[30:],
        "token_use": "id",
        "auth_time": now_s,
        "iss": f"https://cognito-idp.ap-southeast-1.amazonaws.com/{POOL}",
        "cognito:username": state.credentials.username[:40],
        "exp": now_s + wire.TOKEN_LIFE_S,
        "iat": now_s,
    }
    key = keys.key_of(f"{world.seed}/token")
    return jwt.encode(
        payload, key, algorithm="RS256", headers={"kid": keys.name_of(f"{world.seed}/token"), "typ": None}
    )


def _refresh_token(world: World) -> str:
    """Of the form of a JWE, five parts; what is in it only the fake knows, and it is nothing."""
    head = b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}'
    sizes = (256, 12, 400, 16)
    parts = [hashlib.shake_256(world.rng.draw("bkash/refresh")).digest(size) for size in sizes]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (head, *parts))


def token_of(call: Call) -> str:
    """The id_token of a call, which comes bare, or after "Bearer"."""
    return call.token or header(call, b"authorization")


def is_usual(state: BkashState, call: Call, now_ms: int) -> bool:
    """Whether a call has a good token, bare, and the app key; see check for what else there is."""
    token = key = b""
    for name, value in call.headers:
        if name == b"authorization":
            token = value
        elif name == b"x-app-key":
            key = value
    return state.tokens.get(token.decode("latin-1"), 0) > now_ms and key.decode("latin-1") == state.credentials.app_key


def check(ask: Ask) -> None:
    """Raises ApiError where a call is from nobody."""
    state, call = ask.state, ask.call
    token = header(call, b"authorization")
    if token.startswith("Bearer ") and state.settings.accept_bearer:
        token = call.token
    until_ms = state.tokens.get(token)
    if until_ms is None:
        raise ApiError("gateway 401")
    if until_ms <= ask.world.clock.now_ms():
        raise ApiError("gateway 401 expired")
    key = header(call, b"x-app-key")
    if key != state.credentials.app_key:
        raise ApiError("2001" if key else "gateway 403")
