"""Each scheme's adapter against its fake, in one process, under every fault that the scheme's scripts can name."""

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_scenarios.vocabulary import ALTERNATIVES
from bakong_schemes._template.fake import TEMPLATE
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid
from bakong_service.ports import Checkout, Created
from bakong_simulator.console.payments import payer_page
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds, library_of
from tests.conftest import NOW_MS
from tests.schemes.stories import STORIES, by_name

ALL = (*SCHEMES, TEMPLATE)
LIBRARY = library_of(ALL)
WORLD = "/sandbox/worlds/default"
# What the API itself says of a payment, where a script makes it say so.
WORDS = {"not-found": NotFound, "failed": Failed, "static-qr": NotFound}


def variants(words):
    """Every fault with each of its choices, as a script writes it."""
    for fault, parameters in words.faults.items():
        required = ALTERNATIVES.get(fault, ((),))[0]
        fixed = "".join(f", {name}: 30s" for name in required)
        choosing = [(name, parameter.choices) for name, parameter in parameters.items() if parameter.choices]
        yield fault, None, f"fault: {fault}{fixed}"
        for name, choices in choosing:
            yield from ((fault, choice, f"fault: {fault}{fixed}, {name}: {choice}") for choice in choices)


CASES = [
    pytest.param(story, choice, rule, id=f"{story.scheme.name}-{fault}-{choice}")
    for story in STORIES
    for fault, choice, rule in variants(story.scheme.words)
]


@pytest.fixture
async def world():
    made = Worlds(lambda: NOW_MS, ALL)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def client(world):
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(world), timeout=10) as client:
        yield client


def checkout(provider):
    currency = min(provider.currencies)
    ends_ms = NOW_MS + provider.life_ms
    return Checkout(
        payment_id="p-1",
        bill_number="DT-1",
        money=Money(10_000, currency),
        created_ms=NOW_MS,
        expires_ms=ends_ms,
        email="payer@shop.test" if provider.needs_email else "",
    )


async def begun(story, client, world):
    """A provider, and the reference of a payment that it has made."""
    provider = story.provider(client, world)
    made = await provider.create(checkout(provider))
    assert isinstance(made, Created), made
    if text := getattr(made.handoff, "text", None):
        await client.post(f"{WORLD}/qr", json={"qr": text})
    return provider, made


@pytest.mark.parametrize("story", STORIES, ids=by_name)
async def test_a_payment_goes_its_way(story, client, world):
    provider, made = await begun(story, client, world.default)
    assert await provider.polling.check(made.reference) == NotFound()
    await story.pay(client, story.scheme, made.reference)
    report = await provider.polling.check(made.reference)
    assert isinstance(report, Paid), report
    assert (report.money, report.to_account) == (checkout(provider).money, made.account_id)


@pytest.mark.parametrize("story", [one for one in STORIES if one.scheme is not TEMPLATE], ids=by_name)
async def test_the_console_leads_to_the_pay_page_that_the_provider_hands_out(story, client, world):
    """Omise hands out a code's picture, which a wallet reads: that payment has no page."""
    _, made = await begun(story, client, world.default)
    url = made.handoff.url if isinstance(made.handoff, Redirect) and story.scheme is not OMISE else None
    for payment in world.default.payments.values():
        path = payer_page(world.default, payment)
        assert (path and f"http://sandbox.test{path}") == url


@pytest.mark.parametrize(("story", "choice", "rule"), CASES)
async def test_no_fault_raises_or_makes_a_payment_what_it_is_not(story, choice, rule, client, world):
    provider, made = await begun(story, client, world.default)
    name = provider.name
    faulty = LIBRARY.read(f"name: f\nscheme: {name}\nfaults: [{{on: checks, {rule}}}]")
    calm = LIBRARY.find("manual", name)
    for is_paid in (False, True):
        story.scripted(world.default, story.scheme, made.reference, faulty)
        report = await provider.polling.check(made.reference)
        # Of a key that occurs twice each parser believes another one; the next answer is good again.
        odd = NotFound if "duplicate_keys" in rule else NoAnswer
        allowed = (NoAnswer, odd, WORDS.get(choice, NoAnswer), Paid if is_paid else NotFound)
        assert isinstance(report, allowed), (is_paid, report)
        if isinstance(report, Paid) and report.money is not None:
            assert report.money == checkout(provider).money
        story.scripted(world.default, story.scheme, made.reference, calm)
        assert isinstance(await provider.polling.check(made.reference), Paid if is_paid else NotFound)
        await story.pay(client, story.scheme, made.reference)


@pytest.mark.parametrize("story", [story for story in STORIES if story.verify], ids=by_name)
async def test_an_event_of_the_fake_is_read_and_a_forged_one_refused(story, client, world):
    from bakong_service.domain.errors import ForgedEventError
    from bakong_simulator.kernel.webhooks import Endpoint, Outcome

    sent = []

    async def send(attempt, done):
        sent.append(attempt)
        done(Outcome(200))

    world.send = send
    world.default.outbox.add_endpoint(Endpoint(story.scheme.name, "http://shop.test/hooks", story.secret))
    provider, made = await begun(story, client, world.default)
    await story.pay(client, story.scheme, made.reference)
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 1})
    attempt = sent[-1]
    assert (await provider.read_event(attempt.headers, attempt.body)).reference == made.reference
    for headers, body in ((attempt.headers, story.tampered(attempt.body)), ({}, attempt.body)):
        with pytest.raises(ForgedEventError):
            await provider.read_event(headers, body)
