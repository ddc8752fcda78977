"""The fake of its API, as the simulator plays it: bytes in, a reply out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from bakong_scenarios import Scenario, State
from bakong_schemes._template import wire
from bakong_schemes._template.words import WORDS
from bakong_simulator.kernel.calls import about_none, about_one, faults, record
from bakong_simulator.kernel.errors import BodyError, ScanError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.kernel.webhooks import Message, Signed, Unsigned, Webhooks
from bakong_simulator.kernel.world import World
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, play
from bakong_simulator.wire.reply import Reply

MERCHANT, BUYER, BANK = "template_merchant", "template_buyer", "template_bank"


# The events of `bakong-sandbox trigger`, and what of a charge it may set.
EVENTS = {
    State.PAID: "A charge is made and paid.",
    State.FAILED: "A charge is made, and its payment fails.",
    State.REFUNDED: "A charge is made, paid and refunded.",
}
FIELDS = {"amount": "minor units", "currency": "of the amount"}


def refusal(name: str) -> Reply:
    """An error of the API."""
    status, code = wire.REFUSALS[name]
    return Reply(status, orjson.dumps({"error": code}), error_code=code)


FAULTS: dict[str, Fault] = {
    **connection_faults.FAULTS,
    **body_faults.FAULTS,
    "refuse": Fault(lambda _reply, _luck, *, as_: refusal(as_), reaches_api=False),
}


@dataclass(slots=True)
class TemplateState:
    """What it knows of a world. key: the API key that a client of the world sends."""

    key: str
    charges: int = 0


class Template(FakeScheme[TemplateState]):
    """Its payments are charges: the provider makes the reference, the payer pays a page."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parent / "scenarios"
    prefix = wire.PREFIX
    base_url = f"https://{wire.HOST}"
    hosts = (wire.HOST,)
    reference_name = "id"
    currencies = WORDS.currencies
    issuer = BANK
    payer = BUYER
    accounts = (
        OpeningAccount(BUYER, "Buyer", MappingProxyType({"THB": 10_000_000_00})),
        OpeningAccount(MERCHANT, "Merchant"),
    )
    default_amounts = MappingProxyType({"THB": 100_00, "USD": 3_00})
    unknown_world = refusal("unauthorized")
    events = tuple(EventType(f"charge.{wire.STATUSES[state]}", about, FIELDS) for state, about in EVENTS.items())

    def new(self, world: World, before: TemplateState | None) -> TemplateState:
        """As new; the key stays good."""
        world.outbox.register(Webhooks(self.name, sign, wire.RETRIES_S, test_event=_test_event))
        key = before.key if before else f"template_sandbox_{world.name}"
        world.admit(key)
        return TemplateState(key)

    def serve(self, world: World, state: TemplateState, call: Call) -> Reply:
        world.journal.begin()
        now_ms = world.clock.now_ms()
        payment = world.payments.get((self.name, call.path.partition("/")[2]))
        endpoint = "create_charge" if call.method == "POST" else "get_charge"
        about = about_none(world, self, endpoint, None) if payment is None else about_one(payment, None)
        rules = faults(world, self, endpoint, about)
        reply = refusal("busy")
        if all(FAULTS[rule.fault].reaches_api for rule in rules):
            reply = self._answer(world, state, call, payment)
        for rule in rules:
            reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
        return record(world, self, call, now_ms, endpoint, about, reply, rules[0].fault if rules else None)

    def _answer(self, world: World, state: TemplateState, call: Call, payment: Payment | None) -> Reply:
        if call.token != state.key:
            return refusal("unauthorized")
        if call.method == "POST":
            return self._create(world, state, call.body)
        if call.method != "GET" or payment is None:
            return refusal("not-found")
        world.player.on_poll(payment)
        return _shown(payment)

    def _create(self, world: World, state: TemplateState, body: bytes) -> Reply:
        asked = _charge_of(body)
        return refusal("invalid") if asked is None else _shown(self._charge(world, state, *asked))

    def _charge(
        self, world: World, state: TemplateState, amount: int, currency: str, script: Scenario | None = None
    ) -> Payment:
        state.charges += 1
        reference = f"chrg_{world.rng.hex('template/charge', 16)}"
        return world.register(self, Order(reference, MERCHANT, currency, amount, None, None), None, script)

    def scan(self, text: str) -> Order:
        raise ScanError(f"read {text!r}: a charge of {self.name} is paid by its page, not by a code")

    def moved(self, world: World, _state: TemplateState, payment: Payment, at: int) -> None:
        settlement = payment.settlements[at]
        status = State.REFUNDED if settlement.returned else State.FAILED if settlement.failed else State.PAID
        kind = f"charge.{wire.STATUSES[status]}"
        body = orjson.dumps({"type": kind, "charge": payment.reference})
        message = Message(f"evnt_{world.rng.hex('template/event', 16)}", kind, body)
        world.outbox.publish(self.name, message, payment=payment.reference, script=payment.scenario)

    def trigger(self, world: World, state: TemplateState, asked: Trigger) -> dict[str, str]:
        body = {"amount": 100_00, "currency": "THB", **asked.nested()}
        charge = _charge_of(orjson.dumps(body))
        if charge is None:
            raise BodyError(f"override: read {dict(asked.fields)}, expected an amount in minor units, and a currency")
        amount, currency = charge
        payment = self._charge(world, state, amount, currency, asked.script)
        assert payment.order is not None  # noqa: S101  it was just made
        world.ledger.open(self.payer, balances={currency: amount}, issuer=self.issuer)
        to = next(state for state in EVENTS if asked.event == f"charge.{wire.STATUSES[state]}")
        world.pay(self, payment.order, outcome=State.FAILED if to is State.FAILED else State.PAID)
        if to is State.REFUNDED:
            world.send_back(payment, len(payment.settlements) - 1)
        return {"charge": payment.reference}

    def dump(self, state: TemplateState) -> dict[str, Any]:
        return {"key": state.key, "charges": state.charges}

    def load(self, data: Any, _payments: Sequence[Payment]) -> Callable[[World], TemplateState]:
        match data:
            case {"key": str(key), "charges": int(charges)}:
                return lambda _world: TemplateState(key, charges)
        raise BodyError(f"{self.name}: read {data!r}, expected key and charges")


def _charge_of(body: bytes) -> tuple[int, str] | None:
    """Amount and currency of a new charge; None for what has not their form."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    match asked:
        case {"amount": int(amount), "currency": str(currency)} if currency in WORDS.currencies:
            return (amount, currency) if 0 < amount < 10**12 and not isinstance(amount, bool) else None
    return None


def _shown(payment: Payment) -> Reply:
    order = payment.order
    shown = {
        "id": payment.reference,
        "status": wire.STATUSES[State.UNPAID if payment.hidden else _state_of(payment)],
        "amount": order.minor if order else None,
        "currency": order.currency if order else None,
        "pay_url": f"https://{wire.HOST}/pay/{payment.reference}",
    }
    return Reply(200, orjson.dumps(shown))


def _state_of(payment: Payment) -> State:
    settlement = payment.settlement
    return State.REFUNDED if settlement is not None and settlement.returned else payment.state


def sign(unsigned: Unsigned) -> Signed:
    """By the newest secret alone."""
    mac = wire.signature(unsigned.secrets[0], unsigned.body)
    return Signed({"content-type": "application/json", wire.SIGNATURE: mac})


def _test_event(kind: str | None) -> Message:
    kind = kind or "charge.successful"
    return Message("evnt_test", kind, orjson.dumps({"type": kind, "charge": "chrg_test"}))


TEMPLATE = Template()
