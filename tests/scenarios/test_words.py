"""Each scheme's scripts are read in its own words, and the shared ones in those of every scheme."""

from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import AccountForm, ScenarioError, SchemeWords, ScriptLibrary, State
from bakong_scenarios.documenting import tables
from bakong_scenarios.library import SHARED
from bakong_scenarios.schema import schema
from bakong_scenarios.vocabulary import Parameter
from bakong_schemes.bakong import words
from bakong_schemes.bakong.words import WORDS as BAKONG

CARDS = SchemeWords(
    name="cards",
    steps=(State.UNPAID, State.AUTHORIZED, State.PAID, State.FAILED, State.CANCELLED, State.REFUNDED, State.DISPUTED),
    endpoints=("create_charge", "retrieve_charge", "list_charges"),
    checks=("retrieve_charge", "list_charges"),
    refusals=("card_declined", "rate_limited"),
    currencies=("EUR", "JPY"),
    pages=("api_error",),
    own_faults={"stale": {"by": Parameter("shift", -60_000)}},
    utc_offset_ms=-5 * 3_600_000,
    account=AccountForm(r"acct_[0-9]{1,8}", "acct_42"),
)
BAKONG_SCRIPTS = Path(words.__file__).parent / "scenarios"
DECLINED = """
name: declined
number: 70
about: The bank refuses the card.
scheme: cards
faults:
  - {on: create_charge, fault: refuse, as: card_declined}
"""


@pytest.fixture
def both(tmp_path):
    """The scripts of Bakong and of a scheme with a script of its own."""
    (tmp_path / "declined.yaml").write_text(DECLINED)
    return ScriptLibrary((BAKONG, CARDS), {"bakong": BAKONG_SCRIPTS, "cards": tmp_path})


def test_a_script_is_read_in_the_words_of_its_scheme(both):
    script = both.read(
        """
name: mine
scheme: cards
match: {amount: {currency: EUR}}
payment:
  - authorized: {for: 1h}
  - paid: {account: acct_7, currency: JPY}
  - disputed: {after: 7d}
faults:
  - {on: check, fault: hang}
  - {on: checks, fault: http, body: api_error, until: create_charge}
  - {on: create_charge, fault: refuse}
  - {fault: stale, until: midnight}
"""
    )
    assert script.scheme == "cards"
    assert [step.state for step in script.path] == ["authorized", "paid", "disputed"]
    assert [rule.on for rule in script.faults] == [
        ("retrieve_charge",),
        ("retrieve_charge", "list_charges"),
        ("create_charge",),
        ("*",),
    ]
    assert script.faults[2].parameters == {"as": "card_declined"}
    assert script.faults[3].conditions == {"until": {"is": "midnight", "utc_offset": -18_000_000}}


