"""What form a value has, in words: the values of two Bakongs never agree, their forms must.

Free texts (a description, a bank's reference) have no form that is promised.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from bakong_conformance.cassettes.masking import claims

# Texts that are promised, compared as they are.
LITERAL = frozenset({"responseCode", "responseMessage", "errorCode", "status", "message", "currency", "amount"})
# Texts whose payer or bank chooses them: any text is as good as another, and as null.
FREE = frozenset({"description", "externalRef", "instructionRef", "receiverBank", "receiverBankAccount"})
MAYBE_NULL = frozenset({"description", "externalRef", "instructionRef"})

_FORMS = (
    ("64 small hex digits", re.compile(r"[0-9a-f]{64}")),
    ("64 hex digits, capitals among them", re.compile(r"[0-9a-fA-F]{64}")),
    ("32 small hex digits", re.compile(r"[0-9a-f]{32}")),
    ("32 hex digits, capitals among them", re.compile(r"[0-9a-fA-F]{32}")),
    ("a JWT", re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)),
    ("an account of the form name@bank", re.compile(r"[^@\s]+@[^@\s]+")),
    ("a tracking status", re.compile(r"[A-Z][A-Z_]+")),
    ("digits", re.compile(r"[0-9]+")),
    ("an empty text", re.compile(r"")),
)


def kind(value: Any) -> str:
    """The JSON type, with whole numbers apart from those with a point.

    >>> kind(9800), kind(9800.0), kind(None)
    ('a whole number', 'a number with a point', 'null')
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    names: dict[type, str] = {
        int: "a whole number",
        float: "a number with a point",
        str: "a text",
        list: "an array",
        dict: "an object",
    }
    return names[type(value)]


def form(value: Any) -> str:
    """The form of a text or a number that no other Bakong can repeat.

    >>> form(1772125349000), form("sokha@devb")
    ('epoch milliseconds, whole seconds', 'an account of the form name@bank')
    """
    if isinstance(value, int | float):
        return _moment(value)
    if value.startswith(("http://", "https://")):
        parts = urlsplit(value)
        return f"a link {parts.scheme}://{parts.netloc}/ and {len(parts.path) - 1} characters"
    name_of_form = next((name for name, pattern in _FORMS if pattern.fullmatch(value)), "another text")
    return (
        f"a JWT of {len(value)} characters with {len(list(claims(value)))} texts"
        if name_of_form == "a JWT"
        else name_of_form
    )


def _moment(number: float) -> str:
    if 10**12 <= number < 10**13:
        return "epoch milliseconds" + (", whole seconds" if number % 1000 == 0 else "")
    return "epoch seconds" if 10**9 <= number < 10**10 else "another number"
