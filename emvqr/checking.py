"""A code held to a profile: which account it names, its values by the table's names, and every problem. No scheme.

The order of the checks: the core's, 01, the account, currency, country, amount, then the rest as the table has it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from emvqr.detection import templates
from emvqr.problems import Problem, forgiven
from emvqr.profile import Account, Field, Profile
from emvqr.reading import FORGIVABLE, Reading, read
from emvqr.tree import Node

STATIC: Final = "11"
DYNAMIC: Final = "12"
_AMOUNT = re.compile(r"([0-9]+)(?:(\.)([0-9]*))?", re.ASCII)
_FIRST = ("53", "58")  # what stands before the amount in the order of the checks


@dataclass(frozen=True, slots=True)
class Facts:
    """What a code says by a profile. values and nodes: by the names of the table's fields.

    account: None where none is payable. amount: None where there is none or it cannot be read.
    is_static: as 01 says, or by the amount where it is absent.
    """

    reading: Reading
    account: Account | None
    values: dict[str, str]
    nodes: dict[str, Node]
    amount: Decimal | None
    is_static: bool
    problems: tuple[Problem, ...]

    @property
    def faults(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if not problem.is_warning)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_warning)


def check(profile: Profile, text: str, *, lenient: bool = False, forgive: Iterable[str] = ()) -> Facts:
    """Read text by a profile. Nothing is raised: what is wrong stands in the problems, in the order of the checks.

    lenient and forgive make warnings of what the profile calls forgivable, and of the reasons that are named.
    """
    reading = read(text, profile.frame)
    checker = _Checker(profile, reading)
    account = checker.check() if reading.nodes else None
    problems = (*map(_strict, reading.problems), *checker.problems)
    if not reading.is_whole:  # what came after could not be read, and is not missing
        problems = tuple(problem for problem in problems if not problem.reason.endswith("_missing"))
    let_pass = frozenset({*forgive, *(profile.forgivable | FORGIVABLE if lenient else ())})
    return Facts(
        reading, account, checker.values, checker.nodes, checker.amount, checker.is_static, forgiven(problems, let_pass)
    )


def _strict(problem: Problem) -> Problem:
    """The core reads a CRC in the other case, a scheme does not."""
    if problem.is_warning:
        return Problem(problem.reason, problem.message, problem.at, problem.path)
    return problem


def check_fields(fields: tuple[Field, ...], reading: Reading) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The values of the fields that stand at the root, by name, and their problems: for codes of no payment."""
    checker = _Fields(reading)
    for each in fields:
        checker.field(each, each.tag)
    return checker.values, tuple(checker.problems)


class _Fields:
    """One reading against fields: their values by name, and their problems."""

    def __init__(self, reading: Reading) -> None:
        self.problems: list[Problem] = []
        self.values: dict[str, str] = {}
        self.nodes: dict[str, Node] = {}
        self.reading = reading
        self.at = reading.by_path

    def problem(self, reason: str, message: str, node: Node | None, path: str = "", *, warns: bool = False) -> None:
        at = node.offset if node else len(self.reading.text)
        self.problems.append(Problem(reason, message, at, node.path if node else path, warns))

    def field(self, each: Field, path: str) -> None:
        node = self.at.get(path)
        if node is None:
            if each.is_required:
                self.problem(each.missing_reason, f"tag {path} ({each.name}) is missing", None, path)
            return
        if each.fields:
            self._inner(each, node)
            return
        self.values.setdefault(each.name, node.value)
        self.nodes.setdefault(each.name, node)
        if reason := each.fault(node.value):
            message = f"tag {path} ({each.name}) is {node.value!r}, expected {each.expected()}"
            self.problem(reason, message, node, warns=each.is_advice)

    def _inner(self, each: Field, node: Node) -> None:
        if node.children:
            self.template(each.fields, node.path, node)
        elif not each.is_advice:
            message = f"tag {node.path} ({each.name}) is {node.value!r}, which is no sequence of data objects"
            self.problem("template_malformed", message, node)

    def template(self, fields: tuple[Field, ...], path: str, node: Node) -> None:
        for group, members in _groups(fields):
            self._one_of(group, members, path, node)
        for each in fields:
            self.field(each, f"{path}.{each.tag}")

    def _one_of(self, group: str, members: list[Field], path: str, node: Node) -> None:
        there = [each for each in members if f"{path}.{each.tag}" in self.at]
        expected = " or ".join(f"{path}.{each.tag}" for each in members)
        if not there:
            self.problem(f"{group}_missing", f"tag {path} has no {group}, expected one of {expected}", node)
        for each in there[1:]:
            second = self.at[f"{path}.{each.tag}"]
            self.problem(f"{group}_several", f"a second {group} in {second.path}, expected one of {expected}", second)


