"""The interval check as a law: no exact log can be accused, and what is proven is true."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bakong_loadtests.limits import Attempt, Decision, check, check_journal

LIMIT, WINDOW = 3, 100


def at(*moments, admitted=True, doubt=0):
    return [Attempt(moment - doubt, moment + doubt, admitted) for moment in moments]


def exact_log(moments):
    """What an exact log decides at these moments."""
    log, made = [], []
    for moment in moments:
        admitted = sum(entry > moment - WINDOW for entry in log) < LIMIT
        log += [moment] if admitted else []
        made.append(Decision(moment, admitted))
    return made


@pytest.mark.parametrize(
    ("attempts", "over", "early"),
    [
        pytest.param(at(0, 1, 2), 0, 0, id="the-limit-itself"),
        pytest.param(at(0, 1, 2, 99), 1, 0, id="one-more-just-inside"),
        pytest.param(at(0, 1, 2, 100), 0, 0, id="one-more-a-window-after-the-first"),
        pytest.param(at(0, 1, 2) + at(99, admitted=False), 0, 0, id="refused-just-inside"),
        pytest.param(at(0, 1, 2) + at(100, admitted=False), 0, 1, id="refused-when-the-first-has-left"),
        pytest.param(at(0, 1) + at(2, admitted=False), 0, 1, id="refused-below-the-limit"),
        pytest.param([*at(0, 1, 2), Attempt(90, 100)], 0, 0, id="in-doubt-to-the-servers-good"),
        pytest.param([*at(0, 1, 2), Attempt(90, 99)], 1, 0, id="no-doubt-left"),
        pytest.param([*at(0, 1, 2), Attempt(99, 300, admitted=False)], 0, 0, id="refused-at-some-moment-in-time"),
        pytest.param([Attempt(0, 500), Attempt(0, 500), Attempt(0, 500), Attempt(450, 460, False)], 0, 0, id="slow"),
        pytest.param([*at(0, 1), Attempt(1, None), *at(50, admitted=False)], 0, 0, id="lost-answer-may-have-counted"),
        pytest.param([*at(0, 1, 2), Attempt(1, None)], 0, 0, id="lost-answer-is-no-proof"),
    ],
)
def test_proofs_begin_exactly_at_the_limit_and_the_window(attempts, over, early):
    verdict = check(attempts, limit=LIMIT, window_ns=WINDOW)
    assert (len(verdict.over), len(verdict.early)) == (over, early)


moments = st.lists(st.integers(0, 400), max_size=40).map(sorted)
doubts = st.lists(st.tuples(st.integers(0, 150), st.integers(0, 150)), min_size=40, max_size=40)


@given(moments, doubts)
@example([0, 0, 0, 100], [(0, 0)] * 40)
@example([0, 0, 0, 99], [(0, 0)] * 40)
def test_an_exact_log_is_never_accused_however_slow_the_network(decided, doubts):
    made = exact_log(decided)
    seen = [Attempt(one.at_ns - a, one.at_ns + b, one.admitted) for one, (a, b) in zip(made, doubts, strict=False)]
    assert check(seen, limit=LIMIT, window_ns=WINDOW).holds
    assert check_journal(made, limit=LIMIT, window_ns=WINDOW).holds


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=40))
def test_without_doubt_the_intervals_and_the_journal_say_the_same(decisions):
    """Distinct moments: two decisions at one moment have an order that an interval cannot see."""
    distinct = dict(decisions)
    journal = check_journal([Decision(*one) for one in distinct.items()], limit=LIMIT, window_ns=WINDOW)
    seen = check([Attempt(when, when, good) for when, good in distinct.items()], limit=LIMIT, window_ns=WINDOW)
    assert (bool(seen.over), seen.worst) == (bool(journal.over), journal.worst)
    assert [proof.at_ns for proof in seen.early] == [proof.at_ns for proof in journal.early]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=30))
def test_the_fast_count_is_the_plain_count(spans):
    attempts = [Attempt(sent, sent + length) for sent, length in spans]
    plain = max(
        (sum(b.sent_ns >= a.sent_ns and b.received_ns < a.sent_ns + WINDOW for b in attempts) for a in attempts),
        default=0,
    )
    assert check(attempts, limit=LIMIT, window_ns=WINDOW).worst == plain


def test_a_key_with_an_unknown_past_is_judged_only_where_its_window_is_known():
    attempts = at(0, admitted=False) + at(150, admitted=False)
    assert len(check(attempts, limit=LIMIT, window_ns=WINDOW).early) == 2
    assert len(check(attempts, limit=LIMIT, window_ns=WINDOW, fresh=False).early) == 1


def test_a_key_that_others_use_too_is_judged_for_over_admission_alone():
    attempts = at(0, admitted=False) + at(1, 2, 3, 4)
    verdict = check(attempts, limit=LIMIT, window_ns=WINDOW, early=False)
    assert (len(verdict.over), verdict.early) == (1, ())
