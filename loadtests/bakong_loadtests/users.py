"""Locust's users: customers who make the whole journey, and those who misbehave. Import in a process of Locust's own.

Locust replaces the standard library's sockets and threads when it is imported. A run's plan, keys and notes are in
WORKER, which the runner fills before the first user.
"""

import hashlib
import itertools
import random  # noqa: TID251  every user's own generator, seeded from the plan
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

import gevent
from locust import FastHttpUser, User, task
from locust.exception import StopUser

from bakong_loadtests.clock import monotonic_ns
from bakong_loadtests.keyring import Keyring
from bakong_loadtests.plan import LoadPlan
from bakong_loadtests.recording import ABSENT, FAILED, OK, THROTTLED, CallSeen, PaymentSeen, Recorder

PRICES = (("PREMIUM", 0.50, "USD"), ("PREMIUM", 0.50, "USD"), ("FAMILY_PREMIUM", 1.00, "USD"), ("PREMIUM", 2000, "KHR"))
BAD_BODIES: tuple[tuple[str, bytes, str, int], ...] = (
    ("cut", b'{"userId": "u", "planType": ', "application/json", 400),
    ("price", b'{"userId":"u","planType":"PREMIUM","amount":0.01,"currency":"USD"}', "application/json", 422),
    ("field", b'{"userId":"u","planType":"PREMIUM","amount":0.5,"currency":"USD","x":1}', "application/json", 422),
    ("plan", b'{"userId":"u","planType":"GOLD","amount":0.5,"currency":"USD"}', "application/json", 422),
    ("text", b"userId=u", "text/plain", 415),
    ("large", b'{"userId":"' + b"u" * 70_000 + b'"}', "application/json", 413),
)
# An address with ten wrong keys in five minutes is shut out: so they come from one that nobody else uses.
BAD_KEY_ADDRESS = "127.0.0.66"
BAD_KEY_TRIES = 14
TIMEOUT_S = 20.0
ENDING = ("stopping", "stopped", "cleanup")
# Where 404 says that the service does not have the call, not that a thing is unknown.
CALLS = ("create", "upgrade", "subscription", "bulk-check", "history")
ANSWER_MAX = 1_000_000


class StopJourney(Exception):  # noqa: N818  it is no error
    """The journey goes no further: refused for good, or the run has its payments."""


@dataclass(slots=True)
class WorkerState:
    """This process's part of a run."""

    plan: LoadPlan
    ring: Keyring
    trust: ssl.SSLContext
    recorder: Recorder = field(default_factory=Recorder)
    ordinals: Iterator[int] = field(default_factory=itertools.count)
    made: int = 0
    wrong_keys: int = 0


WORKER: list[WorkerState] = []


