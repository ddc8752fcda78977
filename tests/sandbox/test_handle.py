"""The handle of a test takes Python's own numbers, instants and durations, and teaches where it takes none."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from bakong_sandbox.devkit.testing.errors import BakongError
from bakong_sandbox.devkit.testing.in_process import InProcess
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

PHNOM_PENH = ZoneInfo("Asia/Phnom_Penh")


@pytest.fixture
def world(bakong_server):
    made = bakong_server.world()
    yield made
    bakong_server.drop(made)


@pytest.fixture
def in_process():
    made = InProcess()
    yield made
    made.close()


def static_code(currency=Currency.USD):
    """A code that says no amount."""
    return encode(Individual(bakong_account_id="shop@devb", merchant_name="Shop", currency=currency), now=NOW_MS).qr


AMOUNTS = [(2, "2.00"), (1.5, "1.50"), (0.1, "0.10"), (Decimal("1.50"), "1.50"), (Decimal("2E+1"), "20.00")]
AMOUNTS += [("1.5", "1.50"), (Fraction(1, 2), "0.50"), (Decimal("3.000"), "3.00")]


@pytest.mark.parametrize(("given", "paid"), AMOUNTS)
async def test_an_amount_is_a_number_a_decimal_or_a_text(world, in_process, given, paid):
    assert Decimal(str(world.pay(static_code(), amount=given)["amount"])) == Decimal(paid)
    shown = await in_process.pay(static_code(), amount=given, currency=Currency.USD)
    assert Decimal(str(shown["amount"])) == Decimal(paid)


def test_riel_is_paid_by_a_whole_number(world):
    assert Decimal(world.pay(static_code(Currency.KHR), amount=4000)["amount"]) == 4000


WRONG_AMOUNTS = [True, b"1", [1], object(), -1, 1.005, Decimal("0.001"), float("nan"), float("inf"), Decimal("-0.01")]


@pytest.mark.parametrize("wrong", WRONG_AMOUNTS)
def test_what_is_no_amount_is_refused_by_its_name_and_moves_nothing(world, wrong):
    with pytest.raises(BakongError, match=r"amount is .*expected"):
        world.pay(static_code(), amount=wrong)
    with pytest.raises(BakongError, match=r"USD is .*expected"):
        world.account("sokha@devb", USD=wrong)


def test_an_account_is_funded_by_plain_numbers(world):
    shown = world.account("rich@devb", USD=10, KHR=Decimal(4000))
    assert {currency: Decimal(value) for currency, value in shown["balances"].items()} == {"USD": 10, "KHR": 4000}


INSTANTS = [
    "2026-02-11T00:00:00Z",
    datetime(2026, 2, 11, tzinfo=UTC),
    datetime(2026, 2, 11, 7, tzinfo=PHNOM_PENH),
    datetime(2026, 2, 10, 19, tzinfo=timezone(timedelta(hours=-5))),
]


@pytest.mark.parametrize("at", INSTANTS, ids=str)
async def test_the_clock_stands_at_a_text_or_at_a_datetime_of_any_zone(world, in_process, at):
    assert world.clock.freeze(at)["now_ms"] == NOW_MS
    assert (await in_process.clock.freeze(at))["now_ms"] == NOW_MS


@pytest.mark.parametrize("at", INSTANTS[:2], ids=str)
def test_time_goes_on_from_an_instant(world, at):
    shown = world.clock.set(at)
    assert (shown["mode"], NOW_MS <= shown["now_ms"] < NOW_MS + 600_000) == ("offset", True)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (datetime(2026, 2, 11), "no time zone.*Asia/Phnom_Penh"),  # noqa: DTZ001  that is what is wrong
        (date(2026, 2, 11), "of type date.*expected a datetime"),
        (NOW_MS, "of type int.*expected a datetime"),
        (True, "of type bool"),
    ],
)
def test_an_instant_that_could_be_several_is_refused(world, wrong, why):
    for ask in (world.clock.freeze, world.clock.set):
        with pytest.raises(BakongError, match=why):
            ask(wrong)


@pytest.mark.parametrize(
    "by", [900, 900.0, Decimal(900), timedelta(minutes=15), Fraction(1800, 2)], ids=lambda value: type(value).__name__
)
async def test_time_is_moved_by_seconds_or_a_timedelta(world, in_process, by):
    for one in (world.clock.freeze("2026-02-11T00:00:00Z"), world.clock.advance(by)):
        shown = one
    assert shown["now"] == "2026-02-11T00:15:00.000Z"
    await in_process.clock.freeze("2026-02-11T00:00:00Z")
    assert (await in_process.clock.advance(by))["now"] == "2026-02-11T00:15:00.000Z"


@pytest.mark.parametrize("wrong", ["15m", True, None, -1, timedelta(seconds=-1), float("nan")], ids=repr)
def test_what_is_no_duration_is_refused(world, wrong):
    with pytest.raises(BakongError, match=r"seconds is .*expected"):
        world.clock.advance(wrong)


def test_a_rate_and_the_life_of_a_token_are_plain_too(world):
    assert world.clock.scale(Decimal(60))["rate"] == 60
    assert world.clock.scale(2)["rate"] == 2
    with pytest.raises(BakongError, match="rate is '2'"):
        world.clock.scale("2")
    assert world.issue_token(expires_in_s=timedelta(days=1))["token"]


@pytest.mark.parametrize(("wrong", "kind"), [("15m", TypeError), (-1, ValueError)])
def test_a_mistake_is_of_pythons_kind_too(world, wrong, kind):
    with pytest.raises(kind):
        world.clock.advance(wrong)
