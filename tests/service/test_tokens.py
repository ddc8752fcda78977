"""Access tokens: what other libraries read of them, what is never taken, keys that rotate, an issuer from outside."""

import asyncio
import base64
import json
import string
import warnings
from types import SimpleNamespace

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws as jose
from joserfc.jwk import KeySet, OctKey, OKPKey, RSAKey

from bakong_service.adapters import access_tokens, jws
from bakong_service.adapters import issuer as issuers
from bakong_service.adapters.access_tokens import draw_signing_key
from bakong_service.adapters.issuer import Issuer
from bakong_service.domain.principals import Principal
from bakong_service.domain.tokens import ACCESS_MS, SWITCH_MS, Parties, TokenFault
from bakong_service.settings import SettingsError, load
from tests.conftest import NOW_MS
from tests.service.house import KEY
from tests.service.logins import (
    PARTIES,
    READ,
    SECRET,
    bearer,
    held,
    later,
    log_in,
    open_office,
    status_of,
    user,
)
from tests.service.processes import command, environment

NOW_S = NOW_MS // 1000
KEYS = "/.well-known/jwks.json"


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value):
    return b64(orjson.dumps(value))


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(token, keys, algorithm):
    """The claims, by a library that is not the one that signed them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc holds EdDSA to be a deprecated name
        return json.loads(jose.deserialize_compact(token, keys, algorithms=[algorithm]).payload)


async def key_set(office):
    answer = await office.client.get(KEYS)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
async def test_another_library_verifies_our_tokens_by_the_published_keys(tmp_path, storage, monkeypatch, algorithm):
    async with open_office(tmp_path, monkeypatch, storage, token_algorithm=algorithm) as office:
        made = await user(office)
        token, _ = held(await log_in(office))
        published = await key_set(office)
    assert [set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"} for key in published["keys"]] == [set()]
    claims = verified(token, KeySet.import_key_set(published), algorithm)
    assert claims["jti"]
    assert claims["sid"]
    told = {name: claims[name] for name in ("username", "sub", "roles", "iss", "aud", "iat", "exp")}
    assert told == {
        "username": "sokha", "sub": made.id, "roles": ["merchant"], "iss": "bakong-service", "aud": "bakong-service",
        "iat": NOW_S, "exp": NOW_S + 900,
    }  # fmt: skip
    assert json.loads(unpadded(token.split(".")[0]))["kid"] == published["keys"][0]["kid"]


async def test_the_small_mode_signs_with_the_secret_and_publishes_nothing(tmp_path, storage, monkeypatch):
    async with open_office(tmp_path, monkeypatch, storage, jwt_secret=secret(SECRET)) as office:
        await user(office)
        token, _ = held(await log_in(office))
        assert await key_set(office) == {"keys": []}
        assert await status_of(office, token) == 200
    assert verified(token, OctKey.import_key(SECRET), "HS256")["username"] == "sokha"
    async with open_office(
        tmp_path, monkeypatch, storage, jwt_secret=secret(SECRET[::-1]), old_jwt_secrets=(secret(SECRET),)
    ) as office:
        assert await status_of(office, token) == 200


def secret(text):
    return SimpleNamespace(get_secret_value=lambda: text)


def shop_token(claims, key=SECRET, algorithm="HS256", **header):
    return jws_of({"alg": algorithm, "typ": "JWT"} | header, claims, key.encode())


def jws_of(header, claims, key):
    """Signed by hand: HS256 with bytes, else by the other library."""
    import hashlib
    import hmac

    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{b64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200), ({"role": "admin"}, 200), ({"exp": NOW_S + 1}, 200), ({"exp": NOW_S}, 401), ({"role": "root"}, 401),
        ({"exp": None}, 401), ({"exp": str(NOW_S + 9)}, 401), ({"exp": True}, 401),
        ({"sub": ""}, 401), ({"sub": 7}, 401),
        ({"iss": "other"}, 401), ({"aud": "other"}, 401), ({"aud": ["x", "bakong-service"]}, 200),
        ({"nbf": NOW_S}, 200), ({"nbf": NOW_S + 1}, 401), ({"iat": NOW_S + 1}, 401), ({"nbf": "soon"}, 401),
        ({"role": ["admin"]}, 401), ({"roles": ["admin"]}, 401), ({"exp": 2**53}, 401), ({"exp": -1}, 401),
    ],
    ids=str,
)  # fmt: skip
async def test_a_shop_that_has_the_secret_signs_tokens_with_sub_exp_and_role(tmp_path, monkeypatch, change, status):
    async with open_office(tmp_path, monkeypatch, jwt_secret=secret(SECRET)) as office:
        assert await status_of(office, shop_token({"sub": "u-1", "exp": NOW_S + 60, "role": "user"} | change)) == status


@pytest.fixture
async def office(tmp_path, storage, monkeypatch):
    async with open_office(tmp_path, monkeypatch, storage) as opened:
        await user(opened)
        opened.token, _ = held(await log_in(opened))
        opened.keys = await key_set(opened)
        yield opened


async def refused(office, token):
    office.ticks.us += 60_000
    answer = await office.client.get(READ, headers=bearer(token))
    assert answer.status_code in (401, 403), (token, answer.text)
    return answer.json()["code"] in ("unauthorized", "blocked")


async def test_no_token_is_taken_without_the_right_signature_of_the_right_kind(office):
    """alg none in any spelling, our public key as a secret, a key in the header, another's key of our name."""
    header, claims, signature = office.token.split(".")
    (key,) = office.keys["keys"]
    raw = unpadded(key["x"])
    said = json.loads(unpadded(claims))
    tokens = [f"{part({'alg': alg, 'kid': key['kid']})}.{claims}." for alg in ("none", "None", "NONE", "nOnE", "")]
    tokens += [token + signature for token in tokens]
    for material in (raw, orjson.dumps(key), key["x"].encode(), b"", b"\0" * 32):
        tokens.append(jws_of({"alg": "HS256", "kid": key["kid"]}, said, material))
    other = OKPKey.generate_key("Ed25519")
    strong = {"kid": key["kid"], "jwk": other.as_dict(private=False), "jku": "http://127.0.0.1:9/keys"}
    tokens += [
        signed_by(other, {"alg": "EdDSA"} | strong, said),
        signed_by(other, {"alg": "EdDSA", "kid": "new"}, said),
    ]
    tokens += [f"{part({'alg': 'EdDSA'} | extra)}.{claims}.{signature}" for extra in ({}, {"kid": ""}, {"kid": 7})]
    tokens += [
        f"{header}.{part(said | {'roles': ['admin']})}.{signature}",
        f"{header}.{claims}.",
        f"{header}..{signature}",
    ]
    assert all([await refused(office, token) for token in tokens])


