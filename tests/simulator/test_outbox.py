"""Webhooks of a world: on its clock, by the scheme's schedule, with faults; and what no receiver can do to it."""

import asyncio
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import Scenario
from bakong_scenarios.vocabulary import WEBHOOK_FAULTS
from bakong_simulator.control.webhook_shapes import NewFault
from bakong_simulator.kernel import outbox, snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.outbox import NextFault
from bakong_simulator.kernel.webhooks import Endpoint, Message, OutboxError, Outcome, State, Webhooks
from bakong_simulator.kernel.world import World
from tests.conftest import NOW_MS
from tests.simulator.shop import (
    RETRIES_S,
    SECRET,
    SPAN_MS,
    URL,
    Shop,
    event_of,
    is_signed,
    new_world,
    open_shop,
    publish,
    script,
    sign,
    states,
)

# The schedule


async def test_a_webhook_leaves_at_once_even_where_time_stands_still(world):
    shop = open_shop(world)
    [event] = publish(world, payment="ref-1")
    await world.clock.settled()
    [(at_ms, attempt)] = shop.seen
    assert (at_ms, attempt.url, is_signed(attempt)) == (0, URL, True)
    assert (event.state, event.payment, event.due_ms) == (State.DELIVERED, "ref-1", None)


@pytest.mark.parametrize("failure", [500, 301, 404, "timeout"])
async def test_a_failed_attempt_is_repeated_by_the_schemes_schedule(world, failure):
    shop = open_shop(world, failure, failure)
    [event] = publish(world)
    await world.clock.advance(59_999)
    assert shop.times_s == [0]
    await world.clock.advance(SPAN_MS)
    assert shop.times_s == [0, 60, 360]
    assert event.state is State.DELIVERED
    assert len({attempt.headers["x-signature"] for _, attempt in shop.seen}) == 3, "each attempt is signed anew"
    assert all(is_signed(attempt) for _, attempt in shop.seen)


async def test_with_no_attempt_left_it_is_given_up(world):
    shop = open_shop(world, *[500] * 9)
    [event] = publish(world)
    await world.clock.advance(SPAN_MS * 10)
    assert shop.times_s == [0, 60, 360, 3960]
    assert (event.state, event.reason) == (State.GIVEN_UP, "4 of 4 attempts failed")


async def test_a_scheme_says_what_counts_as_delivered(world):
    shop = open_shop(world, 204, 200, scheme=Webhooks("strict", sign, (60,), accepts=lambda status: status == 200))
    world.outbox.publish("strict", event_of(1))
    await world.clock.advance(60_000)
    assert shop.times_s == [0, 60]


async def test_an_advance_right_after_the_payment_keeps_to_the_schedule(world):
    """The attempt is under way when the clock is moved past other timers: its retry still counts from its moment."""
    shop = open_shop(world, 500)
    world.clock.call_at(NOW_MS + 600_000, lambda: None)
    publish(world)
    await world.clock.advance(SPAN_MS)
    assert shop.times_s == [0, 60]


async def test_where_time_flows_retries_come_by_themselves():
    wall_ms = [NOW_MS]
    world = new_world(1, lambda: wall_ms[0])
    shop, again = open_shop(world, 500), asyncio.Event()

    async def receive(attempt, done):
        await shop(attempt, done)
        if len(shop.seen) == 2:
            again.set()

    world.outbox.send = receive
    world.clock.set_mode(Mode.SCALED, at_ms=NOW_MS, rate=100_000)
    publish(world)
    await world.clock.settled()
    wall_ms[0] += 1  # a hundred seconds of the world's
    async with asyncio.timeout(30):
        await again.wait()
    assert shop.ids == ["evt_1", "evt_1"]
    world.clock.close()


async def test_what_falls_due_within_an_advance_posts_within_it(world):
    shop = open_shop(world, 500)
    world.clock.call_at(NOW_MS + 5000, lambda: publish(world))
    await world.clock.advance(SPAN_MS)
    assert shop.times_s == [5, 65]


