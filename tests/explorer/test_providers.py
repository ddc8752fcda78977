"""Orders that Nagad, Paystack, Omise and PromptPay are paid for, in lives."""

import pytest

from bakong_explorer.breadth import PROVIDERS
from bakong_explorer.life import live
from bakong_explorer.providers import LIVED
from bakong_explorer.story import Happening, Story
from bakong_schemes.omise.adapter.provider import Charges
from bakong_service.domain.payments import NotFound

BUYING = tuple(Happening(10 + 5_000 * at, "provider_buy", at) for at in range(4))
AFTER = (
    *(Happening(1_000_000, "provider_pay", 3), Happening(1_100_000, "order_refund", 3)),
    *(Happening(1_200_000, "provider_slip", 1), Happening(1_300_000, "order_look", 1)),
)
FAULTS = (
    Happening(60_000, "pushes", 2),
    Happening(90_000, "provider", 4, 60_000),
    Happening(200_000, "crash", 3, 20_000),
)


def story(number, seed=2):
    profile = {"replicas": 2, "users": 1, "orders": 1, "provider": number}
    return Story(seed=seed, profile=profile, acts=BUYING + AFTER, faults=FAULTS)


@pytest.mark.parametrize("number", range(1, PROVIDERS + 1), ids=[one.name for one in LIVED])
def test_orders_are_paid_at_each_provider_and_the_laws_hold(number):
    life = live(story(number))
    assert life.violation is None
    assert life.met["order awaiting_payment to paid"] > 0


def test_a_webhook_of_a_refund_makes_none_twice_that_is_being_made():
    """Three at once at Paystack, which has no keys: the first one's webhook came while the second was under way."""
    assert live(story(2, seed=1)).violation is None


def test_the_number_of_providers_is_that_of_the_table():
    assert len(LIVED) == PROVIDERS


def test_money_of_another_provider_that_nobody_books_is_seen(monkeypatch):
    async def nothing(_self, _reference):
        return NotFound()

    monkeypatch.setattr(Charges, "check", nothing)
    assert live(story(3).but(faults=())).violation.law == "no money is lost"