def signed_by(key, header, claims):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registry = jose.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        return jose.serialize_compact(header, orjson.dumps(claims), key, [header["alg"]], registry)


CLAIMS = {
    "iss": PARTIES["issuer"], "aud": PARTIES["audience"], "sub": "u", "username": "sokha", "roles": ["viewer"],
    "iat": NOW_S, "exp": NOW_S + 900, "jti": "j",
}  # fmt: skip


async def test_claims_of_a_good_signature_are_held_to_issuer_audience_and_time_exactly(office):
    stored = (await office.core.store.read(lambda records: records.token_state(NOW_MS))).keys[0]
    key = OKPKey.import_key(json.loads(stored.private))

    async def status(change):
        claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
        verdict = await app_verify(office)(signed_by(key, {"alg": "EdDSA", "kid": stored.kid}, claims))
        return 200 if isinstance(verdict, Principal) else 401

    good = ({}, {"exp": NOW_S + 1}, {"nbf": NOW_S}, {"aud": ["a", "bakong-service"]}, {"iat": NOW_S - 899})
    bad = (
        *({"exp": NOW_S}, {"exp": None}, {"nbf": NOW_S + 1}, {"iat": NOW_S + 1}, {"iat": None}, {"jti": None}),
        *({"iss": None}, {"iss": "Bakong-service"}, {"iss": ["bakong-service"]}, {"aud": None}, {"aud": []}),
        *({"aud": "bakong-service "}, {"sub": None}, {"roles": None}, {"roles": ["root"]}, {"roles": "admin"}),
        *({"roles": [["admin"]]}, {"exp": "9" * 30}, {"exp": {"a": 1}}, {"role": "admin", "roles": None}),
    )
    assert [await status(change) for change in good] == [200] * len(good)
    assert [await status(change) for change in bad] == [401] * len(bad)