async def test_events_leave_in_their_order_and_one_that_failed_holds_up_no_other(world):
    shop = open_shop(world, 500)
    for number in (1, 2, 3):
        publish(world, number)
    await world.clock.advance(SPAN_MS)
    assert shop.ids == ["evt_1", "evt_2", "evt_3", "evt_1"]
    assert shop.times_s == [0, 0, 0, 60]


# Faults


async def struck(world, rules, numbers=(1, 2), answers=()):
    """A shop that was sent webhooks under these rules."""
    shop = open_shop(world, *answers)
    for number in numbers:
        publish(world, number, script=script(rules))
        await world.clock.settled()
    await world.clock.advance(SPAN_MS + 120_000)
    return shop


async def test_lost(world):
    shop = await struck(world, "{fault: lost, first: 1}")
    assert shop.ids == ["evt_2"]
    assert states(world) == ["given_up", "delivered"]
    lost = world.outbox.get(1)
    assert [(row.at_ms - NOW_MS, row.outcome.error) for row in lost.tried] == [
        (at_s * 1000, "lost") for at_s in (0, 60, 360, 3960)
    ]


async def test_lost_once(world):
    shop = await struck(world, "{fault: lost, attempts: 1, event: charge.*}", [1])
    assert (shop.ids, shop.times_s) == (["evt_1"], [60])


async def test_twice(world):
    shop = await struck(world, "{fault: twice, first: 1}")
    assert shop.ids == ["evt_1", "evt_1", "evt_2"]
    assert [event.copy_of for event in world.outbox.events.values()] == [None, 1, None]
    assert shop.seen[0][1] == shop.seen[1][1]


async def test_late(world):
    shop = await struck(world, "{fault: late, by: 30s, first: 1}", answers=[200, 500])
    assert (shop.ids, shop.times_s) == (["evt_2", "evt_1", "evt_1"], [0, 30, 90])


async def test_out_of_order(world):
    shop = await struck(world, "{fault: out_of_order, first: 1}", [1, 2, 3])
    assert (shop.ids, shop.times_s) == (["evt_2", "evt_1", "evt_3"], [0, 0, 0])


async def test_out_of_order_always_swaps_them_two_by_two(world):
    shop = await struck(world, "{fault: out_of_order}", [1, 2, 3, 4])
    assert shop.ids == ["evt_2", "evt_1", "evt_4", "evt_3"]


async def test_out_of_order_with_nothing_to_be_overtaken_by(world):
    shop = await struck(world, "{fault: out_of_order, within: 20s}", [1])
    assert shop.times_s == [20]


async def test_a_retry_of_an_older_event_overtakes_nothing(world):
    shop = open_shop(world, 500)
    publish(world, 1)
    publish(world, 2, script=script("{fault: out_of_order, within: 100s}"))
    await world.clock.advance(SPAN_MS)
    assert (shop.ids, shop.times_s) == (["evt_1", "evt_1", "evt_2"], [0, 60, 100])


async def test_wrong_signature(world):
    shop = await struck(world, "{fault: wrong_signature, first: 1}")
    assert [is_signed(attempt) for _, attempt in shop.seen] == [False, True]
    assert shop.ids == ["evt_1", "evt_2"], "the body is the right one"


async def test_wrong_key(world):
    shop = await struck(world, "{fault: wrong_key, attempts: 1}", [1], answers=[401])
    assert [is_signed(attempt) for _, attempt in shop.seen] == [False, True]
    assert is_signed(shop.seen[0][1], "whsec_Tplib8")


async def test_a_script_of_the_world_strikes_what_names_none(world):
    world.set_scenario(script("{fault: lost, event: refund.create}"))
    shop = open_shop(world)
    publish(world)
    world.outbox.publish("tiny", event_of(2, "refund.create"))
    await world.clock.advance(SPAN_MS)
    assert shop.ids == ["evt_1"]


async def test_chance_is_of_the_seed():
    async def fates(seed):
        world = World("w", seed, lambda: NOW_MS, SCHEMES, LIBRARY)
        shop = await struck(world, "{fault: lost, chance: 0.5}", range(20))
        return shop.ids

    first = await fates(1)
    assert first == await fates(1)
    assert first != await fates(2)
    assert 2 < len(first) < 18


