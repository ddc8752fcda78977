"""Each bug of the escrow shop is caught by the rule that names it; the healthy shop raises no alarm."""

import itertools
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bakong_conformance.engine import Options, run
from bakong_conformance.rules import Verdict
from bakong_conformance.service import OF_ESCROW, SUITE, Service, load
from bakong_conformance.service.receiver import Receiver
from bakong_conformance.service.taka_providers import StandIns
from bakong_conformance.stand_ins.wire import transport
from tests.mutants.catalogue import ESCROW
from tests.mutants.escrow_shop import ROLES, EscrowShop
from tests.mutants.inside import FrozenWorld, InProcess
from tests.mutants.patched import program_of
from tests.mutants.sample import sampled
from tests.mutants.serving import Loop

CONFIG = load(Path(__file__).with_name("escrow_shop.yaml"))
RUNS = itertools.count(1)
OWN = {rule.id for module in OF_ESCROW for rule in module.SUITE.rules}


@pytest.fixture(scope="module")
def loop():
    made = Loop()
    yield made
    made.close()


@contextmanager
def shop_with(loop, bugs=()):
    """The shop with bugs, as a subject, with a bKash and a Nagad of its own."""
    world = FrozenWorld()
    stand_ins = StandIns(world.now_ms)
    values = {"run": next(RUNS), **CONFIG.variables}

    async def made():
        return program_of(EscrowShop, bugs)(
            http=httpx.AsyncClient(transport=transport(stand_ins)),
            settings=stand_ins.values(),
            keys={f"{values['key']}-{role}": role for role in ROLES},
            secrets=[values["hook_secret"], values["hook_secret_before"]],
            retired=values["hook_secret_retired"],
            bugs=bugs,
            now_ms=world.now_ms(),
        )

    shop = loop.call(made())
    with httpx.Client(base_url="http://shop", transport=InProcess(loop, shop)) as http:
        yield Service(CONFIG, http, world, values, Receiver(), taka=stand_ins)


def judge(loop, bugs=(), **how):
    with shop_with(loop, bugs) as service:
        return run(SUITE, service, Options(**{"seed": 1, "only": ("service.escrow.*",), **how}))


@pytest.mark.parametrize("bug", sampled(ESCROW))
def test_a_bug_is_caught_by_the_rule_that_names_it(loop, bug):
    report = judge(loop, [bug], only=(ESCROW[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


def test_the_healthy_shop_raises_no_alarm(loop):
    report = judge(loop, profile="quick")
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []
    assert {outcome.rule.id for outcome in report.by(Verdict.HOLDS)} == OWN


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(2, 22))
def test_the_healthy_shop_raises_no_alarm_with_any_seed(loop, seed):
    report = judge(loop, seed=seed, profile="deep")
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []


def test_every_rule_of_escrow_has_a_bug_that_breaks_it():
    assert OWN - {rule for rule, _ in ESCROW.values()} == set()
