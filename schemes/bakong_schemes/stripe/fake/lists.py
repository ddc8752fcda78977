"""Lists, newest first, in pages both ways; and what is expanded in an answer."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import events
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.records import Event, Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View

Fits = Callable[[Any], bool]
NAMES = {"payment_method": "PaymentMethod"}  # as messages write a kind, where it is not the kind itself


def list_object(url: str, rows: list[Json], *, has_more: bool = False) -> Json:
    return {"object": "list", "data": rows, "has_more": has_more, "url": url}


def page_of(view: View, params: Params, kind: str, url: str, fits: Fits) -> Json:
    """A page of the objects of a kind that fit. Raises ApiError."""
    limit, after, before = _page(params)
    state = view.state
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in state.objects[kind]:
            raise _unknown_cursor(kind, cursor, name)
    if before is not None:
        rows = list(islice(filter(fits, state.older(kind, state.places[before])), limit + 1))
        return list_object(url, rows[:limit][::-1], has_more=len(rows) > limit)
    start = None if after is None else state.places[after]
    rows = list(islice(filter(fits, state.newest(kind, start)), limit + 1))
    return list_object(url, rows[:limit], has_more=len(rows) > limit)


def page_of_rows(params: Params, rows: list[Json], url: str) -> Json:
    """A page of rows that are all at hand, in this order. Raises ApiError."""
    limit, after, before = _page(params)
    ids = [row["id"] for row in rows]
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in ids:
            raise _unknown_cursor("item", cursor, name)
    if before is not None:
        left = rows[: ids.index(before)]
        return list_object(url, left[-limit:], has_more=len(left) > limit)
    left = rows if after is None else rows[ids.index(after) + 1 :]
    return list_object(url, left[:limit], has_more=len(left) > limit)


def page_of_events(view: View, params: Params, url: str) -> Json:
    """Raises ApiError."""
    type_, types, in_range = params.text("type"), params.texts("types"), created_fits(params)
    earliest_s = view.now_s - wire.EVENTS_MS // 1000

    def fits(row: Event) -> bool:
        wanted = type_ is None or _matches(row.type, type_)
        is_one = types is None or any(_matches(row.type, one) for one in types)
        return wanted and is_one and row.created >= earliest_s and in_range({"created": row.created})

    kept = list(view.state.events)
    limit, after, before = _page(params)
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in view.state.events:
            raise _unknown_cursor("event", cursor, name)
    ids: Iterable[str]
    if before is not None:
        ids = kept[kept.index(before) + 1 :]
    else:
        ids = reversed(kept if after is None else kept[: kept.index(after)])
    rows = list(islice(filter(fits, (view.state.events[one] for one in ids)), limit + 1))
    page = rows[:limit][::-1] if before is not None else rows[:limit]
    return list_object(url, [events.shown(row, view.world.outbox) for row in page], has_more=len(rows) > limit)


def _matches(type_: str, pattern: str) -> bool:
    return type_.startswith(pattern[:-1]) if pattern.endswith("*") else type_ == pattern


def _unknown_cursor(kind: str, cursor: str, name: str) -> ApiError:
    return ApiError(f"No such {NAMES.get(kind, kind)}: '{cursor[:200]}'", "resource_missing", name)


def _page(params: Params) -> tuple[int, str | None, str | None]:
    limit = params.integer("limit")
    limit = wire.PAGE_SIZE if limit is None else limit
    if limit < 1:
        raise ApiError("This value must be greater than or equal to 1.", "parameter_invalid_integer", "limit")
    if limit > wire.MAX_PAGE_SIZE:
        raise ApiError(
            f"This value must be less than or equal to {wire.MAX_PAGE_SIZE} (it currently is '{limit}').",
            "parameter_invalid_integer",
            "limit",
        )
    after, before = params.text("starting_after"), params.text("ending_before")
    if after is not None and before is not None:
        raise ApiError("You may only specify one of these parameters: starting_after, ending_before.")
    return limit, after, before


def created_fits(params: Params) -> Fits:
    """What `created` asks for: a second, or bounds. Raises ApiError."""
    if isinstance(params.fields.get("created"), str):
        exact = params.integer("created")
        return lambda row: exact is None or row["created"] == exact
    given = params.object("created")
    if given is None:
        return lambda _row: True
    low, above = given.integer("gte"), given.integer("gt")
    high, below = given.integer("lte"), given.integer("lt")

    def fits(row: Json) -> bool:
        at = row["created"]
        return not (
            (low is not None and at < low)
            or (above is not None and at <= above)
            or (high is not None and at > high)
            or (below is not None and at >= below)
        )

    return fits


def equal(params: Params, *names: str) -> Fits:
    """The rows that have these values, each where it is named, and were created as `created` asks."""
    wanted = {name: value for name in names if (value := params.text(name)) is not None}
    in_range = created_fits(params)
    return lambda row: in_range(row) and all(row[name] == value for name, value in wanted.items())


# What may be expanded: by kind, each field and the kind that it leads to.

EXPANDABLE: dict[str, dict[str, str]] = {
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
        "review": "review",
    },
    "charge": {
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
        "refunds": "refunds",
        "review": "review",
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "checkout.session": {"customer": "customer", "line_items": "line_items", "payment_intent": "payment_intent"},
    "payment_method": {"customer": "customer"},
    "balance_transaction": {"source": "charge"},
    "refunds": {"data": "refund"},
    "customer": {},
    "line_items": {},
    "review": {},
}


def check_expand(paths: list[str], kind: str, *, is_list: bool) -> None:
    """Raises ApiError for what cannot be expanded, before anything is looked up."""
    for path in paths:
        steps = path.split(".")
        if is_list and steps[0] != "data":
            hint = (
                f" You may want to try expanding 'data.{path[:60]}' instead."
                if steps[0] in EXPANDABLE.get(kind, {})
                else ""
            )
            raise ApiError(f"This property cannot be expanded ({path[:60]}).{hint}")
        steps = steps[1:] if is_list else steps
        if len(steps) > wire.MAX_EXPAND:
            raise ApiError(f"You cannot expand more than {wire.MAX_EXPAND} levels deep ({path[:60]}).")
        at = kind
        for step in steps:
            if step not in EXPANDABLE.get(at, {}):
                raise ApiError(f"This property cannot be expanded ({path[:60]}).")
            at = EXPANDABLE[at][step]


def expand(view: View, made: Json, paths: list[str]) -> Json:
    """The object with what its paths name in the place of ids. Paths are checked before."""
    if made.get("object") == "list":
        below = [path.partition(".")[2] for path in paths]
        return {**made, "data": [expand(view, row, [path for path in below if path]) for row in made["data"]]}
    after = dict(made)
    for first in dict.fromkeys(path.partition(".")[0] for path in paths):
        below = [rest for path in paths if path.partition(".")[0] == first and (rest := path.partition(".")[2])]
        value = _expanded(view, made, first)
        after[first] = expand(view, value, below) if isinstance(value, dict) else value
    return after


def _expanded(view: View, made: Json, name: str) -> Any:
    if name == "line_items":
        rows = view.state.checkouts[made["id"]].items
        return list_object(f"/v1/checkout/sessions/{made['id']}/line_items", rows)
    if name == "refunds":
        ids = view.state.charged[made["id"]].refunds
        return list_object(f"/v1/charges/{made['id']}/refunds", [view.the("refund", one) for one in reversed(ids)])
    value = made.get(name)
    if not isinstance(value, str):
        return value
    kinds = EXPANDABLE[made["object"]][name], "refund", "dispute"
    return next((row for kind in kinds if (row := view.get(kind, value)) is not None), value)
