"""A service to which anything may happen: its clock, its upstream, its rows, its Redis and its callers are a test's.

Whatever happens, no caller gets a 500, and a payment that is paid is granted: `ask` and `grants` raise AssertionError.
"""

import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from random import Random
from unittest import mock

import fakeredis
import httpx
from sqlalchemy import text

from bakong_service import app as service_app
from bakong_service.adapters import redis_admission
from bakong_service.adapters.sql.tables import metadata
from bakong_service.settings import Settings
from bakong_simulator.kernel.clock import MAX_MS, Mode, WorldClock
from tests.attacks import raw_requests
from tests.attacks.raw_requests import RawRequest
from tests.conftest import NOW_MS
from tests.service.house import BAKONG, KEY, SETTINGS, bakong

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
HEADERS = ((b"authorization", f"Bearer {KEY}".encode()),)
JSON = ((b"content-type", b"application/json"),)
LIFE_MS = 900_000
TRIES = 40


class SeededIds:
    """See bakong_service.ports.Ids."""

    def __init__(self):
        self._draw = Random(1)

    def new_id(self):
        digits = f"{self._draw.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def letters(self, alphabet, length):
        return "".join(self._draw.choices(alphabet, k=length))

    def fraction(self):
        return self._draw.random()


class Upstream:
    """A Bakong: it says that a payment is paid where it is, or whatever `says` makes of a request."""

    def __init__(self):
        self.paid = set()
        self.says = None

    def __call__(self, request):
        if self.says is not None:
            return self.says(request)
        return httpx.Response(200, json={"responseCode": 0, "errorCode": None, "data": self._data(request)})

    def _data(self, request):
        endpoint, body = request.url.path.rpartition("/")[2], json.loads(request.content)
        if endpoint == "check_transaction_by_md5_list":
            return [self._row(md5) for md5 in body]
        if endpoint == "check_transaction_by_md5":
            return self._transaction(body["md5"]) if body["md5"] in self.paid else None
        return {"token": "another-token", "shortLink": "https://bakong.test/x"}

    def _row(self, md5):
        if md5 in self.paid:
            return {"md5": md5, "status": "SUCCESS", "data": self._transaction(md5)}
        return {"md5": md5, "status": "NOT_FOUND", "data": None}

    def _transaction(self, md5):
        account = BAKONG["bakong_merchant_id"]
        return {"hash": md5 * 2, "toAccountId": account, "amount": 0.5, "currency": "USD"}


class Hostile:
    """See the module. md5s, ids: of the payments that were made; users: who made them; failures: of the worker."""

    def __init__(self, running, clock, upstream, redis):
        self.app, self.core, self.worker = running.app, running.core, running.worker
        self.clock, self.upstream, self.redis = clock, upstream, redis
        self.md5s, self.ids, self.users = [], [], []
        self.failures = []
        clock.on_failure = self.failures.append
        self.post_answers = 204

    async def ask(self, request, *, headers=HEADERS):
        """The answer, which is no 500."""
        path = self._filled(request.path)
        answer = await raw_requests.ask(
            self.app, request._replace(path=path), headers=headers, meanwhile=lambda: self.advance(60_000)
        )
        problem = raw_requests.problem_with(answer)
        assert problem is None, f"{request} {problem}"
        return answer

    async def advance(self, ms):
        """Move time on, up to its end."""
        await self.clock.advance(min(ms, MAX_MS - self.clock.now_ms()))

    async def jump(self, at_ms):
        self.clock.set_mode(Mode.FROZEN, at_ms=at_ms)
        await self.advance(1_000)

    async def order(self, **changes):
        """A payment that was made, or None where the service says that it cannot at present."""
        body = json.dumps(ORDER | {"userId": f"user-{len(self.users)}"} | changes).encode()
        answer = await self.ask(RawRequest("POST", "/api/payments/create", headers=JSON, body=body))
        if answer.status != 200:
            return None
        made = json.loads(answer.body)["data"]
        self.md5s.append(made["md5Hash"])
        self.ids.append(made["transactionId"])
        self.users.append(f"user-{len(self.users)}")
        return made

    async def grants(self):
        """A good payment is made, paid and granted, whatever was before."""
        self.upstream.says, self.post_answers = None, 204
        silent_ms = self.core.upstream("bakong").silent_until_ms
        if max(silent_ms, self.clock.now_ms()) > MAX_MS - 2 * LIFE_MS:
            self.core.upstreams.clear()  # a limit that docs/security.md states: it is left alone beyond the end of time
            await self.jump(NOW_MS)
        elif silent_ms > self.clock.now_ms():
            await self.jump(silent_ms)
        made = await self.order()
        assert made is not None, "a good payment could not be made"
        self.upstream.paid.add(made["md5Hash"])
        for _ in range(TRIES):
            await self.advance(LIFE_MS // TRIES - 1)
            # What reads alone: who asks for the payment's status has Bakong asked about it, worker or no worker.
            answer = await self.ask(RawRequest("GET", f"/api/subscriptions/status/{self.users[-1]}"))
            if json.loads(answer.body).get("data", {}).get("hasSubscription"):
                assert not self.failures, f"the worker failed: {self.failures}"
                return
        raise AssertionError(f"a good payment was not granted: the worker is stopped; {answer.body!r}")

    async def alter(self, table, column, value):
        """Let the newest row of a table hold a value, where the database takes it."""
        key = next(iter(metadata.tables[table].primary_key.columns)).name
        statement = f'UPDATE "{table}" SET "{column}" = :value WHERE "{key}" = (SELECT max("{key}") FROM "{table}")'  # noqa: S608  our own names
        try:
            await self.core.store.write(lambda records: records._run(text(statement), {"value": value}))
        except Exception:  # noqa: BLE001  the database takes no such value
            return False
        return True

    def _filled(self, path):
        """A path in which {md5}, {id} and {user} are those of the newest payment."""
        newest = {"{md5}": self.md5s, "{id}": self.ids, "{user}": self.users}
        for name, known in newest.items():
            path = path.replace(name, known[-1] if known else "x")
        return path


@asynccontextmanager
async def open_hostile(folder, *, database_url="", **changes):
    """A service whose Redis may go away, as long as the context lasts."""
    clock, upstream, redis = WorldClock(lambda: NOW_MS), Upstream(), fakeredis.FakeServer()
    clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    factory = bakong(bakong_email="shop@example.com", bakong_short_links=True)

    def make(given):
        transport = httpx.MockTransport(upstream)
        client = httpx.AsyncClient(transport=transport, base_url="http://bakong.test")
        opened.push_async_callback(client.aclose)
        return factory.make(replace(given, open_client=lambda *_, **__: client))

    url = database_url or f"sqlite:///{folder / 'hostile.db'}"
    values = {"database_url": url, "log_dir": folder / "logs", "redis_url": "redis://x", "rate_limit_per_minute": 10**6}
    settings = Settings.model_construct(**SETTINGS | values | changes)

    def connect(_url, _timeout_s):
        return fakeredis.FakeAsyncRedis(server=redis)

    async with AsyncExitStack() as opened:
        opened.enter_context(mock.patch.object(redis_admission, "connect", connect))
        running = await opened.enter_async_context(
            service_app.run(settings, [replace(factory, make=make)], timers=clock)
        )
        running.core.ids = SeededIds()
        subject = Hostile(running, clock, upstream, redis)

        async def post(_url, _body, _headers, /):
            if isinstance(subject.post_answers, Exception):
                raise subject.post_answers
            return subject.post_answers

        running.core.post = post
        yield subject
    clock.close()
