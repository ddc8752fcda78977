"""What an access token says, and whether it says so now and to us. Pure: signatures are checked elsewhere."""

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from bakong_service.domain.accounts import Client, User
from bakong_service.domain.principals import PLATFORM_ROLES, ROLES, SCOPES, Principal

ACCESS_S = 900
ACCESS_MS = ACCESS_S * 1000
# The claim `role` of tokens that a shop, or the care platform, signs by itself.
_SHORT_ROLES = {"user": "merchant", "admin": "admin"} | {role: role for role in PLATFORM_ROLES}
_KNOWN_ROLES = frozenset((*ROLES, *PLATFORM_ROLES))
_MAX_SUBJECT = 255


class TokenFault(NamedTuple):
    """Why a token is not taken. forged counts against the address; stale was good once, or will be."""

    why: str
    kind: Literal["forged", "stale", "unavailable"] = "forged"


class Parties(NamedTuple):
    """Who has to have issued a token, for whom, and by how much the two clocks may differ."""

    issuer: str
    audience: str
    leeway_ms: int = 0


class SigningKey(NamedTuple):
    """A key pair. private: a JSON Web Key in JSON, which holds the public half.

    retired_ms: since then it signs no more, and only verifies.
    """

    kid: str
    algorithm: str
    private: str
    created_ms: int
    retired_ms: int | None = None

    def verifies(self, at_ms: int) -> bool:
        """Whether tokens that it signed may still be good: they outlive its end by their own time.

        >>> key = SigningKey("k", "EdDSA", "", 0, retired_ms=1_000)
        >>> key.verifies(1_000 + ACCESS_MS + SWITCH_MS), key.verifies(1_001 + ACCESS_MS + SWITCH_MS)
        (True, False)
        """
        return self.retired_ms is None or at_ms <= self.retired_ms + ACCESS_MS + SWITCH_MS


SWITCH_MS = 10_000  # within it all processes have learnt that a key was retired


class TokenState(NamedTuple):
    """What the database has about tokens. revoked: users, clients and families whose access tokens are refused."""

    keys: tuple[SigningKey, ...] = ()
    revoked: frozenset[str] = frozenset()


def user_claims(user: User, family_id: str, parties: Parties, now_ms: int, token_id: str) -> dict[str, Any]:
    """The claims of an access token of a user."""
    said = {"username": user.username, "sub": user.id, "roles": list(user.roles), "sid": family_id}
    return said | _merchant(user.merchant) | _frame(parties, now_ms, token_id)


def client_claims(
    client: Client, scopes: tuple[str, ...], parties: Parties, now_ms: int, token_id: str
) -> dict[str, Any]:
    """The claims of an access token of a machine (RFC 9068)."""
    said = {"username": client.label, "sub": client.id, "client_id": client.id, "roles": [], "scope": " ".join(scopes)}
    return said | _merchant(client.merchant) | _frame(parties, now_ms, token_id)


def platform_claims(
    user_id: str, role: str, agency: str | None, parties: Parties, now_ms: int, token_id: str
) -> dict[str, Any]:
    """The claims of a token of one of the care platform's people, whom nobody keeps here. Raises ValueError."""
    if role not in PLATFORM_ROLES:
        raise ValueError(f"read the role {role!r}, expected one of {', '.join(PLATFORM_ROLES)}")
    said = {"username": user_id, "sub": user_id, "roles": [role]}
    return said | _merchant(agency) | _frame(parties, now_ms, token_id)


def _merchant(merchant: str | None) -> dict[str, str]:
    return {} if merchant is None else {"merchant": merchant}


def _frame(parties: Parties, now_ms: int, token_id: str) -> dict[str, Any]:
    now_s = now_ms // 1000
    return {"iss": parties.issuer, "aud": parties.audience, "iat": now_s, "exp": now_s + ACCESS_S, "jti": token_id}


def own_principal(claims: Mapping[str, Any], parties: Parties, now_ms: int, *, shared: bool) -> Principal | TokenFault:
    """Who a token of ours speaks for, its signature being good.

    shared: JWT_SECRET signs, so that a shop may sign tokens by itself: of those sub, exp and `role` are enough.
    """
    short = shared and "roles" not in claims and "role" in claims
    if fault := _addressed(claims, parties, required=not short) or _timely(claims, parties, now_ms):
        return fault
    if not short and not (_is_text(claims.get("jti")) and "iat" in claims):
        return TokenFault("jti or iat is missing")
    roles = [_SHORT_ROLES.get(str(claims["role"]), "")] if short else claims.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) and role in _KNOWN_ROLES for role in roles):
        return TokenFault("roles holds what is no role")
    scopes = _scopes(claims)
    subject, username = claims["sub"], claims.get("username")
    kind = "client" if "client_id" in claims else "user"
    shown = username if kind == "user" and _is_text(username) else subject
    merchant = claims["merchant"] if _is_text(claims.get("merchant")) else None
    return Principal(f"{kind} {shown}", subject, frozenset(roles), scopes, is_ours=not short, merchant=merchant)


def outside_principal(claims: Mapping[str, Any], parties: Parties, now_ms: int) -> Principal | TokenFault:
    """Who a token of an outside issuer speaks for, its signature being good: its scopes count, its roles do not."""
    if fault := _addressed(claims, parties, required=True) or _timely(claims, parties, now_ms):
        return fault
    subject = claims["sub"]
    return Principal(f"issuer {subject}", subject, scopes=_scopes(claims), is_ours=False)


def _addressed(claims: Mapping[str, Any], parties: Parties, *, required: bool) -> TokenFault | None:
    """Whether it is from the issuer, for us, and about somebody."""
    if (required or "iss" in claims) and claims.get("iss") != parties.issuer:
        return TokenFault("iss is not the issuer")
    audience = claims.get("aud")
    heard = audience if isinstance(audience, list) else [audience]
    if (required or "aud" in claims) and parties.audience not in heard:
        return TokenFault("aud does not name this service")
    return None if _is_text(claims.get("sub")) else TokenFault("sub is missing")


def _timely(claims: Mapping[str, Any], parties: Parties, now_ms: int) -> TokenFault | None:
    """Good from nbf and iat, and before exp: at exp it is over (RFC 7519, 4.1.4)."""
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if "exp" not in times or not all(map(_is_time, times.values())):
        return TokenFault("exp, nbf or iat is no time")
    if times["exp"] * 1000 + parties.leeway_ms <= now_ms:
        return TokenFault("it has expired", "stale")
    if max(times.get("nbf", 0), times.get("iat", 0)) * 1000 > now_ms + parties.leeway_ms:
        return TokenFault("it is not good yet", "stale")
    return None


def _is_time(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value < 2**53
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_SUBJECT


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Ours among `scope` (RFC 8693) or `scp`, as some issuers call it: words in a text, or a list."""
    said = claims.get("scope", claims.get("scp", ()))
    words = said.split(" ") if isinstance(said, str) else said if isinstance(said, list) else ()
    return frozenset(word for word in words if isinstance(word, str) and word in SCOPES)
