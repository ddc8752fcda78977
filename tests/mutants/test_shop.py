"""Each bug of the small shop is caught by the rule that names it; the healthy shop raises no alarm."""

import itertools
import time
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from bakong_conformance.control import make_world
from bakong_conformance.engine import Options, run
from bakong_conformance.http import client
from bakong_conformance.rules import Verdict
from bakong_conformance.service import OF_CARDS, OF_ESCROW, OF_ORDERS, SUITE, Service, load
from bakong_conformance.service.config import Plans
from bakong_conformance.service.receiver import Receiver
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants.catalogue import SHOP
from tests.mutants.sample import sampled
from tests.mutants.serving import Loop
from tests.mutants.shop import Shop

CONFIG = load(Path(__file__).with_name("shop.yaml"))
RUNS = itertools.count(1)


@pytest.fixture(scope="module")
def loop():
    found = Loop()
    yield found
    found.close()


@pytest.fixture(scope="module")
def simulator(loop):
    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    with loop.serving(loop.call(made())) as url:
        yield url


@contextmanager
def shop_with(loop, simulator, bugs=(), config=CONFIG):
    """The shop with bugs, as a subject: with a world, a receiver and a port of its own."""
    with ExitStack() as stack:
        receiver = Receiver()
        values = {"webhook_url": receiver.start(), "run": next(RUNS), **CONFIG.variables}
        stack.callback(receiver.stop)
        control = stack.enter_context(client(simulator))
        world, _, base_url = make_world(None, control)
        token = world.token(None, expires_in_s=10 * 365 * 86_400)
        values["token"] = token
        secrets = {"api_key": values["api_key"], "secret": values["webhook_secret"]}

        async def made(base_url, token):
            where = {"bakong_url": base_url, "token": token, "webhook_url": values["webhook_url"]}
            return Shop(**where, **secrets, bugs=bugs, prices=prices_of(config))

        def begun(world, base_url, token):
            shop = loop.call(made(base_url, token))
            stack.callback(lambda: loop.call(_close(shop)))
            return stack.enter_context(client(stack.enter_context(loop.serving(shop)))), world, values

        def anew():
            world, _, base_url = make_world(None, control)
            values["token"] = world.token(None, expires_in_s=10 * 365 * 86_400)
            return begun(world, base_url, values["token"])

        http, world, _ = begun(world, base_url, token)

        def with_prices(basic, full):
            plans = [{"name": plan, "prices": {"USD": price}} for plan, price in (("BASIC", basic), ("FULL", full))]
            changed = CONFIG.model_copy(update={"plans": Plans.model_validate({"basic": plans[0], "full": plans[1]})})
            return shop_with(loop, simulator, bugs, changed)

        yield Service(config, http, world, values, receiver, with_prices, anew=anew)


def changed(**operations):
    """The operations of the shop, some of them mapped otherwise."""
    return {
        name: operation.model_copy(update=operations.get(name, {})) for name, operation in CONFIG.operations.items()
    }


BY_NUMBER = changed(
    create={"answer": CONFIG.operations["create"].answer | {"id": "number"}}, status={"path": "/orders/{id}"}
)
OF_SEVERAL_ORDERS = (
    *("service.create.unique", "service.unpaid", "service.lists.history*", "service.restart.unique"),
    *("service.webhook.ids-apart", "service.idempotency.[erw][aeh][cvo]*"),
)
# Correct shops that do what may be done: the switches, what their mapping says, and the rules that must not mind.
CORRECT = {
    "the history begins with the oldest": (["history-oldest-first"], {"history": "oldest"}, ("service.lists.*",)),
    "only the wait says time-out": (["timeout-of-the-wait"], {"timeout": "wait"}, ("service.monitor.[lptw]*",)),
    "an upgrade refuses beside a downgrade": (
        ["refuses-beside-downgrade"],
        {"upgrade_withdraws_downgrade": False},
        ("service.downgrade.*",),
    ),
    "ids are numbers": (["integer-ids"], {"operations": BY_NUMBER}, ("service.status.*", "service.create.*")),
    "webhooks name a payment by its number": (
        ["integer-ids"],
        {"operations": BY_NUMBER, "webhooks": CONFIG.webhooks.model_copy(update={"payment": "data.number"})},
        ("service.webhook.paid", "service.webhook.[rsu]*", "service.texts.whole"),
    ),
    "a plan's events hold the md5 and come first": (
        ["plan-told-first"],
        {"webhooks": CONFIG.webhooks.model_copy(update={"ordered": False})},
        ("service.webhook.[prsu]*",),
    ),
    "nothing is told of the limit": (["tells-no-limit"], {}, ("service.limit.[fmrtw]*",)),
    "the limit is told on success alone": (["tells-on-success-alone"], {}, ("service.limit.[fmrtw]*",)),
    "problem details have no code": (
        ["errors-as-problems"],
        {"refusals": CONFIG.refusals.model_copy(update={"problems": True, "form": None})},
        ("service.errors.*",),
    ),
    "cycles are months of the calendar": (
        ["cycle-month", "renewal-month"],
        {"months": "+00:00"},
        ("service.granted.period", "service.granted.renewal", "service.renew.extends"),
    ),
    "an order waits, and no other is taken": (["one-order-at-a-time"], {}, OF_SEVERAL_ORDERS),
    "a plan runs, and no order is taken": (["no-order-beside-a-plan"], {}, ("service.story", "service.granted.anew")),
    "an operation has a header of its own": (
        ["status-asks-for-a-header"],
        {"operations": changed(status={"headers": {"x-version": "2"}})},
        ("service.paid", "service.unpaid", "service.expired"),
    ),
}


