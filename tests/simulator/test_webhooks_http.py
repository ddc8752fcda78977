"""Webhooks by control API, and to real receivers: what a user sees, sets and sends again."""

import asyncio
import ssl
import subprocess
import sys

import httpx
import pytest
import trustme

from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Attempt
from bakong_simulator.wire.webhook_sender import MAX_ANSWER, WebhookSender
from tests.conftest import NOW_MS
from tests.simulator.shop import RETRIES_S, SECRET, TINY, URL, event_of, is_signed, open_shop, publish

SPAN_S = sum(RETRIES_S)


async def rows(hand, path="", **query):
    answer = await hand.get(f"/webhooks{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# The control API


async def test_webhooks_are_listed_by_what_they_are_about(hand, world):
    open_shop(world, 500, 200)
    publish(world, 1, payment="ref-1")
    publish(world, 2, payment="ref-2")
    world.outbox.publish("tiny", event_of(3, "refund.create"), payment="ref-2")
    await world.clock.settled()
    numbers = [
        [row["number"] for row in await rows(hand, **query)]
        for query in ({}, {"payment": "ref-2"}, {"state": "pending"}, {"type": "refund.create"}, {"scheme": "x"})
    ]
    assert numbers == [[1, 2, 3], [2, 3], [1], [3], []]
    shown = await rows(hand, "/1")
    attempts = shown.pop("attempts")
    headers = [attempt.pop("headers") for attempt in attempts]
    assert [row["x-signature"][:13] for row in headers] == [f"t={NOW_MS // 1000},"[:13]], "what left, signature and all"
    assert shown == {
        "number": 1, "scheme": "tiny", "id": "evt_1", "type": "charge.complete", "state": "pending", "reason": None,
        "payment": "ref-1", "endpoint": "endpoint-1", "url": URL, "created_ms": NOW_MS, "due_ms": NOW_MS + 60_000,
        "faults": [], "copy_of": None, "body": '{"id": "evt_1", "type": "charge.complete"}',
    }  # fmt: skip
    assert attempts == [
        {"at_ms": NOW_MS, "status": 500, "error": None, "took_ms": 0, "answer": "thanks", "faults": [], "resent": False}
    ]


async def test_the_journal_shows_each_attempt_with_what_was_sent_and_answered(hand, world):
    open_shop(world, "ConnectError")
    publish(world, payment="ref-1")
    await hand.post("/clock/advance", json={"seconds": 60})
    first, second = (await hand.get("/journal")).json()["webhooks"]
    assert (first["status"], first["error"], first["attempt"]) == (None, "ConnectError", 1)
    assert (second["status"], second["answer"], second["at_ms"]) == (200, "thanks", NOW_MS + 60_000)
    assert (second["url"], second["id"], second["payment"]) == (URL, "evt_1", "ref-1")
    assert second["body"] == '{"id": "evt_1", "type": "charge.complete"}'
    assert second["headers"]["x-signature"].startswith(f"t={NOW_MS // 1000 + 60},v1=")


async def test_an_advance_says_which_receivers_hang(hand, world):
    shop = open_shop(world, "hang")
    publish(world)
    answer = (await hand.post("/clock/advance", json={"seconds": 60})).json()
    assert answer["hanging"] == [{"webhook": 1, "url": URL, "since_ms": NOW_MS}]
    assert shop.hanging


@pytest.mark.parametrize("answers", [[500, 200], [200, 200], [500, 500]])
async def test_a_webhook_is_sent_again_on_request(hand, world, answers):
    shop = open_shop(world, *answers)
    publish(world)
    await world.clock.settled()
    again = (await hand.post("/webhooks/1/resend")).json()
    assert [row["resent"] for row in again["attempts"]] == [False, True]
    assert again["state"] == ("delivered" if 200 in answers else "pending")
    await hand.post("/clock/advance", json={"seconds": SPAN_S})
    assert shop.times_s == ([0, 0] if 200 in answers else [0, 0, 60])


async def test_a_webhook_that_was_given_up_can_still_be_sent(hand, world):
    shop = open_shop(world, *[500] * 4)
    publish(world)
    await hand.post("/clock/advance", json={"seconds": SPAN_S})
    assert (await rows(hand, "/1"))["state"] == "given_up"
    assert (await hand.post("/webhooks/1/resend")).json()["state"] == "delivered"
    assert len(shop.seen) == 5


async def test_a_test_event_is_the_schemes_own_or_ones_own(hand, world):
    shop = open_shop(world)
    [own] = (await hand.post("/webhooks/test", json={"scheme": "tiny", "type": "refund.create"})).json()
    assert (own["state"], own["id"], own["type"]) == ("delivered", "evt_0", "refund.create")
    body = {"scheme": "tiny", "type": "x.y", "body": '{"id":"mine"}'}
    [mine] = (await hand.post("/webhooks/test", json=body)).json()
    assert (mine["state"], mine["type"], shop.ids[-1]) == ("delivered", "x.y", "mine")
    assert all(is_signed(attempt) for _, attempt in shop.seen)


async def test_faults_are_set_for_the_next_webhooks(hand, world):
    shop = open_shop(world)
    new = {"fault": "late", "by_s": 30, "event": "charge.*", "scheme": "tiny"}
    [waiting] = (await hand.post("/webhooks/faults", json=new)).json()
    assert (waiting["times"], waiting["parameters"]) == (1, {"by": 30_000})
    publish(world, 1)
    publish(world, 2)
    await hand.post("/clock/advance", json={"seconds": 60})
    assert (shop.ids, shop.times_s) == (["evt_2", "evt_1"], [0, 30])
    assert await rows(hand, "/faults") == []
    await hand.post("/webhooks/faults", json={"fault": "lost", "times": 5})
    assert (await hand.delete("/webhooks/faults")).status_code == 204
    publish(world, 3)
    await world.clock.settled()
    assert shop.ids[-1] == "evt_3"


async def test_endpoints_are_registered_rolled_and_deleted(hand, world):
    open_shop(world)
    new = {"scheme": "tiny", "url": "http://other.test/", "events": ["refund.*"]}
    made = (await hand.post("/webhooks/endpoints", json=new)).json()
    assert (made["id"], made["events"], made["secret"][:6]) == ("endpoint-2", ["refund.*"], "whsec_")
    rolled = (await hand.post("/webhooks/endpoints/endpoint-2/roll", json={"keep_old_s": 60})).json()
    assert (rolled["old_secret"], rolled["old_until_ms"]) == (made["secret"], NOW_MS + 60_000)
    assert rolled["secret"] != made["secret"]
    assert (await hand.delete("/webhooks/endpoints/endpoint-2")).status_code == 204
    assert [row["secret"] for row in await rows(hand, "/endpoints")] == [SECRET]
    await hand.post("/reset")
    assert len(await rows(hand, "/endpoints")) == 1, "a reset leaves them, as it leaves tokens"


async def test_a_snapshot_carries_them_over_http(hand, world):
    shop = open_shop(world, 500)
    publish(world)
    await hand.post("/webhooks/faults", json={"fault": "out_of_order"})
    kept = (await hand.get("/snapshot")).json()
    await hand.post("/reset")
    assert (await hand.put("/snapshot", json=kept)).status_code == 200
    assert (await hand.get("/snapshot")).json() == kept
    await hand.post("/clock/advance", json={"seconds": 60})
    assert (await rows(hand, "/1"))["state"] == "delivered"
    assert len(shop.seen) == 2


REFUSED = [
    ("GET", "/9", None, 404, "no webhook has the number 9"),
    ("POST", "/9/resend", None, 404, "no webhook has the number 9"),
    ("GET", "/0", None, 422, "expected 1 or more"),
    ("GET", "?state=lost", None, 422, "state"),
    ("POST", "/test", {"scheme": "tyni"}, 422, "tiny)"),
    ("POST", "/test", {"scheme": "tiny", "body": "{}"}, 422, "type: a body of your own needs"),
    ("POST", "/faults", {"fault": "lots"}, 422, "'lost'"),
    ("POST", "/faults", {"fault": "twice", "by_s": 1}, 422, "the fault 'twice' has no by"),
    ("POST", "/faults", {"fault": "lost", "scheme": "tyni"}, 422, "tiny)"),
    ("POST", "/endpoints", {"scheme": "tiny", "url": "ftp://x/"}, 422, "expected one like http://"),
    ("POST", "/endpoints", {"scheme": "tyni", "url": URL}, 422, "tiny)"),
    ("DELETE", "/endpoints/none", None, 404, "no endpoint has the id 'none'"),
    ("POST", "/endpoints/none/roll", {}, 404, "no endpoint has the id 'none'"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), REFUSED, ids=range(len(REFUSED)))
async def test_what_cannot_be_is_refused_in_words(hand, world, method, path, body, status, words):
    open_shop(world)
    answer = await hand.request(method, f"/webhooks{path}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.text


async def test_a_test_that_no_endpoint_takes_is_refused(hand, world):
    world.outbox.register(TINY)
    answer = await hand.post("/webhooks/test", json={"scheme": "tiny"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


# Real receivers


class Receiver:
    """An ASGI app on a port: keeps what it was sent, and answers by path."""

    def __init__(self):
        self.seen = []
        self.released = asyncio.Event()

    async def __call__(self, scope, receive, send):
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        self.seen.append((scope["path"], dict(scope["headers"]), body))
        status, headers, answer = 200, [], b"ok"
        if scope["path"] == "/hang":
            await self.released.wait()
        if scope["path"] == "/moved":
            status, headers = 302, [(b"location", b"/here")]
        if scope["path"] == "/long":
            answer = b"x" * (4 * MAX_ANSWER)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
async def receiver():
    app = Receiver()
    with listen(0) as port:
        async with serve(app, port):
            app.url = url_of(port)
            yield app
            app.released.set()


async def test_a_webhook_reaches_a_receiver_on_a_port(stack, receiver):
    world = stack.worlds.default
    world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    world.outbox.register(TINY)
    async with httpx.AsyncClient(base_url=f"{stack.bakong_url}/sandbox/worlds/default", trust_env=False) as hand:
        new = {"scheme": "tiny", "url": f"{receiver.url}/hooks", "secret": SECRET}
        assert (await hand.post("/webhooks/endpoints", json=new)).status_code == 200
        publish(world)
        await hand.post("/clock/advance", json={"seconds": 0})
        shown = await rows(hand, "/1")
    assert (shown["state"], shown["attempts"][0]["answer"]) == ("delivered", "ok")
    [(path, headers, body)] = receiver.seen
    assert (path, body) == ("/hooks", event_of(1).body)
    assert headers[b"content-type"] == b"application/json"
    sent = Attempt(receiver.url, {"x-signature": headers[b"x-signature"].decode()}, body, 1)
    assert is_signed(sent)


async def sent(sender, url, timeout_s=60.0):
    outcomes = []
    await sender(
        Attempt(url, {"Content-Type": "text/plain", "User-Agent": "tiny/1"}, b"{}", timeout_s), outcomes.append
    )
    return outcomes


async def test_redirects_are_not_followed_and_answers_are_bounded(receiver):
    sender = WebhookSender()
    [moved] = await sent(sender, f"{receiver.url}/moved")
    [long] = await sent(sender, f"{receiver.url}/long")
    assert (moved.status, long.status, len(long.answer)) == (302, 200, MAX_ANSWER)
    assert [path for path, _, _ in receiver.seen] == ["/moved", "/long"]
    assert receiver.seen[0][1][b"user-agent"] == b"tiny/1"


async def test_a_receiver_that_hangs_runs_into_the_time_out(receiver):
    [outcome] = await sent(WebhookSender(), f"{receiver.url}/hang", 0.1)
    assert (outcome.status, outcome.error) == (None, "timeout")


async def test_who_hangs_keeps_no_other_waiting(receiver):
    sender = WebhookSender()
    hanging = asyncio.ensure_future(sent(sender, f"{receiver.url}/hang"))
    [quick] = await sent(sender, f"{receiver.url}/quick")
    assert (quick.status, hanging.done()) == (200, False)
    receiver.released.set()
    assert [outcome.status for outcome in await hanging] == [200]


async def test_who_waits_for_a_receiver_that_hung_before_waits_shorter(receiver):
    sender = WebhookSender()
    await sent(sender, f"{receiver.url}/hang", 0.1)
    outcomes = []
    begun = Attempt(f"{receiver.url}/hang", {}, b"", 60.0)
    async with asyncio.timeout(30):
        await sender(begun, outcomes.append)
    assert outcomes == []
    receiver.released.set()
    async with asyncio.timeout(30):
        while not outcomes:
            await asyncio.wait(sender._tasks)
    assert outcomes[0].status == 200


async def test_what_cannot_be_reached_is_an_error_in_words():
    with listen(0) as port:
        closed = url_of(port)
    sender = WebhookSender()
    [refused] = await sent(sender, closed)
    [odd] = await sent(sender, "http://127.0.0.1:99999/")
    assert (refused.status, refused.error.partition(":")[0]) == (None, "ConnectError")
    assert odd.status is None
    assert odd.error


async def test_a_certificate_that_nobody_vouches_for_is_refused():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with listen(0) as port:
        async with serve(Receiver(), port, context):
            [outcome] = await sent(WebhookSender(), url_of(port, "https"))
    assert outcome.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.error


def test_a_simulator_that_has_sent_nothing_has_not_loaded_httpx():
    program = "import sys, bakong_simulator.app, bakong_sandbox.stack.sandbox; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "False\n"
