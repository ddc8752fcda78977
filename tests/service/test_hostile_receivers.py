"""Receivers that mean ill cost the one that sends no more than one time-out, and nobody else anything."""

import asyncio
import socket
import threading

import httpx
import pytest

from bakong_contracts.service_api import PaymentStatus
from bakong_service.adapters import webhook_http
from bakong_service.adapters.webhook_http import HttpPost
from bakong_service.domain.receivers import PROVEN_SLOTS, SLOTS
from bakong_service.ports import Answered
from bakong_service.usecases import deliver, worker
from tests.attacks import receivers
from tests.conftest import PLAIN
from tests.service.passing import TIMEOUT_MS, Passing, open_shop
from tests.service.test_delivery import GOOD, notice, order, pay, put, status_of
from tests.service.test_faults import ORDER

TIMEOUT_S = 0.3  # real ones: so long does a try at a receiver take that never answers


@pytest.fixture
async def clock():
    return Passing()


@pytest.fixture
async def shop(tmp_path, storage, clock):
    async with open_shop(tmp_path, clock, database_url=storage.get("database_url", "")) as opened:
        yield opened


@pytest.fixture
async def post(request):
    """Sends with so much patience, by default the little that one needs for receivers that never answer."""
    opened = HttpPost(private_allowed=True, timeout_s=getattr(request, "param", TIMEOUT_S))
    yield opened
    await opened.close()


async def is_served(post, url):
    """That a receiver gets its webhook: on a busy machine a try may take longer than the little patience of a test."""
    while (result := await post(url, b"{}", {})) == "timeout":
        pass
    return result.status == 200


@pytest.mark.parametrize(
    ("behaviour", "post"),
    [(one, TIMEOUT_S if one in receivers.SLOW else 20) for one in receivers.HOSTILE],
    ids=lambda one: getattr(one, "__name__", ""),
    indirect=["post"],
)
async def test_whatever_a_receiver_does_a_try_ends_and_the_next_receiver_is_served(post, behaviour):
    async with receivers.listening(behaviour, receivers.is_good) as (hostile, good), asyncio.timeout(20):
        result = await post(hostile.url, b"{}", {})
        assert isinstance(result, str | Answered), result
        assert (result == "timeout") == (behaviour in receivers.SLOW)
        assert await is_served(post, good.url)
        assert hostile.calls <= 1  # none where the machine took all the patience to connect


async def test_a_receiver_that_never_takes_the_connection_costs_one_time_out(post):
    with receivers.full_backlog() as url:
        async with receivers.listening(receivers.is_good) as (good,), asyncio.timeout(20):
            assert await post(url, b"{}", {}) == "timeout"
            assert await is_served(post, good.url)


async def test_names_that_are_looked_up_for_ever_keep_no_thread_that_others_need(monkeypatch, post):
    """100 tries at such names: the loop's own threads, which a provider's name needs, stay free."""
    released, asked = threading.Event(), []
    look_up = socket.getaddrinfo

    def slow(host, *rest, **named):
        if str(host).endswith(".slow.example"):
            asked.append(host)
            released.wait(60)
            raise socket.gaierror("at last")
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        async with receivers.listening(receivers.is_good) as (good,), asyncio.timeout(30):
            tries = [post(f"http://h{number % 20}.slow.example/", b"{}", {}) for number in range(100)]
            assert set(await asyncio.gather(*tries)) == {"timeout"}
            assert len(asked) == len(set(asked)) == 20  # one lookup a name, however many ask
            assert await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
            assert await is_served(post, good.url.replace("127.0.0.1", "localhost"))
    finally:
        released.set()


def test_all_lookups_that_can_be_under_way_have_a_thread():
    assert webhook_http.MAX_CONNECTIONS == SLOTS + PROVEN_SLOTS


async def test_100_hosts_that_hang_at_once_keep_a_host_that_answered_before_waiting_for_nothing(shop):
    await put(shop, [notice(0, GOOD)])
    await shop.clock.seconds(1)
    dead = [f"dead-{number:03}.example" for number in range(100)]
    shop.backends.takes_ms = dict.fromkeys(dead, TIMEOUT_MS)
    await put(shop, [notice(1 + number, host, user=host, at_ms=shop.clock.ms) for number, host in enumerate(dead)])
    await shop.clock.seconds(1)
    await put(shop, [notice(200, GOOD, at_ms=shop.clock.ms), notice(201, "new.example", at_ms=shop.clock.ms)])
    await shop.clock.seconds(0.1)
    assert shop.backends.to(GOOD) == [0, 2_000]
    await shop.clock.seconds(60)
    assert shop.backends.to("new.example")[0] <= 2_000 + 3 * TIMEOUT_MS  # behind 100 of them, 32 at a time
    assert {host for _, host, _ in shop.backends.tries} >= set(dead)


async def test_a_bakong_that_leaves_one_question_open_delays_no_webhook_and_no_tick(shop):
    await put(shop, [])
    first = await order(shop, "first", GOOD)
    pay(shop, first)
    await shop.clock.seconds(3)
    assert await status_of(shop, first) is PaymentStatus.PAID
    shop.bakong.takes_ms = 10_000
    second = await order(shop, "second", GOOD)
    await shop.clock.seconds(2.5)  # a question is open now
    sent = len(shop.backends.to(GOOD))
    await put(shop, [notice(7, GOOD, user="other", at_ms=shop.clock.ms)])
    await shop.clock.seconds(0.1)
    assert len(shop.backends.to(GOOD)) == sent + 1
    shop.bakong.takes_ms = 0
    third = await order(shop, "third", GOOD)
    for made in (second, third):
        pay(shop, made)
    await shop.clock.seconds(15)
    assert [await status_of(shop, made) for made in (second, third)] == [PaymentStatus.PAID] * 2


async def test_30_receivers_that_hang_hold_an_advance_up_for_a_moment_and_its_answer_names_them(stack, monkeypatch):
    monkeypatch.setattr(deliver, "PROMPT_S", 0.2)
    monkeypatch.setattr(worker, "STOP_S", 0.1)
    headers = {"authorization": f"Bearer {stack.api_key}"}
    kinds = [*[receivers.hangs] * 30, receivers.is_good]
    async with (
        receivers.listening(*kinds) as called,
        httpx.AsyncClient(base_url=stack.service_url, headers=headers, **PLAIN) as service,
        httpx.AsyncClient(base_url=f"{stack.bakong_url}/sandbox/worlds/default", **PLAIN) as control,
    ):

        async def sold(user, receiver):
            body = ORDER | {"userId": user, "callback": receiver.url}
            made = (await service.post("/api/payments/create", json=body)).json()["data"]
            assert (await control.post("/payments", json={"qr": made["qrCode"]})).status_code == 200
            return made

        for number, receiver in enumerate(called[:-1]):
            await sold(f"user-{number}", receiver)
        async with asyncio.timeout(12):  # less than one receiver's time-out
            moved = (await control.post("/clock/advance", json={"seconds": 10})).json()
            assert {row["url"] for row in moved["hanging"]} == {receiver.url for receiver in called[:-1]}
            assert all(row["webhook"].startswith("msg_") for row in moved["hanging"])
            later = [await sold(f"later-{number}", called[-1]) for number in range(11)]
            moved = (await control.post("/clock/advance", json={"seconds": 10})).json()
        assert called[-1].calls == 2 * 11
        assert len(moved["hanging"]) == 30
        for made in later:
            answer = (await service.get(f"/api/payments/status/{made['md5Hash']}")).json()
            assert answer["data"]["status"] == "PAID"
