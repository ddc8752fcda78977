"""A measurement of seeded bugs goes on where it was broken off, and its page says what was found."""

from tests.explorer.bugs import BUGS
from tests.explorer.measure import LIFE_S, OF, asks, hunt, may_meet, page

FIRST, SECOND, THIRD = BUGS[:3]
FOUND = {"bug": FIRST.name, "of": OF, "seed": 3, "lives": 3, "cpu": 1.5, "law": "told once", "acts": 4, "faults": 1}


def missed(bug, cpu, of=OF):
    return {"bug": bug.name, "of": of, "lives": 9, "cpu": cpu}


def test_what_was_found_or_had_its_time_is_not_hunted_again():
    done = {FIRST.name: FOUND, SECOND.name: missed(SECOND, 60.0)}
    assert [ask.name for ask in asks(done, [FIRST.name, SECOND.name, THIRD.name], 60)] == [THIRD.name]


def test_with_more_time_a_hunt_goes_on_where_it_was():
    row = missed(SECOND, 60.0)
    (ask,) = asks({SECOND.name: row}, [SECOND.name], 90)
    assert ask.before == row


def test_a_hunt_by_another_explorer_begins_anew():
    (ask,) = asks({SECOND.name: missed(SECOND, 60.0, of="another")}, [SECOND.name], 60)
    assert ask.before is None


def test_a_life_without_the_people_of_a_bug_is_not_lived_and_counts():
    escrow = next(bug for bug in BUGS if "escrow" in bug.file)
    assert not may_meet(escrow, {"care": 0, "orders": 1})
    assert may_meet(escrow, {"care": 1, "orders": 0})
    assert may_meet(FIRST, {"care": 0, "orders": 0})
    assert hunt(escrow.name, 7 * LIFE_S, {"lives": 5, "cpu": 7 * LIFE_S})["lives"] == 5, "its time was up"


def test_the_page_says_how_many_were_found_and_with_how_long_a_history():
    shown = page([(FIRST, FOUND), (SECOND, missed(SECOND, 60.0))])
    assert "1 of 2 found, 1 of them with a history of at most 20 acts;" in shown
    assert f"| {FIRST.name} | {FIRST.file} | 3 | 3 | 1.5 | told once | 4 | 1 |" in shown
    assert f"| {SECOND.name} | {SECOND.file} | | 9 | 60 | not found | | |" in shown
