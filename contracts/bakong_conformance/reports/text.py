"""Text of strangers, made safe to show: no control character reaches a terminal, an XML file or a page."""

import re
from typing import Any

# C0 but tab, newline and carriage return, DEL, C1, lone surrogates, and what XML has no place for.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(value: Any) -> Any:
    r"""A text with U+FFFD in the place of each control character; other values as they are.

    >>> clean("\x1b[2Jpaid\x00")
    '\ufffd[2Jpaid\ufffd'
    """
    return _CONTROL.sub("\ufffd", value) if isinstance(value, str) and _CONTROL.search(value) else value


def one_line(value: str) -> str:
    """A text for a terminal, where a carriage return would overwrite what stands before it."""
    return str(clean(value)).replace("\r", "\ufffd")
