"""The settings of the service, from the environment; their names are the contract's."""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class Settings(BaseSettings):
    """One field for each variable, in capitals. Secrets never show themselves."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    mode: Annotated[Literal["production", "sandbox"], Field(validation_alias="SERVICE_MODE")] = "production"
    data_dir: Path = Path("data")
    database_url: Annotated[str, Field(pattern=r"^(sqlite:///.+|postgres(ql)?://.*)$")] = "sqlite:///data/service.db"
    redis_url: Annotated[str, Field(pattern=r"^$|^(rediss?|unix)://.+$")] = ""
    redis_host: str = ""
    redis_port: Annotated[int, Field(ge=1, le=65535)] = 6379
    redis_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "bakong"
    rate_limit_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 100  # 0 is off, in the sandbox alone
    bakong_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = "https://api-bakong.nbc.gov.kh"
    bakong_merchant_id: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=32)]
    bakong_merchant_name: Annotated[str, Field(min_length=1, max_length=25)] = "Sandbox Merchant"
    bakong_merchant_city: Annotated[str, Field(min_length=1, max_length=15)] = "Phnom Penh"
    bakong_phone_number: Annotated[str, Field(max_length=25)] = ""
    bakong_developer_token: SecretStr
    bakong_ca_file: Path | None = None  # the sandbox's CA; None: the system's
    bakong_email: str = ""
    bakong_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 10_000
    bakong_short_links: bool = False
    bakong_daily_calls: Annotated[int, Field(ge=0)] = 100  # NBC's free tier; 0 is without limit
    main_backend_api_key: SecretStr
    main_backend_webhook_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""
    webhook_secret: SecretStr
    old_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()  # sign, too
    allow_private_callbacks: bool = False
    encryption_key: SecretStr
    old_encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()
    trusted_proxies: Annotated[Words, BeforeValidator(lambda value: _networks(_words(value)))] = ()
    premium_price: Annotated[Decimal, Field(gt=0, decimal_places=2)] = Decimal("0.50")
    family_premium_price: Annotated[Decimal, Field(gt=0, decimal_places=2)] = Decimal("1.00")
    khr_per_usd: Annotated[int, Field(gt=0)] = 4000
    grace_days: Annotated[int, Field(ge=0, le=30)] = 3
    retention_webhook_days: Annotated[int, Field(ge=0, le=36_500)] = 30  # after delivery; 0 keeps, as in the next two
    retention_unpaid_days: Annotated[int, Field(ge=0, le=36_500)] = 90  # the codes of payments that ended unpaid
    retention_audit_days: Annotated[int, Field(ge=0, le=36_500)] = 365  # exported to audit_dir first
    log_dir: Path | None = None  # three files; None: standard output
    port: Annotated[int, Field(ge=0, le=65535)] = 3002

    @property
    def redis(self) -> str | None:
        """Where Redis is, by REDIS_URL or by REDIS_HOST and REDIS_PORT; None: there is none."""
        return self.redis_url or (f"redis://{self.redis_host}:{self.redis_port}/0" if self.redis_host else None)

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
        single = (self.bakong_developer_token, self.main_backend_api_key)
        return (*self.encryption_keys, *self.webhook_secrets, *(secret.get_secret_value() for secret in single))

    @property
    def audit_dir(self) -> Path:
        """Where audit rows go when the database keeps them no more."""
        return (self.log_dir or self.data_dir) / "audit"

    @property
    def sqlite_path(self) -> Path:
        return Path(self.database_url.removeprefix("sqlite:///"))


DRAW_KEY = 'make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
DRAW_WEBHOOK = "make one: echo whsec_$(head -c 32 /dev/urandom | base64 -w0)"
_HOW = {
    "BAKONG_DEVELOPER_TOKEN": "ask NBC for one at https://api-bakong.nbc.gov.kh/register",
    "MAIN_BACKEND_API_KEY": DRAW_KEY,
    "ENCRYPTION_KEY": DRAW_KEY,
    "WEBHOOK_SECRET": DRAW_WEBHOOK,
    "BAKONG_MERCHANT_ID": "the account that is paid, as user@bank",
}


def load(given: Mapping[str, Any] | None = None) -> Settings:
    """The settings of the environment, checked for their mode; given stands in for what the environment lacks.

    Raises SettingsError.
    """
    try:
        settings = Settings(**dict(given or {}))
    except ValidationError as error:
        raise SettingsError([_line(row) for row in error.errors(include_input=False, include_url=False)]) from None
    if lines := production_errors(settings):
        raise SettingsError(lines)
    return settings


def production_errors(settings: Settings) -> list[str]:
    """What is missing or too weak for production, a line for each; nothing is, in the sandbox."""
    if settings.mode == "sandbox":
        return []
    errors = [*_webhook_errors(settings), *_weak(settings)]
    if settings.rate_limit_per_minute == 0:
        errors.append("RATE_LIMIT_PER_MINUTE: read 0; production has no way to turn the limit off")
    if not settings.bakong_base_url.startswith("https://"):
        errors.append("BAKONG_BASE_URL: read no https://; the token would travel in clear")
    if settings.bakong_merchant_name == "Sandbox Merchant":
        errors.append("BAKONG_MERCHANT_NAME is missing: the name that customers see, 25 characters at most")
    if settings.main_backend_webhook_url and not settings.main_backend_webhook_url.startswith("https://"):
        errors.append("MAIN_BACKEND_WEBHOOK_URL: read no https://; its webhooks would travel in clear")
    return errors


def _line(row: Mapping[str, Any]) -> str:
    field = str(row["loc"][0]) if row["loc"] else "settings"
    name = "SERVICE_MODE" if field == "mode" else field.upper()
    how = f"; {_HOW[name]}" if name in _HOW else ""
    return f"{name} is missing{how}" if row["type"] == "missing" else f"{name}: {row['msg']}{how}"


def _weak(settings: Settings) -> list[str]:
    errors = []
    for name in ("ENCRYPTION_KEY", "MAIN_BACKEND_API_KEY", "BAKONG_DEVELOPER_TOKEN"):
        value = getattr(settings, name.lower()).get_secret_value()
        if len(value) < 32 or len(set(value)) < 12:
            errors.append(
                f"{name} is weak ({len(value)} characters; needs at least 32 random characters); {_HOW[name]}"
            )
        elif value.startswith("sandbox_"):
            errors.append(f"{name} is a sandbox's; {_HOW[name]}")
    if any(len(key.get_secret_value()) < 32 for key in settings.old_encryption_keys):
        errors.append("OLD_ENCRYPTION_KEYS: one of them has less than 32 characters")
    return errors


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
