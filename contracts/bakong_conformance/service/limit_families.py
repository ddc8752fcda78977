"""Rules that tell the families of limiters apart, at every seed; and that what is told beside a call is true."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.config import Limit
from bakong_conformance.service.limiting import WINDOW_MS, Burst, admitted_by_rule, fire, limit_of, whom_to_ask
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule

# Bursts of parts of the limit, by the milliseconds since the one before. Each schedule has a family that it is for.
SCHEDULES: dict[str, tuple[tuple[int, float], ...]] = {
    "a window that begins with the first call": ((0, 0.1), (50_000, 0.9), (10_001, 1.0), (40_000, 1.0)),
    "a window that begins with the last call": ((0, 0.5), (40_000, 0.5), (20_000, 1.0)),
    "windows of the clock's minute": ((0, 1.0), (20_000, 0.1), (20_000, 0.1), (19_999, 1.0)),
    "buckets of ten or twenty seconds": ((5_500, 1.0), (52_000, 0.2), (7_999, 1.0), (1, 1.0)),
    "buckets of a second": ((1_700, 1.0), (59_400, 0.2), (599, 0.5), (1, 1.0)),
    "a bucket that leaks or refills": ((0, 1.0), (6_000, 0.1), (24_000, 0.5), (30_000, 1.0)),
    "an estimate from the window before": ((30_000, 0.6), (30_000, 0.4), (30_000, 0.6), (20_000, 0.3)),
}


@rule(
    "limit.families",
    "No family of inexact limiters passes",
    forbids="windows from the first or last call, of the clock, in buckets of seconds; buckets that leak; estimates",
)
def _families(service: Service, case: Case) -> None:
    """For each family bursts that it admits otherwise than the exact log, begun at two places in the clock's minute."""
    limit = limit_of(service)
    for family, schedule in SCHEDULES.items():
        for phase_ms in (0, 30_700):
            now = service.world.now_ms()
            service.wait(case, (WINDOW_MS * 2 + phase_ms - now % WINDOW_MS) / 1000)
            bursts = [Burst(after_ms, max(1, round(part * limit.per_minute))) for after_ms, part in schedule]
            admitted = []
            for burst in bursts:
                service.wait(case, burst.after_ms / 1000)
                answers = fire(service, limit, burst.requests)
                admitted.append(sum(answer.status != 429 for answer in answers))
            expected = admitted_by_rule(bursts, limit.per_minute)
            case.note(f"{bursts}, as told from {family}", f"{admitted} admitted")
            sent = ", ".join(f"{burst.requests} after {burst.after_ms} ms" for burst in bursts)
            require(admitted == expected, f"of {sent} {admitted} were admitted, expected {expected}: like {family}")


