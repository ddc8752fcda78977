"""Users, refresh tokens, OAuth2 clients and signing keys in their tables. Knows hashes, never a password or a token."""

from typing import Any

from sqlalchemy import Row, delete, func, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.accounts import Client, Family, RefreshToken, User
from bakong_service.domain.tokens import ACCESS_MS, SWITCH_MS, SigningKey, TokenState

SIGNING_KEYS = "signing_keys"
_U, _F, _R, _C, _K = t.users.c, t.token_families.c, t.refresh_tokens.c, t.oauth_clients.c, t.signing_keys.c

_users = prepared(lambda: select(t.users).order_by(_U.username))
_user_by_name = prepared(lambda username: select(t.users).where(_U.username == username))
_change_user = prepared(lambda user_id, values: update(t.users).where(_U.id == user_id).values(values))
_family_by_id = prepared(lambda family_id: select(t.token_families).where(_F.id == family_id))
_hold_family = prepared(lambda family_id: select(_F.id).where(_F.id == family_id).with_for_update())
_lengthen = prepared(
    lambda family_id, at_ms: update(t.token_families).where(_F.id == family_id).values(expires_ms=at_ms)
)
_by_digests = prepared(lambda digests: select(t.refresh_tokens).where(_R.digest.in_(digests)))
_drop_tokens = prepared(lambda ids: delete(t.refresh_tokens).where(_R.family_id.in_(ids)))
_drop_families = prepared(lambda ids: delete(t.token_families).where(_F.id.in_(ids)))
_clients = prepared(lambda: select(t.oauth_clients).order_by(_C.created_ms, _C.id))
_client_by_id = prepared(lambda client_id: select(t.oauth_clients).where(_C.id == client_id))
_keys = prepared(lambda: select(t.signing_keys).order_by(_K.created_ms, _K.kid))
_drop_retired = prepared(lambda before_ms: delete(t.signing_keys).where(_K.retired_ms < before_ms))
_retire = prepared(lambda at_ms: update(t.signing_keys).where(_K.retired_ms.is_(None)).values(retired_ms=at_ms))
_drop_keys = prepared(lambda: delete(t.signing_keys))
_count_keys = prepared(lambda: select(func.count()).where(_K.retired_ms.is_(None)))
_revoked_families = prepared(lambda since_ms: select(_F.id).where(_F.revoked_ms >= since_ms))
_disabled_users = prepared(lambda: select(_U.id).where(_U.disabled_ms.is_not(None)))
_disabled_clients = prepared(lambda: select(_C.id).where(_C.disabled_ms.is_not(None)))


@prepared
def _user_by_id(user_id: Value, *, held: bool = False) -> Statement:
    named = select(t.users).where(_U.id == user_id)
    return named.with_for_update() if held else named


@prepared
def _revoke(of: Value, at_ms: Value, *, column: str) -> Statement:
    good = update(t.token_families).where(_F[column] == of, _F.revoked_ms.is_(None))
    return good.values(revoked_ms=at_ms)


@prepared
def _use(digest: Value, at_ms: Value) -> Statement:
    return update(t.refresh_tokens).where(_R.digest == digest, _R.used_ms.is_(None)).values(used_ms=at_ms)


@prepared
def _over(before_ms: Value, limit: Value) -> Statement:
    over = select(_F.id).where(_F.expires_ms <= before_ms).order_by(_F.expires_ms).limit(limit)
    return over.with_for_update(skip_locked=True)


@prepared
def _disable_client(client_id: Value, at_ms: Value) -> Statement:
    return update(t.oauth_clients).where(_C.id == client_id, _C.disabled_ms.is_(None)).values(disabled_ms=at_ms)