async def test_until_ends_with_a_call(api, world):
    played = script("{fault: lost, until: renew_token}")
    world.set_scenario(played)
    shop = open_shop(world)
    publish(world, 1)
    await api.post("/renew_token", json={"email": "developer@sandbox.test"})
    publish(world, 2)
    await world.clock.settled()
    assert shop.ids == ["evt_2"]


async def test_faults_set_for_the_next_come_before_those_of_scripts_and_end(world):
    shop = open_shop(world)
    rule = NewFault(fault="wrong_key", times=1).rule()
    world.outbox.next_faults = [NextFault(rule, 2, payment="ref-2")]
    for number in (1, 2, 2, 2):
        publish(world, number, payment=f"ref-{number}")
    await world.clock.settled()
    assert [is_signed(attempt) for _, attempt in shop.seen] == [True, False, False, True]
    assert world.outbox.next_faults == []


# Receivers that hang


async def test_a_receiver_that_hangs_stops_neither_the_clock_nor_another_endpoint(world):
    shop = open_shop(world, "hang")
    world.outbox.add_endpoint(Endpoint("tiny", "http://other.test/", SECRET))
    publish(world, 1)
    publish(world, 2)
    async with asyncio.timeout(30):
        assert await world.clock.advance(SPAN_MS) == NOW_MS + SPAN_MS
    assert [(row.number, row.url, row.since_ms) for row in world.outbox.hanging()] == [(1, URL, NOW_MS)]
    assert [(attempt.url, at_ms) for at_ms, attempt in shop.seen] == [
        (URL, 0), ("http://other.test/", 0), ("http://other.test/", 0)
    ]  # fmt: skip
    shop.hanging[0](Outcome(None, "timeout"))
    shop.hanging[0](Outcome(200))  # a second answer is none
    await world.clock.settled()
    assert world.outbox.hanging() == []
    assert shop.times_s[3:] == [SPAN_MS / 1000] * 2, "the retry that is overdue, and what waited behind it"
    assert set(states(world)) == {"delivered"}


async def test_after_a_reset_nothing_of_before_arrives(world):
    shop = open_shop(world, "hang", 500)
    publish(world, 1)
    await world.clock.settled()
    world.reset()
    shop.hanging[0](Outcome(200))
    publish(world, 2)
    await world.clock.advance(SPAN_MS)
    assert shop.ids == ["evt_1", "evt_2", "evt_2"]
    assert [(event.number, event.message.id) for event in world.outbox.events.values()] == [(1, "evt_2")]


async def test_a_sender_or_signer_that_fails_is_a_failed_attempt(world):
    shop = open_shop(world)

    async def broken(_attempt, _done):
        raise RuntimeError("no route")

    world.outbox.send = broken
    publish(world)
    await world.clock.settled()
    world.outbox.send = shop
    await world.clock.advance(60_000)
    assert [row.outcome.error for row in world.outbox.get(1).tried] == ["RuntimeError: no route", None]
    world.outbox.register(Webhooks("tiny", lambda unsigned: 1 / 0))
    publish(world, 2)
    await world.clock.settled()
    assert world.outbox.get(2).tried[0].outcome.error.startswith("it cannot be signed: ZeroDivisionError")
    assert states(world) == ["delivered", "given_up"]


# Endpoints


async def test_an_event_goes_to_each_endpoint_that_takes_its_type(world):
    shop = open_shop(world)
    world.outbox.add_endpoint(Endpoint("tiny", "http://refunds.test/", "", events=("refund.*",)))
    publish(world)
    world.outbox.publish("tiny", event_of(2, "refund.create"))
    world.outbox.post(event_of(3), Endpoint("tiny", "http://once.test/", "of this event alone"))
    await world.clock.settled()
    assert sorted(attempt.url for _, attempt in shop.seen) == [
        "http://once.test/", "http://refunds.test/", URL, URL
    ]  # fmt: skip