@rule(
    "limit.wait-true",
    "Retry-After is true at every instant",
    forbids="a wait that is right once, and a constant, rounded, or the clock's minute at all other times",
)
def _waits(service: Service, case: Case) -> None:
    """One call, the rest of the limit 12.3 s later; refused at six instants: each wait ends with the first call's."""
    limit = limit_of(service)
    fire(service, limit, 1)
    service.wait(case, 12.3)
    fire(service, limit, limit.per_minute - 1)
    at_ms = 12_300
    for step_ms in (0, 700, 19_400, 15_100, 12_000, 400):
        service.wait(case, step_ms / 1000)
        at_ms += step_ms
        answer = fire(service, limit, 1)[0]
        if answer.status != 429:
            raise NotCheckedError("the limit does not hold at all, which another rule names")
        expected = -(-(WINDOW_MS - at_ms) // 1000)
        told = answer.headers.get("retry-after", "")
        require(told == str(expected), f"{at_ms} ms after the first call Retry-After is {told!r}, expected {expected}")
    service.wait(case, (WINDOW_MS - at_ms) / 1000)
    first, second = fire(service, limit, 1)[0], fire(service, limit, 1)[0]
    require(first.status != 429, "when the first call has left the minute, one more was refused")
    require(second.status == 429, "when one call had left the minute, two more were admitted")
    told = second.headers.get("retry-after", "")
    require(told == "13", f"the second call leaves the minute in 12.3 s, and Retry-After is {told!r}, expected 13")


def fire_in_turn(service: Service, limit: Limit, requests: int, whom: Mapping[str, Any]) -> list[Answer]:
    """So many calls, one after another."""
    return [fire(service, limit, 1, whom)[0] for _ in range(requests)]


class _Told(NamedTuple):
    """What an answer says of the limit: what is left, and in how many seconds it changes. None: it says nothing."""

    left: int | None
    reset_s: int | None
    quota: int | None
    window_s: int | None


def told_of(answer: Answer) -> _Told:
    """RateLimit and RateLimit-Policy of the draft, or the older names with one number each."""
    fields, policy = answer.headers.get("ratelimit", ""), answer.headers.get("ratelimit-policy", "")

    def number(pattern: str, text: str, *older: str) -> int | None:
        if match := re.search(pattern, text):
            return int(match[1])
        texts = (answer.headers.get(name, "") for name in older)
        return next((int(one) for one in texts if re.fullmatch(r"\d{1,9}", one)), None)

    return _Told(
        number(r"\br(?:emaining)?=(\d+)", fields, "ratelimit-remaining", "x-ratelimit-remaining"),
        number(r"\bt=(\d+)|\breset=(\d+)", fields, "ratelimit-reset"),
        number(r"\bq=(\d+)", policy, "ratelimit-limit", "x-ratelimit-limit"),
        number(r"\bw=(\d+)", policy),
    )


@rule(
    "limit.fields",
    "The RateLimit fields are true at every call",
    forbids="a number that is right at the first call, or that does not come back, and a policy of another limit",
)
def _fields(service: Service, case: Case) -> None:
    """Calls at instants of two minutes, then the whole limit: what is left, quota and window are the exact log's."""
    limit = limit_of(service)
    whom = whom_to_ask(service, case, limit)
    calls: list[int] = []
    now_ms, uncounted = 0, 0
    for step_ms, several in ((0, 3), (20_000, 4), (25_000, 10), (15_001, 1), (20_000, 1), (25_000, 1), (70_000, 1)):
        service.wait(case, step_ms / 1000)
        now_ms += step_ms
        for _ in range(several):
            answer = fire(service, limit, 1, whom)[0]
            calls = [at for at in calls if at > now_ms - WINDOW_MS] + [now_ms]
            left = limit.per_minute - len(calls)
            if len(calls) == 1 and told_of(answer).left == limit.per_minute:
                uncounted = 1  # a service may tell what was left before this call
            _true(service, case, answer, left + uncounted, (calls[0] + WINDOW_MS - now_ms) / 1000)
    service.wait(case, WINDOW_MS / 1000)
    for number, answer in enumerate(fire_in_turn(service, limit, limit.per_minute, whom), 1):
        _true(service, case, answer, limit.per_minute - number + uncounted, WINDOW_MS / 1000)


def _true(service: Service, case: Case, answer: Answer, left: int, first_leaves_s: float) -> None:
    told = told_of(answer)
    if told.left is None:
        raise NotCheckedError("the service tells no RateLimit")
    limit = limit_of(service).per_minute
    case.note(f"left are {left}, the first call leaves in {first_leaves_s:g} s", told)
    require(told.left == left, f"{told.left} are said to be left, {left} are")
    require(told.quota in (None, limit), f"the policy says {told.quota} calls, the limit is {limit}")
    require(told.window_s in (None, WINDOW_MS // 1000), f"the policy says {told.window_s} s, the limit is a minute's")
    if told.reset_s is not None:
        right = abs(told.reset_s - first_leaves_s) < 1
        require(right, f"the first call leaves the minute in {first_leaves_s:g} s, t says {told.reset_s}")


OF_THE_CALLER = {
    "user-agent": ("agent 0", "agent 1", "agent 2"),
    "accept": ("application/json", "*/*", "application/json, */*;q=0.5"),
    "accept-language": ("km", "en", "km, en;q=0.5"),
}


@rule(
    "limit.counts",
    "Every call of a key counts, whatever its path, its method, its answer",
    forbids="a limit for each method, each address of a payment or each agent; calls that count for nothing",
)
def _counts(service: Service, case: Case) -> None:
    """All but two of the limit, each for another payment that is not there; an order; one more read; one too many."""
    limit = limit_of(service)
    for number in range(limit.per_minute - 2):
        agent = {**_headers(service), **{name: values[number % 3] for name, values in OF_THE_CALLER.items()}}
        about: dict[str, Any] = {"md5": f"{number:032x}", "id": f"none-{number}", "user": f"nobody-{number}"}
        answer = service.do(None, limit.operation, headers=agent, patient=False, **about)
        require(answer.status != 429, f"refused as number {number + 1} of the minute")
    order = service.do(case, "create", patient=False, **service.order(service.new_user()))
    require(order.status != 429, f"an order was refused as number {limit.per_minute - 1} of the minute")
    last, over = fire(service, limit, 1)[0], fire(service, limit, 1)[0]
    require(last.status != 429, f"refused as number {limit.per_minute} of the minute")
    require(over.status == 429, f"number {limit.per_minute + 1} of the minute was answered {over.summary}")


def _headers(service: Service) -> dict[str, str]:
    return dict(fill(service.config.headers, service.values))
