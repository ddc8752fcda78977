"""Providers of orders beside Stripe: how each is opened in a world, and how its payers pay. One row a provider."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import SecretStr

from bakong_explorer.chance import Chance
from bakong_schemes.nagad import wire as nagad_wire
from bakong_schemes.nagad.adapter.settings import NagadSettings
from bakong_schemes.nagad.fake import keys as nagad_keys
from bakong_schemes.nagad.fake import money as nagad_money
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_schemes.nagad.sealing import public_half
from bakong_schemes.omise import wire as omise_wire
from bakong_schemes.omise.adapter.settings import OmiseSettings
from bakong_schemes.omise.fake import events as omise_events
from bakong_schemes.omise.fake import money as omise_money
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_schemes.paystack import wire as paystack_wire
from bakong_schemes.paystack.adapter.settings import PaystackSettings
from bakong_schemes.paystack.fake import events as paystack_events
from bakong_schemes.paystack.fake import paying as paystack_paying
from bakong_schemes.paystack.fake.scheme import PAYSTACK
from bakong_schemes.promptpay import wire as promptpay_wire
from bakong_schemes.promptpay.adapter.settings import PromptPaySettings
from bakong_schemes.promptpay.fake.payees import Biller
from bakong_schemes.promptpay.fake.scanning import order_of
from bakong_schemes.promptpay.fake.scheme import PROMPTPAY
from bakong_service.provider_factory import ProviderFactory
from bakong_simulator.kernel.world import World, WorldError

EVENTS_URL = "https://service.example/api/providers/{}/events"
BACK = "https://shop.example/back"
DECLINED = ("4084080000005408", "4084080000670037")  # cards of Paystack's test mode
BILLER = "010753600031508"


class Opened(NamedTuple):
    """A provider as a service is configured with it; secrets: what nothing may show."""

    factory: ProviderFactory
    secrets: Sequence[str]


class Lived(NamedTuple):
    """A provider. amounts: of orders, in its currency. pay: a payer pays a reference, or fails; what came of it.

    returns: whether it gives money back when it is asked to. others: currencies that it takes, too.
    """

    scheme: Any
    currency: str
    amounts: Sequence[float]
    open: Callable[[World, Any], Opened]
    pay: Callable[[World, Any, str, Chance], str]
    returns: bool = True
    others: Sequence[str] = ()

    @property
    def name(self) -> str:
        return str(self.scheme.name)


def _nagad(world: World, state: Any) -> Opened:
    keys = nagad_keys.keys_of(world, state)
    private = keys.merchant_private or ""
    given = NagadSettings.model_construct(
        nagad_merchant_id=state.merchant_id,
        nagad_private_key=SecretStr(private),
        nagad_public_key=public_half(keys.nagad_private, is_ours=True),
        nagad_return_url=BACK,
    )
    return Opened(given.factory(), (private,))


def _pay_nagad(world: World, state: Any, reference: str, chance: Chance) -> str:
    purchase = state.purchases.get(reference)
    if purchase is None:
        raise WorldError("there is no such payment")
    if chance.happens(0.1):
        nagad_money.give_up(world, state, purchase)
        return "given up"
    wallet = chance.pick(tuple(nagad_wire.WALLETS)) if chance.happens(0.4) else nagad_money.OK
    nagad_money.approve(world, state, purchase, wallet)
    return f"approved by {nagad_wire.WALLETS[wallet].name}"


def _omise(world: World, state: Any) -> Opened:
    omise_events.set_webhook(world, state, EVENTS_URL.format(omise_wire.NAME))
    given = OmiseSettings.model_construct(
        omise_secret_key=SecretStr(state.secret_key),
        omise_webhook_secret=SecretStr(state.secret),
        omise_return_uri=BACK,
    )
    return Opened(given.factory(), (state.secret_key, state.secret))


def _pay_omise(world: World, state: Any, reference: str, chance: Chance) -> str:
    charge = state.charges.get(reference)
    if charge is None:
        raise WorldError("there is no such charge")
    if chance.happens(0.15):
        omise_money.fail(world, state, charge, chance.pick(("payment_cancelled", "insufficient_balance")))
        return "failed"
    omise_money.pay(world, state, charge)
    return "paid"


def _paystack(world: World, state: Any) -> Opened:
    paystack_events.set_webhook(world, state, EVENTS_URL.format(paystack_wire.NAME))
    given = PaystackSettings.model_construct(paystack_secret_key=SecretStr(state.secret_key), paystack_return_url=BACK)
    return Opened(given.factory(), (state.secret_key,))


def _pay_paystack(world: World, state: Any, reference: str, chance: Chance) -> str:
    row = state.transactions.get(reference)
    if row is None:
        raise WorldError("there is no such transaction")
    if chance.happens(0.1):
        paystack_paying.abandon(world, state, row)
        return "abandoned"
    card = chance.pick(DECLINED) if chance.happens(0.2) else paystack_wire.GOOD_CARD
    return paystack_paying.attempt(world, state, row, paystack_paying.Given(card)).status


def _promptpay(_world: World, state: Any) -> Opened:
    payee = f"{BILLER}@{promptpay_wire.BILLER}"
    state.payees.rows[payee] = Biller(payee, "Shop", pays_once=True)
    given = PromptPaySettings.model_construct(
        promptpay_biller_id=BILLER,
        promptpay_base_url=PROMPTPAY.base_url,
        promptpay_key=SecretStr(state.key),
    )
    return Opened(given.factory(), (state.key,))


def _pay_promptpay(world: World, _state: Any, reference: str, _chance: Chance) -> str:
    asked = promptpay_wire.read_reference(reference)
    if asked is None:
        raise WorldError("there is no such code")
    world.pay(PROMPTPAY, order_of(asked))
    return "transferred"


LIVED = (
    Lived(NAGAD, "BDT", (10, 99.99, 12_345.5), _nagad, _pay_nagad),
    Lived(PAYSTACK, "NGN", (50, 123.45, 40_000), _paystack, _pay_paystack, others=("GHS",)),
    Lived(OMISE, "THB", (20, 99.75, 5_000), _omise, _pay_omise),
    Lived(PROMPTPAY, "THB", (1, 99.75, 12_345), _promptpay, _pay_promptpay, returns=False),
)
