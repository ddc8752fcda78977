"""OMISE: the fake Omise as the simulator plays it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import events, money, promptpay, triggers
from bakong_schemes.omise.fake.charged import charged
from bakong_schemes.omise.fake.errors import refusal
from bakong_schemes.omise.fake.pages import charge_of_document, charge_of_page
from bakong_schemes.omise.fake.records import OmiseState
from bakong_schemes.omise.fake.requests import HEADERS, key_of, segments_of
from bakong_schemes.omise.fake.serving import serve
from bakong_schemes.omise.words import WORDS
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl

BUYER, BANK = "omise_payer", "omise_issuer"


class Omise(FakeScheme[OmiseState]):
    """Its payments are charges: the provider makes the reference; the payer scans a code, or goes to a page."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = wire.PREFIX
    base_url = f"https://{wire.API_HOST}"
    hosts = wire.HOSTS
    headers = HEADERS
    reference_name = "id"
    currencies = WORDS.currencies
    issuer = BANK
    payer = BUYER
    accounts = (
        OpeningAccount(BUYER, "Sandbox Payer", MappingProxyType({wire.CURRENCY: 10_000_000_00})),
        OpeningAccount(promptpay.MERCHANT, "Sandbox Merchant"),
    )
    default_amounts = MappingProxyType({wire.CURRENCY: 100_00})
    unknown_world = refusal("authentication_failure")
    serve = staticmethod(serve)
    events = triggers.EVENTS
    event_data = "data"
    trigger = staticmethod(triggers.trigger)

    def new(self, world: World, before: OmiseState | None) -> OmiseState:
        """As new; keys and the webhook's secret stay good, settings as they are."""
        suffix = "sandbox" if world.name == DEFAULT else world.name
        state = OmiseState(
            secret_key=f"skey_test_{suffix}",
            public_key=f"pkey_test_{suffix}",
            secret=events.new_secret(world.rng.draw) if before is None else before.secret,
        )
        if before is not None:
            state.settings = before.settings
            state.old_secret, state.old_until_ms = before.old_secret, before.old_until_ms
        world.outbox.register(events.webhooks(redeliver=state.settings.redeliver))
        if world.name != DEFAULT:  # whose calls find it anyway
            world.admit(state.secret_key)
            world.admit(state.public_key)
        return state

    def world_of(self, worlds: Worlds, call: Call) -> World | None:
        """By the key; a page or a picture, for which there is none, is that of the world whose charge it is of."""
        if key := key_of(call):
            return worlds.by_token.get(key, worlds.default)
        segments = segments_of(call.path)
        if len(segments) in (3, 6):
            for world in worlds.by_name.values():
                state = world.state(self)
                if charge_of_document(state, segments) or (
                    segments[0] == "payments" and charge_of_page(state, segments[1])
                ):
                    return world
        return worlds.default

    def scan(self, text: str) -> Order:
        return promptpay.scan(text)

    def payer_page(self, state: OmiseState, payment: Payment) -> str | None:
        charge = state.charges.get(payment.reference)
        return None if charge is None or charge.page is None else f"{wire.PREFIX}/payments/{charge.page}/authorize"

    def check_payable(self, world: World, state: OmiseState, order: Order, from_account: str) -> None:  # noqa: ARG002
        charge = state.charges.get(order.reference)
        if charge is None:
            raise WorldError(f"no charge of this world is called {order.reference}")
        now = charged(world, state, charge)
        if now.status != "pending":
            raise WorldError(f"the charge is {now.status}: nobody can pay it any more")

    def moved(self, world: World, state: OmiseState, payment: Payment, at: int) -> None:
        charge = state.charges.get(payment.reference)
        if charge is not None:
            money.moved(world, state, charge, payment, at)

    def webhook_secret(self, world: World, state: OmiseState) -> str:  # noqa: ARG002
        return state.secret

    def dump(self, state: OmiseState) -> dict[str, Any]:
        from bakong_schemes.omise.fake.snapshot import dump  # noqa: PLC0415  no call of the API needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], OmiseState]:
        from bakong_schemes.omise.fake.snapshot import load  # noqa: PLC0415  as above

        restore = load(data, payments)

        def make(world: World) -> OmiseState:
            state = world.state(self)
            restore(state)
            world.outbox.register(events.webhooks(redeliver=state.settings.redeliver))
            return state

        return make

    def control(self) -> "SchemeControl":
        from bakong_schemes.omise.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


OMISE = Omise()
