"""All mistakes of a script at once, each with line, column and the source line; and values that cannot be."""

import pytest

from bakong_sandbox.stack.scripts import LIBRARY

BAD = """\
name: Bad Name
payment:
  - paidd
  - {paid: {aftr: 3s}}
faults:
  - {on: checc, fault: timout}
  - {on: check, poll: 3..1, fault: hang, fr: 2s}
  - {fault: http, status: many}
"""


@pytest.fixture
def mistakes(tmp_path):
    def mistakes(text):
        path = tmp_path / "bad.yaml"
        path.write_text(text)
        return [mistake.replace(str(path), "bad.yaml") for mistake in LIBRARY.mistakes(path)]

    return mistakes


def test_all_mistakes_are_told_at_once_with_their_places(mistakes):
    found = mistakes(BAD)
    assert [mistake.partition(": ")[0] for mistake in found] == [
        *("bad.yaml:1:7", "bad.yaml:3:5", "bad.yaml:4:13", "bad.yaml:6:10", "bad.yaml:6:24"),
        *("bad.yaml:7:23", "bad.yaml:7:42", "bad.yaml:8:27"),
    ]
    assert found[1].splitlines()[1:] == ["    - paidd", "      ^"]
    assert "did you mean 'paid'?" in found[1]
    assert "did you mean 'for'?" in found[6]


def test_a_good_script_has_none(mistakes):
    assert mistakes("name: good\npayment: [paid]\n") == []
    for entry in LIBRARY.entries(None):
        assert mistakes(entry.script.text) == [] if entry.script.text else True


IMPOSSIBLE = {
    "faults: [{fault: hang, poll: 3..1}]": "no poll is from 3 to 1: did you mean 1..3?",
    "faults: [{fault: delay, from: 3s, to: 1s}]": "to is less than from: 1s after 3s",
    "faults: [{fault: delay, median: 3s, p99: 1s}]": "p99 is less than median: 1s after 3s",
    "faults: [{fault: hang, window: {from: 3s, to: 1s}}]": "ends before it begins: from 3s to 1s",
    "faults: [{fault: hang, window: {to: 0s}}]": "ends before it begins: from 0s to 0s",
    "rules: [{payment: [paid]}, {match: {account: a@b}, payment: [failed]}]": "never reached: that of line 2",
    "rules: [{match: {account: a@b}}, {match: {account: a@b}}]": "never reached",
    "rules: [{match: {amount: {at_least: 5, at_most: 2.50}}}]": "no amount is at least 5 and at most 2.50",
}


@pytest.mark.parametrize(("line", "said"), IMPOSSIBLE.items())
def test_what_cannot_be_is_refused(mistakes, line, said):
    (found,) = mistakes(f"name: bad\n{line}\n")
    assert said in found


YAML = {
    "name: a\npayment: [": "2:11: not valid YAML: the file ends where a value is expected",
    "name: a: b": "not valid YAML: a colon is not allowed here",
    "name: a\n\tb: c": "not valid YAML: a tab: YAML is indented with spaces",
    "name: [a, b": "not valid YAML: a list or mapping in brackets is not closed",
    "name: 'a": "not valid YAML: a quote is not closed",
    "name: *": "not valid YAML",
}


@pytest.mark.parametrize(("text", "said"), YAML.items())
def test_what_is_no_yaml_is_said_in_plain_words(mistakes, text, said):
    (found,) = mistakes(text)
    assert said in found


def test_a_name_that_there_is_not_is_not_answered_with_every_name(mistakes):
    (found,) = mistakes("name: a\notherwise: timeuot\n")
    assert "did you mean 'timeout'?" in found
    assert len(found) < 300
    (found,) = mistakes("name: a\notherwise: zzzzzz\n")
    assert "`bakong-sandbox scenario list`" in found


def test_beside_the_nearest_word_stands_no_long_list(mistakes):
    (found,) = mistakes("name: a\nfaults: [{fault: delai, for: 1s}]\n")
    assert "did you mean 'delay'?\n" in found
    (found,) = mistakes("name: a\nfaults: [{fault: zzz}]\n")
    assert "(known to bakong: content_type, delay, " in found
