"""Lists and search: rows in the order of their creation, in pages."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import shapes
from bakong_schemes.omise.fake.charged import charged
from bakong_schemes.omise.fake.errors import ApiError
from bakong_schemes.omise.fake.records import Charge, Customer, Json
from bakong_schemes.omise.fake.requests import Request
from bakong_schemes.omise.fake.shapes import View
from bakong_simulator.kernel.clock import MAX_MS

ORDERS = ("chronological", "reverse_chronological")
_RANGE = re.compile(r"([0-9]{1,15})(?:\.\.([0-9]{1,15}))?", re.ASCII)
_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.\.([0-9]{4}-[0-9]{2}-[0-9]{2}))?", re.ASCII)


def page_of(view: View, request: Request, rows: Sequence[Any], show: Callable[[View, Any], Json]) -> Json:
    """A list object of these rows, oldest first, as the request wants it. Raises ApiError."""
    limit, offset = request.integer("limit", "invalid_page"), request.integer("offset", "invalid_page") or 0
    limit = wire.PAGE_SIZE if limit is None else limit
    order = _order(request, ORDERS[0])
    from_ms, to_ms = request.moment("from") or 0, request.moment("to")
    if not 0 <= limit <= wire.MAX_PAGE_SIZE or offset < 0:
        raise ApiError("invalid_page", f"limit must be 0 to {wire.MAX_PAGE_SIZE}, offset 0 or more")
    last_ms = MAX_MS if to_ms is None else to_ms
    fitting = [row for row in rows if from_ms <= row.created_ms <= last_ms]
    if order != ORDERS[0]:
        fitting.reverse()
    return {
        "object": "list",
        "data": [show(view, row) for row in fitting[offset : offset + limit]],
        "limit": limit,
        "offset": offset,
        "total": len(fitting),
        "location": view.path(*request.segments),
        "order": order,
        "from": shapes.moment(from_ms),
        "to": shapes.moment(view.world.clock.now_ms() if to_ms is None else to_ms),
    }


def _order(request: Request, default: str) -> str:
    order = request.text("order", "invalid_page") or default
    if order not in ORDERS:
        raise ApiError("invalid_page", f"order must be one of {', '.join(ORDERS)}")
    return order


class Scope(NamedTuple):
    """What can be searched: its rows, how one is shown, the texts that a query looks into, what a filter looks at."""

    rows: Callable[[View], list[Any]]
    show: Callable[[View, Any], Json]
    texts: Callable[[Any], list[str | None]]


def _metadata_texts(metadata: Json) -> list[str | None]:
    return [str(value) for value in metadata.values() if isinstance(value, str | int | float)]


def _charge_texts(row: Charge) -> list[str | None]:
    return [row.id, row.description, row.card.last_digits if row.card else None, *_metadata_texts(row.metadata)]


def _customer_texts(row: Customer) -> list[str | None]:
    return [row.id, row.email, row.description, *_metadata_texts(row.metadata)]


SCOPES: dict[str, Scope] = {
    "charge": Scope(lambda view: list(view.state.charges.values()), shapes.charge, _charge_texts),
    "customer": Scope(
        lambda view: [row for row in view.state.customers.values() if not row.deleted], shapes.customer, _customer_texts
    ),
}


def search(view: View, request: Request) -> Json:
    """Newest first. Raises ApiError."""
    name = request.text("scope", "invalid_scope") or ""
    scope = SCOPES.get(name)
    if scope is None:
        raise ApiError("invalid_scope", f"scope must be one of {', '.join(SCOPES)}")
    query, filters = request.text("query") or "", request.object("filters") or {}
    order = _order(request, ORDERS[1])
    page, size = request.integer("page", "invalid_page"), request.integer("per_page", "invalid_page")
    page, size = 1 if page is None else page, wire.SEARCH_PAGE_SIZE if size is None else size
    if page < 1 or not 1 <= size <= wire.MAX_PAGE_SIZE:
        raise ApiError("invalid_page", f"page must be 1 or more, per_page 1 to {wire.MAX_PAGE_SIZE}")
    rules = [_rule(name, key, str(value)) for key, value in filters.items()]
    rows = [
        row for row in scope.rows(view) if _matches(query, scope.texts(row)) and all(rule(view, row) for rule in rules)
    ]
    if order != ORDERS[0]:
        rows.reverse()
    return {
        "object": "search",
        "scope": name,
        "query": query,
        "filters": filters,
        "page": page,
        "per_page": size,
        "location": view.path("search"),
        "order": order,
        "total_pages": -(-len(rows) // size),
        "total": len(rows),
        "data": [scope.show(view, row) for row in rows[(page - 1) * size : page * size]],
    }


def _matches(query: str, texts: Sequence[str | None]) -> bool:
    wanted = query.lower()
    return not wanted or any(wanted in text.lower() for text in texts if text)


Rule = Callable[[View, Any], bool]


def _rule(scope: str, name: str, value: str) -> Rule:
    """Whether a row passes a filter. Raises ApiError for one that there is not, or that cannot be read."""
    if name == "created":
        return _created(value)
    if scope != "charge" or name not in wire.SEARCH_FILTERS:
        raise ApiError("invalid_filters", f"filter {name!r} is not known, expected one of {wire.SEARCH_FILTERS}")
    if name == "amount":
        low, high = _range(_RANGE, name, value)
        return lambda _view, row: int(low) <= row.amount <= int(high)
    if name == "card_last_digits":
        return lambda _view, row: row.card is not None and row.card.last_digits == value
    if name == "captured":
        return lambda view, row: (charged(view.world, view.state, row).captured > 0) is (value.lower() == "true")
    return lambda view, row: charged(view.world, view.state, row).status == value


def _created(value: str) -> Rule:
    first, last = _range(_DAYS, "created", value)
    return lambda _view, row: first <= (shapes.moment(row.created_ms) or "")[:10] <= last


def _range(pattern: re.Pattern[str], name: str, value: str) -> tuple[str, str]:
    read = pattern.fullmatch(value)
    if read is None:
        raise ApiError("invalid_filters", f"filter {name}: read {value[:100]!r}, expected a value or two with ..")
    return read[1], read[2] or read[1]