def begin(plan: LoadPlan, trust: ssl.SSLContext) -> None:
    """Take up a plan: the keys are dealt to the workers; where they are too few, each gets a part of one's limit."""
    mine = plan.keys[plan.worker :: plan.workers] or (plan.keys[plan.worker % len(plan.keys)],)
    sharers = max(1, -(-plan.workers // len(plan.keys)))
    WORKER[:] = [WorkerState(plan, Keyring(mine, plan.limit and max(1, plan.limit // sharers)), trust)]


class _Customer(FastHttpUser):
    """What all users share: their own random numbers, and a noted request."""

    abstract = True
    who: ClassVar[str] = ""
    network_timeout = TIMEOUT_S
    connection_timeout = TIMEOUT_S
    insecure = False

    def __init__(self, environment: Any) -> None:
        self.worker = WORKER[0]
        plan = self.worker.plan
        self.number = next(self.worker.ordinals)
        self.host = plan.urls[self.number % len(plan.urls)]
        self.random = random.Random(f"{plan.seed}/{plan.worker}/{self.number}")  # noqa: S311  a seeded load
        self.ssl_context_factory = lambda **_: self.worker.trust
        super().__init__(environment)

    def pause(self, ms: float) -> None:
        gevent.sleep(self.random.uniform(0.5, 1.5) * ms / 1000)

    def keyed(self, name: str, method: str, path: str, expected: tuple[int, ...], **request: Any) -> tuple[int, Any]:
        """The status and JSON of a request with a key that has room; a 429 is obeyed, and asked again."""
        while True:
            number = self._key()
            headers = {"Authorization": f"Bearer {self.worker.ring.key(number)}", **request.pop("headers", {})}
            try:
                status, body, wait_s = self.noted(
                    name, method, path, expected, f"key:{number}", headers=headers, **request
                )
            finally:
                self.worker.ring.answered(number, monotonic_ns())
            if status != 429:
                return status, body
            if self.environment.runner.state in ENDING:
                raise StopUser
            gevent.sleep(wait_s)

    def noted(
        self, name: str, method: str, path: str, expected: tuple[int, ...], scope: str, **request: Any
    ) -> tuple[int, Any, int]:
        """One request, noted: its status, its JSON, and Retry-After."""
        sent_ns = monotonic_ns()
        with self.client.request(method, path, name=name, catch_response=True, **request) as response:
            status = response.status_code or 0
            received_ns = monotonic_ns() if status else 0
            body = _json(response)
            outcome, why = _found(name, status, expected, body)
            if outcome == FAILED:
                response.failure(why)
            else:
                response.success()
            wait = (response.headers or {}).get("retry-after", "1") if status else "1"
        self.worker.recorder.calls.append(CallSeen(name, self.who, scope, sent_ns, received_ns, status, outcome, why))
        return status, body, int(wait) if str(wait).isdigit() else 1

    def _key(self) -> int:
        """A key with room. Raises StopUser where the run ends before there is one."""
        while True:
            number, free_ns = self.worker.ring.take(monotonic_ns())
            if number is not None:
                return number
            if self.environment.runner.state in ENDING:
                raise StopUser
            gevent.sleep(min(0.5, max(0.005, (free_ns - monotonic_ns()) / 1e9)))


class _Buyer(_Customer):
    """Who can order, pay and wait. Tasks are inherited in Locust, so those stand in the classes below."""

    abstract = True
    orders: list[PaymentSeen]

    def _order(self, name: str, path: str, order: dict[str, Any], user_id: str, plan: str) -> tuple[PaymentSeen, str]:
        """A payment and its code. The same Idempotency-Key on every try, so that no try makes a second one."""
        wanted = self.worker.plan.profile.payments
        if name == "create" and wanted and self.worker.made * self.worker.plan.workers >= wanted:
            gevent.sleep(1)
            raise StopJourney
        self.worker.made += name == "create"
        if self.worker.plan.callback:
            order["callback"] = self.worker.plan.callback
        headers = {"Idempotency-Key": f"{name}-{user_id}"}
        body = self._persist(name, "POST", path, json=order, headers=headers)
        payment = body.get("data") or {}
        if name == "upgrade":
            payment = payment.get("payment")
        if not payment:
            raise StopJourney
        seen = PaymentSeen(
            md5=payment.get("md5Hash") or hashlib.md5(payment["qrCode"].encode(), usedforsecurity=False).hexdigest(),
            transaction_id=payment["transactionId"],
            user_id=user_id,
            plan=plan,
            created_ns=monotonic_ns(),
            meant_to_pay=False,
        )
        self.orders.append(seen)
        return seen, payment["qrCode"]

    def _pay_and_wait(self, seen: PaymentSeen, qr: str) -> None:
        """Pay the code in the sandbox, then ask until the service says PAID. Raises StopJourney."""
        plan, pace = self.worker.plan, self.worker.plan.profile.journey
        self.pause(pace.think_ms)
        seen.meant_to_pay = True
        url = f"{plan.bakong_url}/sandbox/worlds/{plan.world}/payments"
        self._pay(url, qr, seen)
        until_ns = monotonic_ns() + pace.patience_s * 1_000_000_000
        while monotonic_ns() < until_ns:
            self.pause(pace.poll_ms)
            _, body = self.keyed("status", "GET", f"/api/payments/status/{seen.md5}", (200,))
            seen.status = (body.get("data") or {}).get("status", seen.status)
            if seen.status == "PAID":
                seen.known_ns = monotonic_ns()
                return
            if seen.status == "FAILED":
                raise StopJourney
        raise StopJourney

    def _pay(self, url: str, qr: str, seen: PaymentSeen) -> None:
        """The wallet's part, at the simulator: no load on the service, and noted apart."""
        sent_ns = monotonic_ns()
        with self.client.request("POST", url, name="pay", catch_response=True, json={"qr": qr}) as response:
            status = response.status_code or 0
            body = _json(response)
            response.success()
        received_ns = monotonic_ns()
        outcome = OK if status == 200 else FAILED
        why = "" if outcome == OK else f"{status} {str(body)[:200]}"
        self.worker.recorder.calls.append(CallSeen("pay", "wallet", "", sent_ns, received_ns, status, outcome, why))
        if outcome == FAILED:
            raise StopJourney
        seen.paid_ns = received_ns

    def _persist(self, name: str, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The JSON of a 2xx. A patient customer tries again through errors. Raises StopJourney."""
        pace = self.worker.plan.profile.journey
        until_ns = monotonic_ns() + pace.patience_s * 1_000_000_000
        while True:
            status, body = self.keyed(name, method, path, (200, 201), **request)
            if status in (200, 201):
                answer: dict[str, Any] = body
                return answer
            if not pace.patient or monotonic_ns() > until_ns or 400 <= status < 500:
                raise StopJourney
            self.pause(500)


class Customer(_Buyer):
    """Orders a plan, pays it in the sandbox, waits to be told, upgrades, and looks at what it has."""

    who = "journey"

    @task
    def journey(self) -> None:
        pace = self.worker.plan.profile.journey
        user_id = f"load-{self.worker.plan.run}-{self.worker.plan.worker}-{self.number}-{self.worker.made}"
        plan, amount, currency = self.random.choice(PRICES)
        self.orders = []
        try:
            order = {"userId": user_id, "planType": plan, "amount": amount, "currency": currency}
            made = self._order("create", "/api/payments/create", order, user_id, plan)
            if self.random.random() >= pace.unpaid_share:
                self._pay_and_wait(*made)
                self._upgrade(user_id, plan)
            self._look(user_id, made[0].md5)
        except StopJourney:
            pass
        finally:
            self.worker.recorder.payments += self.orders
        self.pause(pace.think_ms)

    def _upgrade(self, user_id: str, plan: str) -> None:
        self.keyed("subscription", "GET", f"/api/subscriptions/status/{user_id}", (200,))
        if plan == "PREMIUM" and self.random.random() < 0.5:
            order = {"userId": user_id}
            self._pay_and_wait(*self._order("upgrade", "/api/subscriptions/upgrade", order, user_id, "FAMILY_PREMIUM"))

    def _look(self, user_id: str, md5: str) -> None:
        self.keyed("bulk-check", "POST", "/api/payments/bulk-check", (200,), json={"md5Hashes": [md5]})
        self.keyed("history", "GET", f"/api/payments/history?userId={user_id}", (200,))


class Prober(_Buyer):
    """Pays once, then asks for that payment's status on and on: what the service can do, not what people do."""

    who = "probe"
    paid_md5: str = ""

    @task
    def probe(self) -> None:
        if self.paid_md5:
            self.keyed("probe", "GET", f"/api/payments/status/{self.paid_md5}", (200,))
            if pause_ms := self.worker.plan.profile.journey.probe_ms:
                gevent.sleep(pause_ms / 1000)
            return
        user_id = f"probe-{self.worker.plan.run}-{self.worker.plan.worker}-{self.number}"
        order = {"userId": user_id, "planType": "PREMIUM", "amount": 0.50, "currency": "USD"}
        self.orders = []
        try:
            made = self._order("create", "/api/payments/create", order, user_id, "PREMIUM")
            self._pay_and_wait(*made)
            self.paid_md5 = made[0].md5
        except StopJourney:
            self.pause(1000)
        finally:
            self.worker.recorder.payments += self.orders


class BadBodies(_Customer):
    """Sends bodies that must be refused, each with its own status, and never with a 5xx."""

    who = "bad_bodies"

    @task
    def offend(self) -> None:
        name, body, media, status = self.random.choice(BAD_BODIES)
        headers = {"Content-Type": media}
        self.keyed(f"bad body: {name}", "POST", "/api/payments/create", (status,), data=body, headers=headers)
        self.pause(2000)


class Hammer(_Customer):
    """Asks far too often with a key of its own. Its 429s are what it came for."""

    who = "hammer"

    @task
    def strike(self) -> None:
        headers = {"Authorization": f"Bearer {self.worker.plan.hammer_key}"}
        path = f"/api/payments/status/{'0' * 32}"
        self.noted("hammer", "GET", path, (404, 429), "key:hammer", headers=headers)
        gevent.sleep(0.05)


class BadKeys(User):
    """Tries wrong keys from an address of its own, until it is shut out; others must not notice."""

    who: ClassVar[str] = "bad_keys"

    @task
    def knock(self) -> None:
        turn = WORKER[0]
        parts = urlsplit(turn.plan.urls[0])
        source = (BAD_KEY_ADDRESS, 0) if parts.hostname in ("127.0.0.1", "localhost") else None
        if turn.wrong_keys < (BAD_KEY_TRIES if source else 3):
            turn.wrong_keys += 1
            self._try(turn, _connection(turn, parts, source))
        gevent.sleep(0.7)

    def _try(self, turn: WorkerState, connection: HTTPConnection) -> None:
        sent_ns = monotonic_ns()
        try:
            headers = {"Authorization": f"Bearer wrong-{turn.wrong_keys}"}
            connection.request("GET", f"/api/payments/status/{'0' * 32}", headers=headers)
            status = connection.getresponse().status
        except (OSError, HTTPException):
            status = 0
        finally:
            connection.close()
        received_ns = monotonic_ns() if status else 0
        outcome, why = _found("bad key", status, (401, 403, 429), {})
        call = CallSeen("bad key", self.who, f"address:{BAD_KEY_ADDRESS}", sent_ns, received_ns, status, outcome, why)
        turn.recorder.calls.append(call)


def _connection(turn: WorkerState, parts: SplitResult, source: tuple[str, int] | None) -> HTTPConnection:
    at = (parts.hostname or "", parts.port)
    if parts.scheme == "https":
        return HTTPSConnection(*at, timeout=TIMEOUT_S, source_address=source, context=turn.trust)
    return HTTPConnection(*at, timeout=TIMEOUT_S, source_address=source)


def _found(name: str, status: int, expected: tuple[int, ...], body: object) -> tuple[str, str]:
    if status in expected:
        return OK, ""
    if status == 429:
        return THROTTLED, ""
    why = f"{status or 'no answer'}, expected {' or '.join(map(str, expected))}: {str(body)[:200]}"
    return (ABSENT if status in (404, 405) and name in CALLS else FAILED), why


def _json(response: Any) -> Any:
    if not response.status_code or not response.content or len(response.content) > ANSWER_MAX:
        return {}
    try:
        return response.json()
    except ValueError:
        return {}
