"""Faults: laws for all of them, on values and on a real wire."""

import asyncio
import json
import logging

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bakong_sandbox.stack import serving
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_scenarios import FaultRule
from bakong_scenarios.vocabulary import ALTERNATIVES
from bakong_schemes.bakong.fake.faults import FAULTS as PLAYED
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.words import WORDS
from bakong_simulator import app
from bakong_simulator.kernel.rng import Rng
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.conditions import Moment, hold
from bakong_simulator.wire.connection_faults import delay, lognormal_ms, play
from bakong_simulator.wire.reply import Reply

CHECK = "/v1/check_transaction_by_md5"
FOUND = b'{"responseCode":0,"responseMessage":"Success","errorCode":null,"data":{"amount":1.5,"createdDateMs":1000}}'
LEAST = {"duration": 0, "shift": -10, "integer": 1, "fraction": 0.0, "text": ""}
VALUES = {
    "duration": st.integers(0, 10**11),
    "shift": st.integers(-(10**11), 10**11),
    "fraction": st.floats(0, 1),
    "text": st.text("ab/\r\n\xe9\u1780", max_size=9),
}


@st.composite
def rules(draw):
    fault = draw(st.sampled_from(sorted(WORDS.faults)))
    kept = set(draw(st.sampled_from(ALTERNATIVES[fault]))) if fault in ALTERNATIVES else set(WORDS.faults[fault])
    parameters = {}
    for name, parameter in WORDS.faults[fault].items():
        if name not in kept:
            parameters[name] = parameter.default
        elif parameter.choices:
            parameters[name] = draw(st.sampled_from(parameter.choices))
        elif parameter.kind == "integer":
            parameters[name] = draw(st.integers(parameter.least, min(parameter.most or 1000, 1000)))
        else:
            parameters[name] = max(draw(VALUES[parameter.kind]), parameter.least or LEAST[parameter.kind])
    return FaultRule(fault, parameters=parameters)


def luck(seed=1):
    streams = Rng(seed)
    return lambda: streams.draw("fault")


def test_a_reset_repeats_luck_and_no_id():
    streams = Rng(1)
    before = [streams.draw(name) for name in ("fault", "fault/delay", "hash", "hash")]
    after = streams.after_reset()
    assert [after.draw(name) for name in ("fault", "fault/delay")] == before[:2]
    assert after.draw("hash") not in before
    assert Rng(1).draw("hash") == before[2]  # a new world is as every other of its seed


@given(faults=st.lists(rules(), max_size=4), body=st.sampled_from([FOUND, b"", b"[]", b"{}", b"\xff", b"null"]))
@example(
    faults=[
        FaultRule("wrong_schema", parameters={"as": "data_missing"}),
        FaultRule("wrong_schema", parameters={"as": "data_as_list"}),
    ],
    body=FOUND,
)
def test_any_faults_together_make_a_reply_that_can_be_sent(faults, body):
    reply = Reply(200, body)
    for rule in faults:
        reply = play(PLAYED, rule, reply, luck())
    assert isinstance(reply.body, bytes)
    assert reply.silent or 200 <= reply.status <= 599
    assert reply.delay_ms >= 0
    assert reply.truncate_at is None or reply.truncate_at >= 0


@pytest.mark.parametrize("body", [FOUND, b'{"responseCode":1,"errorCode":1,"data":null}'])
@pytest.mark.parametrize(("word", "data"), [("empty", {}), ("null", None), ("missing", "not there")])
def test_success_may_say_nothing_whatever_is_so(body, word, data):
    reply = play(PLAYED, FaultRule("wrong_schema", parameters={"as": f"success_{word}"}), Reply(200, body), luck())
    told = json.loads(reply.body)
    assert (told["responseCode"], told["errorCode"], told.get("data", "not there")) == (0, None, data)


