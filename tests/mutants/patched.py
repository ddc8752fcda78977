"""Programs of the seeded bugs with one of their texts changed: what `shop_faults.py` says, planted."""

import sys
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from tests.mutants.shop_faults import CARD_FAULTS, ESCROW_FAULTS, THAI_FAULTS

FOLDER, PACKAGE = Path(__file__).parent, "tests.mutants"
PROGRAMS = {  # the class of a program: its modules, those that others need first; and its faults
    "ThaiShop": (("thai_sums", "thai_hooks", "thai_shop"), THAI_FAULTS),
    "EscrowShop": (("escrow_clients", "escrow_money", "escrow_shop"), ESCROW_FAULTS),
    "CardShop": (("card_shop",), CARD_FAULTS),
}


def changed(program, bug):
    """A program's texts by module, one of them with the fault. Raises ValueError where it does not fit once."""
    names, faults = PROGRAMS[program]
    texts = {name: (FOLDER / f"{name}.py").read_text() for name in names}
    where, old, new, _ = faults[bug]
    if texts[where].count(old) != 1:
        raise ValueError(f"{bug}: its text is not once in {where}.py")
    return texts | {where: texts[where].replace(old, new)}


def program_of(healthy, bugs):
    """The class, or the same class with the fault that a bug of that name is."""
    planted = [bug for bug in bugs if bug in PROGRAMS[healthy.__name__][1]]
    if not planted:
        return healthy
    texts = changed(healthy.__name__, planted[0])
    full = {name: f"{PACKAGE}.{name}" for name in texts}
    before = {one: sys.modules[one] for one in full.values()}
    try:
        for name, text in texts.items():
            module = module_from_spec(spec_from_loader(full[name], None))
            sys.modules[full[name]] = module
            exec(compile(text, str(FOLDER / f"{name}.py"), "exec"), module.__dict__)  # noqa: S102  our own text
        return getattr(module, healthy.__name__)
    finally:
        sys.modules.update(before)
