"""Well-behaved users keep the limit exactly, and use all of it."""

from hypothesis import given
from hypothesis import strategies as st

from bakong_loadtests.keyring import Keyring
from bakong_loadtests.limits import Attempt, Decision, check, check_journal

LIMIT, WINDOW = 3, 100


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), max_size=60))
def test_however_slow_the_answers_a_server_never_sees_more_than_the_limit(steps):
    """The server may decide anywhere between sending and answer."""
    ring, now, under_way, made = Keyring(["k"], LIMIT, WINDOW), 0, [], []
    for wait, latency in steps:
        now += wait
        for ends in [end for end in under_way if end <= now]:
            ring.answered(0, ends)
            under_way.remove(ends)
        if ring.take(now)[0] is not None:
            under_way.append(now + latency)
            made.append((now, now + latency))
    assert check([Attempt(a, b) for a, b in made], limit=LIMIT, window_ns=WINDOW).holds
    for pick in (0, 1):
        journal = [Decision(moments[pick], admitted=True) for moments in made]
        assert check_journal(journal, limit=LIMIT, window_ns=WINDOW).worst <= LIMIT


def test_a_full_key_says_when_to_come_again_and_another_is_used_meanwhile():
    ring = Keyring(["a", "b"], 1, WINDOW)
    first, second = ring.take(0)[0], ring.take(0)[0]
    assert {first, second} == {0, 1}
    ring.answered(first, 5)
    ring.answered(second, 7)
    assert ring.take(50) == (None, 105)
    assert ring.take(105) == (first, 0)


def test_without_a_limit_the_keys_take_turns():
    ring = Keyring(["a", "b"], 0)
    assert [ring.take(0)[0] for _ in range(4)] == [1, 0, 1, 0]