@given(median=st.integers(1, 10_000), factor=st.integers(1, 100))
def test_of_a_lognormal_delay_half_is_below_the_median_and_one_of_a_hundred_above_p99(median, factor):
    p99 = median * factor
    assert lognormal_ms(median, p99, 0.5) == median
    assert abs(lognormal_ms(median, p99, 0.99) - p99) <= 1
    assert lognormal_ms(median, p99, 0.3) <= lognormal_ms(median, p99, 0.7)


def test_delays_that_are_drawn_lie_where_they_should_and_come_again_for_the_same_seed():
    def drawn(seed, **spread):
        draw = luck(seed)
        return [delay(Reply(200, b""), draw, **spread).delay_ms for _ in range(400)]

    uniform = drawn(1, from_=100, to_=200)
    assert (min(uniform) >= 100, max(uniform) <= 200, len(set(uniform)) > 50) == (True, True, True)
    spread = sorted(drawn(1, median_=200, p99_=8000))
    assert 150 < spread[200] < 260
    assert spread[-1] > 2000
    assert drawn(7, median_=200, p99_=8000) == drawn(7, median_=200, p99_=8000) != drawn(8, median_=200, p99_=8000)


def struck(conditions, moments):
    rule = FaultRule("reset", conditions=conditions)
    return "".join("x" if hold(rule, moment) else "." for moment in moments)


MIDNIGHT = {"until": {"is": "midnight"}}


def moments(*, calls=range(1, 11), since=lambda call: 0, draw=0.5, called=()):
    return [Moment(call, 0, since(call), called, lambda: draw) for call in calls]


@pytest.mark.parametrize(
    ("conditions", "when", "expected"),
    [
        ({"first": {"calls": 3}}, {}, "xxx......."),
        ({"burst": {"calls": 2, "every": 5}}, {}, "xx...xx..."),
        ({"window": {"from": 3, "to": 6, "every": None}}, {"since": lambda call: call}, "..xxx....."),
        ({"window": {"from": 0, "to": 1, "every": 4}}, {"since": lambda call: call}, "...x...x.."),
        ({"window": {"from": 8, "to": None, "every": None}}, {"since": lambda call: call}, ".......xxx"),
        ({"ramp": {"over": 10, "from": 0.0, "to": 1.0}}, {"since": lambda call: call}, ".....xxxxx"),
        ({"chance": {"is": 0.5}}, {"draw": 0.49}, "xxxxxxxxxx"),
        ({"chance": {"is": 0.5}}, {"draw": 0.5}, ".........."),
        ({"chance": {"is": 0.0}}, {"draw": 0.0}, ".........."),
        ({"until": {"is": "renew_token"}}, {}, "xxxxxxxxxx"),
        ({"until": {"is": "renew_token"}}, {"called": {"renew_token"}}, ".........."),
        (
            {"until": {"is": "midnight", "utc_offset": 25_200_000}},
            {"since": lambda call: call * 6_000_000 + 1_200_000},
            "xxxxxxxxx.",
        ),
        (MIDNIGHT, {"since": lambda call: call * 10_000_000}, "xxxxxxxx.."),
        ({"first": {"calls": 3}, "burst": {"calls": 1, "every": 2}}, {}, "x.x......."),
    ],
)
def test_a_condition_holds_when_it_should(conditions, when, expected):
    assert struck(conditions, moments(**when)) == expected


# On the wire


@pytest.fixture
async def wired(caplog):
    """A simulator on a port: world, client. At the end no task is left and nothing was logged."""
    caplog.set_level(logging.WARNING)
    before = len(asyncio.all_tasks())
    worlds = Worlds(lambda: 1_770_768_000_000, SCHEMES)
    with listen(0) as port:
        url = url_of(port)
        async with (
            serve(app.build(worlds), port),
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=2) as client,
        ):
            yield worlds.default, client
    assert len(asyncio.all_tasks()) == before
    assert [record.getMessage() for record in caplog.records] == []


