"""What PromptPay is configured with, from the environment. It is there where a payee is named."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.adapter.client import HttpBank
from bakong_schemes.promptpay.adapter.provider import LIFE_MS, Payee, provider
from bakong_schemes.promptpay.codec import LAYOUTS, BillPayment, CreditTransfer, EncodeError, encode
from bakong_schemes.promptpay.codec.normalising import local_mobile, mobile
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings, weak_secret


class PromptPaySettings(ProviderSettings):
    """One field for each variable, in capitals: a biller, or a proxy and its id; with neither there is no PromptPay."""

    HOW: ClassVar[Mapping[str, str]] = {
        "PROMPTPAY_BILLER_ID": "fifteen digits, from your bank",
        "PROMPTPAY_KEY": "of the bank, or of the sandbox: `bakong-sandbox world show`",
    }

    promptpay_biller_id: str = ""
    promptpay_proxy: Literal["mobile", "national_id", "tax_id", "ewallet"] = "mobile"
    promptpay_id: str = ""
    promptpay_layout: str = "ascending"
    promptpay_base_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""
    promptpay_key: SecretStr = SecretStr("")
    promptpay_timeout_ms: Annotated[int, Field(ge=1, le=60_000)] = 10_000
    promptpay_life_s: Annotated[int, Field(ge=60, le=86_400)] = LIFE_MS // 1000

    @model_validator(mode="after")
    def _can_be_paid(self) -> Self:
        """A payee that no code can carry is refused at the start, not at the first order."""
        if not self.is_configured:
            return self
        if self.promptpay_biller_id and self.promptpay_id:
            raise ValueError("PROMPTPAY_BILLER_ID and PROMPTPAY_ID: read both, expected one")
        if not self.promptpay_base_url or not self.promptpay_key.get_secret_value():
            raise ValueError("PROMPTPAY_BASE_URL and PROMPTPAY_KEY: both are needed, only a bank says what was paid")
        if self.promptpay_layout not in LAYOUTS:
            raise ValueError(f"PROMPTPAY_LAYOUT: read {self.promptpay_layout!r}, expected one of {', '.join(LAYOUTS)}")
        try:
            encode(
                BillPayment(biller_id=self.promptpay_biller_id, ref1="A")
                if self.promptpay_biller_id
                else CreditTransfer(proxy=self.promptpay_proxy, id=self.promptpay_id)
            )
        except EncodeError as error:
            raise ValueError(f"PROMPTPAY_BILLER_ID, PROMPTPAY_ID: {error}") from None
        return self

    @property
    def is_configured(self) -> bool:
        return bool(self.promptpay_biller_id or self.promptpay_id)

    def production_errors(self) -> list[str]:
        if not self.is_configured:
            return []
        errors = weak_secret("PROMPTPAY_KEY", self.promptpay_key, "ask your bank for one")
        if not self.promptpay_base_url.startswith("https://"):
            errors.append("PROMPTPAY_BASE_URL: read no https://; the key would travel in clear")
        return errors

    def factory(self) -> ProviderFactory:
        return ProviderFactory(name=wire.NAME, make=self._provider, secrets=(self.promptpay_key.get_secret_value(),))

    def _provider(self, given: Surroundings) -> Provider:
        client = given.open_client(self.promptpay_base_url, timeout_ms=self.promptpay_timeout_ms)
        bank = HttpBank(client, self.promptpay_key.get_secret_value())
        return provider(bank, self._payee(), life_ms=self.promptpay_life_s * 1000)

    def _payee(self) -> Payee:
        if self.promptpay_biller_id:
            return Payee(biller_id=self.promptpay_biller_id, layout=self.promptpay_layout)
        id_ = self.promptpay_id
        id_ = local_mobile(mobile(id_)) if self.promptpay_proxy == "mobile" else id_.replace("-", "").replace(" ", "")
        return Payee(proxy=self.promptpay_proxy, id=id_, layout=self.promptpay_layout)
