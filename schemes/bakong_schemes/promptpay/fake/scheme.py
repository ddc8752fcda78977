"""PROMPTPAY: the fake of PromptPay as the simulator plays it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.fake.scanning import order_of, reads, scan
from bakong_schemes.promptpay.fake.serving import refusal, serve
from bakong_schemes.promptpay.fake.state import PromptPayState, key_of, world_named
from bakong_schemes.promptpay.words import WORDS
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.world import World
from bakong_simulator.wire.reply import Reply

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl
    from bakong_simulator.kernel.worlds import Worlds

ISSUER = "issuer@promptpay"
PAYER = "payer@014"  # a wallet of Siam Commercial Bank
_OPENING = MappingProxyType({wire.CURRENCY: 10_000_000_00})


class PromptPay(FakeScheme[PromptPayState]):
    """Its payments are known by what their code asks for: payee, references, amount. Codes never expire."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = wire.PREFIX
    base_url = "https://promptpay.test"  # there is no real one
    hosts = ()
    currencies = WORDS.currencies
    issuer = ISSUER
    payer = PAYER
    accounts = (
        OpeningAccount(PAYER, "Somchai", _OPENING),
        OpeningAccount("payer@004", "Malee", _OPENING),
        OpeningAccount("payer@truemoney", "Anong", _OPENING),
    )
    account_ids = r"[^@\s]{1,44}@[^@\s]{1,19}"
    default_amounts = MappingProxyType({wire.CURRENCY: 100_00})
    unknown_world = refusal("unauthorized")
    scan = staticmethod(scan)
    reads = staticmethod(reads)

    def new(self, world: World, before: PromptPayState | None) -> PromptPayState:
        """As new; the key stays good, and whether unknown payees are paid."""
        state = PromptPayState(before.key if before else key_of(world.name))
        if before is not None:
            state.payees.accepts_unknown = before.payees.accepts_unknown
        return state

    def world_of(self, worlds: "Worlds", call: Call) -> World | None:
        """By the key, which has its name in it; the default one for any other."""
        return worlds.by_name.get(world_named(call.token), worlds.default)

    def serve(self, world: World, state: PromptPayState, call: Call) -> Reply:
        return serve(self, world, state, call)

    def reference_of(self, text: str) -> str:
        """See wire.Reference."""
        if wire.read_reference(text) is None:
            raise BodyError(f"reference: read {text!r}, expected payee[:reference 1[:reference 2]][=amount]")
        return text

    def unclaimed_order(self, reference: str) -> Order | None:
        asked = wire.read_reference(reference)
        return None if asked is None else order_of(asked)

    def check_payable(self, world: World, state: PromptPayState, order: Order, from_account: str) -> None:
        asked = wire.read_reference(order.reference)
        if asked is not None:
            state.payees.check(asked, from_account, world.payments.get((self.name, order.reference)))

    def moved(self, world: World, state: PromptPayState, payment: Payment, at: int) -> None:
        """A slip, once, for money that has moved."""
        settlement = payment.settlements[at]
        if not (settlement.failed or settlement.returned):
            state.slips.issue(state.payees.bank_of(settlement.from_account), payment, at, world.rng)

    def dump(self, state: PromptPayState) -> Any:
        from bakong_schemes.promptpay.fake.snapshot import dump  # noqa: PLC0415  no call needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], PromptPayState]:
        from bakong_schemes.promptpay.fake.snapshot import load  # noqa: PLC0415  as above

        return load(data, payments)

    def control(self) -> "SchemeControl":
        from bakong_schemes.promptpay.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


PROMPTPAY = PromptPay()
