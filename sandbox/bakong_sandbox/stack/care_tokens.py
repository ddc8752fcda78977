"""Tokens of a care platform's people, as the platform signs them: for a sandbox that has escrow. Nobody keeps users."""

from bakong_service.adapters import jws
from bakong_service.adapters.access_tokens import shared_kid
from bakong_service.domain.principals import PLATFORM_ROLES

LIFE_S = 10 * 365 * 86_400  # a world's clock may be far ahead of the wall's


def care_token(secret: str, user: str, role: str, now_ms: int, agency: str | None = None) -> str:
    """A token of one of the platform's people. agency: whose payments an AGENCY_ADMIN sees. Raises ValueError."""
    if not secret:
        raise ValueError("the folder has no secret that signs tokens: run `bakong-sandbox up --providers bkash,nagad`")
    if role not in PLATFORM_ROLES:
        raise ValueError(f"--role: read the role {role!r}, expected one of {', '.join(PLATFORM_ROLES)}")
    claims: dict[str, str | int] = {"sub": user, "role": role, "exp": now_ms // 1000 + LIFE_S}
    claims |= {} if agency is None else {"merchant": agency}
    return jws.sign(claims, secret.encode(), jws.SHARED, shared_kid(secret))