def test_a_script_that_names_no_scheme_is_the_firsts(both):
    script = both.read("name: old\nfaults:\n  - {on: check_transaction_by_md5, fault: refuse, until: midnight}")
    assert (script.scheme, script.faults[0].parameters) == ("bakong", {"as": "unauthorized"})
    assert script.faults[0].conditions == {"until": {"is": "midnight", "utc_offset": 25_200_000}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scheme: crads", "s.yaml:2: unknown scheme 'crads'; did you mean 'cards'? (known: bakong, cards)"),
        ("scheme: cards\nfaults: [{on: check_transaction_by_md5}]", "s.yaml:3: the key 'fault' is missing"),
        (
            "scheme: cards\nfaults: [{fault: hang, on: retrieve_charges}]",
            (
                "s.yaml:3: unknown value 'retrieve_charges'; did you mean 'retrieve_charge'? "
                "(known to cards: *, check, checks, create_charge, retrieve_charge, list_charges)"
            ),
        ),
        (
            "scheme: cards\nfaults: [{fault: refuse, as: unauthorized}]",
            "s.yaml:3: unknown value 'unauthorized' (known to cards: card_declined, rate_limited)",
        ),
        ("faults: [{fault: refuse, as: card_declined}]", "s.yaml:2: unknown value 'card_declined' (known to bakong: "),
        ("faults: [{fault: stale}]", "s.yaml:2: unknown value 'stale'"),
        ("scheme: cards\nfaults: [{fault: skew}]", "s.yaml:3: unknown value 'skew'"),
        (
            "payment: [unpaid, cancelled]",
            (
                "s.yaml:2: bakong has no step 'cancelled'; did you mean 'failed'? "
                "(known to bakong: unpaid, paid, failed, refunded, hidden)"
            ),
        ),
        ("payment: [{authorized: {for: 1h}}]", "s.yaml:2: bakong has no step 'authorized'"),
        ("scheme: cards\npayment: [paid, hidden]", "s.yaml:3: cards has no step 'hidden'"),
        (
            "scheme: cards\npayment: [{paid: {tracking: [RECEIVE_AT_ACH]}}]",
            "s.yaml:3: unknown value 'RECEIVE_AT_ACH' (known to cards: none)",
        ),
        (
            "scheme: cards\npayment: [{paid: {currency: KHR}}]",
            "s.yaml:3: unknown value 'KHR' (known to cards: EUR, JPY)",
        ),
        ("scheme: cards\npayment: [{paid: {account: a@b}}]", "s.yaml:3: expected an account like acct_42 in cards"),
        ("scheme: cards\npayment: [cancelled, paid]", "s.yaml:3: nothing can follow 'cancelled': it ends the payment"),
        ("scheme: cards\npayment: [paid, cancelled]", "s.yaml:3: 'paid' cannot become 'cancelled'"),
        ("scheme: cards\npayment: [authorized, unpaid]", "s.yaml:3: 'authorized' cannot become 'unpaid'"),
        ("scheme: cards\npayment: [unpaid, refunded]", "s.yaml:3: only a paid payment can be refunded"),
        ("scheme: cards\npayment: [{cancelled: {polls: 1}}]", "s.yaml:3: unknown key 'polls'"),
        ("scheme: cards\notherwise: token-expired", "s.yaml:3: no scenario is called 'token-expired'"),
        ("otherwise: declined", "s.yaml:2: no scenario is called 'declined'"),
    ],
)
def test_an_error_names_the_scheme_the_place_and_the_nearest_word(both, text, message):
    with pytest.raises(ScenarioError) as caught:
        both.read(f"name: x\n{text}", "s.yaml")
    assert str(caught.value).startswith(message)


def test_each_scheme_has_the_shared_scripts_that_it_can_play_and_its_own(both):
    bakong, cards = set(both.names()), set(both.names("cards"))
    assert {"paid", "timeout", "refunded"} <= bakong & cards
    assert {"cancelled", "authorized", "disputed", "declined"} <= cards - bakong
    assert "flapping" in bakong - cards  # it hides the payment
    assert both.find("timeout", "cards").faults[0].on == ("retrieve_charge",)
    assert both.find("timeout").faults[0].on == ("check_transaction_by_md5",)


def test_a_name_is_looked_up_in_the_default_scheme_first(both):
    assert both.find("paid").scheme == "bakong"
    assert both.find("declined").scheme == both.find("cancelled").scheme == "cards"
    assert "declined" in both
    assert "declined" not in LIBRARY
    with pytest.raises(ScenarioError, match="cards cannot play 'flapping': it has no step 'hidden'"):
        both.find("flapping", "cards")
    with pytest.raises(ScenarioError, match="no scenario is called 'declind'; did you mean 'declined'"):
        both.find("declind")
    with pytest.raises(ScenarioError, match=r"unknown scheme 'card'; did you mean 'cards'\? \(known: bakong, cards\)"):
        both.find("paid", "card")


def test_magic_values_name_scripts_of_the_payments_own_scheme(both):
    assert both.by_magic("SBX-DECLINED", "acct_1", None, "cards").name == "declined"
    assert both.by_magic(None, "acct_1", 700_770, "cards").name == "declined"
    assert both.by_magic(None, "acct_1", 700_703, "cards") is both.find("timeout", "cards")
    assert both.by_magic(None, "a@b", 700_703) is both.find("timeout")
    with pytest.raises(ScenarioError, match="no scenario is called 'declined'"):
        both.by_magic("SBX-DECLINED", "a@b", None)


