"""Every mistake of a script with its line, and no mistake that only follows from another."""

import pytest

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel.worlds import library_of

LIBRARY = library_of(SCHEMES)


def lines(text):
    return [mistake.line for mistake in LIBRARY.check(text).mistakes]


@pytest.mark.parametrize("name", LIBRARY.names())
def test_the_librarys_own_scripts_have_no_mistake(name):
    checked = LIBRARY.check(LIBRARY.source(name))
    assert (checked.mistakes, checked.script.name) == ((), name)


def test_every_mistake_is_named_with_its_line():
    text = """nmae: x
payment:
  - unpaid: {polls: some}
  - paidd
  - paid: {amount: lots}
faults:
  - {fault: http, status: 1000}
  - {fault: delaay, for: 2s}
  - {fault: hang, xfor: 2s, on: nowhere}
"""
    checked = LIBRARY.check(text)
    assert [row.line for row in checked.mistakes] == [1, 3, 4, 5, 7, 8, 9, 9]
    assert "did you mean 'paid'" in checked.mistakes[2].message
    assert [step.state for step in checked.script.path] == ["unpaid", "paid"]


def test_what_follows_from_a_mistake_alone_is_none():
    assert lines("name: x\npayment: [paidd, refunded]\n") == [2]
    assert lines("name: x\npayment: [unpaid, refunded]\n") == [2]


@pytest.mark.parametrize(
    ("text", "said"), [("", [0]), ("name: [", [1]), ("- 1", [1]), ("name: X", [1]), ("x: 1", [1]), ("about: x", [1])]
)
def test_a_text_that_is_no_script_says_so(text, said):
    assert lines(text) == said


def test_a_script_of_nothing_but_mistakes_ends():
    text = "name: x\npayment:\n" + "  - wrong\n" * 200
    assert len(lines(text)) == 50