async def test_a_secret_that_was_rolled_signs_for_as_long_as_it_is_good(world):
    shop = open_shop(world, 500, 500)
    publish(world)
    await world.clock.settled()
    world.outbox.roll_secret("endpoint-1", "whsec_new", 100_000)
    await world.clock.advance(SPAN_MS)
    signed = [(is_signed(attempt), is_signed(attempt, "whsec_new")) for _, attempt in shop.seen]
    assert signed == [(True, False), (True, True), (False, True)]


async def test_what_waits_for_a_deleted_endpoint_is_given_up(world):
    shop = open_shop(world, 500)
    [event] = publish(world)
    await world.clock.settled()
    world.outbox.drop_endpoint("endpoint-1")
    await world.clock.advance(SPAN_MS)
    assert len(shop.seen) == 1
    assert (event.state, event.reason) == (State.GIVEN_UP, "its endpoint was deleted or switched off")


async def test_a_scheme_that_posts_none_is_named(world):
    open_shop(world)
    with pytest.raises(OutboxError, match=r"read 'tyni', expected one that posts webhooks \(known: .*tiny\)"):
        world.outbox.add_endpoint(Endpoint("tyni", URL, SECRET))


@pytest.mark.parametrize("url", ["shop", "ftp://shop.test/", "http://", "http://a b/", "http://[::1", "http://x:0/"])
async def test_an_address_that_cannot_be_posted_to_is_refused(world, url):
    open_shop(world)
    with pytest.raises(OutboxError, match="url: read"):
        world.outbox.add_endpoint(Endpoint("tiny", url, SECRET))


# Bounds


async def test_what_was_delivered_makes_way_and_what_is_pending_is_kept(world, monkeypatch):
    monkeypatch.setattr(outbox, "MAX_EVENTS", 3)
    shop = open_shop(world, 500, 200, 200, 500, 500)
    for number in range(1, 7):
        publish(world, number)
        await world.clock.settled()
    assert list(world.outbox.events) == [1, 4, 5]
    [failure] = world.journal.failures
    assert failure.what == "webhook evt_6 (charge.complete)"
    assert "the outbox is full: 3 webhooks with" in failure.error
    assert len(shop.seen) == 5


async def test_bodies_are_bounded_too(world, monkeypatch):
    monkeypatch.setattr(outbox, "MAX_BYTES", 1000)
    open_shop(world)
    world.outbox.log.max_bytes = 1000
    for number in range(9):
        world.outbox.publish("tiny", Message(str(number), "x", b'{"id":1}' + b" " * 400))
        await world.clock.settled()
    assert list(world.outbox.events) == [8, 9]
    assert [row.id for row in world.outbox.log] == ["7", "8"]
    assert world.outbox.publish("tiny", Message("big", "x", b" " * 1001)) == []


# Snapshots


async def test_what_is_pending_goes_on_in_a_world_that_is_restored(world):
    open_shop(world, 500, 500, 200)
    publish(world, 1, payment="ref-1", script=script("{fault: wrong_key}"))
    publish(world, 2, script=script("{fault: out_of_order}"))
    await world.clock.advance(59_000)
    kept = snapshots.take(world)
    again = snapshots.Snapshot.model_validate_json(kept.model_dump_json())

    other = new_world(9)
    shop = open_shop(other)
    snapshots.restore(other, again)
    assert snapshots.take(other).webhooks == kept.webhooks
    await other.clock.advance(SPAN_MS)
    assert (shop.ids, shop.times_s) == (["evt_1", "evt_2"], [60, 60])
    assert [is_signed(attempt) for _, attempt in shop.seen] == [False, True]
    assert [len(event.tried) for event in other.outbox.events.values()] == [2, 1]
    [event] = publish(other, 3)
    assert event.number == 3


async def test_an_attempt_that_was_under_way_is_made_anew_and_counted_once(world):
    open_shop(world, "hang")
    publish(world, script=script("{fault: wrong_key, attempts: 1}"))
    await world.clock.settled()
    other = new_world(9)
    shop = open_shop(other, *[500] * 9)
    snapshots.restore(other, snapshots.take(world))
    await other.clock.advance(SPAN_MS)
    assert shop.times_s == [0, 60, 360, 3960]
    assert [is_signed(attempt) for _, attempt in shop.seen] == [False, True, True, True]