def test_a_payment_of_another_scheme_follows_the_same_script_or_the_default_one(both):
    timeout, expired_token = both.find("timeout"), both.find("token-expired")
    assert both.for_scheme(timeout, "bakong") is timeout
    assert both.for_scheme(timeout, "cards") is both.find("timeout", "cards")
    assert both.for_scheme(expired_token, "cards") is both.find("manual", "cards")
    mine = both.read("name: timeout\npayment: [unpaid]", "mine.yaml")
    assert both.for_scheme(mine, "cards") == replace(mine, scheme="cards")
    for text in ("name: timeout\nscheme: bakong", "name: timeout\nfaults: [{on: renew_token, fault: hang}]"):
        assert both.for_scheme(both.read(text, "mine.yaml"), "cards") is both.find("manual", "cards")


def test_a_schemes_own_script_has_to_say_whose_it_is(tmp_path):
    (tmp_path / "declined.yaml").write_text("name: declined")
    library = ScriptLibrary((BAKONG, CARDS), {"cards": tmp_path})
    with pytest.raises(ScenarioError, match=r"declined.yaml: is a script of cards: add 'scheme: cards'"):
        library.find("declined", "cards")


@settings(deadline=None)
@given(st.sets(st.sampled_from(State)), st.data())
def test_every_shared_script_is_read_in_the_words_of_every_scheme_that_has_its_steps(steps, data):
    drawn = SchemeWords("drawn", steps=tuple(steps), endpoints=("ask", "pay"), checks=("ask",))
    library = ScriptLibrary((drawn,))
    named = library.names()
    path = data.draw(st.sampled_from(sorted(SHARED.glob("*.yaml"))))
    payment = yaml.safe_load(path.read_text()).get("payment", [])
    wanted = {step if isinstance(step, str) else next(iter(step)) for step in payment}
    assert (path.stem in named) == (wanted <= steps)
    if path.stem in named:
        script = library.find(path.stem)
        assert script.scheme == "drawn"
        assert {endpoint for rule in script.faults for endpoint in rule.on} <= {"ask", "*"}


def test_shared_scripts_and_numbers_are_unique_within_a_scheme():
    for scheme in LIBRARY.words:
        assert len(LIBRARY.numbers(scheme)) == len(LIBRARY.names(scheme))


def test_the_schema_knows_every_schemes_words(both):
    validator = jsonschema_rs.validator_for(schema(both))
    good = [
        {"name": "x", "faults": [{"fault": "refuse", "as": "unauthorized", "on": "check_transaction_by_md5"}]},
        {"name": "x", "scheme": "bakong", "payment": ["paid", {"refunded": {"after": "1d"}}]},
        {"name": "x", "scheme": "cards", "faults": [{"fault": "refuse", "as": "card_declined", "on": "create_charge"}]},
        {"name": "x", "scheme": "cards", "payment": [{"authorized": {"for": "1h"}}, "paid"]},
    ]
    bad = [
        {"name": "x", "faults": [{"fault": "refuse", "as": "card_declined"}]},
        {"name": "x", "payment": ["cancelled"]},
        {"name": "x", "scheme": "cards", "faults": [{"fault": "refuse", "as": "unauthorized"}]},
        {"name": "x", "scheme": "cards", "payment": ["hidden"]},
        {"name": "x", "scheme": "cards", "match": {"amount": {"currency": "KHR"}}},
        {"name": "x", "scheme": "cards", "payment": [{"paid": {"tracking": ["RECEIVE_AT_ACH"]}}]},
        {"name": "x", "scheme": "crads"},
    ]
    assert [script for script in good if not validator.is_valid(script)] == []
    assert [script for script in bad if validator.is_valid(script)] == []


def test_the_tables_name_every_schemes_words(both):
    page = tables(both)
    assert "| `declined` | cards | `SBX-DECLINED` | 7,007.70 EUR, 700,770 JPY | The bank refuses the card. |" in page
    assert "| `token-expired` | bakong | `SBX-TOKEN-EXPIRED` | 700,722 KHR, 7,007.22 USD |" in page
    assert "| `paid` | all |" in page
    assert "| refusals: `refuse`, `as` | `card_declined`, `rate_limited` |" in page
    assert "| `authorized` | the payer has agreed, and no money has moved: it waits to be captured | cards |" in page
