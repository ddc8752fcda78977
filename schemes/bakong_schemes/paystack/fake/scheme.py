"""PAYSTACK: the fake Paystack as the simulator plays it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import events, paying, refunds, triggers
from bakong_schemes.paystack.fake.errors import refusal
from bakong_schemes.paystack.fake.records import PaystackState
from bakong_schemes.paystack.fake.requests import HEADERS, segments_of
from bakong_schemes.paystack.fake.serving import page_of, serve
from bakong_schemes.paystack.words import WORDS
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl

ISSUER = "paystack_issuer"
FLOAT = 1_000_000_00  # what the balance holds of earlier days, so that fees do not keep a refund from going back


class Paystack(FakeScheme[PaystackState]):
    """Its payments are transactions: the shop names them, and the payer goes to a hosted page."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = wire.PREFIX
    base_url = f"https://{wire.API_HOST}"
    hosts = wire.HOSTS
    headers = HEADERS
    currencies = wire.CURRENCIES
    issuer = ISSUER
    payer = paying.CUSTOMER
    accounts = (
        OpeningAccount(
            paying.CUSTOMER, "Sandbox Customer", MappingProxyType(dict.fromkeys(wire.CURRENCIES, 10_000_000_00))
        ),
        OpeningAccount(paying.BALANCE, "Sandbox Balance", MappingProxyType(dict.fromkeys(wire.CURRENCIES, FLOAT))),
        OpeningAccount(paying.FEES, "Fees of Paystack"),
    )
    default_amounts = MappingProxyType(dict.fromkeys(wire.CURRENCIES, 1_000_00))
    unknown_world = refusal("invalid_Key")
    serve = staticmethod(serve)
    events = triggers.EVENTS
    event_data = "data"
    trigger = staticmethod(triggers.trigger)

    def new(self, world: World, before: PaystackState | None) -> PaystackState:
        """As new; keys stay good, settings and the callback as they are, and no number is given a second time."""
        suffix = "sandbox" if world.name == DEFAULT else world.name
        state = PaystackState(secret_key=f"sk_test_{suffix}", public_key=f"pk_test_{suffix}")
        if before is not None:
            for name in ("settings", "callback_url", "next_id", "next_refund", "next_customer"):
                setattr(state, name, getattr(before, name))
        world.outbox.register(events.webhooks(state))
        if world.name != DEFAULT:  # whose calls find it anyway
            world.admit(state.secret_key)
        return state

    def world_of(self, worlds: Worlds, call: Call) -> World | None:
        """By the key; a page, for which there is none, is that of the world whose transaction it is of."""
        if call.token:
            return worlds.by_token.get(call.token, worlds.default)
        segments = segments_of(call.path)
        owners = (world for world in worlds.by_name.values() if page_of(world.state(self), call, segments))
        return next(owners, worlds.default)

    def scan(self, text: str) -> Order:
        raise ScanError(f"Paystack has no codes to scan, read {text[:50]!r}: pay by 'reference'")

    def payer_page(self, state: PaystackState, payment: Payment) -> str | None:
        row = state.transactions.get(payment.reference)
        return f"{wire.PREFIX}/pay/{row.access_code}" if row is not None else None

    def check_payable(self, world: World, state: PaystackState, order: Order, from_account: str) -> None:  # noqa: ARG002
        row = state.transactions.get(order.reference)
        if row is None:
            raise WorldError(f"no transaction of this world has the reference {order.reference}")
        paying.check_payable(world, state, row)

    def moved(self, world: World, state: PaystackState, payment: Payment, at: int) -> None:
        row = state.transactions.get(payment.reference)
        if row is not None:
            paying.moved(world, state, row, payment, at)

    def dump(self, state: PaystackState) -> dict[str, Any]:
        from bakong_schemes.paystack.fake.snapshot import dump  # noqa: PLC0415  no call of the API needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], PaystackState]:
        from bakong_schemes.paystack.fake.snapshot import load  # noqa: PLC0415  as above

        restore = load(data, payments)

        def make(world: World) -> PaystackState:
            state = world.state(self)
            restore(state)
            world.outbox.register(events.webhooks(state))
            for refund in state.refunds.values():
                refunds.schedule(world, refund)
            return state

        return make

    def control(self) -> "SchemeControl":
        from bakong_schemes.paystack.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


PAYSTACK = Paystack()
