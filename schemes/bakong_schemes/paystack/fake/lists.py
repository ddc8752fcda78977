"""Lists of transactions and refunds: the newest first, in pages or by cursor, and the totals."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import shapes
from bakong_schemes.paystack.fake.errors import ApiError
from bakong_schemes.paystack.fake.records import Json, PaystackState, Refund, Transaction
from bakong_schemes.paystack.fake.requests import Request
from bakong_schemes.paystack.fake.status import status_of
from bakong_simulator.kernel.world import World

Rule = Callable[[Any], bool]


def transactions(world: World, state: PaystackState, request: Request) -> tuple[list[Json], Json]:
    """The page that is asked for, and its meta. Raises ApiError."""
    rules = [*_times(request), *_transaction_rules(world, state, request)]
    rows: Iterable[Transaction] = reversed(state.transactions.values())

    def show(row: Transaction) -> Json:
        return shapes.transaction(world, state, row)

    if str(request.fields.get("use_cursor", "")).lower() == "true":
        return _by_cursor(state, request, [row for row in rows if _fits(row, rules)], show)
    if not rules:
        return _page(state, request, rows, (len(state.transactions), state.volume), show)
    fitting = [row for row in rows if _fits(row, rules)]
    return _page(state, request, fitting, (len(fitting), sum(row.amount for row in fitting)), show)


def refunds(world: World, state: PaystackState, request: Request) -> tuple[list[Json], Json]:
    """Raises ApiError."""
    named = request.text("transaction") or request.text("reference")
    rows: list[Refund] = list(state.refunds.values())
    if named is not None:
        paid = transaction_of(state, named)
        rows = [] if paid is None else state.refunds_of(paid)
    currency = request.text("currency")
    rules = _times(request)
    if currency is not None:
        rules.append(lambda row: status_of(world, state, state.transactions[row.reference]).currency == currency)
    fitting = [row for row in reversed(rows) if _fits(row, rules)]
    counted = len(fitting), sum(row.amount for row in fitting)
    return _page(state, request, fitting, counted, lambda row: shapes.refund(world, state, row))


def transaction_of(state: PaystackState, named: str) -> Transaction | None:
    """By its reference, or by its id."""
    known = state.transactions.get(named)
    if known is None and named.isascii() and named.isdigit() and len(named) < 20:
        known = state.transactions.get(state.references.get(int(named), ""))
    return known


def totals(state: PaystackState) -> Json:
    """Of what was paid, whatever went back since."""
    by_currency = [{"currency": currency, "amount": amount} for currency, amount in state.paid.items()]
    return {
        "total_transactions": state.paid_count,
        "total_volume": sum(state.paid.values()),
        "total_volume_by_currency": by_currency,
        "pending_transfers": 0,
        "pending_transfers_by_currency": [{"currency": row["currency"], "amount": 0} for row in by_currency],
    }


def _fits(row: Any, rules: list[Rule]) -> bool:
    return all(rule(row) for rule in rules)


def _times(request: Request) -> list[Rule]:
    from_ms, to_ms = request.moment("from"), request.moment("to")
    rules: list[Rule] = []
    if from_ms is not None:
        rules.append(lambda row: row.created_ms >= from_ms)
    if to_ms is not None:
        rules.append(lambda row: row.created_ms <= to_ms)
    return rules


def _transaction_rules(world: World, state: PaystackState, request: Request) -> list[Rule]:
    status, customer, amount = request.text("status"), request.text("customer"), request.integer("amount")
    reference, channel, currency = request.text("reference"), request.text("channel"), request.text("currency")
    rules: list[Rule] = []
    if status is not None:
        rules.append(lambda row: status_of(world, state, row).status == status)
    if customer is not None:
        rules.append(lambda row: customer in _names(state, row))
    if amount is not None:
        rules.append(lambda row: row.amount == amount)
    if reference is not None:
        rules.append(lambda row: row.reference == reference)
    if currency is not None:
        rules.append(lambda row: row.currency == currency)
    if channel is not None:
        rules.append(lambda row: shapes.transaction(world, state, row)["channel"] == channel)
    return rules


def _names(state: PaystackState, row: Transaction) -> tuple[str, str]:
    customer = state.customers[row.email.lower()]
    return str(customer.id), customer.code


def _size(request: Request) -> int:
    asked = request.integer("perPage")
    size = request.integer("per_page") if asked is None else asked
    if size is None:
        return wire.PAGE_SIZE
    if size < 1:
        raise ApiError("invalid_params", '"perPage" must be larger than or equal to 1')
    return min(size, wire.MAX_PAGE_SIZE)


def _page(
    state: PaystackState, request: Request, rows: Iterable[Any], counted: tuple[int, int], show: Callable[[Any], Json]
) -> tuple[list[Json], Json]:
    size, page = _size(request), request.integer("page")
    page = 1 if page is None else page
    if not 1 <= page <= 10**9:
        raise ApiError("invalid_params", '"page" must be larger than or equal to 1')
    skipped, (total, volume) = (page - 1) * size, counted
    meta = {
        "total": total,
        "total_volume": volume,
        "skipped": skipped,
        "perPage": size if state.settings.per_page == "number" else str(size),
        "page": page,
        "pageCount": -(-total // size),
    }
    return [show(row) for row in islice(rows, min(skipped, total), skipped + size)], meta


def _by_cursor(
    state: PaystackState, request: Request, rows: list[Transaction], show: Callable[[Any], Json]
) -> tuple[list[Json], Json]:
    """The rows after `next`, or before `previous`: both are ids of a row."""
    size, after, before = _size(request), request.integer("next"), request.integer("previous")
    left = [row for row in rows if (after is None or row.id < after) and (before is None or row.id > before)]
    shown = left[-size:] if before is not None else left[:size]
    is_first = not shown or shown[0] is rows[0]
    is_last = not shown or shown[-1] is rows[-1]
    meta = {
        "next": None if is_last else str(shown[-1].id),
        "previous": None if is_first else str(shown[0].id),
        "perPage": size if state.settings.per_page == "number" else str(size),
    }
    return [show(row) for row in shown], meta
