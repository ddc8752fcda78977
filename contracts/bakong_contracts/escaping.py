"""Text of strangers, escaped for where it is shown: terminal, page or XML, JSON, a cell of CSV or of Markdown.

What may be foreign: a merchant's name, a scenario, a header, what a program under test prints. Pages are made by Jinja
with autoescape and `clean`; where HTML is written by hand, it is html.escape(clean(text)).
"""

import json
import re
from typing import Any

# What is obeyed and not shown: C0 but tab, newline and carriage return, DEL, C1, separators of lines, what turns the
# direction of a text (embeddings, overrides, isolates), lone surrogates, and what XML has no place for.
_OBEYED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]",
)
_COLOUR = re.compile("\x1b\\[[0-9;:]*m")
_ENDS = re.compile("[\t\n\r]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+!|~&$-]")
SHOWN = "\ufffd"


def clean(value: Any) -> Any:
    r"""A text with U+FFFD in the place of each character that is obeyed; other values as they are.

    >>> clean("\x1b[2Jpaid\x00")
    '\ufffd[2Jpaid\ufffd'
    """
    if not isinstance(value, str) or not _OBEYED.search(value):
        return value
    cleaned = _OBEYED.sub(SHOWN, value)
    return type(value)(cleaned) if hasattr(value, "__html__") else cleaned  # what was markup stays it


def terminal(text: object) -> str:
    """A text for a terminal, in its lines; a carriage return would overwrite what stands there."""
    return str(clean(str(text))).replace("\r\n", "\n").replace("\r", SHOWN)


def terminal_line(text: object) -> str:
    r"""A text for a terminal, in one line: what follows its end would pass for a line of ours.

    >>> terminal_line("Sokha\nPAID")
    'Sokha\ufffdPAID'
    """
    return _ENDS.sub(SHOWN, str(clean(str(text))))


def program_output(printed: str) -> str:
    """What a program printed, for a terminal: its colours are left out."""
    return terminal(_COLOUR.sub("", printed))


def json_text(document: Any, **options: Any) -> str:
    r"""JSON, by json.dumps with its options, that says the same and can be looked at in a terminal.

    >>> print(json_text({"name": "ខ្មែរ \x9b \u202e"}))
    {"name": "ខ្មែរ \u009b \u202e"}
    """
    text = json.dumps(document, ensure_ascii=False, **options)
    return _OBEYED.sub(lambda obeyed: f"\\u{ord(obeyed[0]):04x}", text)


def csv_cell(value: object) -> str:
    """A cell of CSV (RFC 4180). A text that a spreadsheet would take for a formula has an apostrophe before it.

    >>> print(csv_cell("=1+1"), csv_cell("Sokha, Dara"), csv_cell(-5))
    '=1+1 "Sokha, Dara" -5
    """
    text = str(clean(str(value)))
    if isinstance(value, str) and text.startswith(_FORMULA):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n;\t]', text) else text


def markdown_cell(value: object) -> str:
    r"""A cell of a Markdown table: neither markup nor HTML, in one line.

    >>> markdown_cell("a|b `c` <img>")
    'a\\|b \\`c\\` \\<img\\>'
    """
    return _MARKDOWN.sub(lambda sign: "\\" + sign[0], " ".join(str(clean(str(value))).split()))
