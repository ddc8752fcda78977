"""Payments of another amount, and disputes, in lives: the laws hold, and each of them is seen where it does not."""

import pytest

from bakong_explorer.breadth import PROVIDERS, with_what_goes_amiss
from bakong_explorer.life import live, story_of
from bakong_explorer.providers import LIVED
from bakong_explorer.story import Happening, Story
from bakong_schemes.stripe.adapter import provider as stripe
from bakong_service.domain.payments import Paid
from bakong_service.usecases.escrow import outcome as escrow
from bakong_service.usecases.orders import outcome


def story(*acts, seed=7, **profile):
    """Acts, half an hour apart."""
    made = tuple(Happening(100 + 1_800_000 * at, what, pick) for at, (what, pick) in enumerate(acts))
    return Story(seed=seed, profile={"replicas": 2, "users": 1} | profile, acts=made)


MISFITS = {
    "stripe": story(*(("order_paid_amiss", pick) for pick in range(4)), orders=1),
    "bkash": story(*(("hire_paid_amiss", pick) for pick in range(4)), care=1),
} | {
    LIVED[number - 1].name: story(*(("provider_amiss", pick) for pick in range(4)), orders=1, provider=number)
    for number in range(1, PROVIDERS + 1)
}
DISPUTES = story(*(("order_and_dispute", pick) for pick in range(12)), ("order_and_pay", 3), ("dispute", 3), orders=1)


@pytest.mark.parametrize("name", MISFITS)
def test_money_of_another_amount_pays_nothing_and_somebody_is_asked_to_look(name):
    life = live(MISFITS[name])
    assert life.violation is None
    assert sum(many for what, many in life.met.items() if what.startswith("another amount")) > 0


@pytest.mark.parametrize("name", ["stripe", "promptpay", "bkash"])
def test_money_of_another_amount_that_pays_is_seen(monkeypatch, name):
    monkeypatch.setattr(Paid, "mismatch", lambda _paid, _payment: None)
    assert live(MISFITS[name]).violation.law == "no money from nowhere"


@pytest.mark.parametrize(("name", "room"), [("stripe", outcome), ("nagad", outcome), ("bkash", escrow)])
def test_money_of_another_amount_that_nobody_is_told_of_is_seen(monkeypatch, name, room):
    monkeypatch.setattr(room, "mismatched", lambda *_: None)
    assert live(MISFITS[name]).violation.law == "no money is lost"


def test_each_word_of_a_dispute_is_kept_and_its_order_wants_a_person_until_it_is_won():
    life = live(DISPUTES)
    assert life.violation is None
    assert {"dispute none to open", "dispute open to won", "dispute open to lost"} <= life.met.keys()


@pytest.mark.parametrize(("room", "name"), [(stripe, "word_of"), (outcome, "disputed")])
def test_a_dispute_that_nobody_hears_of_is_seen(monkeypatch, room, name):
    monkeypatch.setattr(room, name, lambda *_: "")
    assert live(DISPUTES).violation.law == "disputes"


def test_what_goes_amiss_comes_to_some_seeds_and_changes_nothing_of_what_others_have():
    drawn = [(story_of(seed), seed) for seed in range(60)]
    amiss = [one for one, _ in drawn if any("amiss" in act.what or "dispute" in act.what for act in one.acts)]
    assert 5 < len(amiss) < 40
    plain = story(("order_and_pay", 1), orders=1)
    assert all(plain.acts[0] in with_what_goes_amiss(plain.but(seed=seed)).acts for seed in range(20))