@pytest.mark.parametrize("kind", CORRECT)
def test_a_shop_that_does_what_may_be_done_raises_no_alarm(loop, simulator, kind):
    switches, mapping, only = CORRECT[kind]
    with shop_with(loop, simulator, switches, CONFIG.model_copy(update=mapping)) as service:
        report = run(SUITE, service, Options(seed=1, only=only, shrinks=0))
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []


def prices_of(config):
    """Minor units by plan and currency."""
    return {
        plan.name: {code: int(Decimal(text) * (100 if code == "USD" else 1)) for code, text in plan.prices.items()}
        for plan in (config.plans.basic, config.plans.full)
    }


async def _close(shop):
    await shop.bakong.aclose()
    await shop.hooks.aclose()


def judge(loop, simulator, bugs=(), **how):
    with shop_with(loop, simulator, bugs) as service:
        return run(SUITE, service, Options(**{"seed": 1, **how}))


@pytest.mark.parametrize("bug", sampled(SHOP))
def test_a_bug_is_caught_by_the_rule_that_names_it(loop, simulator, bug):
    report = judge(loop, simulator, [bug], only=(SHOP[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("bug", ["outage-fails", "garbage-is-paid", "reset-500", "codes-fail", "health-lies"])
def test_an_outage_strikes_also_a_service_that_shows_bakong_its_codes_for_a_link(loop, simulator, bug):
    report = judge(loop, simulator, [bug, "links-at-once"], only=(SHOP[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", ["quick", pytest.param("ci", marks=pytest.mark.campaign)])
def test_the_healthy_shop_raises_no_alarm(loop, simulator, profile):
    report = judge(loop, simulator, profile=profile)
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []
    unchecked = {outcome.rule.id for outcome in report.by(Verdict.NOT_CHECKED)}
    of_others = {rule.id for module in (*OF_CARDS, *OF_ESCROW, *OF_ORDERS) for rule in module.SUITE.rules}
    # it has a grace, cycles of 30 days, and one address for all webhooks
    other = {"service.limit.interval", "service.end.exact", "service.granted.month-ends", "service.webhook.address"}
    assert unchecked == other | of_others


# A bug that shows in several rules, and those: the headline is the rule that names the bug.
HEADLINES = {
    "renewed-early-loses-a-day": "service.renew.[eglr]*",
    "restart-drops-retrying": "service.restart.[to]*",
    "key-of-the-day": "service.idempotency.[de]*",
    "third-silence-expires": "service.outage.*",
}


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, marks=[pytest.mark.campaign] if at > 1 else []) for at, bug in enumerate(HEADLINES)]
)
def test_a_bug_has_one_headline_which_is_its_rule(loop, simulator, bug):
    report = judge(loop, simulator, [bug], only=(HEADLINES[bug],), shrinks=0, profile="quick")
    assert len(report.by(Verdict.BROKEN)) > 1
    assert [headline.rule.id for headline, _ in report.headlines()] == [SHOP[bug][0]]


NEIGHBOURS = 4
IDS = [rule.id for rule in SUITE.rules]


@pytest.mark.parametrize("bug", sampled(SHOP, every=200))
def test_a_bug_is_named_after_other_rules_as_it_is_alone(loop, simulator, bug):
    at = IDS.index(SHOP[bug][0])
    report = judge(loop, simulator, [bug], only=tuple(IDS[max(0, at - NEIGHBOURS) : at + 1]), shrinks=0)
    assert report.outcomes[-1].verdict is Verdict.BROKEN
