"""Each bug of the card shop is caught by the rule that names it; the healthy shop raises no alarm."""

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bakong_conformance.control import World
from bakong_conformance.engine import Options, run
from bakong_conformance.rules import Verdict
from bakong_conformance.service import OF_CARDS, SUITE, Service, load
from bakong_conformance.service.provider import Provider
from bakong_conformance.service.receiver import Receiver
from tests.mutants.card_catalogue import CARDS
from tests.mutants.card_shop import CardShop
from tests.mutants.patched import program_of
from tests.mutants.sample import sampled

CONFIG = load(Path(__file__).with_name("card_shop.yaml"))
RULES = {rule.id for module in OF_CARDS for rule in module.SUITE.rules}


@dataclass(slots=True)
class StillWorld(World):
    """A clock that moves when it is told to, and nothing else."""

    at_ms: int = 1_770_768_000_000

    def now_ms(self):
        return self.at_ms

    def advance(self, _case, seconds):
        self.at_ms += round(seconds * 1000)

    def play(self, _case, _script):
        pass


def judge(bug="", **how):
    provider = Provider()
    shop = program_of(CardShop, [bug])(provider, [bug])
    with httpx.Client(base_url="http://shop", transport=httpx.MockTransport(shop.handle)) as http:
        values = {"run": 1, **CONFIG.variables}
        service = Service(CONFIG, http, StillWorld(http, "none"), values, Receiver(), provider=provider)
        return run(SUITE, service, Options(**{"seed": 1, "only": ("service.card.*",), **how}))


@pytest.mark.parametrize("bug", sampled(CARDS))
def test_a_bug_is_caught_by_the_rule_that_names_it(bug):
    report = judge(bug, only=(CARDS[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_healthy_shop_raises_no_alarm(seed):
    report = judge(seed=seed)
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []
    assert {outcome.rule.id for outcome in report.by(Verdict.HOLDS)} == RULES


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4, 24))
def test_the_healthy_shop_raises_no_alarm_with_any_seed(seed):
    report = judge(seed=seed, profile="deep")
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []


def test_every_rule_of_cards_has_a_bug_that_breaks_it():
    assert {rule for rule, _ in CARDS.values()} >= RULES
