"""A script is chosen in four ways, and what names none, or fits none, says so."""

from contextlib import suppress
from dataclasses import replace

import pytest

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import Scenario, ScenarioError, ScriptFile
from bakong_schemes.bakong.fake.scanning import Order
from bakong_simulator.kernel.matching import choose

ORDER = Order("0" * 32, "sokha@devb", "USD", 150, "INV-1", None)
RULES = """
name: banks
rules:
  - {match: {account: "*@aclb"}, play: paid}
  - match: {amount: {currency: USD, at_least: 100}}
    payment: [failed]
faults:
  - {fault: delay, for: 5ms}
"""


@pytest.mark.parametrize(
    ("bill_number", "account", "minor"),
    [
        ("SBX-PAID", "sokha@devb", 150),
        ("sbx-paid", "sokha@devb", 150),
        (None, "sbx_paid@devb", 150),
        (None, "sokha@devb", 700_700 + (LIBRARY.find("paid").number or 0)),
    ],
    ids=["bill number", "in lowercase letters", "account", "amount"],
)
def test_a_payments_values_name_a_script(bill_number, account, minor):
    assert LIBRARY.by_magic(bill_number, account, minor) is LIBRARY.find("paid")


@pytest.mark.parametrize("values", [("INV-1", "sokha@devb", 150), (None, "x@y", None), ("", "x@y", 700_700)])
def test_other_values_name_none(values):
    assert LIBRARY.by_magic(*values) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("SBX-PIAD", "a@b", 1), "no scenario is called 'piad'; did you mean 'paid'"),
        ((None, "sbx_piad@b", 1), "no scenario is called 'piad'; did you mean 'paid'"),
        ((None, "a@b", 700_799), "no scenario has the number 99"),
    ],
    ids=["bill number", "account", "amount"],
)
def test_a_magic_value_of_no_script_fails_loudly(values, message):
    with pytest.raises(ScenarioError, match=message):
        LIBRARY.by_magic(*values)


def test_every_script_of_the_library_has_a_number_of_its_own():
    assert len(LIBRARY.numbers()) == len(LIBRARY.names())


def test_the_first_rule_that_fits_is_played_with_the_scripts_faults():
    scenario = LIBRARY.read(RULES, "b.yaml")
    one = choose(LIBRARY, scenario, replace(ORDER, to_account="dara@aclb"))
    two = choose(LIBRARY, scenario, replace(ORDER, minor=100_00))
    assert (one.path, one.name, two.path[0].state) == (LIBRARY.find("paid").path, "paid", "failed")
    assert [rule.fault for rule in one.faults] == ["delay"]


def test_an_order_that_no_rule_fits_is_told_the_nearest():
    with pytest.raises(ScenarioError, match=r"nearest is rule 1, which differs in account: wants \*@aclb"):
        choose(LIBRARY, LIBRARY.read(RULES, "b.yaml"), ORDER)


def test_an_md5_that_nobody_has_shown_follows_no_rule_with_a_match():
    assert choose(LIBRARY, LIBRARY.read(RULES, "b.yaml"), None) is None


def test_otherwise_is_for_what_no_rule_fits():
    assert choose(LIBRARY, LIBRARY.read(RULES + "otherwise: manual\n", "b.yaml"), ORDER) is LIBRARY.find("manual")


def test_a_file_is_read_anew_when_it_changes_and_complains_until_it_can_be_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine")
    file = ScriptFile(path, LIBRARY)
    assert file.changed() is None
    path.write_text("name: mine\npayment: [paid]")
    changed = file.changed()
    assert isinstance(changed, Scenario)
    assert changed.path
    path.write_text("name: mine\npayment: [padi, paid]")
    for _ in range(2):
        with pytest.raises(ScenarioError, match=r"mine.yaml:2: unknown value 'padi'; did you mean 'paid'"):
            file.changed()
    path.write_text("name: mine-again")
    assert file.changed() == Scenario("mine-again", "", scheme="bakong")


def test_a_file_tells_once_for_each_change_that_it_was_read_or_is_broken(tmp_path):
    path, told = tmp_path / "mine.yaml", []
    path.write_text("name: mine")
    file = ScriptFile(path, LIBRARY)
    file.tell = told.append
    for text in ("payment: [", "name: mended"):
        path.write_text(text)
        for _ in range(2):
            with suppress(ScenarioError):
                file.changed()
    assert [line.partition(":")[0].replace(str(path), "FILE") for line in told] == [
        "the script is broken, and no call is answered by it until it is mended",
        "the script 'FILE' was read anew",
    ]
