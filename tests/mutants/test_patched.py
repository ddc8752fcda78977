"""The patches of shops fit their programs, each is in a catalogue or has a reason, and planting one leaves no trace."""

import sys
from itertools import chain

import pytest

from tests.mutants import card_shop, escrow_shop, thai_shop
from tests.mutants.card_catalogue import CARDS
from tests.mutants.catalogue import ESCROW, THAI
from tests.mutants.fault_catalogue import NAMED_CARDS, NAMED_ESCROW, NAMED_THAI, NOT_HELD
from tests.mutants.patched import PROGRAMS, changed, program_of

CLASSES = {"ThaiShop": thai_shop.ThaiShop, "EscrowShop": escrow_shop.EscrowShop, "CardShop": card_shop.CardShop}
NAMED = {"ThaiShop": (NAMED_THAI, THAI), "EscrowShop": (NAMED_ESCROW, ESCROW), "CardShop": (NAMED_CARDS, CARDS)}
EACH = [(name, bug) for name, (_, faults) in PROGRAMS.items() for bug in faults]


@pytest.mark.parametrize(("program", "bug"), EACH)
def test_a_patch_fits_its_program_once(program, bug):
    for name, text in changed(program, bug).items():
        compile(text, name, "exec")


def test_a_patch_that_fits_nowhere_is_told(monkeypatch):
    monkeypatch.setitem(PROGRAMS["ThaiShop"][1], "wrong", ("thai_sums", "no such text", "", ""))
    with pytest.raises(ValueError, match="is not once in thai_sums"):
        changed("ThaiShop", "wrong")


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_patch_is_in_its_catalogue_or_has_a_reason(program):
    named, catalogue = NAMED[program]
    faults = PROGRAMS[program][1]
    assert set(faults) == {*named, *(set(faults) & set(NOT_HELD))}
    assert not set(named) & set(NOT_HELD)
    assert {bug: rule for bug, (rule, _) in catalogue.items() if bug in faults} == named


def test_each_reason_is_of_a_patch():
    assert set(NOT_HELD) <= set(chain.from_iterable(faults for _, faults in PROGRAMS.values()))


@pytest.mark.parametrize("program", PROGRAMS)
def test_planting_leaves_the_healthy_program_as_it_was(program):
    healthy, before = CLASSES[program], dict(sys.modules)
    planted = program_of(healthy, [next(iter(PROGRAMS[program][1]))])
    assert planted is not healthy
    assert planted.__name__ == program
    assert program_of(healthy, ["no-patch"]) is healthy
    assert {name: sys.modules[name] for name in before if name.startswith("tests.mutants.")} == {
        name: module for name, module in before.items() if name.startswith("tests.mutants.")
    }
