"""The embedded service's providers: each is configured to ask the fake of the default world in this very process."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import SecretStr

from bakong_sandbox.stack.options import Options, Stack
from bakong_schemes.bakong.adapter.settings import BakongSettings
from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.scheme import MERCHANT
from bakong_schemes.bkash import wire as bkash_wire
from bakong_schemes.bkash.adapter.settings import BkashSettings
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.nagad import wire as nagad_wire
from bakong_schemes.nagad.adapter.settings import NagadSettings
from bakong_schemes.nagad.fake.keys import keys_of
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_schemes.nagad.sealing import public_half
from bakong_schemes.omise import wire as omise_wire
from bakong_schemes.omise.adapter.settings import OmiseSettings
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_schemes.paystack import wire as paystack_wire
from bakong_schemes.paystack.adapter.settings import PaystackSettings
from bakong_schemes.paystack.fake.scheme import PAYSTACK
from bakong_schemes.promptpay.adapter.settings import PromptPaySettings
from bakong_schemes.promptpay.fake.state import key_of
from bakong_schemes.stripe import wire as stripe_wire
from bakong_schemes.stripe.adapter.settings import StripeSettings
from bakong_schemes.stripe.fake.scheme import STRIPE
from bakong_service.settings import ProviderSettings
from bakong_simulator.kernel.listeners import Listener, put

SHOP_BILLER = "000000000000475"  # of the sandbox's shop, and nobody's outside it


def embedded(options: Options, stack: Stack) -> list[ProviderSettings]:
    """Bakong, and those that the options name."""
    return [_bakong(options, stack), *(_FURTHER[name](options, stack) for name in options.providers)]


def _webhook_secret(stack: Stack, scheme: str) -> SecretStr:
    """What signs a scheme's webhooks to the service, which from now on are posted there."""
    url = f"{stack.service_url}/api/v1/webhooks/{scheme}"
    [endpoint] = put(stack.worlds.default, Listener(f"service-{scheme}", url, [scheme], relays=False))
    return SecretStr(endpoint.secret)


def _bakong(options: Options, stack: Stack) -> ProviderSettings:
    return BakongSettings.model_construct(
        bakong_base_url=stack.bakong_url,
        bakong_merchant_id=MERCHANT,
        bakong_developer_token=SecretStr(stack.token),
        bakong_email=EMAIL,
        bakong_timeout_ms=options.bakong_timeout_ms,
        bakong_short_links=True,
        bakong_daily_calls=options.quota or 0,
    )


def _bkash(options: Options, stack: Stack) -> ProviderSettings:
    known = stack.worlds.default.state(BKASH).credentials
    return BkashSettings.model_construct(
        bkash_base_url=f"{stack.bakong_url}{bkash_wire.PREFIX}/{bkash_wire.VERSION}",
        bkash_username=known.username,
        bkash_password=SecretStr(known.password),
        bkash_app_key=SecretStr(known.app_key),
        bkash_app_secret=SecretStr(known.app_secret),
        bkash_timeout_ms=options.provider_timeout_ms,
    )


def _nagad(options: Options, stack: Stack) -> ProviderSettings:
    state = stack.worlds.default.state(NAGAD)
    keys = keys_of(stack.worlds.default, state)
    return NagadSettings.model_construct(
        nagad_merchant_id=state.merchant_id,
        nagad_private_key=SecretStr(keys.merchant_private or ""),
        nagad_public_key=public_half(keys.nagad_private, is_ours=True),
        nagad_merchant_number=nagad_wire.MERCHANT_NUMBER,
        nagad_base_url=f"{stack.bakong_url}{nagad_wire.PREFIX}/{'/'.join(nagad_wire.LIVE_ROOT)}",
        nagad_timeout_ms=options.provider_timeout_ms,
        nagad_trust_reference_no=True,  # the fake gives back once for each, unless a switch says otherwise
    )


def _promptpay(options: Options, stack: Stack) -> ProviderSettings:
    return PromptPaySettings.model_construct(
        promptpay_biller_id=SHOP_BILLER,
        promptpay_base_url=stack.bakong_url,
        promptpay_key=SecretStr(key_of(stack.worlds.default.name)),
        promptpay_timeout_ms=options.provider_timeout_ms,
    )


def _omise(options: Options, stack: Stack) -> ProviderSettings:
    return OmiseSettings.model_construct(
        omise_base_url=f"{stack.bakong_url}{omise_wire.PREFIX}",
        omise_secret_key=SecretStr(stack.worlds.default.state(OMISE).secret_key),
        omise_webhook_secret=_webhook_secret(stack, "omise"),
        omise_timeout_ms=options.provider_timeout_ms,
    )


def _stripe(options: Options, stack: Stack) -> ProviderSettings:
    return StripeSettings.model_construct(
        stripe_base_url=f"{stack.bakong_url}{stripe_wire.PREFIX}",
        stripe_secret_key=SecretStr(stack.worlds.default.state(STRIPE).secret_key),
        stripe_webhook_secret=_webhook_secret(stack, "stripe"),
        stripe_timeout_ms=options.provider_timeout_ms,
        stripe_return_url=stack.service_url,
    )


def _paystack(options: Options, stack: Stack) -> ProviderSettings:
    _webhook_secret(stack, "paystack")  # which is the key itself
    return PaystackSettings.model_construct(
        paystack_base_url=f"{stack.bakong_url}{paystack_wire.PREFIX}",
        paystack_secret_key=SecretStr(stack.worlds.default.state(PAYSTACK).secret_key),
        paystack_timeout_ms=options.provider_timeout_ms,
    )


_FURTHER: Mapping[str, Callable[[Options, Stack], ProviderSettings]] = MappingProxyType(
    {
        "promptpay": _promptpay,
        "omise": _omise,
        "bkash": _bkash,
        "nagad": _nagad,
        "stripe": _stripe,
        "paystack": _paystack,
    }
)
