"""Each bug of the Thai shop is caught by the rule that names it; the healthy shop raises no alarm."""

import asyncio
import base64
import itertools
import json
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from bakong_conformance.control import make_world
from bakong_conformance.engine import Options, run
from bakong_conformance.http import client
from bakong_conformance.rules import Verdict
from bakong_conformance.service import OF_CARDS, OF_ORDERS, SUITE, Service, load
from bakong_conformance.service.provider import Provider
from bakong_conformance.service.receiver import Receiver
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants.catalogue import THAI
from tests.mutants.patched import program_of
from tests.mutants.sample import sampled
from tests.mutants.serving import Loop
from tests.mutants.thai_shop import ThaiShop

CONFIG = load(Path(__file__).with_name("thai_shop.yaml"))
RUNS = itertools.count(1)
UNBROKEN = {"service.tax.split"}  # what breaks that law breaks an exact computation, which is asked first
UNMAPPED = {  # rules of cards for which the shop's mapping has no word: holds, disputes, challenges, cancelling
    f"service.card.{name}"
    for name in (
        *("abandoned", "challenged", "cancelled", "capture", "capture.end", "capture.silent"),
        *("disputed", "disputed.first", "disputed.refunded", "doubled", "doubled.refund"),
    )
}
FORMS = ("header-pair", "omise", "standard")


def secret_of(form, text):
    encoded = base64.b64encode(text.encode()).decode()
    return {"header-pair": text, "omise": encoded, "standard": f"whsec_{encoded}"}[form]


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
def shop_with(loop, simulator, bugs=(), form="header-pair"):
    """The shop with bugs, as a subject: with a world, a provider and a port of its own."""
    with ExitStack() as stack:
        provider = Provider()
        names = ("hook_secret", "hook_secret_before", "hook_secret_retired")
        values = {"run": next(RUNS), **CONFIG.variables}
        values |= {name: secret_of(form, CONFIG.variables[name]) for name in names}
        world, _, _ = make_world(None, stack.enter_context(client(simulator)))

        async def made():
            keys = {values["api_key"]: "one", values["other_key"]: "other"}
            secrets = {"hook_secrets": [values[name] for name in names[:2]], "retired": values[names[2]]}
            return program_of(ThaiShop, bugs)(provider=asking(provider), keys=keys, form=form, **secrets, bugs=bugs)

        shop = loop.call(made())
        http = stack.enter_context(client(stack.enter_context(loop.serving(shop))))
        stack.callback(lambda: loop.call(shop.provider.aclose()))
        config = CONFIG.model_copy(update={"inbound": CONFIG.inbound.model_copy(update={"form": form})})
        yield Service(config, http, world, values, Receiver(), provider=provider)


def asking(provider):
    """A client of the provider without a network between them."""

    async def handle(request):
        call = (request.method, request.url.path, json.loads(request.content or b"{}"))
        status, answer = await asyncio.to_thread(provider.answer, *call)  # which may post a webhook meanwhile
        return httpx.Response(status, json=answer)

    return httpx.AsyncClient(base_url="http://provider", transport=httpx.MockTransport(handle))


def judge(loop, simulator, bugs=(), form="", **how):
    form = form or next((one for one in FORMS if any(bug.startswith(f"{one}-") for bug in bugs)), FORMS[0])
    with shop_with(loop, simulator, [bug.removeprefix(f"{form}-") for bug in bugs], form) as service:
        return run(SUITE, service, Options(**{"seed": 1, **how}))


@pytest.mark.parametrize("bug", sampled(THAI))
def test_a_bug_is_caught_by_the_rule_that_names_it(loop, simulator, bug):
    report = judge(loop, simulator, [bug], only=(THAI[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("form", FORMS)
def test_the_healthy_shop_raises_no_alarm(loop, simulator, form):
    """What is of payments and plans is not checked, and only that, and what its mapping has no word for."""
    of_orders = {rule.id for module in (*OF_ORDERS, *OF_CARDS) for rule in module.SUITE.rules} - UNMAPPED
    report = judge(loop, simulator, form=form)
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []
    held = {outcome.rule.id for outcome in report.by(Verdict.HOLDS)}
    assert held == of_orders - ({"service.inbound.several"} if form == "header-pair" else set())


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(2, 22))
def test_the_healthy_shop_raises_no_alarm_with_any_seed(loop, simulator, seed):
    report = judge(loop, simulator, seed=seed, profile="deep")
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []


def test_every_rule_of_orders_has_a_bug_that_breaks_it():
    of_orders = {rule.id for module in OF_ORDERS for rule in module.SUITE.rules}
    assert of_orders - {rule for rule, _ in THAI.values()} == UNBROKEN
