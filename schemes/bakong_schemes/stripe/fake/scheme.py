"""STRIPE: the fake Stripe as the simulator plays it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bakong_scenarios import State, Step
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import (
    agenda,
    charging,
    checkout,
    disputes,
    events,
    intents,
    later,
    money,
    refunds,
    triggers,
)
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.ids import text_of
from bakong_schemes.stripe.fake.records import StripeState
from bakong_schemes.stripe.fake.requests import HEADERS, key_of
from bakong_schemes.stripe.fake.serving import serve
from bakong_schemes.stripe.fake.view import View
from bakong_schemes.stripe.words import WORDS
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl


class Stripe(FakeScheme[StripeState]):
    """Its payments are PaymentIntents: the provider makes the reference, and a card pays."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = wire.PREFIX
    roots = tuple(f"/v1/{name}" for name in (*wire.ROOT, *wire.BEYOND))
    base_url = f"https://{wire.API_HOST}"
    hosts = wire.HOSTS
    headers = HEADERS
    reference_name = "id"
    currencies = WORDS.currencies
    issuer = money.ISSUER
    payer = money.CARDHOLDER
    accounts = (
        OpeningAccount(money.CARDHOLDER, "Sandbox Cardholder"),
        OpeningAccount(money.PENDING, "Sandbox Merchant, pending"),
        OpeningAccount(money.AVAILABLE, "Sandbox Merchant, available"),
    )
    default_amounts = MappingProxyType({"USD": 10_00})
    unknown_world = ApiError("Invalid API Key provided: no such world", status=401).reply()
    serve = staticmethod(serve)
    events = triggers.EVENTS
    event_data = "data.object"
    trigger = staticmethod(triggers.trigger)

    def new(self, world: World, before: StripeState | None) -> StripeState:
        """As new; keys, settings and webhook endpoints stay good."""
        suffix = "sandbox" if world.name == DEFAULT else world.name
        account = f"acct_1{text_of(suffix.encode().ljust(30, b'.'), 16)}"
        state = StripeState(f"sk_test_{suffix}", f"pk_test_{suffix}", account, run=later.run)
        if before is not None:
            agenda.stop(before)
            state.settings = before.settings
            for endpoint in before.objects["webhook_endpoint"].values():
                state.add(endpoint)
        world.outbox.register(events.webhooks(state))
        if world.name != DEFAULT:  # whose calls find it anyway
            for key in (state.secret_key, state.publishable_key, state.secret_key.replace("sk_", "rk_", 1)):
                world.admit(key)
        return state

    def world_of(self, worlds: Worlds, call: Call) -> World | None:
        """By the key; a page, for which there is none, is of the default world, or bears its world in its path."""
        return worlds.by_token.get(key_of(call), worlds.default)

    def scan(self, text: str) -> Order:
        raise ScanError(f"read {text[:40]!r}: Stripe's payments have no code; name the PaymentIntent as 'reference'")

    def payer_page(self, state: StripeState, payment: Payment) -> str | None:
        """The bank's question, while it is open; else the checkout that it is of."""
        intent, beside = state.objects["payment_intent"].get(payment.reference), state.intents.get(payment.reference)
        if intent is None or beside is None:
            return None
        if intent["status"] == "requires_action":
            return f"{wire.PREFIX}/pay/3ds/{payment.reference}"
        session = state.objects["checkout.session"].get(beside.session or "")
        return f"{wire.PREFIX}/pay/c/{session['id']}" if session and session["url"] else None

    def check_payable(self, world: World, state: StripeState, order: Order, from_account: str) -> None:
        intent = state.objects["payment_intent"].get(order.reference)
        if intent is None:
            raise WorldError(f"no PaymentIntent of this world is called {order.reference}")
        if intent["status"] in ("succeeded", "canceled"):
            raise WorldError(f"the PaymentIntent is {intent['status']}: nobody can pay it any more")
        if from_account == self.payer:
            money.cover(View(world, state), from_account, order.currency, 2 * (order.minor or 0))

    def moved(self, world: World, state: StripeState, payment: Payment, at: int) -> None:
        intent = state.objects["payment_intent"].get(payment.reference)
        if intent is None:
            return
        view, settlement = View(world, state), payment.settlements[at]
        if settlement.returned_minor:
            refunds.returned(view, payment, at)
        elif not settlement.failed:
            charging.paid(view, intent, settlement, at)
            checkout.after(view, intent)
        elif intent["status"] not in ("succeeded", "canceled"):
            charging.failed(view, intent)
            checkout.after(view, intent)

    def changed(self, world: World, state: StripeState, payment: Payment, step: Step) -> None:
        """A step of a script that makes no settlement."""
        view = View(world, state)
        intent = view.get("payment_intent", payment.reference)
        if intent is None:
            return
        if step.state is State.AUTHORIZED and intent["status"] in intents.OPEN:
            charging.hold(view, intent)
        elif step.state in (State.CANCELLED, State.EXPIRED) and intent["status"] in intents.CANCELABLE:
            reason = "abandoned" if step.state is State.CANCELLED else "automatic"
            intents.cancel_intent(view, intent, reason, step.state)
        elif step.state is State.DISPUTED and intent["latest_charge"] is not None:
            disputes.open_(view, intent["latest_charge"], "fraudulent")
        elif step.state is State.REFUNDED:
            for row in payment.settlements:
                if not (row.failed or row.returned):
                    money.cover(view, money.PENDING, row.currency, row.rest)
        checkout.after(view, intent)

    def dump(self, state: StripeState) -> dict[str, Any]:
        from bakong_schemes.stripe.fake.snapshot import dump  # noqa: PLC0415  no call of the API needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], StripeState]:
        from bakong_schemes.stripe.fake.snapshot import load  # noqa: PLC0415  as above

        restore = load(data, payments)

        def make(world: World) -> StripeState:
            state = world.state(self)
            restore(state)
            world.outbox.register(events.webhooks(state))
            agenda.arm(world, state)
            return state

        return make

    def control(self) -> "SchemeControl":
        from bakong_schemes.stripe.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


STRIPE = Stripe()
