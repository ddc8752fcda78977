"""Who may ask: API keys, users and their logins, clients, the keys that sign tokens; and answers kept by their key."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from bakong_service.adapters.sql.tables.columns import Bytes, index, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("label", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)

# password: an argon2id hash. roles: words with a space between them. merchant: whose orders they see.
users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("roles", String(128), nullable=False),
    Column("merchant", String(128)),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
)

# A login, and the refresh tokens that came of it, by their keyed hash; used_ms: each is good for one use.
token_families = Table(
    "token_families",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)
_F = token_families.c
index("ix_family_user", _F.user_id)
index("ix_family_expires", _F.expires_ms)
index("ix_family_revoked", _F.revoked_ms)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("family_id", ForeignKey("token_families.id"), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
)
index("ix_refresh_family", refresh_tokens.c.family_id)

# digest: the keyed hash of the secret. scopes: words with a space between them.
oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("label", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", String(128), nullable=False),
    Column("merchant", String(128)),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
)

# JSON Web Keys, sealed; a public key is a part of its private one, so that nobody puts another there.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("private", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("retired_ms", BigInteger),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False, index=True),
)