async def test_a_snapshot_of_a_scheme_that_is_not_there_is_refused(world):
    open_shop(world)
    publish(world)
    kept = snapshots.take(world)
    other = new_world(9)
    with pytest.raises(BodyError, match="webhooks: scheme: read 'tiny'"):
        snapshots.restore(other, kept)


BROKEN = [
    ({"due_ms": None}, "1 is pending with due_ms None"),
    ({"state": "delivered"}, "1 is delivered with due_ms"),
    ({"number": 7}, "numbers that rise, up to posted, which is 1"),
]


@pytest.mark.parametrize(("wrong", "message"), BROKEN, ids=range(len(BROKEN)))
async def test_a_snapshot_that_does_not_fit_together_is_refused(world, wrong, message):
    open_shop(world, 500)
    publish(world)
    await world.clock.settled()
    kept = snapshots.document(world)
    kept["webhooks"]["events"][0] |= wrong
    with pytest.raises(BodyError, match=message):
        snapshots.restore(world, snapshots.Snapshot.model_validate(kept))
    assert states(world) == ["pending"]


# Whatever happens

ANSWERS = st.sampled_from([200, 204, 301, 400, 500, "timeout", "ConnectError"])
RULES = st.lists(
    st.tuples(st.sampled_from(sorted(WEBHOOK_FAULTS)), st.sampled_from(["", ", chance: 0.5", ", first: 2"])),
    max_size=4,
).map(lambda rules: ", ".join(f"{{fault: {fault}{condition}}}" for fault, condition in rules))
STEPS = st.lists(st.one_of(st.just("post"), st.integers(0, 400)), max_size=12)


def tell(seed, rules, answers, steps) -> tuple[World, Shop]:
    """A world in which webhooks were posted and time passed, until nothing can come any more."""

    async def story():
        world = World("w", seed, lambda: NOW_MS, SCHEMES, LIBRARY)
        shop = open_shop(world, *answers)
        played: Scenario = script(rules)
        for step in steps:
            if step == "post":
                publish(world, world.outbox.posted + 1, script=played)
            else:
                await world.clock.advance(step * 1000)
        await world.clock.advance(SPAN_MS + 65_000)
        return world, shop

    return asyncio.run(story())


@settings(deadline=None)
@example(seed=0, rules="{fault: late, first: 1}, {fault: out_of_order}", answers=[], steps=["post", "post"])
@given(seed=st.integers(0, 99), rules=RULES, answers=st.lists(ANSWERS, max_size=30), steps=STEPS)
def test_every_event_ends_delivered_or_given_up_after_exactly_its_schedule(seed, rules, answers, steps):
    world, shop = tell(seed, rules, answers, steps)
    for event in world.outbox.events.values():
        times = [row.at_ms for row in event.tried]
        waits = [1000 * wait_s for wait_s in RETRIES_S]
        assert [later - earlier for earlier, later in itertools.pairwise(times)] == waits[: len(times) - 1]
        accepted = [row.outcome.status in (200, 204) for row in event.tried]
        if event.state is State.DELIVERED:
            assert accepted == [False] * (len(times) - 1) + [True]
        else:
            assert (event.state, accepted) == (State.GIVEN_UP, [False] * (1 + len(RETRIES_S)))
        names = {row.fault for row in event.faults}
        least = event.created_ms + (5000 if "late" in names else 0)
        assert least <= times[0] <= least + (60_000 if "out_of_order" in names else 0)
        assert ("lost" in names) == (event.tried[0].outcome.error == "lost")
    handed_over = sum(row.outcome.error != "lost" for event in world.outbox.events.values() for row in event.tried)
    assert len(shop.seen) == handed_over == sum(row.error != "lost" for row in world.outbox.log)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 99), rules=RULES, answers=st.lists(ANSWERS, max_size=30), steps=STEPS)
def test_the_same_seed_sends_the_same_bytes_at_the_same_times(seed, rules, answers, steps):
    assert tell(seed, rules, answers, steps)[1].seen == tell(seed, rules, answers, steps)[1].seen
