"""A statement that is made once gives what Core gives, when it is made anew with the same values: on both databases."""

import importlib
import inspect
import pkgutil
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String, select
from sqlalchemy.exc import DBAPIError

from bakong_service.adapters import sql
from bakong_service.adapters.sql import migrate, tables
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.prepared import Prepared
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.domain.orders import OrderStatus
from benchmarks.filling import DAY_MS, NOW_MS, fill

TEXTS = (
    "p7",
    "o1",
    "o7",
    "u7",
    "e7",
    "j7",
    "or7",
    "in7",
    "shop",
    "river",
    "bakong",
    "PENDING",
    "id",
    "main.example",
    "",
)
NUMBERS = (0, 1, 7, 50, NOW_MS, NOW_MS + DAY_MS, NOW_MS - DAY_MS, -1)


@pytest.fixture
async def store(tmp_path, storage):
    """A database with 200 payments that are over, and 50 that are open."""
    url = storage.get("database_url")
    opened = PostgresStore(url) if url else SqliteStore(tmp_path / "s.db")
    await opened.migrate(migrate.upgrade)
    await opened.migrate(lambda connection: fill(connection, over=200))
    yield opened
    await opened.close()


def all_prepared():
    """Every prepared statement there is, with its name."""
    modules = [importlib.import_module(f"{sql.__name__}.{found.name}") for found in pkgutil.iter_modules(sql.__path__)]
    return {
        value: f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Prepared)
    }


def one_of(*values):
    return st.sampled_from(values)


def maybe(*parts):
    """A place in a list, or none."""
    return st.just(()) | st.tuples(*parts)


TEXT, MS, COUNT = one_of(*TEXTS), one_of(*NUMBERS) | st.integers(0, 2**40), st.integers(0, 60)
LISTED = st.lists(TEXT, max_size=9)
MINORS = ("gross_minor", "fee_minor", "vat_minor", "refunds_minor", "debt_minor")
# What is drawn for a parameter, by its name; and where one statement means another thing by it.
DRAWN = {
    **dict.fromkeys(("limit", "offset", "day", "before_day", "first", "end", "number", "after", "after_id"), COUNT),
    **dict.fromkeys(("ids", "job_ids", "payment_ids", "md5s", "digests", "subjects"), LISTED),
    **dict.fromkeys(("user", "method"), maybe(TEXT)),
    "days": st.tuples(COUNT, COUNT),
    "flag": st.none() | TEXT,
    "held": st.booleans(),
    "is_plan": st.booleans(),
    "kind": one_of("payment", "webhook", "subscription"),
    "status": st.none() | st.sampled_from(OrderStatus),
}
PLACE = maybe(MS, TEXT)
ITS_OWN = {
    "records_access._revoke": {"column": one_of("id", "user_id")},
    "records_chain._links": {"ids": st.lists(COUNT, max_size=9)},
    "records_chain._archive": {"ids": st.lists(COUNT, max_size=9)},
    "records_escrow._payments_after": {"after": PLACE},
    "records_escrow._payment_where": {"column": one_of("id", "open_job_id")},
    "records_methods._change": {"table": one_of(tables.thai_payment_methods, tables.merchants)},
    "records_orders._orders": {"before": PLACE},
    "records_overview._newest": {"before": st.tuples(MS, TEXT)},
    "records_overview._page": {
        "before": maybe(TEXT),
        "table": one_of(tables.subscriptions, tables.webhook_notifications, tables.orders, tables.escrow_payments),
    },
    "records_overview._named": {"table": one_of(tables.payment_transactions, tables.orders, tables.escrow_payments)},
    "records_overview._refunds": {"table": st.just(tables.refunds), "column": st.just("order_id")},
    "records_overview._lines": {"table": st.just(tables.payment_status_history), "column": st.just("payment_id")},
    "records_polls._plan": {"asked": one_of({}, {"asked_ms": NOW_MS}), "next_poll_ms": st.none() | MS},
    "records_retention._audit_ids": {"ids": st.lists(COUNT, max_size=9)},
    "records_retention._drop_audit": {"ids": st.lists(COUNT, max_size=9)},
    "records_review._listed": {"after": maybe(TEXT, TEXT)},
    "records_settlements._entries": {"after": PLACE},
    "records_settlements._move": {"by": st.fixed_dictionaries(dict.fromkeys(MINORS, COUNT))},
}
BY_TYPE = (
    (Boolean, st.booleans()),
    (BigInteger, MS),
    (Integer, COUNT),
    (LargeBinary, one_of(b"", b"a")),
    (String, TEXT),
)


def cell(column):
    """A value for a column, or none where it may be empty."""
    value = next(strategy for kind, strategy in BY_TYPE if isinstance(column.type, kind))
    return st.none() | value if column.nullable else value


@st.composite
def arguments(draw, name, statement):
    """Values and choices for a prepared statement; rows have some of its table's columns."""
    own, values, choices, row_at = ITS_OWN.get(name, {}), [], {}, None
    for at, parameter in enumerate(inspect.signature(statement.build).parameters.values()):
        if parameter.name in ("row", "values"):
            row_at = at
            values.append({})
            continue
        usual = DRAWN.get(parameter.name, MS if parameter.name.endswith("_ms") else TEXT)
        drawn = draw(own.get(parameter.name, usual))
        if parameter.kind is parameter.KEYWORD_ONLY:
            choices[parameter.name] = drawn
        else:
            values.append(drawn)
    if row_at is not None:
        columns = statement.build(*values, **choices).table.columns
        names = draw(st.lists(st.sampled_from(columns.keys()), min_size=1, max_size=4, unique=True))
        values[row_at] = {name: draw(cell(columns[name])) for name in sorted(names)}
    return values, choices


def outcome(connection, statement, run):
    """What a statement returns and changes, which is then taken back; or which error it meets."""
    with connection.begin_nested() as savepoint:
        try:
            result = run()
            rows = [tuple(row) for row in result.all()] if statement.is_select or statement._returning else []
            table = getattr(statement, "table", None)
            counted = None if table is None or statement._returning else result.rowcount
            after = None if table is None else set(map(tuple, connection.execute(select(table))))
        except DBAPIError as error:
            return type(error.orig).__name__
        finally:
            savepoint.rollback()
    return rows, counted, after


async def test_prepared_statements_give_what_core_gives(store):
    def compare(connection):
        records, found = SqlRecords(connection, NoSeal()), Counter()

        @settings(
            max_examples=3,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def same(data):
            for statement, name in all_prepared().items():
                values, choices = data.draw(arguments(name, statement))
                core = statement.build(*values, **choices)
                made = outcome(connection, core, lambda: records._run(statement(*values, **choices)))  # noqa: B023
                assert made == outcome(connection, core, lambda: connection.execute(core)), name  # noqa: B023
                found["error" if isinstance(made, str) else "rows" if made[0] else "none"] += 1

        same()
        return found

    found = await store.migrate(compare)
    assert found["rows"] > 50
    assert found["error"] < found.total() / 5


def test_few_lengths_of_a_list_have_a_statement_each():
    made = Prepared(lambda ids: select(tables.jobs).where(tables.jobs.c.id.in_(ids)))
    forms = {made([str(number) for number in range(count)]).form for count in range(33)}
    assert len(forms) == 7  # none, 1, 2, 4, 8, 16, 32
    assert made(["a", "b", "c"]).values == ["a", "b", "c", "c"]
