"""What Bakong is configured with, from the environment; the names are the contract's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_schemes.bakong.adapter.planning import day_of
from bakong_schemes.bakong.adapter.probe import probe
from bakong_schemes.bakong.adapter.provider import LEASE_MS, NAME, Merchant, provider
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProbeLine, ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings, weak_secret

REGISTER = "ask NBC for one at https://api-bakong.nbc.gov.kh/register"


class BakongSettings(ProviderSettings):
    """One field for each variable, in capitals."""

    HOW: ClassVar[Mapping[str, str]] = {
        "BAKONG_DEVELOPER_TOKEN": REGISTER,
        "BAKONG_MERCHANT_ID": "the account that is paid, as user@bank",
    }

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

    def production_errors(self) -> list[str]:
        errors = weak_secret("BAKONG_DEVELOPER_TOKEN", self.bakong_developer_token, REGISTER)
        if not self.bakong_base_url.startswith("https://"):
            errors.append("BAKONG_BASE_URL: read no https://; the token would travel in clear")
        if self.bakong_merchant_name == "Sandbox Merchant":
            errors.append("BAKONG_MERCHANT_NAME is missing: the name that customers see, 25 characters at most")
        return errors

    def factory(self) -> ProviderFactory:
        secrets = (self.bakong_developer_token.get_secret_value(),)
        return ProviderFactory(name=NAME, make=self._provider, secrets=secrets, probe=self._probe)

    def _provider(self, given: Surroundings) -> Provider:
        merchant = Merchant(
            account_id=self.bakong_merchant_id,
            name=self.bakong_merchant_name,
            city=self.bakong_merchant_city,
            phone_number=self.bakong_phone_number or None,
        )
        return provider(
            self._client(given, self.bakong_email or None),
            merchant,
            daily_calls=self.bakong_daily_calls or None,
            short_links=self.bakong_short_links,
            lease_ms=max(LEASE_MS, 4 * self.bakong_timeout_ms),
        )

    async def _probe(self, given: Surroundings, /, *, spends: bool) -> list[ProbeLine]:
        token = self.bakong_developer_token.get_secret_value()
        return await probe(self._client(given, None), token, given.now_ms(), asks=spends)

    def _client(self, given: Surroundings, email: str | None) -> HttpBakong:
        async def may_call() -> bool:
            if not self.bakong_daily_calls:
                return True
            return await given.spend_call(day_of(given.now_ms()), self.bakong_daily_calls)

        url, ca_file = self.bakong_base_url, self.bakong_ca_file
        return HttpBakong(
            given.open_client(url, timeout_ms=self.bakong_timeout_ms, ca_file=ca_file),
            self.bakong_developer_token.get_secret_value(),
            email,
            now_ms=given.now_ms,
            may_call=may_call,
            on_call=given.on_call,
        )
