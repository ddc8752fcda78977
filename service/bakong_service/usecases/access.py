"""Logging in, refreshing and logging out; tokens for machines; users, clients and keys as an operator keeps them."""

import hmac
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from bakong_service.domain.accounts import (
    REFRESH_MS,
    Client,
    Family,
    RefreshToken,
    User,
    checked_merchant,
    checked_password,
    checked_roles,
    checked_scopes,
    checked_username,
    is_client_id,
    is_username,
    normal_password,
)
from bakong_service.domain.errors import ConflictError, NotFoundError
from bakong_service.domain.tokens import ACCESS_S, Parties, client_claims, user_claims
from bakong_service.ports import Passwords, Records, Sign
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

ALPHABET = string.ascii_letters + string.digits
SECRET_LETTERS = 43  # 256 bits of 62 letters
FORGOTTEN_AT_ONCE = 100
Digests = Callable[[str], tuple[str, ...]]  # keyed hashes of a secret: the present first


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What these use cases are given. failed: counts against the address that a secret came from."""

    core: Core
    passwords: Passwords
    sign: Sign
    parties: Parties
    digests: Digests
    failed: Callable[[str], Awaitable[object]]


class Pair(NamedTuple):
    """What a user gets: both tokens, how long they last in seconds, and who he is."""

    access: str
    refresh: str
    user: User
    access_s: int = ACCESS_S
    refresh_s: int = REFRESH_MS // 1000


class Machine(NamedTuple):
    """What a machine gets: a token, how long it lasts in seconds, and what it is good for."""

    access: str
    scopes: tuple[str, ...]
    access_s: int = ACCESS_S


Refusal = Literal["invalid_client", "invalid_scope"]


async def log_in(access: Access, username: str, password: str) -> Pair | None:
    """Both tokens, of a new family; None for a name or a password that is not good, whichever of them it is."""
    core, given = access.core, normal_password(password)
    user = await core.store.read(lambda records: records.user_by_name(username) if is_username(username) else None)
    if not await access.passwords.verify(user.password if user else None, given) or user is None:
        return None
    stronger = await access.passwords.hash(given) if access.passwords.is_outdated(user.password) else None
    secret, family_id = _secret(core, "rt_"), core.ids.new_id()

    def begin(unit: UnitOfWork) -> User | None:
        now = unit.records.lock_user(user.id)
        if now is None or now.disabled_ms is not None or now.password != user.password:
            return None
        if stronger is not None:
            unit.records.set_password(user.id, stronger)
        unit.records.forget_families(unit.at_ms, FORGOTTEN_AT_ONCE)
        unit.records.add_family(Family(family_id, now.id, unit.at_ms, unit.at_ms + REFRESH_MS))
        _issue(access, unit, secret, family_id)
        _audit(unit, now, "auth.login", family_id)
        return now

    signed_in = await transact(core, begin)
    return None if signed_in is None else await _pair(access, signed_in, family_id, secret)


async def refresh(access: Access, token: str) -> Pair | Literal["expired", "unknown"]:
    """Both tokens anew; each refresh token is good once. One that comes again ends its family: somebody stole it.

    The access token is signed before the refresh token is used, which a failure would waste.
    """
    core, digests, secret = access.core, access.digests(token), _secret(access.core, "rt_")

    def look(records: Records) -> tuple[RefreshToken, Family, User] | None:
        kept = records.refresh_token(digests)
        family = records.family(kept.family_id) if kept else None
        user = records.user_by_id(family.user_id) if family else None
        return None if kept is None or family is None or user is None else (kept, family, user)

    known = await core.store.read(look)
    pair = None if known is None else await _pair(access, known[2], known[1].id, secret)

    def use(unit: UnitOfWork) -> Pair | Literal["expired", "unknown"]:
        if known is None or not unit.records.lock_family(known[1].id):
            return "unknown"
        kept, family, user = look(unit.records) or known
        if unit.at_ms >= kept.expires_ms:
            return "expired"
        if not unit.records.use_refresh_token(kept.digest, unit.at_ms):
            if unit.records.revoke_family(family.id, unit.at_ms):
                _audit(unit, user, "auth.reuse", family.id)
            return "unknown"
        if pair is None or family.revoked_ms is not None or user.disabled_ms is not None:
            return "unknown"
        _issue(access, unit, secret, family.id)
        return pair

    return await transact(core, use)


async def log_out(access: Access, token: str) -> None:
    """End the family of a refresh token, also of one that was used; silent about one that is not known."""

    def end(unit: UnitOfWork) -> None:
        kept = unit.records.refresh_token(access.digests(token))
        family = unit.records.family(kept.family_id) if kept else None
        user = unit.records.user_by_id(family.user_id) if family else None
        if family is not None and user is not None and unit.records.revoke_family(family.id, unit.at_ms):
            _audit(unit, user, "auth.logout", family.id)

    await transact(access.core, end)


async def client_token(access: Access, client_id: str, secret: str, scopes: list[str]) -> Machine | Refusal:
    """A token for a machine. scopes: what it asks for; none: all that it may have."""
    core = access.core
    client = await core.store.read(lambda records: records.client(client_id)) if is_client_id(client_id) else None
    kept = client.digest if client else ""
    fits = [hmac.compare_digest(digest, kept) for digest in access.digests(secret)]
    if client is None or not any(fits) or client.disabled_ms is not None:
        return "invalid_client"
    if not set(scopes) <= set(client.scopes):
        return "invalid_scope"
    granted = checked_scopes(scopes) if scopes else client.scopes
    claims = client_claims(client, granted, access.parties, core.timers.now_ms(), core.ids.new_id())
    return Machine(await access.sign(claims), granted)


def add_user(unit: UnitOfWork, username: str, hashed: str, roles: list[str], merchant: str | None = None) -> User:
    """A new user. Raises InvalidError, ConflictError."""
    user = User(
        unit.core.ids.new_id(),
        checked_username(username),
        hashed,
        checked_roles(roles),
        unit.at_ms,
        merchant=checked_merchant(merchant),
    )
    if not unit.records.add_user(user):
        raise ConflictError(f"there is a user {username} already")
    unit.audit("user.add", f"user/{user.id}", None, {"username": username, "roles": list(user.roles)})
    return user


def disable_user(unit: UnitOfWork, username: str, *, undo: bool = False) -> User:
    """No login, no refresh and within a second no access token any more. undo: he may log in again."""
    user = _user(unit, username)
    unit.records.set_disabled(user.id, None if undo else unit.at_ms)
    unit.records.revoke_families(user.id, unit.at_ms)
    unit.audit("user.enable" if undo else "user.disable", f"user/{user.id}", None, {"username": username})
    return user


def change_password(unit: UnitOfWork, username: str, hashed: str) -> User:
    """The new password, which ends every login of before."""
    user = _user(unit, username)
    unit.records.set_password(user.id, hashed)
    unit.records.revoke_families(user.id, unit.at_ms)
    unit.audit("user.password", f"user/{user.id}", None, {"username": username})
    return user


def add_client(
    unit: UnitOfWork, label: str, scopes: list[str], digests: Digests, merchant: str | None = None
) -> tuple[Client, str]:
    """A new client, and its secret, which is not kept. Raises InvalidError."""
    secret = _secret(unit.core, "cs_")
    client_id = "client_" + unit.core.ids.letters(ALPHABET, 16)
    granted, kept = checked_scopes(scopes), digests(secret)[0]
    client = Client(client_id, label, kept, granted, unit.at_ms, merchant=checked_merchant(merchant))
    unit.records.add_client(client)
    unit.audit("client.add", f"client/{client.id}", None, {"label": label, "scopes": list(client.scopes)})
    return client, secret


def disable_client(unit: UnitOfWork, client_id: str) -> None:
    """No token any more, and within a second none of before. Raises NotFoundError."""
    if not unit.records.disable_client(client_id, unit.at_ms):
        raise NotFoundError(f"there is no client {client_id!r} that is good")
    unit.audit("client.disable", f"client/{client_id}", None, None)


async def hashed(passwords: Passwords, password: str) -> str:
    """The hash of a password that may be set. Raises InvalidError."""
    return await passwords.hash(checked_password(password))


def _user(unit: UnitOfWork, username: str) -> User:
    user = unit.records.user_by_name(username)
    if user is None:
        raise NotFoundError(f"there is no user {username[:64]!r}")
    return user


def _issue(access: Access, unit: UnitOfWork, secret: str, family_id: str) -> None:
    digest = access.digests(secret)[0]
    unit.records.add_refresh_token(RefreshToken(digest, family_id, unit.at_ms, unit.at_ms + REFRESH_MS))


async def _pair(access: Access, user: User, family_id: str, secret: str) -> Pair:
    core = access.core
    claims = user_claims(user, family_id, access.parties, core.timers.now_ms(), core.ids.new_id())
    return Pair(await access.sign(claims), secret, user)


def _audit(unit: UnitOfWork, user: User, action: str, family_id: str) -> None:
    unit.by = replace(unit.by, actor=user.name)
    unit.audit(action, f"user/{user.id}", None, {"family": family_id})


def _secret(core: Core, prefix: str) -> str:
    return prefix + core.ids.letters(ALPHABET, SECRET_LETTERS)
