"""What Stripe is configured with, from the environment. Without a secret key the service has no such provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from bakong_contracts.webhook_guard import STRIPE
from bakong_schemes.stripe.adapter import facts
from bakong_schemes.stripe.adapter.client import HttpStripe
from bakong_schemes.stripe.adapter.provider import Pages, provider
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings

DASHBOARD = "copy it from the dashboard of Stripe, Developers"
KEYS = ("sk_", "rk_")  # secret, and restricted ones


def _signs(secret: SecretStr) -> SecretStr:
    STRIPE.key(secret.get_secret_value())
    return secret


WebhookSecret = Annotated[SecretStr, AfterValidator(_signs)]  # whsec_…, of the endpoint


class StripeSettings(ProviderSettings):
    """One field for each variable, in capitals."""

    HOW: ClassVar[Mapping[str, str]] = {
        "STRIPE_SECRET_KEY": f"{DASHBOARD}, API keys",
        "STRIPE_WEBHOOK_SECRET": f"{DASHBOARD}, Webhooks, the endpoint's signing secret",
    }

    stripe_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = f"https://{facts.API_HOST}"
    stripe_secret_key: Annotated[SecretStr, Field(min_length=1)] | None = None
    stripe_webhook_secret: WebhookSecret | None = None
    stripe_old_webhook_secret: WebhookSecret | None = None  # for a day after it was rolled
    stripe_ca_file: Path | None = None
    stripe_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 10_000
    stripe_return_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""

    @property
    def is_configured(self) -> bool:
        return self.stripe_secret_key is not None

    def production_errors(self) -> list[str]:
        if self.stripe_secret_key is None:
            return []
        errors = []
        kind, _, mode = self._key[:8].partition("_")
        if f"{kind}_" not in KEYS or len(self._key) < 24:
            errors.append(f"STRIPE_SECRET_KEY is no secret key, which begins with sk_live_ or rk_live_; {DASHBOARD}")
        elif mode != "live_":
            errors.append(f"STRIPE_SECRET_KEY is one of the test mode; {DASHBOARD}, API keys")
        if not self.stripe_base_url.startswith("https://"):
            errors.append("STRIPE_BASE_URL: read no https://; the key would travel in clear")
        return errors

    def factory(self) -> ProviderFactory:
        return ProviderFactory(name=facts.NAME, make=self._provider, secrets=(self._key, *self._webhook_secrets))

    @property
    def _key(self) -> str:
        return "" if self.stripe_secret_key is None else self.stripe_secret_key.get_secret_value()

    @property
    def _webhook_secrets(self) -> tuple[str, ...]:
        kept = (self.stripe_webhook_secret, self.stripe_old_webhook_secret)
        return tuple(secret.get_secret_value() for secret in kept if secret is not None)

    def _provider(self, given: Surroundings) -> Provider:
        parts = urlsplit(self.stripe_base_url)
        client = given.open_client(
            f"{parts.scheme}://{parts.netloc}", timeout_ms=self.stripe_timeout_ms, ca_file=self.stripe_ca_file
        )
        return provider(
            HttpStripe(client, self._key, root=parts.path.rstrip("/")),
            self._webhook_secrets,
            now_ms=given.signature_clock,
            pages=Pages(return_url=self.stripe_return_url or None),
        )
