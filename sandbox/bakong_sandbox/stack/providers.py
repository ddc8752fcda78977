"""The providers that this program's service knows, by the settings that configure each."""

from bakong_schemes.bakong.adapter.settings import BakongSettings
from bakong_schemes.bkash.adapter.settings import BkashSettings
from bakong_schemes.nagad.adapter.settings import NagadSettings
from bakong_schemes.omise.adapter.settings import OmiseSettings
from bakong_schemes.paystack.adapter.settings import PaystackSettings
from bakong_schemes.promptpay.adapter.settings import PromptPaySettings
from bakong_schemes.stripe.adapter.settings import StripeSettings
from bakong_service.settings import ProviderSettings

KINDS: tuple[type[ProviderSettings], ...] = (
    BakongSettings,
    PromptPaySettings,
    OmiseSettings,
    BkashSettings,
    NagadSettings,
    PaystackSettings,
    StripeSettings,
)
