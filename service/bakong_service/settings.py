"""The settings of the service and of its providers, from the environment; the service's names are the contract's."""

import base64
import binascii
import ipaddress
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bakong_contracts.addresses import host_and_port
from bakong_service.database_url import SQLITE, sqlite_path
from bakong_service.postgres_url import read_url
from bakong_service.provider_factory import ProviderFactory


class SettingsError(ValueError):
    """Settings with which the service does not start. `lines`: which, why, what to do; never a value."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def _words(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        ipaddress.ip_network(text, strict=False)
    return value


def _database_url(url: str) -> str:
    if url.startswith(SQLITE):
        sqlite_path(url)
    else:
        read_url(url)
    return url


def _redis_url(url: str) -> str:
    _ = urlsplit(url).port  # raises for one that is none
    return url


Price = Annotated[Decimal, Field(gt=0, lt=1_000_000_000, decimal_places=2)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class Variables(BaseSettings):
    """One field for each variable, in capitals. Secrets never show themselves. HOW: what to do where one is wrong."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    HOW: ClassVar[Mapping[str, str]] = {}

    def production_errors(self) -> list[str]:
        """What is missing or too weak for production, a line for each."""
        return []


class ProviderSettings(Variables):
    """What one provider is configured with."""

    def factory(self) -> ProviderFactory:
        raise NotImplementedError


DRAW_KEY = 'make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
DRAW_WEBHOOK = "make one: echo whsec_$(head -c 32 /dev/urandom | base64 -w0)"


class Settings(Variables):
    """What the core is configured with."""

    HOW: ClassVar[Mapping[str, str]] = {
        "MAIN_BACKEND_API_KEY": DRAW_KEY,
        "ENCRYPTION_KEY": DRAW_KEY,
        "WEBHOOK_SECRET": DRAW_WEBHOOK,
    }

    mode: Annotated[Literal["production", "sandbox"], Field(validation_alias="SERVICE_MODE")] = "production"
    data_dir: Path = Path("data")
    database_url: Annotated[
        str, Field(pattern=r"^(sqlite:///.+|postgres(ql)?://.*)$"), AfterValidator(_database_url)
    ] = "sqlite:///data/service.db"
    database_pooler: bool = False  # one such as PgBouncer stands before PostgreSQL: keep nothing prepared
    redis_url: Annotated[str, Field(pattern=r"^$|^(rediss?|unix)://.+$"), AfterValidator(_redis_url)] = ""
    redis_host: str = ""
    redis_port: Annotated[int, Field(ge=1, le=65535)] = 6379
    redis_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "bakong"
    rate_limit_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 100  # 0 is off, in the sandbox alone
    main_backend_api_key: SecretStr
    main_backend_webhook_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""
    webhook_secret: SecretStr
    old_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()  # sign, too
    allow_private_callbacks: bool = False
    encryption_key: SecretStr
    old_encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()
    trusted_proxies: Annotated[Words, BeforeValidator(lambda value: _networks(_words(value)))] = ()
    premium_price: Price = Decimal("0.50")
    family_premium_price: Price = Decimal("1.00")
    khr_per_usd: Annotated[int, Field(gt=0, le=1_000_000)] = 4000
    grace_days: Annotated[int, Field(ge=0, le=30)] = 3
    retention_webhook_days: Annotated[int, Field(ge=0, le=36_500)] = 30  # after delivery; 0 keeps, as in the next two
    retention_unpaid_days: Annotated[int, Field(ge=0, le=36_500)] = 90  # the codes of payments that ended unpaid
    retention_audit_days: Annotated[int, Field(ge=0, le=36_500)] = 365  # exported to audit_dir first
    log_dir: Path | None = None  # three files; None: standard output
    port: Annotated[int, Field(ge=0, le=65535)] = 3002

    def production_errors(self) -> list[str]:
        errors = [*_webhook_errors(self)]
        errors += weak_secret("ENCRYPTION_KEY", self.encryption_key, DRAW_KEY)
        errors += weak_secret("MAIN_BACKEND_API_KEY", self.main_backend_api_key, DRAW_KEY)
        if any(len(key.get_secret_value()) < 32 for key in self.old_encryption_keys):
            errors.append("OLD_ENCRYPTION_KEYS: one of them has less than 32 characters")
        if self.rate_limit_per_minute == 0:
            errors.append("RATE_LIMIT_PER_MINUTE: read 0; production has no way to turn the limit off")
        if self.main_backend_webhook_url and not self.main_backend_webhook_url.startswith("https://"):
            errors.append("MAIN_BACKEND_WEBHOOK_URL: read no https://; its webhooks would travel in clear")
        return errors

    @property
    def redis(self) -> str | None:
        """Where Redis is, by REDIS_URL or by REDIS_HOST and REDIS_PORT; None: there is none."""
        return self.redis_url or (
            f"redis://{host_and_port(self.redis_host, self.redis_port)}/0" if self.redis_host else None
        )

    @property
    def private_callbacks(self) -> bool:
        """Whether webhooks may go to private networks, as in the sandbox, where the main backend is on this machine."""
        return self.allow_private_callbacks or self.mode == "sandbox"

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The present one first."""
        return tuple(key.get_secret_value() for key in (self.encryption_key, *self.old_encryption_keys))

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Each signs every webhook; the present one first."""
        return tuple(secret.get_secret_value() for secret in (self.webhook_secret, *self.old_webhook_secrets))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret, for what must never show one."""
        return (*self.encryption_keys, *self.webhook_secrets, self.main_backend_api_key.get_secret_value())

    @property
    def audit_dir(self) -> Path:
        """Where audit rows go when the database keeps them no more."""
        return (self.log_dir or self.data_dir) / "audit"

    @property
    def sqlite_path(self) -> Path:
        return sqlite_path(self.database_url)


def load(given: Mapping[str, Any] | None = None) -> Settings:
    """The core's settings alone; see load_all. Raises SettingsError."""
    return load_all((), given)[0]


