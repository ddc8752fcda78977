"""A scheme's profile as a table: its accounts, fields, fixed values, amount and order. Types alone; no scheme.

The functions that read and write by such a table are `checking` and `writing`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

from emvqr.identifiers import Identifier
from emvqr.reading import EMVCO, Frame
from emvqr.tlv import MAX_VALUE
from emvqr.tree import Node

MAX_AMOUNT: Final = 13  # EMVCo MPM, tag 54
ASCENDING: Final[tuple[str, ...]] = (*(f"{tag:02d}" for tag in range(100) if tag != 63), "63")
ACCOUNTS: Final[tuple[str, ...]] = tuple(map(str, range(26, 52)))  # where a template of a scheme's account may stand
_NONE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


@dataclass(frozen=True)
class Field:
    """One data object: its tag, the name of its value, the form (a regular expression) and length in characters.

    fixed: the one value that it has, which is written where none is given.
    fields: what it holds, where it is a template. one_of: the group of which exactly one must stand in the template.
    reason, too_long, missing: the names of its faults; by default those of the field.
    is_advice: a wrong form is a warning.
    """

    tag: str
    name: str
    fixed: str = ""
    form: str = ".+"
    length: tuple[int, int] = (1, MAX_VALUE)
    is_required: bool = False
    one_of: str = ""
    fields: tuple["Field", ...] = ()
    reason: str = ""
    too_long: str = ""
    missing: str = ""
    is_advice: bool = False

    @cached_property
    def _form(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.fixed) if self.fixed else self.form, re.ASCII | re.DOTALL)

    def fault(self, value: str) -> str:
        """The name of what is wrong with a value, or ""."""
        if not self._form.fullmatch(value):
            return self.reason or self.name
        low, high = self.length
        if not low <= len(value) <= high:
            return self.too_long or self.reason or f"{self.name}_length"
        return ""

    @property
    def missing_reason(self) -> str:
        return self.missing or f"{self.name}_missing"

    def expected(self) -> str:
        """What a value should be, for a message."""
        if self.fixed:
            return repr(self.fixed)
        low, high = self.length
        size = f"{low}" if low == high else f"{low} to {high}"
        return f"{size} characters" + ("" if self.form == ".+" else f" of the form {self.form}")


@dataclass(frozen=True)
class Account:
    """One kind of account: the tag under which it is written, and what its template holds.

    guids: the GUIDs, in capitals, that make a template of this kind, the first as it is written; none where the tag
    decides. data: what tag 62 holds in such a code. is_payable False: a template that is carried and never paid.
    """

    kind: str
    tag: str
    fields: tuple[Field, ...]
    guids: tuple[str, ...] = ()
    data: tuple[Field, ...] = ()
    is_payable: bool = True


@dataclass(frozen=True)
class AmountRule:
    """Tag 54: the decimals that each currency (tag 53) may have."""

    decimals: Mapping[str, int]
    longest: int = MAX_AMOUNT


@dataclass(frozen=True)
class Profile:
    """A scheme as a table. fields: the root's, but for the accounts, 01, 54 and the CRC; the fixed ones by their form.

    order: the root's tags as they are written; layouts: other orders, by name. forgivable: what lenient reading warns
    of.
    """

    name: str
    identifier: Identifier
    accounts: tuple[Account, ...]
    fields: tuple[Field, ...]
    amount: AmountRule
    order: tuple[str, ...] = ASCENDING
    layouts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NONE)
    forgivable: frozenset[str] = frozenset()

    @cached_property
    def frame(self) -> Frame:
        """The core's frame, with this scheme's templates inside templates, and without those that it has as texts."""
        inside = {
            f"{tag}.{each.tag}"
            for account in self.accounts
            for tag in (ACCOUNTS if account.guids else (account.tag,))
            for each in account.fields
            if each.fields
        }
        texts = {each.tag for each in self.fields if not each.fields}
        return replace(EMVCO, templates=(EMVCO.templates | inside) - texts)

    def account(self, kind: str) -> Account:
        return next(account for account in self.accounts if account.kind == kind)

    def account_of(self, template: Node) -> Account | None:
        """Which of the accounts a template of this scheme is: by its GUID, or by its tag where no GUID tells."""
        guid = next((child.value.upper() for child in template.children if child.tag == "00"), "")
        for account in self.accounts:
            if guid in account.guids if account.guids else template.tag == account.tag:
                return account
        return None

    def roots(self, account: Account | None) -> Iterator[Field]:
        """The root's fields of a code with this account: its own additional data beside the scheme's."""
        for each in self.fields:
            if each.tag == "62" and account and account.data:
                known = {inner.tag for inner in account.data}
                shared = tuple(inner for inner in each.fields if inner.tag not in known)
                yield Field("62", each.name, is_required=each.is_required, fields=(*account.data, *shared))
            else:
                yield each
