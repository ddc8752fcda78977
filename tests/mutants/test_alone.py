"""Every rule alone comes to the verdict that it comes to after others: of every suite, with bugs and without.

In `make test` a bug of each catalogue meets its own rule and those before it; a campaign plays all rules on more bugs.
"""

import time
from itertools import chain

import pytest

from bakong_conformance import bakong, bkash, emv, khqr, nagad, service, stripe
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants.measure import CATALOGUES, judges
from tests.mutants.serving import Loop


def of(*modules):
    return [rule.id for rule in chain.from_iterable(module.SUITE.rules for module in modules)]


OF_OTHERS = {*of(*service.OF_CARDS), *of(*service.OF_ESCROW), *of(*service.OF_ORDERS)}
RULES = {
    "Encoders and decoders": of(khqr),
    "Bakongs": of(bakong),
    "Payment services": [rule for rule in of(service) if rule not in OF_OTHERS],
    "EMVCo codecs": of(emv),
    "Shops of orders": of(*service.OF_ORDERS),
    "Escrow services": of(*service.OF_ESCROW),
    "Servers like bKash's": of(bkash),
    "Servers like Nagad's": of(nagad),
    "Stripes": of(stripe),
    "Shops paid by card": of(*service.OF_CARDS),
}
BEFORE = 3  # rules before a bug's own, in make test
SAMPLED = 5  # which bug of a catalogue make test takes
EVERY = 40  # bug of a catalogue, in the campaign
# What a bug leaves for other rules: a spent quota, an address that is shut out, the time of day, names that are known
STATEFUL = ("quota-for-ever", "quota-utc", "quota-hammered", "blocked-for-ever", "key-until-midnight", "reading-words")
HEALTHY = ""


@pytest.fixture(scope="module")
def judged():
    """Title to how a bug is judged, each time with a program of its own."""
    loop = Loop()

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    with loop.serving(loop.call(made())) as url:
        yield judges(loop, url)
    loop.close()


def verdicts(judge, bug, rules):
    """Rule to verdict and reason, of one run."""
    report = judge(bug, only=tuple(rules), profile="quick", shrinks=0)
    return {outcome.rule.id: (outcome.verdict, outcome.reason) for outcome in report.outcomes}


def unlike(judge, bug, rules):
    """The rules whose verdict alone is another than in order, with both."""
    in_order = verdicts(judge, bug, rules)
    alone = {rule: verdicts(judge, bug, [rule])[rule] for rule in rules}
    return {rule: (in_order[rule], alone[rule]) for rule in rules if in_order[rule][0] != alone[rule][0]}


@pytest.mark.parametrize("title", CATALOGUES)
def test_a_rule_says_alone_what_it_says_after_others(judged, title):
    bug, (rule, _) = list(CATALOGUES[title].items())[SAMPLED]
    at = RULES[title].index(rule)
    assert unlike(judged[title], bug, RULES[title][max(0, at - BEFORE) : at + 1]) == {}


def test_a_service_that_was_started_anew_is_asked_with_keys_of_its_own(judged):
    """Nothing that is unknown is found: rules of keys break, and those after them need another key."""
    rules = [f"service.{name}" for name in ("key.several", "key.tenants", "limit.each-key", "idempotency.each-caller")]
    assert unlike(judged["Payment services"], "unknown-open", rules) == {}


def planted():
    """Title and bug: no bug, a sample of every catalogue, and what leaves traces."""
    for title, catalogue in CATALOGUES.items():
        for bug in (HEALTHY, *list(catalogue)[::EVERY], *(bug for bug in STATEFUL if bug in catalogue)):
            yield pytest.param(title, bug, id=f"{title}: {bug or 'none'}")


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("title", "bug"), list(planted()))
def test_every_rule_says_alone_what_it_says_in_order(judged, title, bug):
    assert unlike(judged[title], bug, RULES[title]) == {}