class AccessRows(Rows):
    """See bakong_service.ports.AccessRecords."""

    def add_user(self, user: User) -> bool:
        """False where the name is taken."""
        return self._insert_once(t.users, user._asdict() | {"roles": " ".join(user.roles)})

    def users(self) -> list[User]:
        """All that can be read, by name."""
        return self._readable("user", self._rows(_users()), _user)

    def user_by_name(self, username: str) -> User | None:
        """Raises UnreadableRowError."""
        return self._first("user", _user_by_name(username), _user)

    def user_by_id(self, user_id: str) -> User | None:
        """Raises UnreadableRowError."""
        return self._first("user", _user_by_id(user_id), _user)

    def lock_user(self, user_id: str) -> User | None:
        """The user, whom nobody else changes until the transaction ends. Raises UnreadableRowError."""
        return self._first("user", _user_by_id(user_id, held=True), _user)

    def set_password(self, user_id: str, password: str) -> None:
        self._run(_change_user(user_id, {"password": password}))

    def set_disabled(self, user_id: str, at_ms: int | None) -> None:
        self._run(_change_user(user_id, {"disabled_ms": at_ms}))

    def add_family(self, family: Family) -> None:
        self._insert(t.token_families, family._asdict())

    def family(self, family_id: str) -> Family | None:
        """Raises UnreadableRowError."""
        return self._first("token family", _family_by_id(family_id), _family)

    def lock_family(self, family_id: str) -> bool:
        """Let nobody else change the family until the transaction ends; False where it is not there."""
        return self._run(_hold_family(family_id)).first() is not None

    def revoke_family(self, family_id: str, at_ms: int) -> bool:
        """False where it was revoked before."""
        return bool(self._run(_revoke(family_id, at_ms, column="id")).rowcount == 1)

    def revoke_families(self, user_id: str, at_ms: int) -> None:
        """All of a user."""
        self._run(_revoke(user_id, at_ms, column="user_id"))

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Its family lives at least as long."""
        self._insert(t.refresh_tokens, token._asdict())
        self._run(_lengthen(token.family_id, token.expires_ms))

    def refresh_token(self, digests: tuple[str, ...]) -> RefreshToken | None:
        """Raises UnreadableRowError."""
        return self._first("refresh token", _by_digests(list(digests)), _token, "digest")

    def use_refresh_token(self, digest: str, at_ms: int) -> bool:
        """False where it was used before, by whoever was first."""
        return bool(self._run(_use(digest, at_ms)).rowcount == 1)

    def forget_families(self, before_ms: int, limit: int) -> int:
        """Families whose last token expired by then, with their tokens; how many."""
        ids = [row.id for row in self._rows(_over(before_ms, limit))]
        if ids:
            self._run(_drop_tokens(ids))
            self._run(_drop_families(ids))
        return len(ids)

    def add_client(self, client: Client) -> None:
        self._insert(t.oauth_clients, client._asdict() | {"scopes": " ".join(client.scopes)})

    def clients(self) -> list[Client]:
        """All that can be read, oldest first."""
        return self._readable("client", self._rows(_clients()), _client)

    def client(self, client_id: str) -> Client | None:
        """Raises UnreadableRowError."""
        return self._first("client", _client_by_id(client_id), _client)

    def disable_client(self, client_id: str, at_ms: int) -> bool:
        """False where it is not there, or disabled already."""
        return bool(self._run(_disable_client(client_id, at_ms)).rowcount == 1)

    def add_signing_key(self, key: SigningKey) -> None:
        sealed = self._seal.seal(key.private, SIGNING_KEYS, "private", key.kid)
        self._insert(t.signing_keys, key._asdict() | {"private": sealed})

    def retire_signing_keys(self, at_ms: int) -> int:
        """All that sign; how many. What has verified its last token is deleted."""
        self._run(_drop_retired(at_ms - ACCESS_MS - SWITCH_MS))
        return int(self._run(_retire(at_ms)).rowcount)

    def forget_signing_keys(self) -> None:
        """At once: what they signed is good no more."""
        self._run(_drop_keys())

    def token_state(self, at_ms: int) -> TokenState:
        """The signing keys, newest last; and whose access tokens, that may not have expired yet, are refused."""
        keys = self._rows(_keys())
        since_ms = at_ms - ACCESS_MS - SWITCH_MS
        refused = (_revoked_families(since_ms), _disabled_users(), _disabled_clients())
        revoked = frozenset(row.id for statement in refused for row in self._rows(statement))
        return TokenState(tuple(self._readable("signing key", keys, self._key, "kid")), revoked)

    def count_signing_keys(self) -> int:
        """How many sign."""
        return int(self._run(_count_keys()).scalar_one())

    def _key(self, row: Row[Any]) -> SigningKey:
        checked(row, t.signing_keys)
        private = self._seal.open(row.private, SIGNING_KEYS, "private", row.kid)
        return SigningKey(row.kid, row.algorithm, private, row.created_ms, row.retired_ms)


def _user(row: Row[Any]) -> User:
    checked(row, t.users)
    return User(**row._asdict() | {"roles": tuple(row.roles.split())})


def _family(row: Row[Any]) -> Family:
    return Family._make(checked(row, t.token_families))


def _token(row: Row[Any]) -> RefreshToken:
    return RefreshToken._make(checked(row, t.refresh_tokens))


def _client(row: Row[Any]) -> Client:
    checked(row, t.oauth_clients)
    return Client(**row._asdict() | {"scopes": tuple(row.scopes.split())})
