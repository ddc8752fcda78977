"""What Paystack is configured with, from the environment. Without a secret key the service has no such provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.adapter.client import HttpPaystack
from bakong_schemes.paystack.adapter.provider import Pages, provider
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings

DASHBOARD = "copy it from the dashboard of Paystack, Settings, API Keys & Webhooks"


class PaystackSettings(ProviderSettings):
    """One field for each variable, in capitals. The secret key signs the webhooks, too."""

    HOW: ClassVar[Mapping[str, str]] = {"PAYSTACK_SECRET_KEY": DASHBOARD}

    paystack_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = f"https://{wire.API_HOST}"
    paystack_secret_key: Annotated[SecretStr, Field(min_length=1)] | None = None
    paystack_old_secret_key: Annotated[SecretStr, Field(min_length=1)] | None = None  # whose events still come
    paystack_ca_file: Path | None = None
    paystack_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 10_000
    paystack_return_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""

    @property
    def is_configured(self) -> bool:
        return self.paystack_secret_key is not None

    def production_errors(self) -> list[str]:
        if self.paystack_secret_key is None:
            return []
        errors = []
        key = self.paystack_secret_key.get_secret_value()
        if key.startswith("sk_test_"):
            errors.append(f"PAYSTACK_SECRET_KEY is one of the test mode; {DASHBOARD}")
        elif not key.startswith("sk_live_") or len(key) < 24:
            errors.append(f"PAYSTACK_SECRET_KEY is no secret key, which begins with sk_live_; {DASHBOARD}")
        if not self.paystack_base_url.startswith("https://"):
            errors.append("PAYSTACK_BASE_URL: read no https://; the key would travel in clear")
        return errors

    def factory(self) -> ProviderFactory:
        return ProviderFactory(name=wire.NAME, make=self._provider, secrets=self._keys)

    @property
    def _keys(self) -> tuple[str, ...]:
        kept = (self.paystack_secret_key, self.paystack_old_secret_key)
        return tuple(secret.get_secret_value() for secret in kept if secret is not None)

    def _provider(self, given: Surroundings) -> Provider:
        parts = urlsplit(self.paystack_base_url)
        client = given.open_client(
            f"{parts.scheme}://{parts.netloc}", timeout_ms=self.paystack_timeout_ms, ca_file=self.paystack_ca_file
        )
        return provider(
            HttpPaystack(client, self._keys[0], root=parts.path.rstrip("/")),
            self._keys,
            now_ms=given.signature_clock,
            pages=Pages(return_url=self.paystack_return_url or None),
        )
