"""The fast path of a POST answers what FastAPI answers, whatever is sent."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.api import routes
from bakong_service.api.fast_path import FastPath
from bakong_service.api.guard import Guard, Rules
from tests.service.house import open_house

PATH = "/api/payments/create"
GOOD = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
DRAWN = {"transactionId", "billNumber", "md5Hash", "qrCode", "qrImagePath", "deepLink", "traceId"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**20) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)
FIELDS = st.sampled_from([*GOOD, "callback", "appName", "appIconUrl", "user_id", "x"])
VALUES = JSON | st.sampled_from([*GOOD.values(), 500, 0.50, "0.5", 1e2, "KHR", "https://shop.test/paid", "A"])
BODIES = JSON | st.dictionaries(FIELDS, VALUES).map(lambda changed: GOOD | changed)


async def key_of(_key):
    return "a-key"


def client(guard):
    way = httpx.ASGITransport(guard, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=way, base_url="http://service", headers={"authorization": "Bearer a-key"})


@asynccontextmanager
async def both_ways(folder):
    """A client of the fast path and one of FastAPI's, before one core; and the core."""
    async with open_house(folder) as house:
        app = routes.build(house.core, docs=False)
        rules = Rules(
            find=key_of, admission=MemoryAdmission(int, 0), limit=0, new_id=lambda: "a-request", ticks_us=lambda: 0
        )
        guards = (Guard(FastPath(app, routes.BUSIEST), rules), Guard(app, rules))
        one, other = map(client, guards)
        async with one, other:
            yield one, other, house.core


def comparable(answer):
    """What an answer says, but for what is drawn anew each time."""
    body = answer.json()
    shown = body.get("data", body)
    kept = {name: value for name, value in shown.items() if name not in DRAWN}
    return answer.status_code, sorted(shown), kept, {**answer.headers, "content-length": ""}


async def agreed(ways, **request):
    answers = [await way.post(PATH, **request) for way in ways]
    assert comparable(answers[0]) == comparable(answers[1])
    return answers[0]


@pytest.fixture
async def ways(tmp_path):
    async with both_ways(tmp_path) as (one, other, core):
        yield one, other, core


async def test_a_payment_and_an_error_are_told_alike(ways):
    *clients, _ = ways
    assert (await agreed(clients, json=GOOD)).status_code == 200
    assert (await agreed(clients, json=GOOD | {"amount": 7})).status_code == 422
    assert (await agreed(clients, json=GOOD, headers={"idempotency-key": "k" * 300})).status_code == 422
    assert (await agreed(clients, content=b"")).status_code == 422


async def test_a_repeated_request_is_told_its_first_answer_by_either(ways):
    one, other, _ = ways
    keyed = {"idempotency-key": "an-order-0001"}
    first = await one.post(PATH, json=GOOD, headers=keyed)
    again = await other.post(PATH, json=GOOD, headers=keyed)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")


async def test_a_body_that_does_not_say_what_it_is_is_told_alike(ways):
    *clients, _ = ways
    await agreed(clients, content=b'{"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}')


async def test_a_fault_of_ours_is_told_alike(ways, monkeypatch):
    *clients, core = ways

    async def broken(_work):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(core.store, "write", broken)
    assert (await agreed(clients, json=GOOD)).status_code == 500


def test_whatever_is_sent_is_told_alike(tmp_path):
    opened = both_ways(tmp_path)
    with asyncio.Runner() as runner:
        *clients, _ = runner.run(opened.__aenter__())

        @given(BODIES)
        @example(GOOD | {"amount": 0.505})
        @example(GOOD | {"amount": 10**15})
        @settings(max_examples=150, deadline=None)
        def law(body):
            runner.run(agreed(clients, json=body))

        try:
            law()
        finally:
            runner.run(opened.__aexit__(None, None, None))
