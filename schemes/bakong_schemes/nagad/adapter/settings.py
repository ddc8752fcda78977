"""What Nagad is configured with, from the environment. Without a merchant's id the service has no such provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bakong_schemes.nagad import sealing, wire
from bakong_schemes.nagad.adapter.client import HttpNagad, Merchant
from bakong_schemes.nagad.adapter.provider import Checkouts, provider
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings

LIVE_URL = f"https://{wire.LIVE_HOST}/{'/'.join(wire.LIVE_ROOT)}"
_URL = r"^$|^https?://[!-~]+$"


def _private(secret: SecretStr) -> SecretStr:
    sealing.private_key(secret.get_secret_value())
    return secret


def _public(line: str) -> str:
    sealing.public_key(line)
    return line


class NagadSettings(ProviderSettings):
    """One field for each variable, in capitals. Keys are one line of base64: our private one, Nagad's public one."""

    HOW: ClassVar[Mapping[str, str]] = {
        "NAGAD_MERCHANT_ID": "15 digits, from Nagad's letter to the merchant",
        "NAGAD_PRIVATE_KEY": "the line of base64 in your own PKCS#8 file, without the lines BEGIN and END",
        "NAGAD_PUBLIC_KEY": "Nagad's key, one line of base64, which begins with MIIBIjAN",
    }

    nagad_merchant_id: Annotated[str, Field(pattern=r"^$|^[0-9]{15}$")] = ""
    nagad_private_key: Annotated[SecretStr, AfterValidator(_private)] | None = None
    nagad_public_key: Annotated[str, AfterValidator(_public)] | None = None
    nagad_merchant_number: Annotated[str, Field(pattern=r"^$|^01[0-9]{9}$")] = ""
    nagad_client_ip: Annotated[str, Field(pattern=r"^[0-9.]{7,15}$")] = "127.0.0.1"  # what Nagad has registered
    nagad_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = LIVE_URL
    nagad_page_url: Annotated[str, Field(pattern=_URL)] = ""  # where callBackUrl begins, before the reference
    nagad_return_url: Annotated[str, Field(pattern=_URL)] = ""
    nagad_trust_reference_no: bool = False
    nagad_ca_file: Path | None = None
    nagad_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 30_000

    @model_validator(mode="after")
    def _fits(self) -> "NagadSettings":
        """All or nothing, and no key twice. Raises ValueError."""
        if not self.is_configured:
            return self
        missing = [name for name in ("nagad_private_key", "nagad_public_key") if not getattr(self, name)]
        if missing:
            names = " and ".join(name.upper() for name in missing)
            raise ValueError(f"{names}: missing, and NAGAD_MERCHANT_ID is set")
        if sealing.public_half(self._private_key) == self.nagad_public_key:
            raise ValueError(
                "NAGAD_PUBLIC_KEY is the public half of NAGAD_PRIVATE_KEY, which Nagad needs; expected Nagad's own key"
            )
        return self

    @property
    def is_configured(self) -> bool:
        return bool(self.nagad_merchant_id)

    def production_errors(self) -> list[str]:
        if not self.is_configured:
            return []
        errors = []
        if not self.nagad_base_url.startswith("https://"):
            errors.append(
                "NAGAD_BASE_URL: read no https://; what verify answers is not signed, and anybody could say Success"
            )
        if not self.nagad_return_url:
            errors.append("NAGAD_RETURN_URL is missing: Nagad sends the payer's browser back to it")
        if not self.nagad_client_ip or self.nagad_client_ip.startswith("127."):
            errors.append("NAGAD_CLIENT_IP is this machine's own; set the address that Nagad has registered")
        return errors

    def factory(self) -> ProviderFactory:
        return ProviderFactory(name=wire.NAME, make=self._provider, secrets=(self._private_key,))

    @property
    def _private_key(self) -> str:
        return "" if self.nagad_private_key is None else self.nagad_private_key.get_secret_value()

    def _provider(self, given: Surroundings) -> Provider:
        parts = urlsplit(self.nagad_base_url)
        client = given.open_client(
            f"{parts.scheme}://{parts.netloc}", timeout_ms=self.nagad_timeout_ms, ca_file=self.nagad_ca_file
        )
        merchant = Merchant(
            merchant_id=self.nagad_merchant_id,
            private_key=self._private_key,
            public_key=self.nagad_public_key or "",
            client_ip=self.nagad_client_ip,
            account_number=self.nagad_merchant_number,
        )
        return provider(
            HttpNagad(client, merchant, root=parts.path.rstrip("/")),
            now_ms=given.now_ms,
            checkouts=Checkouts(
                return_url=self.nagad_return_url,
                page_url=self.nagad_page_url,
                trust_reference_no=self.nagad_trust_reference_no,
            ),
        )
