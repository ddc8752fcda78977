"""`trigger`: each event of each scheme that posts is brought about, and its object is what the payload says."""

import base64
import json
import re
from pathlib import Path

import httpx
import pytest

from bakong_contracts.webhook_guard import OMISE as OMISE_FORM
from bakong_contracts.webhook_guard import Guard
from bakong_described.fake.scheme import DescribedScheme
from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.chosen_schemes import chosen
from bakong_schemes._template.fake import TEMPLATE
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.bkash.wire import CONFIRMATION
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_schemes.paystack.fake.scheme import PAYSTACK
from bakong_schemes.stripe.fake.scheme import STRIPE
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.triggers import canonical
from bakong_simulator.kernel.webhooks import Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes.stories import STORIES

ALL = (*chosen(experimental=True, files=()), TEMPLATE)
EVENTS = [(scheme, event.name) for scheme in ALL for event in scheme.events]
WORLD = "/sandbox/worlds/default"
ACCEPTED = b'{"result": "OK"}'  # what generic wants of a receiver, beside the status


def by_name(value):
    return value if isinstance(value, str) else value.name


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, ALL)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    made.posts = []
    return made


@pytest.fixture
async def client(worlds):
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds)) as client:

        async def send(attempt, done):
            worlds.posts.append(attempt)
            done(Outcome(200, answer=ACCEPTED))

        worlds.send = send
        yield client


async def listened(client, scheme):
    """The secret of an endpoint for all that a scheme posts."""
    new = {"scheme": scheme.name, "url": "http://shop.test/hooks"}
    return (await client.post(f"{WORLD}/webhooks/endpoints", json=new)).json()["secret"]