WIRES = [
    *("{fault: reset}", "{fault: reset, at: after_head}", "{fault: hang, for: 10ms}", "{fault: empty}"),
    *("{fault: empty, as: connection}", "{fault: garbage}", "{fault: garbage, as: connection, bytes: 5000}"),
    *("{fault: truncate}", "{fault: truncate, as: connection}", "{fault: truncate, at: 0, as: connection}"),
    *(
        "{fault: dribble, pieces: 999, every: 0ms}",
        "{fault: row_status, on: checks}",
        "{fault: dribble, pieces: 3, every: 5ms}",
        "{fault: delay, for: 5ms}",
    ),
    *(
        "{fault: content_type, is: 'a\\r\\nb: c'}",
        "{fault: http, status: 204, body: empty}",
        "{fault: http, status: 304}",
    ),
    *("{fault: http, status: 599, body: html}", "{fault: refuse}", "{fault: unknown_fields, count: 1000}"),
    "{fault: dribble, pieces: 2, every: 5ms}, {fault: truncate, as: connection}, {fault: reset, at: after_head}",
    "{fault: garbage, as: connection}, {fault: reset}, {fault: hang, for: 5ms}",
]


@pytest.mark.parametrize("faults", WIRES)
async def test_a_fault_on_the_wire_leaves_no_task_and_no_error_behind(wired, faults):
    world, client = wired
    world.set_scenario(LIBRARY.read(f"name: w\nfaults: [{faults}]"))
    headers = {"authorization": f"Bearer {world.state(BAKONG).registrations.issue()}"}
    for _ in range(3):
        try:
            answer = await client.post(CHECK, json={"md5": "0" * 32}, headers=headers)
            assert answer.status_code != 500
        except (httpx.TransportError, httpx.DecodingError):
            pass
    world.set_scenario(LIBRARY.read("name: calm"))
    assert (await client.post(CHECK, json={"md5": "0" * 32}, headers=headers)).json()["errorCode"] == 1


async def test_a_script_that_a_payment_keeps_does_not_begin_anew_when_another_is_played(wired):
    world, _ = wired
    kept = LIBRARY.read("name: kept\nfaults: [{fault: http, first: {calls: 2}}]")

    def strikes():
        return len(world.player.faults("bakong", "check_transaction_by_md5", 1, kept))

    assert [strikes(), strikes(), strikes()] == [1, 1, 0]
    world.set_scenario(LIBRARY.read("name: calm"))
    assert strikes() == 0
    world.set_scenario(kept)  # played again it begins again
    assert strikes() == 1


async def test_clients_that_leave_while_an_answer_hangs_leave_nothing_behind(wired):
    world, client = wired
    world.set_scenario(LIBRARY.read("name: h\nfaults: [{fault: hang, for: 1h}]"))

    async def leave():
        with pytest.raises(httpx.ReadTimeout):
            await client.post(CHECK, json={"md5": "0" * 32}, timeout=httpx.Timeout(10, read=0.1))

    await asyncio.gather(*(leave() for _ in range(50)))


async def test_a_server_that_stops_waits_for_no_answer_that_hangs(wired, monkeypatch):
    monkeypatch.setattr(serving, "GRACE_S", 600)  # the server's patience with what is under way
    world, client = wired
    world.set_scenario(LIBRARY.read("name: h\nfaults: [{fault: hang, for: 1h}, {fault: dribble, every: 1h}]"))
    hanging = asyncio.create_task(client.post(CHECK, json={"md5": "0" * 32}, timeout=60))
    while world.journal.total == 0:
        await asyncio.wait([hanging], timeout=0.01)
    other = Worlds(lambda: 0, SCHEMES)
    with listen(0) as port:
        stopping = asyncio.timeout(60)
        async with stopping, serve(app.build(other), port):
            other.default.set_scenario(LIBRARY.read("name: h\nfaults: [{fault: hang, for: 1h}]"))
            async with httpx.AsyncClient(base_url=url_of(port), trust_env=False, timeout=60) as second:
                asked = asyncio.create_task(second.post(CHECK, json={"md5": "0" * 32}))
                while other.default.journal.total == 0:
                    await asyncio.wait([asked], timeout=0.01)
    hanging.cancel()
    for task in (hanging, asked):
        with pytest.raises((httpx.TransportError, asyncio.CancelledError)):
            await task
