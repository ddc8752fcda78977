"""What can be wrong with a text that should be a KHQR: the rules by name, and which of them lenient mode forgives."""

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final


class Mode(Enum):
    """How a text is judged. LENIENT accepts what the wild really holds, and says what it forgave."""

    STRICT = "strict"
    LENIENT = "lenient"


# The rules that LENIENT forgives, and who breaks them.
FORGIVABLE: Final = MappingProxyType(
    {
        "white-space": "scanners and copied texts end in a newline or begin with a byte order mark",
        "crc-case": "some encoders write the CRC in lower case; NBC's SDK reads it",
        "astral": "an emoji is two characters for NBC's SDK and one for half of the others",
        "category": "ACLEDA and NBC's own SDK let through codes of fewer than four digits",
        "amount-form": "zero, a point with digits on one side (EMVCo's own 98.), zeros beyond the decimals",
        "initiation": "01 is a hint: some banks print an amount on a code that calls itself static, or leave 01 out",
        "expiry-missing": "codes made before NBC asked for an expiry",
        "timestamp": "ACLEDA's textual 99, and 99 with a creation only, as older SDKs wrote it",
        "merchant-account": "NBC's own verify asks neither for 30.01 nor for 30.02",
        "language": "NBC's SDK writes a 64 with a city alone",
        "upi-currency": "NBC's own verify does not look at the currency beside tag 15",
        "label-length": "labels longer than NBC's limit: its own README carries one",
        "empty-template": "a template with nothing in it says nothing",
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: NBC's number for it (code), the path of the tag ("62.01"), the place in the text (offset)."""

    rule: str
    message: str
    code: int | None = None
    tag: str | None = None
    offset: int | None = None

    @property
    def is_forgivable(self) -> bool:
        return self.rule in FORGIVABLE

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text is a valid KHQR now, what is wrong with it, and what lenient mode let pass.

    True and False as the verdict is.
    """

    is_valid: bool
    problems: tuple[Problem, ...] = ()
    forgiven: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return self.is_valid
