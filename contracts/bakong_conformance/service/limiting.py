"""Rules of "100 requests a minute": exact under a frozen clock, and proven by intervals under a real one."""

import re
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.racing import at_once
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.config import Limit
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import WINDOW_S, Service

SUITE = Suite("service")
rule = SUITE.rule

WINDOW_MS = 60_000
NOBODY: Mapping[str, Any] = {"md5": "0" * 32, "id": "none", "user": "nobody"}
CONNECTIONS = 32
FORGED = ("x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip", "cf-connecting-ip", "true-client-ip")


class Burst(NamedTuple):
    """So many requests at once, so long after the burst before."""

    after_ms: int
    requests: int


def admitted_by_rule(bursts: Sequence[Burst], most: int) -> list[int]:
    """How many of each burst the rule admits: no half-open 60 s hold more than `most` admitted requests.

    >>> admitted_by_rule([Burst(0, 150), Burst(59_999, 10), Burst(1, 10)], 100)
    [100, 0, 10]
    """
    log: deque[int] = deque()
    now, counts = 0, []
    for burst in bursts:
        now += burst.after_ms
        while log and log[0] <= now - WINDOW_MS:
            log.popleft()
        admitted = min(burst.requests, most - len(log))
        log.extend([now] * admitted)
        counts.append(admitted)
    return counts


def _limit(service: Service) -> Limit:
    if service.config.limit is None:
        raise NotCheckedError("the configuration maps no limit")
    return service.config.limit


def _frozen(service: Service) -> None:
    if service.config.time == "real":
        raise NotCheckedError("it needs a clock that stands still; the interval check is done instead")


def limit_of(service: Service) -> Limit:
    """The limit, on a clock that stands still. Raises NotCheckedError."""
    _frozen(service)
    return _limit(service)


def _ask(service: Service, limit: Limit, whom: Mapping[str, Any] = NOBODY) -> Answer:
    return service.do(None, limit.operation, patient=False, **whom)


def _race(service: Service, limit: Limit, requests: int) -> list[Answer]:
    """So many requests, each wave of which is there at one moment."""
    waves = [min(CONNECTIONS, requests - sent) for sent in range(0, requests, CONNECTIONS)]
    return [answer for size in waves for answer in at_once([partial(_ask, service, limit)] * size)]


def fire(service: Service, limit: Limit, requests: int, whom: Mapping[str, Any] = NOBODY) -> list[Answer]:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(lambda _: _ask(service, limit, whom), range(requests)))


def whom_to_ask(service: Service, case: Case, limit: Limit) -> Mapping[str, Any]:
    """Nobody's payment; where its refusal tells nothing of the limit, a payment that there is. The minute is over."""
    whom = NOBODY
    if _remaining(_ask(service, limit)) is None:
        payment = service.create(case)
        whom = {"md5": payment.md5, "id": payment.id, "user": payment.user}
    service.rest(case)
    return whom


def _admitted(answers: Sequence[Answer]) -> int:
    return sum(answer.status != 429 for answer in answers)


