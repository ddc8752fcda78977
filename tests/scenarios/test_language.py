"""Scripts are read as written, and every error says where it is and what was meant."""

import pytest

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import ScenarioError, State
from bakong_schemes.bakong.fake.faults import FAULTS as PLAYED
from bakong_schemes.bakong.fake.faults import REFUSALS
from bakong_schemes.bakong.wire import ENDPOINTS, TRACKING_STATUSES
from bakong_schemes.bakong.words import WORDS
from bakong_simulator.wire import conditions


def test_the_three_first_scenarios_are_in_the_library():
    assert {"paid", "timeout", "error", "manual"} <= set(LIBRARY.names())


@pytest.mark.parametrize("name", LIBRARY.names())
def test_every_script_of_the_library_is_valid_and_named_after_its_file(name):
    scenario = LIBRARY.find(name)
    assert scenario.name == name
    assert scenario.about


def test_a_script_says_what_it_says():
    scenario = LIBRARY.read(
        """
name: slow-bank
about: The second poll hangs; the money arrives two seconds later.
match: {account: "*@aclb", amount: {currency: USD, at_most: 50}}
payment:
  - unpaid: {polls: 3}
  - paid: {after: 2s}
faults:
  - {on: check_transaction_by_md5, poll: 2, fault: hang, for: 1500ms}
  - {chance: 0.05, fault: http, status: 503}
"""
    )
    assert [(step.state, step.polls, step.after_ms) for step in scenario.path] == [
        (State.UNPAID, 3, 0),
        (State.PAID, None, 2000),
    ]
    hang, http = scenario.faults
    assert (hang.parameters, hang.strikes("check_transaction_by_md5", 2), hang.strikes("renew_token", 2)) == (
        {"for": 1500},
        True,
        False,
    )
    assert http.parameters == {"status": 503, "body": "nginx", "retry_after": None}
    assert http.conditions == {"chance": {"is": 0.05}}


