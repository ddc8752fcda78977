"""The fast path of an escrow payment's create answers what FastAPI answers, whatever is sent and whoever asks."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.api import routes
from bakong_service.api.fast_path import FastPath
from bakong_service.api.guard import Guard, Rules
from bakong_service.domain.principals import PLATFORM_ROLES, Principal
from bakong_service.usecases.core import Core
from tests.service.escrow.care import open_care

PATH = "/api/payments"
GOOD = {"jobId": "job1", "amount": 15000, "method": "BKASH", "currency": "BDT"}
DRAWN = {"id", "invoiceNumber", "paymentUrl", "qrCode", "traceId"}
JOBS = 6
VALUES = st.sampled_from([
    *("BKASH", "NAGAD", "CARD", "BDT", "USD", "7.5", "1e3", "", "job9", 0, -1, 0.5, 1.005, 10**11, 10**30, None, True),
    *([], {}, "\u0000", "\u09e6", "x" * 65),
])  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from([*GOOD, "extra", "job_id"]), VALUES, max_size=2)
BODIES = st.one_of(
    st.builds(
        lambda number, changed: json.dumps(GOOD | {"jobId": f"job{number}"} | changed), st.integers(1, JOBS), CHANGES
    ),
    st.sampled_from(["", "[]", "7", "{", '{"jobId": "job1", "jobId": "job2"}', '{"amount": 1E+2}']),
    st.sampled_from(["1.10", "1.100", "1e2", "100000000000", "-0", "0.01"]).map(
        lambda text: json.dumps(GOOD).replace("15000", text)
    ),
)
ASKERS = st.one_of(
    st.tuples(st.just("GUARDIAN"), st.integers(1, JOBS).map("g{}".format)),
    st.tuples(st.sampled_from([*PLATFORM_ROLES, "viewer"]), st.just("g1")),
)
KEYS = st.sampled_from([None, None, "key-1", "key-2", "k" * 300])


async def named(text):
    """The token's text names its role and its subject."""
    _, role, subject = text.split(".")
    return Principal(f"user {subject}", subject, frozenset({role}), is_ours=False)


async def no_key(_text):
    return None


@asynccontextmanager
async def one_way(folder, *, is_fast):
    """A client of a service of its own with the same jobs."""
    folder.mkdir()
    async with open_care(folder, {}) as care:
        for number in range(1, JOBS + 1):
            await care.job(number)
        app = routes.build(care.core, docs=False)
        rules = Rules(
            find=no_key,
            verify=named,
            admission=MemoryAdmission(int, 0),
            limit=0,
            new_id=lambda: "a-request",
            ticks_us=lambda: 0,
        )
        guard = Guard(FastPath(app, routes.BUSIEST) if is_fast else app, rules)
        way = httpx.ASGITransport(guard, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=way, base_url="http://service") as client:
            yield client


@asynccontextmanager
async def both_ways(folder):
    async with one_way(folder / "fast", is_fast=True) as fast, one_way(folder / "slow", is_fast=False) as slow:
        yield fast, slow


def comparable(answer):
    """What an answer says, in its order, but for what is drawn anew each time."""

    def kept(value):
        if isinstance(value, dict):
            return [(name, "drawn" if name in DRAWN else kept(inner)) for name, inner in value.items()]
        return value

    return answer.status_code, kept(answer.json()), {**answer.headers, "content-length": ""}


async def agreed(ways, asker, body, key):
    headers = {"authorization": "Bearer " + ".".join(("eyJ", *asker)), "content-type": "application/json"}
    headers |= {} if key is None else {"idempotency-key": key}
    answers = [await way.post(PATH, content=body, headers=headers) for way in ways]
    assert comparable(answers[0]) == comparable(answers[1])
    return answers[0]


def test_whatever_is_sent_is_answered_alike(tmp_path):
    guardian, statuses = ("GUARDIAN", "g1"), set()
    opened = both_ways(tmp_path)
    with asyncio.Runner() as runner:
        ways = runner.run(opened.__aenter__())

        @given(ASKERS, BODIES, KEYS)
        @example(guardian, json.dumps(GOOD), "key-1")
        @example(guardian, json.dumps(GOOD), "key-1")
        @example(guardian, json.dumps(GOOD | {"amount": 1}), "key-1")
        @example(guardian, json.dumps(GOOD), None)
        @example(("CAREGIVER", "c1"), json.dumps(GOOD), None)
        @example(("viewer", "v"), json.dumps(GOOD), None)
        @settings(max_examples=120, deadline=None)
        def law(asker, body, key):
            statuses.add(runner.run(agreed(ways, asker, body, key)).status_code)

        try:
            law()
        finally:
            runner.run(opened.__aexit__(None, None, None))
    assert statuses >= {201, 400, 403, 404, 409, 422}


async def test_a_fault_of_ours_is_answered_alike(tmp_path, monkeypatch):

    def broken(*_):
        raise RuntimeError("broken on purpose")

    async with both_ways(tmp_path) as ways:
        monkeypatch.setattr(Core, "next_number_ms", broken)
        assert (await agreed(ways, ("GUARDIAN", "g1"), json.dumps(GOOD), None)).status_code == 500
