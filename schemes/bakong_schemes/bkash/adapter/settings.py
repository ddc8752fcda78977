"""What bKash is configured with, from the environment. Without credentials the service has no such provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.adapter.client import Credentials, HttpBkash
from bakong_schemes.bkash.adapter.notifications import Certificates, host_of
from bakong_schemes.bkash.adapter.provider import Checkouts, Topic, provider
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings

ONBOARDING = "bKash sends it when the merchant is taken on"
LIVE_HOST = ".pay.bka.sh"


def _is_topic(arn: str) -> str:
    if arn:
        host_of(arn)
    return arn


Url = Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")]


class BkashSettings(ProviderSettings):
    """One field for each variable, in capitals."""

    HOW: ClassVar[Mapping[str, str]] = {
        "BKASH_USERNAME": ONBOARDING,
        "BKASH_PASSWORD": ONBOARDING,
        "BKASH_APP_KEY": ONBOARDING,
        "BKASH_APP_SECRET": ONBOARDING,
    }

    bkash_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = f"https://{wire.TOKENIZED_HOST}"
    bkash_username: str = ""
    bkash_password: SecretStr | None = None
    bkash_app_key: SecretStr | None = None
    bkash_app_secret: SecretStr | None = None
    bkash_product: Literal["tokenized", "checkout"] = "tokenized"
    bkash_return_url: Url = ""
    bkash_topic_arn: Annotated[str, AfterValidator(_is_topic)] = ""  # without it no IPN is read
    bkash_sns_base_url: Url = ""  # "": SNS's own host in the topic's region
    bkash_ca_file: Path | None = None
    bkash_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 30_000

    @property
    def is_configured(self) -> bool:
        return bool(self.bkash_username) and self.bkash_app_key is not None

    def production_errors(self) -> list[str]:
        if not self.is_configured:
            return []
        secrets = {"BKASH_PASSWORD": self.bkash_password, "BKASH_APP_SECRET": self.bkash_app_secret}
        urls = {
            "BKASH_BASE_URL": self.bkash_base_url,
            "BKASH_SNS_BASE_URL": self.bkash_sns_base_url,
            "BKASH_RETURN_URL": self.bkash_return_url,
        }
        errors = [f"{name} is missing; {ONBOARDING}" for name, secret in secrets.items() if secret is None]
        errors += [
            f"{name}: read no https://; what it carries would travel in clear"
            for name, url in urls.items()
            if url.startswith("http://")
        ]
        if not (urlsplit(self.bkash_base_url).hostname or "").endswith(LIVE_HOST):
            errors.append(f"BKASH_BASE_URL is not one of the live hosts, which end in {LIVE_HOST}")
        if self.bkash_product == wire.TOKENIZED and not self.bkash_return_url:
            errors.append("BKASH_RETURN_URL is missing: bKash sends the customer back there")
        return errors

    def factory(self) -> ProviderFactory:
        return ProviderFactory(name=wire.NAME, make=self._provider, secrets=self._secrets)

    @property
    def _secrets(self) -> tuple[str, ...]:
        kept = (self.bkash_password, self.bkash_app_key, self.bkash_app_secret)
        return tuple(secret.get_secret_value() for secret in kept if secret is not None)

    def _provider(self, given: Surroundings) -> Provider:
        root = urlsplit(self.bkash_base_url)
        client = given.open_client(
            f"{root.scheme}://{root.netloc}", timeout_ms=self.bkash_timeout_ms, ca_file=self.bkash_ca_file
        )
        known = Credentials(
            self.bkash_username, *map(_text, (self.bkash_password, self.bkash_app_key, self.bkash_app_secret))
        )
        asked = HttpBkash(
            client,
            known,
            now_ms=given.now_ms,
            root=root.path.rstrip("/").removesuffix(f"/{wire.VERSION}"),
            product=self.bkash_product,
        )
        checkouts = Checkouts(return_url=self.bkash_return_url, product=self.bkash_product)
        return provider(asked, now_ms=given.now_ms, checkouts=checkouts, topic=self._topic(given))

    def _topic(self, given: Surroundings) -> Topic | None:
        if not self.bkash_topic_arn:
            return None
        base = urlsplit(self.bkash_sns_base_url or f"https://{host_of(self.bkash_topic_arn)}")
        client = given.open_client(f"{base.scheme}://{base.netloc}", timeout_ms=10_000, ca_file=self.bkash_ca_file)
        return Topic(arn=self.bkash_topic_arn, certificates=Certificates(client, root=base.path.rstrip("/")))


def _text(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