def load_all(
    kinds: Sequence[type[ProviderSettings]], given: Mapping[str, Any] | None = None
) -> tuple[Settings, list[ProviderSettings]]:
    """The settings of the environment, the core's and those of its providers, checked for the core's mode.

    given stands in for what the environment lacks. Raises SettingsError, with the mistakes of them all.
    """
    every: tuple[type[Variables], ...] = (Settings, *kinds)
    core, *others = (_read(kind, given or {}) for kind in every)
    if lines := [line for one in (core, *others) if isinstance(one, list) for line in one]:
        raise SettingsError(lines)
    settings = [one for one in others if isinstance(one, ProviderSettings)]
    assert isinstance(core, Settings)  # noqa: S101  what is no list of mistakes
    if core.premium_price >= core.family_premium_price:
        read = f"{core.premium_price} and {core.family_premium_price}"
        raise SettingsError([f"PREMIUM_PRICE: read {read}, expected FAMILY_PREMIUM_PRICE to be the higher one"])
    if core.mode == "production" and (lines := [line for one in (core, *settings) for line in one.production_errors()]):
        raise SettingsError(lines)
    return core, settings


def _read(kind: type[Variables], given: Mapping[str, Any]) -> Variables | list[str]:
    """The settings, or what is wrong with them."""
    try:
        return kind(**given)
    except ValidationError as error:
        return [_line(row, kind.HOW) for row in error.errors(include_input=False, include_url=False)]


def _line(row: Mapping[str, Any], how_to: Mapping[str, str]) -> str:
    field = str(row["loc"][0]) if row["loc"] else "settings"
    name = "SERVICE_MODE" if field == "mode" else field.upper()
    how = f"; {how_to[name]}" if name in how_to else ""
    return (
        f"{name} is missing{how}"
        if row["type"] == "missing"
        else f"{name}: {row['msg'].removeprefix('Value error, ')}{how}"
    )


def weak_secret(name: str, secret: SecretStr, how: str) -> list[str]:
    """What makes a secret too weak for production, in a line; none where it is strong."""
    value = secret.get_secret_value()
    if len(value) < 32 or len(set(value)) < 12:
        return [f"{name} is weak ({len(value)} characters; needs at least 32 random characters); {how}"]
    return [f"{name} is a sandbox's; {how}"] if value.startswith("sandbox_") else []


def _webhook_errors(settings: Settings) -> list[str]:
    errors = []
    if not _signs(settings.webhook_secret.get_secret_value()):
        errors.append(f"WEBHOOK_SECRET is not whsec_ and the base64 of 24 to 64 bytes; {DRAW_WEBHOOK}")
    if not all(_signs(secret.get_secret_value()) for secret in settings.old_webhook_secrets):
        errors.append("OLD_WEBHOOK_SECRETS: one of them is not whsec_ and the base64 of 24 to 64 bytes")
    return errors


def _signs(secret: str) -> bool:
    try:
        length = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        return False
    return secret.startswith("whsec_") and 24 <= length <= 64