WRONG = [
    ("", "s.yaml: is empty"),
    ("about: x", "s.yaml:1: the key 'name' is missing"),
    ("name: x\nfalts: []", "s.yaml:2: unknown key 'falts'; did you mean 'faults'?"),
    ("name: x\nname: y", "s.yaml:2: duplicate key 'name'"),
    ("name: x\npayment:\n  - padi", "s.yaml:3: unknown value 'padi'; did you mean 'paid'?"),
    (
        "name: x\npayment:\n  - paid: {tracking: [FAILED_AT_ACH]}",
        (
            "s.yaml:3: unknown value 'FAILED_AT_ACH'; did you mean 'RECEIVE_AT_ACH'? "
            "(known to bakong: RECEIVE_AT_ACH, RECEIVE_AT_RECEIVER_BANK, ACKNOWLEDGED_BY_FI, REFUNDED_BY_RECEIVER)"
        ),
    ),
    ("name: x\npayment:\n  - unpaid: {poll: 1}", "s.yaml:3: unknown key 'poll'; did you mean 'polls'?"),
    ("name: x\nfaults:\n  - {fault: hang, for: soon}", "s.yaml:3: expected a duration"),
    ("name: x\nfaults:\n  - {fault: hang, chance: 2}", "s.yaml:3: expected a number from 0 to 1"),
    ("name: x\nfaults:\n  - {fault: hang, on: check_md5}", "s.yaml:3: unknown value 'check_md5'"),
    ("name: x\nfaults:\n  - {fault: hang, poll: 0}", "s.yaml:3: expected a poll"),
    ("name: x\nfaults:\n  - {fault: delay}", "s.yaml:3: a delay wants 'for'; or 'from' and 'to'"),
    ("name: x\nfaults:\n  - {fault: delay, for: 1s, median: 1s}", "s.yaml:3: a delay wants 'for'"),
    ("name: x\nfaults:\n  - {fault: refuse, as: unauthorised}", "s.yaml:3: unknown value 'unauthorised'; did you"),
    (
        "name: x\nfaults:\n  - {fault: http, burst: {call: 1}}",
        "s.yaml:3: unknown key 'call'; did you mean 'calls'?",
    ),
    ("name: x\nfaults:\n  - {fault: http, until: noon}", "s.yaml:3: unknown value 'noon'"),
    ("name: x\nfaults:\n  - {fault: http, status: 100}", "s.yaml:3: expected at least 200"),
    ("name: x\nfaults:\n  - {fault: hang, for: 999999999d}", "s.yaml:3: expected a duration of at most ten years"),
    ("name: x\npayment:\n  - paid: {at: noon}", "s.yaml:3: expected a time like expiry, expiry-1s"),
    ("name: x\npayment:\n  - paid: {at: expiry, after: 1s}", "s.yaml:3: 'after' and 'at' exclude each other"),
    ("name: x\npayment:\n  - paid: {amount: much}", "s.yaml:3: expected an amount like 2.50, 90%"),
    ("name: x\npayment:\n  - paid: {account: dara}", "s.yaml:3: expected an account like name@bank"),
    ("name: x\npayment:\n  - paid: {tracking: [DONE]}", "s.yaml:3: unknown value 'DONE'"),
    ("name: x\npayment:\n  - paid\n  - unpaid", "s.yaml:4: a settled payment cannot become unpaid"),
    ("name: x\npayment:\n  - hidden", "s.yaml:3: only a settled payment can be hidden"),
    ("name: x\nmatch: {amount: {at_most: many}}", "s.yaml:2: expected an amount like 50"),
    ("name: x\nrules:\n  - {play: piad}", "s.yaml:3: no scenario is called 'piad'; did you mean 'paid'?"),
    ("name: x\nrules: []\npayment: []", "s.yaml:2: 'rules' and 'payment' exclude each other"),
    ("name: x\nnumber: 100", "s.yaml:2: expected a number from 1 to 99"),
    ("[" * 60_000, "s.yaml: not valid YAML"),  # libyaml's parser would end the process here
    ("x" * 70_000, "s.yaml: is longer than 65536 characters"),
    ("name: x\npayment: &a [*a]", "s.yaml:2: "),
    ("name: \x00", "s.yaml: not valid YAML"),
    ("name: [\n}", "s.yaml:2: not valid YAML"),
    ("- a\n- b", "s.yaml:1: expected keys and values"),
    ("name: X y", "s.yaml:1: expected a name of lowercase letters"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_an_error_names_file_line_and_what_was_meant(text, message):
    with pytest.raises(ScenarioError) as caught:
        LIBRARY.read(text, "s.yaml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("word", ["no", "yes", "null", "12:30:00", "2026-01-01", "0x1f", "1e3", "010", "~"])
def test_yaml_makes_texts_and_nothing_else(word):
    assert LIBRARY.read(f"name: x\nabout: {word}").about == word


TRAPS = ["payment: !!python/object/apply:os.system [ls]", "payment: !!int 1", "payment: &a [*a, *a]", "<<: {about: y}"]
TRAPS += ["payment: &a [1, 1]\nfaults: [*a, *a]", "---\nname: y"]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_of_yaml_is_refused(trap):
    with pytest.raises(ScenarioError, match=r"^scenario:\d+: "):
        LIBRARY.read(f"name: x\n{trap}")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'timeout'"):
        LIBRARY.find("timout")


def test_every_fault_of_the_vocabulary_is_played():
    assert WORDS.faults.keys() == PLAYED.keys()
    assert WORDS.conditions.keys() == conditions.CONDITIONS.keys()
    assert set(WORDS.refusals) == REFUSALS.keys()


def test_bakongs_words_are_those_of_its_api():
    assert WORDS.endpoints == tuple(endpoint.name for endpoint in ENDPOINTS)
    assert WORDS.checks == tuple(name for name in WORDS.endpoints if name.startswith("check_transaction"))
    assert WORDS.tracking == TRACKING_STATUSES