def _bursts(most: int) -> st.SearchStrategy[list[Burst]]:
    """Attacks that tell limiters apart: bursts over a window's edge, half windows, exact edges, saw-teeth."""
    gaps = st.sampled_from((1, 1_000, 10_000, 20_000, 29_999, 30_000, 30_001, 45_000, 59_999, 60_000, 60_001))
    sizes = st.sampled_from((1, most // 2, most - 1, most, most + 1))
    first = st.builds(Burst, st.sampled_from((0, 15_000, 30_000, 50_000, 59_000)), sizes)
    return st.builds(
        lambda head, rest: [head, *rest], first, st.lists(st.builds(Burst, gaps, sizes), min_size=1, max_size=3)
    )


@rule("limit.burst", "Of many at once exactly the limit is admitted", forbids="a limiter that races: check, then act")
def _burst(service: Service, case: Case) -> None:
    """A frozen clock, three times the limit over 32 connections; then 59.999 s later none, at 60 s the limit."""
    _frozen(service)
    limit = _limit(service)
    for wait_s, requests, expected in (
        (0.0, 3 * limit.per_minute, limit.per_minute),
        (59.999, 5, 0),
        (0.001, limit.per_minute + 5, limit.per_minute),
    ):
        service.wait(case, wait_s)
        admitted = _admitted(_race(service, limit, requests))
        case.note(f"{requests} requests at once, {wait_s:g} s later", f"{admitted} admitted")
        require(
            admitted == expected,
            f"{admitted} of {requests} were admitted {wait_s:g} s after the last burst, expected {expected}",
        )


@rule(
    "limit.window",
    "No minute holds more than the limit, however bursts fall",
    forbids="fixed windows, token buckets and counters that let more, or less, through",
    examples=5,
)
def _window(service: Service, case: Case) -> None:
    """Bursts drawn around the window's edges, against the exact sliding log."""
    _frozen(service)
    limit = _limit(service)
    bursts = case.draw(_bursts(limit.per_minute), "bursts")
    admitted = []
    for burst in bursts:
        service.wait(case, burst.after_ms / 1000)
        admitted.append(_admitted(fire(service, limit, burst.requests)))
        case.note(f"{burst.requests} requests at once, {burst.after_ms} ms later", f"{admitted[-1]} admitted")
    expected = admitted_by_rule(bursts, limit.per_minute)
    require(admitted == expected, f"admitted were {admitted}, the rule admits {expected}")


@rule(
    "limit.edges",
    "A burst at the end of a minute counts in the next",
    forbids="a fixed window: twice the limit around its edge",
)
def _edges(service: Service, case: Case) -> None:
    """The limit ten milliseconds before an edge, and again ten after it, for edges of the clock's minute."""
    _frozen(service)
    limit = _limit(service)
    now = service.world.now_ms()
    service.wait(case, (WINDOW_MS - now % WINDOW_MS + WINDOW_MS - 10) / 1000)
    first = _admitted(fire(service, limit, limit.per_minute))
    service.wait(case, 0.02)
    second = _admitted(fire(service, limit, limit.per_minute))
    case.note(
        f"{limit.per_minute} requests before, {limit.per_minute} after the edge of a minute", f"{first} and {second}"
    )
    require(first == limit.per_minute, f"{first} of {limit.per_minute} were admitted in a fresh minute")
    require(second == 0, f"{first + second} requests were admitted within 20 ms around the edge of a minute")


@rule(
    "limit.refill",
    "The limit comes back as a whole, not drop by drop",
    forbids="a token bucket or a counter that refills within the minute",
)
def _refill(service: Service, case: Case) -> None:
    """The limit at once; half a minute later none may pass."""
    _frozen(service)
    limit = _limit(service)
    fire(service, limit, limit.per_minute)
    service.wait(case, 30)
    admitted = _admitted(fire(service, limit, 60))
    require(admitted == 0, f"30 s after {limit.per_minute} requests {admitted} more were admitted")


@rule(
    "limit.refused-free",
    "Refused requests do not count",
    forbids="a limiter that punishes a caller for what it refused",
)
def _refused(service: Service, case: Case) -> None:
    """The limit, then refused requests in the middle of the minute; at 60 s the limit is there again."""
    _frozen(service)
    limit = _limit(service)
    fire(service, limit, limit.per_minute)
    service.wait(case, 50)
    fire(service, limit, 20)
    service.wait(case, 10)
    admitted = _admitted(fire(service, limit, limit.per_minute))
    require(
        admitted == limit.per_minute, f"60 s after the limit was spent {admitted} of {limit.per_minute} were admitted"
    )


@rule(
    "limit.retry-after", "Retry-After is true", forbids="429 without Retry-After, or one that is too short or too long"
)
def _retry_after(service: Service, case: Case) -> None:
    """The limit 20.5 s before; Retry-After is ceil(39.5) = 40, a second less is refused, it itself is admitted."""
    _frozen(service)
    limit = _limit(service)
    fire(service, limit, limit.per_minute)
    service.wait(case, 20.5)
    answer = _ask(service, limit)
    case.note(
        "one more, 20.5 s after the limit was spent",
        f"{answer.status} Retry-After: {answer.headers.get('retry-after')}",
    )
    if answer.status != 429:
        raise NotCheckedError("the limit does not hold at all, which another rule names")
    retry_after = answer.headers.get("retry-after", "")
    require(retry_after.isdigit(), f"Retry-After is {retry_after!r}, expected whole seconds")
    require(
        int(retry_after) == 40,
        f"Retry-After is {retry_after}, expected 40: the first request leaves the minute in 39.5 s",
    )
    service.wait(case, int(retry_after) - 1)
    require(
        _ask(service, limit).status == 429,
        f"a retry after {int(retry_after) - 1} s was admitted, Retry-After was {retry_after}",
    )
    service.wait(case, 1)
    require(_ask(service, limit).status != 429, f"a retry after {retry_after} s was refused")


@rule(
    "limit.shared",
    "All calls of a key count together",
    forbids="a limit for each path, which a caller with many paths never meets",
)
def _shared(service: Service, case: Case) -> None:
    """All but one of the limit by its own call, then two more by another: the last is refused."""
    _frozen(service)
    limit = _limit(service)
    others = [name for name in ("subscription", "history", "status") if name in service.config.operations]
    other = next((name for name in others if name != limit.operation), None)
    if other is None:
        raise NotCheckedError("the configuration maps one cheap call only")
    fire(service, limit, limit.per_minute - 1)
    statuses = [service.do(case, other, md5="0" * 32, id="none", user="nobody").status for _ in range(2)]
    require(statuses[0] != 429, f"{other} was refused as number {limit.per_minute} of the minute")
    require(statuses[1] == 429, f"{other} was answered {statuses[1]} as number {limit.per_minute + 1} of the minute")


class _Sent(NamedTuple):
    began: float
    ended: float
    admitted: bool


@rule(
    "limit.interval",
    "By the real clock, no minute holds more than the limit",
    forbids="more than the limit within a minute, or fewer",
)
def _interval(service: Service, case: Case) -> None:
    """Three times the limit at once, and proof without tolerance.

    What began and ended within a minute proves too many; a 429 while fewer can have been admitted proves too few.
    """
    if service.config.time != "real":
        raise NotCheckedError("the clock stands still here, where the exact checks are stronger")
    limit = _limit(service)
    threading.Event().wait(WINDOW_S)
    sent: list[_Sent] = []

    def send(_number: int) -> None:
        began = monotonic()
        answer = _ask(service, limit)
        sent.append(_Sent(began, monotonic(), answer.status != 429))

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(send, range(3 * limit.per_minute)))
    admitted = [one for one in sent if one.admitted]
    span = max(one.ended for one in sent) - min(one.began for one in sent)
    case.note(f"{len(sent)} requests within {span:.2f} s", f"{len(admitted)} admitted")
    require(
        span >= WINDOW_MS / 1000 or len(admitted) <= limit.per_minute,
        f"{len(admitted)} requests were admitted within {span:.2f} s",
    )
    for one in (one for one in sent if not one.admitted):
        possible = sum(other.began <= one.ended for other in admitted)
        require(possible >= limit.per_minute, f"a request was refused when at most {possible} can have been admitted")


@rule(
    "limit.orders",
    "An order counts like any call",
    forbids="a limit on reading alone, which orders without end pass by",
)
def _orders(service: Service, case: Case) -> None:
    """The limit is spent by its own call; an order is refused, and a minute later, under the same key, it is taken."""
    _frozen(service)
    limit = _limit(service)
    fire(service, limit, limit.per_minute)
    order = service.order(service.new_user())
    key = f"key-{order['user']}"
    answer = service.do(case, "create", key=key, patient=False, **order)
    require(
        answer.status == 429, f"an order as number {limit.per_minute + 1} of the minute was answered {answer.summary}"
    )
    service.wait(case, 60)
    answer = service.do(case, "create", key=key, patient=False, **order)
    require(
        service.done("create", answer) and service.read("create", answer, "md5"),
        f"a minute later the order was answered {answer.summary}",
    )


@rule(
    "limit.forged",
    "A key has one limit, however it is sent",
    forbids="a limiter that counts by a header which any caller may write",
)
def _forged(service: Service, case: Case) -> None:
    """The limit is spent; then the same key comes with other addresses, agents and spellings of its header."""
    _frozen(service)
    limit = _limit(service)
    fire(service, limit, limit.per_minute)
    if _ask(service, limit).status != 429:
        raise NotCheckedError("the limit does not hold at all, which another rule names")
    right = fill(service.config.headers, service.values)
    lower = {name: f"{text.split()[0].lower()} {text.split()[-1]}" for name, text in right.items() if " " in text}
    forged = [{name: "203.0.113.7"} for name in FORGED] + [{"user-agent": "another"}, lower]
    for headers in forged:
        answer = service.do(
            None, limit.operation, headers={**right, **headers}, patient=False, md5="0" * 32, id="none", user="nobody"
        )
        case.note(f"one more, with {headers}", f"{answer.status}")
        refused = (429, 403, 400, *service.config.refusals.unauthorized)
        require(answer.status in refused, f"past the limit a request with {headers} was answered {answer.summary}")


def _remaining(answer: Answer) -> int | None:
    """What an answer says is left of the limit: RateLimit with r=, or the older forms. None where it says nothing."""
    for name in ("ratelimit", "ratelimit-remaining", "x-ratelimit-remaining"):
        header = answer.headers.get(name, "")
        if number := re.search(r"\br(?:emaining)?=(\d+)", header) or re.fullmatch(r"\s*(\d+)\s*", header):
            return int(number[1])
    return None


@rule(
    "limit.told",
    "What is left of the limit is told truly",
    forbids="a number that stands still, or that leaves some where nothing is left",
)
def _told(service: Service, case: Case) -> None:
    """Three calls, each of which leaves one less; then the limit is spent, and none is left."""
    _frozen(service)
    limit = _limit(service)
    whom = whom_to_ask(service, case, limit)
    left = [_remaining(_ask(service, limit, whom)) for _ in range(3)]
    case.note("three calls", f"left are {left}")
    if left[0] is None:
        raise NotCheckedError("the service tells no RateLimit")
    expected = [left[0], left[0] - 1, left[0] - 2]
    require(left == expected, f"after three calls {left} are said to be left")
    require(0 <= limit.per_minute - left[0] <= 1, f"after the first call of a minute {left[0]} are said to be left")
    fire(service, limit, limit.per_minute - 3, whom)
    remaining = _remaining(_ask(service, limit, whom))
    require(not remaining, f"past the limit {remaining} are said to be left")
