"""What Omise is configured with, from the environment. Without a secret key the service has no such provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from bakong_contracts.webhook_guard import OMISE
from bakong_schemes.omise import wire
from bakong_schemes.omise.adapter.client import HttpOmise
from bakong_schemes.omise.adapter.provider import Checkouts, provider
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings

DASHBOARD = "copy it from the dashboard of Omise"
REDIRECTS = tuple(name for name, method in wire.METHODS.items() if method.flow == "redirect")


def _signs(secret: SecretStr) -> SecretStr:
    OMISE.key(secret.get_secret_value())
    return secret


WebhookSecret = Annotated[SecretStr, AfterValidator(_signs)]  # base64, as the dashboard shows it


class OmiseSettings(ProviderSettings):
    """One field for each variable, in capitals."""

    HOW: ClassVar[Mapping[str, str]] = {
        "OMISE_SECRET_KEY": f"{DASHBOARD}, Keys",
        "OMISE_WEBHOOK_SECRET": f"{DASHBOARD}, Webhooks",
    }

    omise_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = f"https://{wire.API_HOST}"
    omise_secret_key: SecretStr | None = None
    omise_webhook_secret: WebhookSecret | None = None
    omise_old_webhook_secret: WebhookSecret | None = None  # for a day after it was rolled
    omise_ca_file: Path | None = None
    omise_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 10_000
    omise_method: Literal["promptpay", "truemoney_qr", "internet_banking_bay", "internet_banking_bbl"] = "promptpay"
    omise_return_uri: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""

    @property
    def is_configured(self) -> bool:
        return self.omise_secret_key is not None

    def production_errors(self) -> list[str]:
        if self.omise_secret_key is None:
            return []
        errors = []
        key = self.omise_secret_key.get_secret_value()
        if not key.startswith("skey_") or len(key) < 24:
            errors.append(f"OMISE_SECRET_KEY is no secret key, which begins with skey_; {DASHBOARD}, Keys")
        elif key.startswith("skey_test_"):
            errors.append(f"OMISE_SECRET_KEY is one of the test mode; {DASHBOARD}, Keys")
        if not self.omise_base_url.startswith("https://"):
            errors.append("OMISE_BASE_URL: read no https://; the key would travel in clear")
        if self.omise_method in REDIRECTS and not self.omise_return_uri:
            errors.append(f"OMISE_RETURN_URI is missing: {self.omise_method} sends the payer back there")
        return errors

    def factory(self) -> ProviderFactory:
        return ProviderFactory(name=wire.NAME, make=self._provider, secrets=(self._key, *self._webhook_secrets))

    @property
    def _key(self) -> str:
        return "" if self.omise_secret_key is None else self.omise_secret_key.get_secret_value()

    @property
    def _webhook_secrets(self) -> tuple[str, ...]:
        kept = (self.omise_webhook_secret, self.omise_old_webhook_secret)
        return tuple(secret.get_secret_value() for secret in kept if secret is not None)

    def _provider(self, given: Surroundings) -> Provider:
        parts = urlsplit(self.omise_base_url)
        client = given.open_client(
            f"{parts.scheme}://{parts.netloc}", timeout_ms=self.omise_timeout_ms, ca_file=self.omise_ca_file
        )
        return provider(
            HttpOmise(client, self._key, root=parts.path.rstrip("/")),
            self._webhook_secrets,
            now_ms=given.signature_clock,
            checkouts=Checkouts(method=self.omise_method, return_uri=self.omise_return_uri or None),
        )
