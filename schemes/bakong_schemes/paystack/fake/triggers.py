"""The events of `bakong-sandbox trigger`: for each the calls of the API that bring it about, with the values given."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import paying, refunds
from bakong_schemes.paystack.fake.errors import ApiError
from bakong_schemes.paystack.fake.operations import Ask, route
from bakong_schemes.paystack.fake.records import Json, PaystackState
from bakong_schemes.paystack.fake.requests import Request
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT

AMOUNT = 500_000  # kobo
EMAIL = "buyer@shop.test"

_PAID = {
    "amount": f"kobo, or another currency's hundredths, {AMOUNT} by default",
    "currency": f"one of {', '.join(wire.CURRENCIES)}",
    "email": "the payer's address",
    "reference": "the shop's own reference",
    "metadata.*": "any value below metadata",
    "callback_url": "where the payer is led",
    "card": f"the number of a test card that is not declined, {wire.GOOD_CARD} by default",
}
_OF_TRANSACTION = {
    f"transaction.{name}": f"the transaction's: {what}" for name, what in _PAID.items() if name != "card"
}
_REFUND = {
    "amount": "what goes back, all by default",
    "customer_note": "a text",
    "merchant_note": "a text",
    **_OF_TRANSACTION,
}
# Of each end of a refund, the card whose refunds come to it.
_CARDS = {one.refund: number for number, one in reversed(wire.INSTRUMENTS.items()) if not (one.fails or one.asks)}


class _Calls(NamedTuple):
    """The API as the trigger calls it: with the secret key, and under the script of the trigger."""

    world: World
    state: PaystackState
    asked: Trigger

    def __call__(self, path: str, fields: Mapping[str, Any]) -> Json:
        """What a POST answers. Raises ApiError."""
        segments = tuple(path.split("/"))
        routed = route("POST", segments)
        below = "" if self.world.name == DEFAULT else f"/w/{self.world.name}"
        origin = f"{self.asked.base_url}{below}{wire.PREFIX}/pay"
        request = Request("POST", segments, origin, dict(fields))
        answer = routed.operation.answer(Ask(self.world, self.state, request, routed.ids, self.asked.script))
        data: Json = answer.data
        return data


Act = Callable[[_Calls, Json], dict[str, str]]


def _paid(calls: _Calls, given: Json) -> dict[str, str]:
    number = given.pop("card", wire.GOOD_CARD)
    card = wire.INSTRUMENTS.get(number) if isinstance(number, str) else None
    if card is None or card.fails:
        raise BodyError(f"override: card: read {number!r:.100}, expected a test card that is charged")
    made = calls("transaction/initialize", {"amount": AMOUNT, "email": EMAIL, **given})
    row = calls.state.transactions[made["reference"]]
    answers = {kind: right or "0" for kind, right in card.asks}
    paying.attempt(calls.world, calls.state, row, paying.Given(str(number), answers=answers))
    return {"transaction": row.reference}


def _refunded(calls: _Calls, given: Json, status: str) -> dict[str, str]:
    """A refund that goes on at once until it has come to a status."""
    charged: Json = dict(given.pop("transaction", {}))
    amount = Request("POST", (), "", given).integer("amount")
    if amount is not None:
        charged.setdefault("amount", max(AMOUNT, amount))
    ids = _paid(calls, {**charged, "card": _CARDS.get(status, wire.GOOD_CARD)})
    made = calls("refund", {**given, "transaction": ids["transaction"]})
    refund = calls.state.refunds[made["id"]]
    while refund.status != status and refund.due_ms is not None:
        refunds.go_on(calls.world, calls.state, refund, calls.world.clock.now_ms())
    return {**ids, "refund": str(refund.id)}


def _refund_event(status: str, about: str) -> tuple[EventType, Act]:
    return EventType(f"refund.{status}", about, _REFUND), lambda calls, given: _refunded(calls, given, status)


_TABLE: tuple[tuple[EventType, Act], ...] = (
    (EventType("charge.success", "A transaction is paid on its page.", _PAID), _paid),
    _refund_event("pending", "A refund of a paid transaction is queued."),
    _refund_event("processing", "A refund is with the payer's bank."),
    _refund_event("processed", "A refund has come to the payer."),
    _refund_event("failed", "A refund fails, and the merchant keeps the money."),
    _refund_event("needs-attention", "A refund waits for the payer's account."),
)
EVENTS = tuple(event for event, _ in _TABLE)
_ACTS = {event.name: act for event, act in _TABLE}


def trigger(world: World, state: PaystackState, asked: Trigger) -> dict[str, str]:
    """Raises BodyError for what the API refuses, in its words."""
    try:
        return _ACTS[asked.event](_Calls(world, state, asked), asked.nested())
    except ApiError as error:
        refused = orjson.loads(error.reply.body)
        raise BodyError(f"override: {wire.NAME} refuses it ({refused['code']}): {refused['message']}") from None
    except (WorldError, LedgerError) as error:
        raise BodyError(f"override: {error}") from None