async def triggered(client, event, overrides=None, **more):
    answer = await client.post(f"{WORLD}/webhooks/trigger", json={"event": event, "overrides": overrides or {}, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_scheme_that_posts_names_its_events():
    """So that `trigger` can make them happen: see FakeScheme.events and _template/fake.py."""
    posting = {story.scheme for story in STORIES if story.verify}
    assert [scheme.name for scheme in posting if not scheme.events] == []
    for scheme in ALL:
        names = [event.name for event in scheme.events]
        assert len(set(names)) == len(names)
        assert [event.name for event in scheme.events if not event.about.endswith(".")] == []


def test_the_page_lists_them():
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    for scheme in (BKASH, OMISE, PAYSTACK, STRIPE):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{scheme.name}` |"))
        listed, above = set(), ""
        for name in re.findall(r"`([\w.-]+)`", row)[1:]:
            above = above if name.startswith(".") else name.rpartition(".")[0]
            listed.add(f"{above}{name}" if name.startswith(".") else name)
        assert {event.name for event in scheme.events} == listed


@pytest.mark.parametrize(("scheme", "event"), EVENTS, ids=by_name)
async def test_each_event_is_posted_once_with_its_object_there(scheme, event, worlds, client):
    world = worlds.default
    await listened(client, scheme)
    made = await triggered(client, event, scheme=scheme.name)
    [posted] = [row for row in made["webhooks"] if row["type"] == event]
    assert (made["scheme"], posted["scheme"]) == (scheme.name, scheme.name)
    assert [attempt["status"] for attempt in posted["attempts"]] == [200]
    [ids] = made["objects"]
    body = world.outbox.events[posted["number"]].message.body.decode()
    assert any(id_ in body for id_ in ids.values()), ids
    assert all(world.ledger.sum(currency) == 0 for currency in world.ledger.currencies)
    assert (await client.get(f"{WORLD}/webhooks/events")).status_code == 200


@pytest.mark.parametrize("scheme", [scheme for scheme in ALL if scheme.events], ids=by_name)
async def test_a_reset_world_issues_no_id_a_second_time(scheme, worlds, client):
    """Whoever counts a provider's event once, or keeps its payments by their ids, takes the new for the old."""
    world, lives = worlds.default, []
    await listened(client, scheme)
    for _ in range(2):
        issued = set()
        for event in scheme.events:
            if event.name == CONFIRMATION:
                continue  # of a subscription that stays, and its token with it
            made = await triggered(client, event.name, scheme=scheme.name)
            issued |= {id_ for ids in made["objects"] for id_ in ids.values()}
            issued |= {world.outbox.events[row["number"]].message.id for row in made["webhooks"]}
        lives.append(issued)
        await client.post(f"{WORLD}/reset")
        await client.put(f"{WORLD}/clock", json={"mode": "frozen", "at": NOW_MS})
    assert lives[0]
    assert lives[0] & lives[1] == set()


@pytest.mark.parametrize("story", [one for one in STORIES if one.scheme.events], ids=lambda story: story.scheme.name)
@pytest.mark.parametrize("scenario", ["manual", "paid-at-once", "failed"])
async def test_a_triggered_payment_is_the_apis_own_whatever_the_scenario_and_verifies(story, scenario, worlds, client):
    """What the API is asked afterwards agrees with the event."""
    scheme, world = story.scheme, worlds.default
    world.set_scenario(world.library.find(scenario, scheme.name))
    secret = await listened(client, scheme)
    for event in scheme.events:
        made = await triggered(client, event.name, scheme=scheme.name)
        reference = next((id_ for id_ in made["objects"][0].values() if (scheme.name, id_) in world.payments), None)
        wanted = {
            **dict.fromkeys(("Notification", "paid", "complete", "successful", "succeeded", "charge.success"), "paid"),
            **dict.fromkeys(("payment_failed", "charge.failed"), "failed"),
            **dict.fromkeys(("refund.create", "charge.refunded", "refund.processed"), "refunded"),
        }
        ended = next((state for word, state in wanted.items() if event.name.endswith(word)), None)
        if ended:
            assert await story.ask(client, world, reference) == ended
    assert worlds.posts
    assert all(story.verify(secret, attempt.headers, attempt.body) for attempt in worlds.posts)


@pytest.mark.parametrize("scheme", [scheme for scheme in ALL if scheme.events], ids=by_name)
async def test_what_was_triggered_replays_to_the_same_bytes(scheme, worlds, client):
    world = worlds.default
    await listened(client, scheme)
    for event in scheme.events:
        await triggered(client, event.name, scheme=scheme.name, base_url="http://127.0.0.1:7777")
    if scheme is OMISE:
        for path in ("charges", "customers", "events"):
            assert (await client.get(f"/omise/{path}", auth=("skey_test_sandbox", ""))).json()["total"] > 0
    document = (await client.get(f"{WORLD}/journal", params={"format": "replay"})).json()
    replayed, again = await replay(document, build, ALL)
    assert replayed.different == []
    assert again.payments.keys() == world.payments.keys()
    bodies = [[event.message.body for event in one.outbox.events.values()] for one in (world, again)]
    assert bodies[0] == bodies[1]


# Data of one's own


async def test_data_of_ones_own_is_in_the_object_and_in_the_event(worlds, client):
    secret = await listened(client, OMISE)
    overrides = {"data.amount": "5091", "metadata[order]": 7, "metadata.shop.name": "ร้าน", "data[description]": "Tea"}
    made = await triggered(client, "charge.complete", overrides)
    charge = made["objects"][0]["charge"]
    event = json.loads(worlds.posts[-1].body)
    now = (await client.get(f"/omise/charges/{charge}", auth=("skey_test_sandbox", ""))).json()
    shown = {name: now[name] for name in ("amount", "description", "metadata", "status")}
    assert shown == {name: event["data"][name] for name in shown}
    assert shown == {
        "amount": 5091, "description": "Tea", "metadata": {"order": 7, "shop": {"name": "ร้าน"}}, "status": "successful",
    }  # fmt: skip
    last = worlds.posts[-1]
    Guard(OMISE_FORM, [secret]).check(last.headers, last.body, now_s=NOW_MS / 1000)


@pytest.mark.parametrize(
    ("event", "overrides", "shown"),
    [
        ("charge.complete", {"failure_code": "insufficient_balance"}, {"status": "failed"}),
        ("charge.complete", {"source.type": "truemoney"}, {"status": "successful"}),
        ("charge.complete", {"amount": 15_000_000}, {"amount": 15_000_000}),
        ("charge.capture", {"amount": 15_000_000}, {"captured_amount": 15_000_000}),
        ("charge.create", {"amount": 5094}, {"status": "pending"}),
        ("charge.update", {"description": "later"}, {"description": "later"}),
        ("refund.create", {"amount": 30, "metadata.why": "broken"}, {"amount": 30, "metadata": {"why": "broken"}}),
        ("refund.create", {"charge.amount": 7_000}, {"amount": 7_000}),
        ("refund.create", {"amount": 400_000}, {"amount": 400_000}),
        ("customer.update", {"email": "a@b.test"}, {"email": "a@b.test"}),
        ("card.update", {"expiration_year": 2050}, {"expiration_year": 2050}),
    ],
)
async def test_what_can_be_set_of_omises_events(event, overrides, shown, worlds, client):
    await listened(client, OMISE)
    await triggered(client, event, overrides)
    data = json.loads(worlds.posts[-1].body)["data"]
    assert {name: data[name] for name in shown} == shown


def inside(body, dotted):
    """A value of a payload by its dotted key."""
    for name in dotted.split("."):
        body = body[name]
    return body


SET = [
    (STRIPE, "payment_intent.succeeded", {"amount": 4321, "metadata[order]": 7}, "amount", 4321),
    (STRIPE, "payment_intent.succeeded", {"data.object.currency": "jpy"}, "currency", "jpy"),
    (STRIPE, "payment_intent.succeeded", {"shipping.name": "Sokha"}, "shipping.name", "Sokha"),
    (STRIPE, "payment_intent.created", {"currency": "khr"}, "amount", 200_000),
    (
        STRIPE,
        "payment_intent.payment_failed",
        {"payment_method": "pm_card_chargeDeclinedExpiredCard"},
        "last_payment_error.code",
        "expired_card",
    ),
    (
        STRIPE,
        "payment_intent.requires_action",
        {"return_url": "https://a.test/"},
        "next_action.redirect_to_url.return_url",
        "https://a.test/",
    ),
    (STRIPE, "payment_intent.canceled", {"cancellation_reason": "duplicate"}, "cancellation_reason", "duplicate"),
    (STRIPE, "charge.captured", {"amount": 900, "amount_captured": 500}, "amount_captured", 500),
    (STRIPE, "charge.refunded", {"amount": 900, "amount_refunded": 300}, "amount_refunded", 300),
    (STRIPE, "charge.updated", {"description": "later"}, "description", "later"),
    (STRIPE, "refund.created", {"amount": 5_000, "reason": "duplicate"}, "amount", 5_000),
    (STRIPE, "refund.created", {"charge.amount": 700}, "amount", 700),
    (STRIPE, "refund.updated", {"metadata.why": "broken"}, "metadata.why", "broken"),
    (STRIPE, "refund.failed", {}, "status", "failed"),
    (STRIPE, "charge.dispute.created", {"reason": "product_not_received", "charge.amount": 700}, "amount", 700),
    (STRIPE, "charge.dispute.created", {"reason": "inquiry"}, "status", "warning_needs_response"),
    (STRIPE, "charge.dispute.closed", {"status": "won"}, "status", "won"),
    (STRIPE, "charge.dispute.updated", {"evidence.product_description": "Tea"}, "evidence.product_description", "Tea"),
    (STRIPE, "checkout.session.completed", {"client_reference_id": "A-7"}, "client_reference_id", "A-7"),
    (STRIPE, "checkout.session.completed", {"amount_total": 700}, "payment_status", "paid"),
    (STRIPE, "checkout.session.async_payment_failed", {"customer_email": "a@b.test"}, "payment_status", "unpaid"),
    (STRIPE, "customer.updated", {"email": "a@b.test"}, "email", "a@b.test"),
    (STRIPE, "payment_method.attached", {"payment_method": "pm_card_th"}, "card.country", "TH"),
    (PAYSTACK, "charge.success", {"amount": 700_000, "metadata.order": "7"}, "metadata.order", "7"),
    (PAYSTACK, "charge.success", {"reference": "A-7", "currency": "GHS"}, "reference", "A-7"),
    (PAYSTACK, "charge.success", {"card": "5060666666666666666"}, "authorization.last4", "6666"),
    (PAYSTACK, "refund.processed", {"amount": 600_000}, "amount", 600_000),
    (PAYSTACK, "refund.failed", {"transaction.reference": "A-7"}, "transaction_reference", "A-7"),
]


@pytest.mark.parametrize(("scheme", "event", "overrides", "key", "shown"), SET, ids=map(str, range(len(SET))))
async def test_what_can_be_set_is_in_the_event(scheme, event, overrides, key, shown, worlds, client):
    await listened(client, scheme)
    await triggered(client, event, overrides, scheme=scheme.name)
    names = {"stripe": "type", "paystack": "event"}
    bodies = [json.loads(attempt.body) for attempt in worlds.posts]
    [body] = [body for body in bodies if body[names[scheme.name]] == event]
    assert inside(body, f"{scheme.event_data}.{key}") == shown


async def test_a_notification_of_bkash_says_what_was_given_also_of_the_same_amount_again(worlds, client):
    await listened(client, BKASH)
    assert (await client.put(f"{WORLD}/bkash/settings", json={"duplicate_rule": True})).status_code == 200
    overrides = {"amount": "599.50", "merchantInvoiceNumber": "INV-7", "payerReference": "buyer"}
    await triggered(client, "Notification", overrides, scheme="bkash")
    again = {"amount": "599.50", "intent": "authorization"}
    await triggered(client, "Notification", again, scheme="bkash", times=2)
    told = [json.loads(json.loads(attempt.body)["Message"]) for attempt in worlds.posts]
    assert [one["amount"] for one in told] == ["599.50"] * 3
    assert (told[0]["merchantInvoiceNumber"], told[0]["transactionReference"]) == ("INV-7", "buyer")
    assert len({one["debitMSISDN"] for one in told}) == 3, "of the same wallet bKash would refuse it"


@pytest.mark.parametrize(("event", "later"), [("refund.failed", 100), ("payment_intent.processing", 200)])
async def test_what_stripe_does_later_by_itself_comes_once(event, later, worlds, client):
    await listened(client, STRIPE)
    await triggered(client, event, scheme="stripe")
    await client.post(f"{WORLD}/clock/advance", json={"seconds": later})
    types = [json.loads(attempt.body)["type"] for attempt in worlds.posts]
    assert types.count(event) == 1
    assert types.count("payment_intent.succeeded") == 1
    assert all(worlds.default.ledger.sum(currency) == 0 for currency in worlds.default.ledger.currencies)


async def test_a_refund_of_paystack_goes_on_by_itself_from_where_it_was_triggered_to(worlds, client):
    await listened(client, PAYSTACK)
    await triggered(client, "refund.processing", scheme="paystack")
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 300})
    told = [json.loads(attempt.body)["event"] for attempt in worlds.posts]
    assert told == ["charge.success", "refund.pending", "refund.processing", "refund.processed"]


async def test_a_described_apis_fields_are_those_of_its_own_call(worlds, client):
    generic = next(scheme for scheme in ALL if scheme.name == "generic")
    await listened(client, generic)
    overrides = {"amount": "12.50", "currency": "USD", "order_no": "A-7", "callback_url": "http://shop.test/own"}
    await triggered(client, "payment.paid", overrides, scheme="generic")
    body = json.loads(worlds.posts[-1].body)
    assert (body["amount"], body["currency"], body["order_no"]) == ("12.50", "USD", "A-7")
    assert [attempt.url for attempt in worlds.posts] == ["http://shop.test/hooks", "http://shop.test/own"]


async def test_so_many_are_made(worlds, client):
    await listened(client, OMISE)
    made = await triggered(client, "charge.create", times=3)
    assert (len({ids["charge"] for ids in made["objects"]}), len(made["webhooks"])) == (3, 3)


async def test_where_nobody_listens_the_object_is_made_all_the_same(worlds, client):
    made = await triggered(client, "charge.complete")
    assert (len(made["objects"]), made["webhooks"], worlds.posts) == (1, [], [])


REFUSED = [
    ({"event": "charge.compete"}, "did you mean 'charge.complete'?"),
    ({"event": "x", "scheme": "promptpay"}, "promptpay has no events that can be triggered"),
    ({"event": "x", "scheme": "omize"}, "no scheme of this world is called 'omize'"),
    ({"event": "payment.paid"}, "name the scheme"),
    ({"event": "charge.complete", "overrides": {"amounts": 1}}, "did you mean 'amount'? (known: amount, description, "),
    ({"event": "card.destroy", "overrides": {"name": 1}}, "(known: none)"),
    ({"event": "charge.complete", "overrides": {"amount": 1}}, "omise refuses it (invalid_charge): amount must be"),
    ({"event": "charge.complete", "overrides": {"amount": "many"}}, "amount must be an integer"),
    ({"event": "charge.capture", "overrides": {"amount": [1]}}, "amount must be an integer"),
    ({"event": "charge.complete", "overrides": {"source.type": "cowries"}}, "'cowries' is not supported"),
    ({"event": "charge.complete", "overrides": {"failure_code": "bad_luck"}}, "expected one of confirmed_amount"),
    ({"event": "charge.create", "overrides": {"metadata.a": 1, "metadata.a.b": 2}}, "lies inside 'metadata.a'"),
    ({"event": "charge.create", "overrides": {"[x": 1}}, "expected one like amount or metadata[order]"),
    ({"event": "charge.create", "overrides": {".".join("abcdefghijkl"): 1}}, "expected one like amount"),
    ({"event": "refund.create", "overrides": {"amount": 5, "charge.amount": 4_000, "charge": 1}}, "has no 'charge'"),
    ({"event": "refund.create", "overrides": {"amount": 5_000, "charge.amount": 4_000}}, "and 4000 can be refunded"),
    ({"event": "payment.paid", "scheme": "generic", "overrides": {"amount": "-1"}}, "expected an amount such as"),
    ({"event": "payment.paid", "scheme": "generic", "overrides": {"amount": True}}, "expected an amount"),
    ({"event": "payment.paid", "scheme": "generic", "overrides": {"currency": "EUR"}}, "expected one of THB, USD"),
    ({"event": "payment.paid", "scheme": "generic", "overrides": {"order_no": "a b"}}, "generic refuses it (invalid)"),
    ({"event": "charge.successful", "overrides": {"currency": "EUR"}}, "expected an amount in minor units"),
    (
        {"event": "payment_intent.succeeded", "overrides": {"payment_method": "pm_card_chargeDeclined"}},
        "that is charged",
    ),
    (
        {"event": "payment_intent.payment_failed", "overrides": {"payment_method": "pm_card_visa"}},
        "one that is declined",
    ),
    ({"event": "charge.dispute.created", "overrides": {"reason": "boredom"}}, "expected one of bank_cannot_process"),
    ({"event": "payment_intent.created", "overrides": {"amount": 49}}, "stripe refuses it (amount_too_small): Amount"),
    ({"event": "customer.created", "overrides": {"address.planet": "Mars"}}, "unknown parameter: address[planet]"),
    ({"event": "charge.success", "overrides": {"card": "4084080000005408"}}, "expected a test card that is charged"),
    ({"event": "charge.success", "overrides": {"amount": 1}}, "paystack refuses it (invalid_amount): Invalid Amount"),
    ({"event": "Notification", "overrides": {"amount": "0"}}, "bkash refuses it (2006)"),
    ({"event": "Notification", "overrides": {"wallet": "01300000013"}}, "refuses '01300000013' on its page (2014)"),
    ({"event": "Notification", "overrides": {"wallet": "01300000017"}}, "executes nothing the first time"),
    ({"event": "charge.create", "times": 0}, "times"),
    ({"event": "charge.create", "base_url": "x"}, "base_url"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=range(len(REFUSED)))
async def test_what_cannot_be_is_refused_in_words(body, words, worlds, client):
    answer = await client.post(f"{WORLD}/webhooks/trigger", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    assert words in answer.json()["detail"]


ODD = (None, True, -1, 0, 2**70, 1.5, "", "x" * 5_000, "\x00", "٣", [], [1], {}, {"a": 1}, "1e400", "nan")


@pytest.mark.parametrize("scheme", [scheme for scheme in ALL if scheme.events], ids=by_name)
async def test_whatever_value_is_given_it_is_taken_or_refused_in_words(scheme, worlds, client):
    known = {}
    for event in scheme.events:
        for key in event.fields:
            known[key] = known.get(key, 0) + 1  # every value of a key once, and then another one for each event more
            for value in ODD if known[key] == 1 else [ODD[known[key] % len(ODD)]]:
                body = {"event": event.name, "scheme": scheme.name, "overrides": {key.replace("*", "x"): value}}
                answer = await client.post(f"{WORLD}/webhooks/trigger", json=body)
                assert answer.status_code in (200, 422), (body, answer.text[:200])
    failures = [row.what for row in worlds.default.journal.failures if not row.what.startswith("callback ")]
    assert failures == [], "a callback_url that is none is told there, as by any payment"


@pytest.mark.parametrize("key", ["a.b.c", "a[b][c]", "a[b].c", "a.b[c]"])
def test_brackets_and_dots_are_the_same(key):
    assert canonical(key) == "a.b.c"


@pytest.mark.parametrize("key", ["", ".a", "a.", "a..b", "a[b", "a]b", "a[]", "a b", "a[b]c", "x" * 301])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(BodyError, match="expected one like amount"):
        canonical(key)


async def test_a_listeners_secret_is_the_accounts_own_and_rolls_with_it(worlds, client):
    """The shop verifies with what it is configured with, whoever brings the webhook."""
    put = await client.put(f"{WORLD}/webhooks/listeners/cli", json={"url": "http://shop.test/", "schemes": ["omise"]})
    [before] = put.json()["endpoints"]
    account = (await client.get(f"{WORLD}/omise")).json()["webhook"]["secret"]
    rolled = (await client.post(f"{WORLD}/omise/webhook/roll")).json()["secret"]
    [after] = (await client.get(f"{WORLD}/webhooks/listeners")).json()[0]["endpoints"]
    assert (before["secret"], after["secret"]) == (account, rolled)
    assert base64.b64decode(rolled) != base64.b64decode(account)
    described = {scheme.name: scheme for scheme in ALL if isinstance(scheme, DescribedScheme)}
    world = worlds.default
    secret = described["generic"].webhook_secret(world, world.state(described["generic"]))
    assert secret == world.state(described["generic"]).credentials["callback_key"]
