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
from bakong_contracts.patterns import in_words, message
from bakong_contracts.trust import checked
from bakong_service.database_url import SQLITE, sqlite_path
from bakong_service.domain.admission import FAILURES, PER_HOUR, PER_SECOND
from bakong_service.domain.escrow import EscrowRules
from bakong_service.domain.escrow_book import Rates
from bakong_service.domain.orders import LatePolicy, ShopRules
from bakong_service.domain.principals import PLATFORM_ROLES
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


def _long_enough(secret: SecretStr) -> SecretStr:
    """Raises ValueError for a secret with which HS256 could be broken by trying."""
    length = len(secret.get_secret_value())
    if 0 < length < MIN_JWT_SECRET:
        raise ValueError(f"read {length} characters, expected at least {MIN_JWT_SECRET}")
    return secret


MIN_JWT_SECRET = 64
Price = Annotated[Decimal, Field(gt=0, lt=1_000_000_000, decimal_places=2)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
TimeoutS = Annotated[float, Field(gt=0, le=86_400)]


class Variables(BaseSettings):
    """One field for each variable, in capitals. Secrets never show themselves. HOW: what to do where one is wrong."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    HOW: ClassVar[Mapping[str, str]] = {}

    def production_errors(self) -> list[str]:
        """What is missing or too weak for production, a line for each."""
        return []


class ProviderSettings(Variables):
    """What one provider is configured with."""

    @property
    def is_configured(self) -> bool:
        """Whether this service is to have it; False where nothing names it, and it is one of those that need not be."""
        return True

    def factory(self) -> ProviderFactory:
        raise NotImplementedError


DRAW_KEY = 'make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
DRAW_JWT = 'make one: python3 -c "import secrets; print(secrets.token_urlsafe(64))"'
DRAW_WEBHOOK = "make one: echo whsec_$(head -c 32 /dev/urandom | base64 -w0)"


class Settings(Variables):
    """What the core is configured with."""

    HOW: ClassVar[Mapping[str, str]] = {
        "MAIN_BACKEND_API_KEY": DRAW_KEY,
        "ADMIN_READ_KEY": DRAW_KEY,
        "ENCRYPTION_KEY": DRAW_KEY,
        "WEBHOOK_SECRET": DRAW_WEBHOOK,
        "JWT_SECRET": DRAW_JWT,
    }

    mode: Annotated[Literal["production", "sandbox"], Field(validation_alias="SERVICE_MODE")] = "production"
    data_dir: Path = Path("data")
    database_url: Annotated[
        str, Field(pattern=r"^(sqlite:///.+|postgres(ql)?://.*)$"), AfterValidator(_database_url)
    ] = "sqlite:///data/service.db"
    database_pooler: bool = False  # one such as PgBouncer stands before PostgreSQL: keep nothing prepared
    database_deadline_s: Annotated[float, Field(ge=0.1, le=60)] = 5.0  # then 503: see adapters.deadline
    redis_url: Annotated[str, Field(pattern=r"^$|^(rediss?|unix)://.+$"), AfterValidator(_redis_url)] = ""
    redis_host: str = ""
    redis_port: Annotated[int, Field(ge=1, le=65535)] = 6379
    redis_timeout_s: Annotated[float, Field(ge=0.05, le=60)] = 0.5  # two tries; then each process limits by itself
    redis_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "bakong"
    rate_limit_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 100  # 0 is off, in the sandbox alone
    max_wrong_keys: Annotated[int, Field(ge=0, le=1_000)] = FAILURES  # then the address is shut out; 0 is off, as above
    rate_limit_per_second: Annotated[int, Field(ge=0, le=1_000_000)] = PER_SECOND  # of orders, as the next; 0 is off
    rate_limit_per_hour: Annotated[int, Field(ge=0, le=100_000_000)] = PER_HOUR
    main_backend_api_key: SecretStr
    admin_read_key: SecretStr = SecretStr("")  # reads what an operator sees, and nothing else; none: nobody does by key
    main_backend_webhook_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""
    webhook_secret: SecretStr
    old_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()  # sign, too
    webhook_ca_file: Annotated[Path | None, AfterValidator(checked)] = None  # trusted beside the public authorities
    allow_private_callbacks: bool = False
    encryption_key: SecretStr
    old_encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()
    jwt_secret: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr("")  # signs tokens: the small mode
    old_jwt_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()  # verify, too
    token_algorithm: Literal["EdDSA", "RS256"] = "EdDSA"  # noqa: S105  no secret, but what signs where there is no JWT_SECRET
    token_issuer: Annotated[str, Field(min_length=1, max_length=255)] = "bakong-service"  # noqa: S105  no secret
    token_audience: Annotated[str, Field(min_length=1, max_length=255)] = "bakong-service"  # noqa: S105  no secret
    token_leeway_s: Annotated[int, Field(ge=0, le=60)] = 0  # by which an issuer's clock may differ from ours
    oidc_issuer: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""  # whose tokens are taken, too
    oidc_audience: Annotated[str, Field(max_length=255)] = ""  # what they have to be for
    oidc_ca_file: Annotated[Path | None, AfterValidator(checked)] = None  # in place of the public authorities
    trusted_proxies: Annotated[Words, BeforeValidator(lambda value: _networks(_words(value)))] = ()
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000  # and what descriptors there are for
    max_connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 4_000  # trusted proxies have no such bound
    read_timeout_s: TimeoutS = 8  # a request arrives whole
    answer_timeout_s: TimeoutS = 60
    write_timeout_s: TimeoutS = 30  # a client does not read its answer
    idle_timeout_s: TimeoutS = 75  # between two requests
    premium_price: Price = Decimal("0.50")
    family_premium_price: Price = Decimal("1.00")
    khr_per_usd: Annotated[int, Field(gt=0, le=1_000_000)] = 4000
    allow_experimental: bool = False  # payment methods of which not all is known
    allow_test_tax_ids: bool = False  # whose check digit is wrong, as in examples
    late_payment: LatePolicy = LatePolicy.REVIEW
    payment_ttl: Annotated[int, Field(ge=60, le=86_400)] = 900  # seconds, of a payment by a provider
    payment_fail_on_decline: bool = False  # a payer may not try again on the same page
    errors_base_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = (
        ""  # where problems below /api/v1 are explained
    )
    settlement_cutoff: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "00:00"  # in Bangkok
    public_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = "http://127.0.0.1:3002"  # of the pay page
    payment_webhook_secret: SecretStr = SecretStr("")  # of the care platform's webhooks; none: they are all refused
    old_payment_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)] = ()
    escrow_fee_bps: Annotated[int, Field(ge=0, le=10_000)] = 500  # of the gross, as the next; the agency has the rest
    escrow_caregiver_bps: Annotated[int, Field(ge=0, le=10_000)] = 500
    refund_after_release: Literal["reject", "clawback"] = "reject"
    escrow_release_roles: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = ("PLATFORM_ADMIN",)
    escrow_refund_roles: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = (
        "PLATFORM_ADMIN",
        "SUPER_ADMIN",
    )
    escrow_org_name: Annotated[str, Field(max_length=128)] = "Sandbox Care"
    escrow_org_logo: Annotated[str, Field(max_length=2048)] = ""
    grace_days: Annotated[int, Field(ge=0, le=30)] = 3
    retention_webhook_days: Annotated[int, Field(ge=0, le=36_500)] = 30  # after delivery; 0 keeps, as in the next two
    retention_unpaid_days: Annotated[int, Field(ge=0, le=36_500)] = 90  # the codes of payments that ended unpaid
    retention_audit_days: Annotated[int, Field(ge=0, le=36_500)] = 365  # exported to audit_dir first
    log_dir: Path | None = None  # three files; None: standard output
    port: Annotated[int, Field(ge=0, le=65535)] = 3002
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None  # /metrics without a key; a worker's too
    metrics_host: str = "127.0.0.1"

    def production_errors(self) -> list[str]:
        errors = [*_webhook_errors(self)]
        errors += weak_secret("ENCRYPTION_KEY", self.encryption_key, DRAW_KEY)
        errors += weak_secret("MAIN_BACKEND_API_KEY", self.main_backend_api_key, DRAW_KEY)
        if self.admin_read_key.get_secret_value():
            errors += weak_secret("ADMIN_READ_KEY", self.admin_read_key, DRAW_KEY)
        if any(len(key.get_secret_value()) < 32 for key in self.old_encryption_keys):
            errors.append("OLD_ENCRYPTION_KEYS: one of them has less than 32 characters")
        errors += _token_errors(self)
        if self.rate_limit_per_minute == 0:
            errors.append("RATE_LIMIT_PER_MINUTE: read 0; production has no way to turn the limit off")
        if self.max_wrong_keys == 0:
            errors.append("MAX_WRONG_KEYS: read 0; production lets nobody try keys without end")
        if self.main_backend_webhook_url and not self.main_backend_webhook_url.startswith("https://"):
            errors.append("MAIN_BACKEND_WEBHOOK_URL: read no https://; its webhooks would travel in clear")
        if self.allow_experimental:
            errors.append("ALLOW_EXPERIMENTAL: read true; production offers no method of which not all is known")
        if self.allow_test_tax_ids:
            errors.append("ALLOW_TEST_TAX_IDS: read true; production takes no tax id whose check digit is wrong")
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
    def jwt_secrets(self) -> tuple[str, ...]:
        """What signs tokens, the present one first; empty where key pairs do."""
        if not self.jwt_secret.get_secret_value():
            return ()
        return tuple(secret.get_secret_value() for secret in (self.jwt_secret, *self.old_jwt_secrets))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret, for what must never show one."""
        fixed = (*self.encryption_keys, *self.webhook_secrets, self.main_backend_api_key.get_secret_value())
        optional = (self.admin_read_key.get_secret_value(),) if self.admin_read_key.get_secret_value() else ()
        return (*fixed, *optional, *self.jwt_secrets, *self.payment_webhook_secrets)

    @property
    def shop(self) -> ShopRules:
        """The rules of orders."""
        hours, minutes = self.settlement_cutoff.split(":")
        return ShopRules(
            experimental=self.allow_experimental,
            test_tax_ids=self.allow_test_tax_ids,
            late_payment=self.late_payment,
            payment_ttl_s=self.payment_ttl,
            fail_on_decline=self.payment_fail_on_decline,
            cutoff_m=int(hours) * 60 + int(minutes),
        )

    @property
    def payment_webhook_secrets(self) -> tuple[str, ...]:
        """Each verifies the care platform's webhooks; empty where none is set."""
        given = (self.payment_webhook_secret, *self.old_payment_webhook_secrets)
        return tuple(secret.get_secret_value() for secret in given if secret.get_secret_value())

    @property
    def escrow(self) -> EscrowRules:
        """The rules of payments of jobs. Money that comes late goes back, unless LATE_PAYMENT=accept."""
        return EscrowRules(
            rates=Rates(self.escrow_fee_bps, self.escrow_caregiver_bps),
            clawback=self.refund_after_release == "clawback",
            late_payment=LatePolicy.ACCEPT if self.late_payment is LatePolicy.ACCEPT else LatePolicy.REFUND,
            public_url=self.public_url,
            org_name=self.escrow_org_name,
            org_logo=self.escrow_org_logo,
            webhook_secrets=self.payment_webhook_secrets,
            release_roles=frozenset(self.escrow_release_roles),
            refund_roles=frozenset(self.escrow_refund_roles),
        )

    @property
    def grace_ms(self) -> int:
        return self.grace_days * 86_400_000

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
    if bool(core.oidc_issuer) is not bool(core.oidc_audience):
        raise SettingsError(["OIDC_AUDIENCE: read one of OIDC_ISSUER and OIDC_AUDIENCE, expected both or neither"])
    if core.oidc_issuer and core.oidc_issuer == core.token_issuer:
        raise SettingsError(
            ["OIDC_ISSUER: read the same as TOKEN_ISSUER, expected another: the issuer says whose keys"]
        )
    _check_escrow(core)
    if core.mode == "production" and (lines := [line for one in (core, *settings) for line in one.production_errors()]):
        raise SettingsError(lines)
    return core, settings


def _check_escrow(core: Settings) -> None:
    """Raises SettingsError."""
    if core.escrow_fee_bps + core.escrow_caregiver_bps > 10_000:
        raise SettingsError(["ESCROW_CAREGIVER_BPS: with ESCROW_FEE_BPS read more than 10000: nothing is left"])
    unknown = sorted({*core.escrow_release_roles, *core.escrow_refund_roles} - set(PLATFORM_ROLES))
    if unknown:
        expected = ", ".join(PLATFORM_ROLES)
        raise SettingsError([f"ESCROW_RELEASE_ROLES, ESCROW_REFUND_ROLES: read {unknown[0]}, expected {expected}"])


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
    return f"{name} is missing{how}" if row["type"] == "missing" else f"{name}: {in_words(message(row))}{how}"


def weak_secret(name: str, secret: SecretStr, how: str) -> list[str]:
    """What makes a secret too weak for production, in a line; none where it is strong."""
    value = secret.get_secret_value()
    if len(value) < 32 or len(set(value)) < 12:
        return [f"{name} is weak ({len(value)} characters; needs at least 32 random characters); {how}"]
    return [f"{name} is a sandbox's; {how}"] if value.startswith("sandbox_") else []


def _token_errors(settings: Settings) -> list[str]:
    errors = weak_secret("JWT_SECRET", settings.jwt_secret, DRAW_JWT) if settings.jwt_secrets else []
    if any(len(secret.get_secret_value()) < MIN_JWT_SECRET for secret in settings.old_jwt_secrets):
        errors.append(f"OLD_JWT_SECRETS: one of them has less than {MIN_JWT_SECRET} characters")
    if settings.oidc_issuer.startswith("http://"):
        errors.append("OIDC_ISSUER: read no https://; whoever stands between could put his own keys there")
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
