"""Every operation of the API: its method and path, and what it answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

from bakong_scenarios import Scenario
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import charging, lists, paying, refunds, shapes
from bakong_schemes.paystack.fake.errors import ApiError
from bakong_schemes.paystack.fake.records import PaystackState, Refund, Transaction
from bakong_schemes.paystack.fake.requests import Request, parsed
from bakong_schemes.paystack.fake.status import payment_of, status_of
from bakong_simulator.kernel.world import World, WorldError


class Ask(NamedTuple):
    """One call, ready for its operation. ids: what the path names. named: the script that the call asks for."""

    world: World
    state: PaystackState
    request: Request
    ids: tuple[str, ...]
    named: Scenario | None


class Answer(NamedTuple):
    """What a call that went well answers. warning: for the developer, beside the answer."""

    message: str
    data: Any = None
    meta: Any = None
    warning: str | None = None


class Operation(NamedTuple):
    """path: with * for an id."""

    name: str
    method: str
    path: tuple[str, ...]
    answer: Callable[[Ask], Answer]


# Transactions


def _initialize(ask: Ask) -> Answer:
    row = charging.initialize(ask.world, ask.state, ask.request, ask.named)
    data = {
        "authorization_url": f"{row.origin}/{row.access_code}",
        "access_code": row.access_code,
        "reference": row.reference,
    }
    return Answer("Authorization URL created", data, warning=charging.UNDOCUMENTED if "_" in row.reference else None)


def _charge(ask: Ask) -> Answer:
    try:
        row = charging.charge(ask.world, ask.state, ask.request, ask.named)
    except WorldError as error:
        raise ApiError("invalid_params", str(error)) from None
    return Answer("Charge attempted", shapes.transaction(ask.world, ask.state, row))


def _shown(ask: Ask, row: Transaction | None) -> Any:
    """A transaction, once the check has brought its script on; none where a script hides it. Raises ApiError."""
    if row is None:
        raise unknown_reference(ask.state)
    payment = payment_of(ask.world, row)
    ask.world.player.on_poll(payment)
    if payment.hidden:
        raise unknown_reference(ask.state)
    return shapes.transaction(ask.world, ask.state, row)


def unknown_reference(state: PaystackState) -> ApiError:
    return ApiError("transaction_not_found", status=state.settings.unknown_reference_status)


def _verify(ask: Ask) -> Answer:
    return Answer("Verification successful", _shown(ask, ask.state.transactions.get(ask.ids[0])))


def _fetch(ask: Ask) -> Answer:
    row = _by_id(ask.state, ask.ids[0])
    if row is None:
        raise ApiError("transaction_not_found", "Transaction not found", status=404)
    return Answer("Transaction retrieved", _shown(ask, row))


def _by_id(state: PaystackState, id_: str) -> Transaction | None:
    is_number = id_.isascii() and id_.isdigit() and len(id_) < 20
    return state.transactions.get(state.references.get(int(id_), "")) if is_number else None


def _list(ask: Ask) -> Answer:
    return Answer("Transactions retrieved", *lists.transactions(ask.world, ask.state, ask.request))


def _timeline(ask: Ask) -> Answer:
    row = lists.transaction_of(ask.state, ask.ids[0])
    if row is None:
        raise ApiError("transaction_not_found", "Transaction not found", status=404)
    return Answer("Timeline retrieved", shapes.log(row, status_of(ask.world, ask.state, row)))


def _totals(ask: Ask) -> Answer:
    return Answer("Transaction totals", lists.totals(ask.state))


def _deactivate(ask: Ask) -> Answer:
    known = ask.state.authorizations.get(ask.request.text("authorization_code") or "")
    if known is None:
        raise ApiError("invalid_params", wire.BAD_AUTHORIZATION)
    known.active = False
    return Answer("Authorization has been deactivated")


# Refunds


def _create_refund(ask: Ask) -> Answer:
    named = ask.request.text("transaction")
    paid = None if named is None else lists.transaction_of(ask.state, named)
    if paid is None:
        raise ApiError("transaction_not_found", "Transaction not found", status=404)
    currency = ask.request.text("currency")
    if currency is not None and currency.upper() != status_of(ask.world, ask.state, paid).currency:
        raise ApiError("invalid_params", "Refund currency must be the transaction's")
    given = ask.request.fields.get("amount")
    amount = None if given in (None, "") else charging.amount_of(ask.request)
    notes = ask.request.text("customer_note") or "", ask.request.text("merchant_note") or ""
    made = refunds.create(ask.world, ask.state, paid, amount, notes)
    return Answer("Refund has been queued for processing", shapes.refund_made(ask.world, ask.state, made))


def _refund_of(ask: Ask) -> Refund:
    id_ = ask.ids[0]
    known = ask.state.refunds.get(int(id_)) if id_.isascii() and id_.isdigit() and len(id_) < 20 else None
    if known is None:
        raise ApiError("not_found", "Refund not found")
    return known


def _refund(ask: Ask) -> Answer:
    return Answer("Refund retrieved", shapes.refund(ask.world, ask.state, _refund_of(ask)))


def _refunds(ask: Ask) -> Answer:
    return Answer("Refunds retrieved", *lists.refunds(ask.world, ask.state, ask.request))


def _retry(ask: Ask) -> Answer:
    refund, details = _refund_of(ask), ask.request.fields.get("refund_account_details")
    read = parsed(details) if isinstance(details, str) else details
    wanted = ("currency", "account_number", "bank_id")
    if refund.status == "needs-attention" and not (isinstance(read, dict) and all(read.get(name) for name in wanted)):
        raise ApiError("invalid_params", f'"refund_account_details" must hold {", ".join(wanted)}')
    refunds.retry(ask.world, ask.state, refund)
    message = "Refund retried and has been queued for processing"
    return Answer(message, shapes.refund(ask.world, ask.state, refund))


def _balance(ask: Ask) -> Answer:
    held = [(currency, ask.world.ledger.balance(paying.BALANCE, currency)) for currency in wire.CURRENCIES]
    return Answer("Balances retrieved", [{"currency": currency, "balance": minor} for currency, minor in held])


def _unknown(ask: Ask) -> Answer:
    path = "/".join(ask.request.segments)[:100]
    is_outside = bool(ask.request.segments) and ask.request.segments[0] in wire.OUT_OF_SLICE
    what = f"/{path} is not played by the sandbox" if is_outside else f"{ask.request.method} /{path} was not found"
    raise ApiError("not_found", what)


def _operation(name: str, method: str, path: str, answer: Callable[[Ask], Answer]) -> Operation:
    return Operation(name, method, tuple(path.split("/")), answer)


OPERATIONS = (
    _operation("transaction.initialize", "POST", "transaction/initialize", _initialize),
    _operation("transaction.charge_authorization", "POST", "transaction/charge_authorization", _charge),
    _operation("transaction.verify", "GET", "transaction/verify/*", _verify),
    _operation("transaction.timeline", "GET", "transaction/timeline/*", _timeline),
    _operation("transaction.totals", "GET", "transaction/totals", _totals),
    _operation("transaction.list", "GET", "transaction", _list),
    _operation("transaction.fetch", "GET", "transaction/*", _fetch),
    _operation("refund.create", "POST", "refund", _create_refund),
    _operation("refund.list", "GET", "refund", _refunds),
    _operation("refund.fetch", "GET", "refund/*", _refund),
    _operation("refund.retry", "POST", "refund/retry_with_customer_details/*", _retry),
    _operation("authorization.deactivate", "POST", "customer/deactivate_authorization", _deactivate),
    _operation("authorization.deactivate", "POST", "customer/authorization/deactivate", _deactivate),
    _operation("balance.fetch", "GET", "balance", _balance),
)
UNKNOWN = Operation("other", "", (), _unknown)


class Routed(NamedTuple):
    """The operation of a path, and the ids in it."""

    operation: Operation
    ids: tuple[str, ...]


def route(method: str, segments: tuple[str, ...]) -> Routed:
    for operation in _BY_SHAPE.get((method, len(segments)), ()):
        if all(wanted in ("*", given) for wanted, given in zip(operation.path, segments, strict=True)):
            return Routed(operation, tuple(segments[at] for at, word in enumerate(operation.path) if word == "*"))
    return Routed(UNKNOWN, ())


def _by_shape() -> dict[tuple[str, int], list[Operation]]:
    made: dict[tuple[str, int], list[Operation]] = {}
    for operation in OPERATIONS:
        made.setdefault((operation.method, len(operation.path)), []).append(operation)
    return made


_BY_SHAPE = _by_shape()