class _Checker(_Fields):
    """One reading against one profile."""

    def __init__(self, profile: Profile, reading: Reading) -> None:
        super().__init__(reading)
        self.amount: Decimal | None = None
        self.is_static = True
        self._profile = profile

    def check(self) -> Account | None:
        """All checks in their order; the account that is to be paid."""
        initiation = self._initiation()
        account = self._account()
        roots = tuple(self._profile.roots(account))
        for each in roots:
            if each.tag in _FIRST:
                self.field(each, each.tag)
        self._amount()
        self._initiation_and_amount(initiation)
        for each in roots:
            if each.tag not in _FIRST:
                self.field(each, each.tag)
        return account

    def _initiation(self) -> str | None:
        node = self.at.get("01")
        if node is None:
            self.problem("point_of_initiation_missing", "tag 01 is missing", None, "01", warns=True)
            return None
        if node.value not in (STATIC, DYNAMIC):
            self.problem("point_of_initiation", f"tag 01 is {node.value!r}, expected 11 or 12", node)
        return node.value

    def _initiation_and_amount(self, initiation: str | None) -> None:
        node = self.at.get("54")
        self.is_static = initiation == STATIC if initiation else node is None
        if initiation == STATIC and node:
            self.problem("static_with_amount", "01 is 11 (static) and 54 an amount", node, warns=True)
        elif initiation == DYNAMIC and not node:
            message = "01 is 12 (dynamic) and there is no amount (54)"
            self.problem("dynamic_without_amount", message, self.at["01"], warns=True)

    def _account(self) -> Account | None:
        """The one payable account; the fields of all known ones go into the values, the payable one's first."""
        own = templates(self.reading.nodes, self._profile.identifier)
        known = [(account, node) for node in own if (account := self._profile.account_of(node))]
        payable = [(account, node) for account, node in known if account.is_payable]
        if not payable:
            self._no_account()
            return None
        for _, node in payable[1:]:
            self.problem("account_several", f"a second account in tag {node.path}", node)
        account, node = payable[0]
        self.values["guid"] = next(child.value for child in node.children if child.tag == "00")
        self.template(account.fields, node.path, node)
        return account

    def _no_account(self) -> None:
        tags = dict.fromkeys(account.tag for account in self._profile.accounts if account.is_payable)
        node = next((self.at[tag] for tag in tags if tag in self.at), None)
        name = self._profile.name
        if node is None:
            self.problem("account_missing", f"no account: none of the tags {', '.join(tags)} is {name}'s", None)
        elif not node.children:
            message = f"tag {node.path} is {node.value!r}, which is no sequence of data objects"
            self.problem("template_malformed", message, node)
        else:
            guid = next((child.value for child in node.children if child.tag == "00"), None)
            self.problem("aid_unknown", f"tag {node.path}.00 is {guid!r}, which is not {name}'s", node)

    def _amount(self) -> None:
        node = self.at.get("54")
        if node is None:
            return
        rule = self._profile.amount
        form = _AMOUNT.fullmatch(node.value)
        if not form:
            self.problem("amount", f"tag 54 is {node.value!r}, expected digits and at most one point", node)
            return
        if len(node.value) > rule.longest:
            message = f"tag 54 has {len(node.value)} characters, at most {rule.longest} fit"
            self.problem("amount_length", message, node)
            return
        self.amount = Decimal(node.value)
        decimals = rule.decimals.get(self.values.get("currency", ""), 2)
        fraction = form[3] or ""
        if len(fraction) > decimals or (form[2] and not fraction):
            message = f"tag 54 is {node.value!r}, expected {decimals or 'no'} decimals"
            self.problem("amount_precision", message, node)
        elif form[2] and len(fraction) < decimals:
            message = f"tag 54 is {node.value!r}, written with {decimals} decimals by the scheme's own encoders"
            self.problem("amount_decimals", message, node, warns=True)
        if not self.amount:
            self.problem("amount_zero", "tag 54 is zero: a code without an amount has no tag 54", node)


def _groups(fields: tuple[Field, ...]) -> Iterator[tuple[str, list[Field]]]:
    for group in dict.fromkeys(each.one_of for each in fields if each.one_of):
        yield group, [each for each in fields if each.one_of == group]