LETTERS = string.ascii_letters + string.digits + "-_.=+/ ~"


@pytest.mark.parametrize("mode", ["EdDSA", "RS256", "HS256"])
async def test_no_changed_token_is_ever_taken_or_an_internal_error(tmp_path, monkeypatch, mode):
    changes = {"jwt_secret": secret(SECRET)} if mode == "HS256" else {"token_algorithm": mode}
    async with open_office(tmp_path, monkeypatch, **changes) as office:
        await user(office)
        token, _ = held(await log_in(office))
        verify = app_verify(office)
        taken = []

        @settings(max_examples=150, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def collect(data):
            changed = data.draw(mutated(token))
            if changed != token:
                taken.append(changed)

        collect()
        # Every letter of the signature's end, whose last bits say nothing.
        taken += [token[:-1] + letter for letter in LETTERS if letter != token[-1]]
        for changed in taken:
            office.ticks.us += 1
            assert isinstance(await verify(changed), TokenFault), changed
        assert isinstance(await verify(token), Principal)


def app_verify(office):
    return office.client._transport.app.app._rules.verify


@st.composite
def mutated(draw, token):
    """A letter changed, put in or taken out; parts changed with each other, cut, doubled; JSON of another kind."""
    parts = token.split(".")
    kind = draw(st.sampled_from(["letter", "cut", "insert", "parts", "header", "claims"]))
    at = draw(st.integers(0, len(token) - 1))
    letter = draw(st.sampled_from(LETTERS))
    if kind == "letter":
        return token[:at] + letter + token[at + 1 :]
    if kind == "cut":
        return token[:at] + token[at + draw(st.integers(1, 40)) :]
    if kind == "insert":
        return token[:at] + letter * draw(st.integers(1, 9000)) + token[at:]
    if kind == "parts":
        return ".".join(draw(st.lists(st.sampled_from([*parts, ""]), max_size=5)))
    number = 0 if kind == "header" else 1
    json_text = draw(st.one_of(JSON.map(orjson.dumps), st.binary(max_size=40), st.just(b"[" * 3000 + b"]" * 3000)))
    value = json.loads(unpadded(parts[number]))
    name = draw(st.sampled_from([*value, "crit", "b64", "x"]))
    changed = orjson.dumps(value | {name: draw(JSON)}) if draw(st.booleans()) else json_text
    return ".".join(b64(changed) if at == number else one for at, one in enumerate(parts))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


async def test_ten_forged_tokens_shut_the_address_out_and_expired_ones_do_not(office):
    later(office, 900_000)
    for _ in range(12):
        assert await status_of(office, office.token) == 401
    forged = office.token[:-4] + "AAAA"
    assert [await status_of(office, forged) for _ in range(11)] == [401] * 10 + [403]


async def test_an_api_key_that_looks_like_a_token_is_good_as_before(tmp_path, monkeypatch):
    looks = "eyJzYW5kYm94.key.thatlookslikeatoken0123456789"
    async with open_office(tmp_path, monkeypatch, main_backend_api_key=secret(looks)) as office:
        assert await status_of(office, looks) == 200


async def test_a_signature_is_verified_once_and_what_the_token_says_each_time(tmp_path, monkeypatch):
    verified_texts, is_signed = [], jws.is_signed

    def counted(token, *key):
        verified_texts.append(token.text)
        return is_signed(token, *key)

    monkeypatch.setattr(jws, "is_signed", counted)
    monkeypatch.setattr(access_tokens, "MOST_SIGNATURES", 2)
    async with open_office(tmp_path, monkeypatch, jwt_secret=secret(SECRET)) as office:
        one, two, three = (
            shop_token({"sub": name, "role": "user", "exp": NOW_S + 60}) for name in ("sokha", "dara", "mealea")
        )
        assert [await status_of(office, one) for _ in range(3)] == [200] * 3
        assert verified_texts == [one]
        changed = one[:-8] + ("A" if one[-8] != "A" else "B") + one[-7:]
        assert [await status_of(office, changed) for _ in range(2)] == [401] * 2
        assert verified_texts == [one, changed, changed]
        assert [await status_of(office, token) for token in (two, three, one)] == [200] * 3
        assert verified_texts[3:] == [two, three, one]  # the third was one too many to remember
        later(office, 60_000)
        assert await status_of(office, one) == 401
        assert verified_texts[6:] == []


async def test_a_token_and_a_key_have_limits_of_their_own(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch, rate_limit_per_minute=2) as office:
        await user(office)
        token, _ = held(await log_in(office))
        assert [await status_of(office, token) for _ in range(3)] == [200, 200, 429]
        assert [await status_of(office, KEY) for _ in range(3)] == [200, 200, 429]


async def test_a_retired_key_verifies_until_its_last_token_has_expired_and_is_published_so_long(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as office:
        await user(office)
        token, _ = held(await log_in(office))
        new = draw_signing_key("EdDSA", NOW_MS + 1)

        def rotate(records):
            records.retire_signing_keys(NOW_MS)
            records.add_signing_key(new)

        await office.core.store.write(rotate)
        office.ticks.us += 600_000
        late, _ = held(await log_in(office))
        assert json.loads(unpadded(late.split(".")[0]))["kid"] == new.kid
        assert (await key_set(office))["keys"][0]["kid"] == new.kid
        later(office, ACCESS_MS - 1)
        assert [await status_of(office, one) for one in (token, late)] == [200, 200]
        later(office, SWITCH_MS + 1)
        assert len((await key_set(office))["keys"]) == 2
        later(office, 1)
        assert [key["kid"] for key in (await key_set(office))["keys"]] == [new.kid]


async def test_keys_rotate_from_the_command_line_and_at_once_where_they_are_known_to_others(tmp_path, storage):
    env = environment(tmp_path, **{name.upper(): value for name, value in storage.items()})
    first = (await command("tokens", "rotate", env=env))[1].split()[0]
    second = (await command("tokens", "rotate", env=env))[1].split()[0]
    third = (await command("tokens", "rotate", "--at-once", env=env))[1].split()[0]
    assert len({first, second, third}) == 3
    code, _, err = await command("tokens", "rotate", env=env | {"JWT_SECRET": "r4nd0m-" + SECRET[12:]})
    assert (code, "OLD_JWT_SECRETS" in err) == (2, True)


async def test_processes_that_draw_the_first_key_at_once_take_each_others_tokens(tmp_path, storage, monkeypatch):
    async with open_office(tmp_path, monkeypatch, storage) as one:
        await user(one)
        answers = await asyncio.gather(*(log_in(one) for _ in range(4)))
        one.ticks.us += 600_000
        assert [await status_of(one, held(answer)[0]) for answer in answers] == [200] * 4


WEAK = [
    ("JWT_SECRET", "short", "expected at least 64"), ("JWT_SECRET", "a" * 64, "is weak"),
    ("JWT_SECRET", SECRET, "is a sandbox's"), ("OIDC_ISSUER", "https://login.example", "OIDC_AUDIENCE"),
    ("TOKEN_ALGORITHM", "none", "EdDSA"), ("TOKEN_LEEWAY_S", "61", "60"),
    ("OIDC_ISSUER", "login.example", "begins with http"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "why"), WEAK, ids=str)
def test_what_is_weak_or_wrong_of_the_settings_of_tokens_is_named(tmp_path, monkeypatch, name, value, why):
    for variable, good in environment(tmp_path, **{name: value}).items():
        monkeypatch.setenv(variable, good)
    with pytest.raises(SettingsError) as refusal:
        load()
    assert why in refusal.value.lines[0]
    assert value not in refusal.value.lines[0] or name != "JWT_SECRET"


def test_an_issuer_in_clear_is_too_weak_for_production(tmp_path, monkeypatch):
    for variable, good in environment(tmp_path, OIDC_ISSUER="http://login", OIDC_AUDIENCE="us").items():
        monkeypatch.setenv(variable, good)
    with pytest.raises(SettingsError, match="OIDC_ISSUER"):
        load()


async def test_check_config_says_how_tokens_are_signed_and_that_an_issuer_does_not_answer(tmp_path):
    env = environment(tmp_path, OIDC_ISSUER="https://127.0.0.1:1", OIDC_AUDIENCE="us")
    code, out, _ = await command("check-config", env=env)
    assert code == 1
    assert "tokens: EdDSA by keys of the database, issuer bakong-service" in out
    assert "issuer: /.well-known/openid-configuration cannot be read: ConnectError" in out


# An issuer from outside


class Login:
    """An OpenID provider behind an httpx transport. calls: the paths that were asked for; down: it does not answer."""

    issuer = "https://login.example/realm"

    def __init__(self):
        self.key = RSAKey.generate_key(2048, {"kid": "a"})
        self.keys = [self.key.as_dict(private=False, kid="a")]
        self.calls, self.down, self.document = [], False, {}
        self.big = b""

    async def answer(self, request):
        self.calls.append(request.url.path)
        if self.down:
            raise httpx.ConnectError("down")
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(
                200, json={"issuer": self.issuer, "jwks_uri": "https://login.example/keys"} | self.document
            )
        if request.url.path != "/keys":
            return httpx.Response(404)
        return httpx.Response(200, content=self.big or orjson.dumps({"keys": self.keys}))

    def token(self, key=None, kid="a", algorithm="RS256", **change):
        claims = {"iss": self.issuer, "aud": "us", "sub": "m-1", "exp": NOW_S + 60, "scope": "orders email"}
        said = {name: value for name, value in (claims | change).items() if value is not None}
        return signed_by(key or self.key, {"alg": algorithm, "kid": kid}, said)


@pytest.fixture
async def outside():
    login, clock = Login(), SimpleNamespace(ms=NOW_MS)
    client = httpx.AsyncClient(transport=httpx.MockTransport(login.answer))
    login.changes = []
    one = Issuer(Parties(Login.issuer, "us"), client, lambda: clock.ms, on_change=login.changes.append)

    async def verify(token):
        return await one.verify(jws.read(token))

    yield SimpleNamespace(login=login, clock=clock, verify=verify, issuer=one)
    await one.close()
    await client.aclose()


async def test_a_token_of_the_issuer_is_held_to_audience_scope_and_time(outside):
    login, verify = outside.login, outside.verify
    principal = await verify(login.token())
    assert (principal.name, principal.scopes, principal.roles) == ("issuer m-1", {"orders"}, frozenset())
    assert (await verify(login.token(scope=None, scp=["refunds", 7]))).scopes == {"refunds"}
    assert (await verify(login.token(scope=None, roles=["admin"]))).may("orders", reads=True) is False
    for change in ({"aud": "others"}, {"aud": None}, {"exp": NOW_S}, {"exp": None}, {"nbf": NOW_S + 1}, {"sub": None}):
        assert isinstance(await verify(login.token(**change)), TokenFault), change
    assert login.calls == ["/realm/.well-known/openid-configuration", "/keys"]


async def test_the_issuers_tokens_open_the_api_for_their_scopes_alone(tmp_path, monkeypatch):
    login = Login()
    transport = httpx.MockTransport(login.answer)
    monkeypatch.setattr(
        "bakong_service.wiring._client_opener", lambda *_: lambda *_, **__: httpx.AsyncClient(transport=transport)
    )
    async with open_office(tmp_path, monkeypatch, oidc_issuer=login.issuer, oidc_audience="us") as office:
        assert await status_of(office, login.token()) == 200
        assert await status_of(office, login.token(), path="/metrics") == 403
        assert await status_of(office, login.token(scope="email")) == 403
        assert await status_of(office, login.token(scope="admin"), path="/metrics") == 200
        assert await status_of(office, login.token(iss="https://else.example")) == 401


async def test_while_the_issuer_is_down_its_known_keys_go_on_and_unknown_ones_are_asked_for_once_in_a_while(outside):
    login, clock, verify = outside.login, outside.clock, outside.verify
    login.down = True
    assert (await verify(login.token())).kind == "unavailable"
    clock.ms += issuers.MIN_REFETCH_MS
    login.down = False
    assert isinstance(await verify(login.token()), Principal)
    login.down = True
    login.calls.clear()
    clock.ms += issuers.FRESH_MS
    token = login.token(exp=NOW_S + 10_000)
    for _ in range(20):
        assert isinstance(await verify(token), Principal)
        assert (await verify(login.token(kid="unknown", exp=NOW_S + 10_000))).kind == "forged"
    assert len(login.calls) == 1
    assert len(login.changes) == 3  # down, up, down
    assert login.changes[1] == ""


async def test_a_key_that_the_issuer_has_changed_is_fetched_when_a_token_names_it(outside):
    login, clock, verify = outside.login, outside.clock, outside.verify
    await verify(login.token())
    new = OKPKey.generate_key("Ed25519")
    login.keys = [new.as_dict(private=False, kid="b")]
    late = login.token(new, "b", "EdDSA", exp=NOW_S + 1000)
    assert isinstance(await verify(late), TokenFault)  # asked a moment ago
    clock.ms += issuers.MIN_REFETCH_MS
    together = await asyncio.gather(*(verify(late) for _ in range(8)))
    assert all(isinstance(one, Principal) for one in together)
    assert login.calls.count("/keys") == 2
    assert isinstance(await verify(login.token(exp=NOW_S + 1000)), TokenFault)  # withdrawn


async def test_keys_of_the_issuer_verify_what_they_are_for_alone(outside):
    """A shared key, one for encryption, a weak one and a private one do not make it into the set."""
    login, verify = outside.login, outside.verify
    public = orjson.dumps(login.keys[0])
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  which is the point
    weak = weak.public_key().public_numbers()
    numbers = {
        name: b64(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in (("n", weak.n), ("e", weak.e))
    }
    login.keys += [
        {"kty": "oct", "kid": "o", "k": b64(SECRET.encode()), "alg": "HS256"},
        {"kty": "RSA", "kid": "w"} | numbers,
        login.keys[0] | {"kid": "e", "use": "enc"},
        login.keys[0] | {"kid": "h", "alg": "HS256"},
        *(
            7,
            None,
            {},
            {"kty": ["RSA"]},
            {"kty": "RSA", "kid": "x", "n": "!", "e": "AQAB"},
            {"kty": "OKP", "crv": "X25519"},
        ),
    ]
    assert isinstance(await verify(login.token()), Principal)
    claims = json.loads(unpadded(login.token().split(".")[1]))
    for kid, material in (("o", SECRET.encode()), ("a", public), ("h", public), ("e", public)):
        assert isinstance(await verify(jws_of({"alg": "HS256", "kid": kid}, claims, material)), TokenFault)
    assert isinstance(await verify(login.token(kid="e")), TokenFault)
    assert isinstance(await verify(login.token(algorithm="RS512")), TokenFault)
    assert [key.kid for key in outside.issuer._keys] == ["a"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"document": {"issuer": "https://other.example"}}, {"document": {"jwks_uri": "http://login.example/keys"}},
        {"document": {"jwks_uri": 7}}, {"document": {"jwks_uri": "https://["}}, {"big": b"[" * 300_000},
        {"big": b"no json"}, {"big": b"[]"}, {"big": b'{"keys": 1}'}, {"document": {"jwks_uri": "file:///etc/passwd"}},
    ],
    ids=str,
)  # fmt: skip
async def test_a_wrong_or_endless_answer_of_the_issuer_is_no_keys_and_no_error(outside, wrong):
    vars(outside.login).update(wrong)
    assert (await outside.verify(outside.login.token())).kind == "unavailable"
    assert outside.login.changes[0]


def test_every_public_key_has_its_algorithm_and_no_other():
    pairs = {
        "EdDSA": ({"kty": "OKP", "crv": "Ed25519"}, ed25519.Ed25519PrivateKey),
        "ES256": ({"kty": "EC", "crv": "P-256"}, ec.EllipticCurvePrivateKey),
        "RS256": ({"kty": "RSA"}, rsa.RSAPrivateKey),
    }
    assert {name: jws.algorithm_of(jwk) for name, (jwk, _) in pairs.items()} == {name: name for name in pairs}
    assert jws.algorithm_of({"kty": "oct"}) is None
    assert jws.algorithm_of({"kty": "RSA", "alg": "HS256"}) is None
