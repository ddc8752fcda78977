"""What a text has to look like, in words: no error shows a regular expression."""

from collections.abc import Mapping
from typing import Any

_LINE = "a text in one line, without control characters"
_LINES = "a text without control characters but tab and line feed"
_URL = "a URL that begins with http:// or https://"
_MONEY = "an amount such as 12.5, with at most 2 decimals"
# For each pattern of a field of our models. tests/contracts/test_patterns.py finds those that have no words.
WORDS: Mapping[str, str] = {
    r"^[^\x00-\x1f\x7f]+$": _LINE,
    r"^[^\x00-\x1f\x7f]*$": _LINE,
    r"^[^\x00-\x08\x0b-\x1f\x7f]+$": _LINES,
    r"^[^\x00-\x08\x0b-\x1f\x7f]*$": _LINES,
    r"^[ -~]+$": "printable ASCII characters",
    r"^[!-~]{1,40}$": "1 to 40 printable ASCII characters without spaces",
    r"^https?://[!-~]+$": _URL,
    r"^https?://[!-~]{1,200}$": f"{_URL}, at most 200 characters after that",
    r"^$|^https?://[!-~]+$": f"{_URL}, or nothing",
    r"^[A-Za-z0-9_-]+$": "letters, digits, - and _",
    r"^[A-Za-z0-9._~-]+$": "letters, digits, and . _ ~ -",
    r"^[A-Za-z0-9._~-]{1,64}$": "1 to 64 letters, digits, and . _ ~ -",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "1 to 64 letters, digits, and . _ -, the first a letter or a digit",
    r"^[A-Za-z0-9_.:-]{1,64}$": "1 to 64 letters, digits, and . _ : -",
    r"^[a-z0-9][a-z0-9_-]{0,31}$": "1 to 32 lowercase letters, digits, - and _, the first a letter or a digit",
    r"^[a-z0-9][a-z0-9-]{0,62}$": "1 to 63 lowercase letters, digits and hyphens, the first a letter or a digit",
    r"^[a-z0-9][a-z0-9._-]{0,62}$": "1 to 63 lowercase letters, digits, and . _ -, the first a letter or a digit",
    r"^[A-Z0-9][A-Z0-9_]{1,31}$": "2 to 32 capital letters, digits and _, the first a letter or a digit",
    r"^[A-Z]{3}$": "a currency of three capital letters, such as USD",
    r"^\S+$": "a text without spaces",
    r"^[!-?A-~]+@[!-?A-~]+$": "an e-mail address",
    r"^[^@\s]+@[^@\s]+$": "a text such as name@host",
    r"^(0|[1-9][0-9]{0,10})(\.[0-9]{1,2})?$": _MONEY,
    r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$": _MONEY,
    r"^[0-9]{1,13}(\.[0-9]{1,2})?$": _MONEY,
    r"^(0|[1-9][0-9]{0,6})\.[0-9]{2}$": "an amount with two decimals, such as 5.00",
    r"^[0-9]{1,2}(\.[0-9]{1,4})?$": "a rate of percent, such as 3.65",
    r"^([0-9]{3}|truemoney)$": "the three digits of a bank, or truemoney",
    r"^01[3-9][0-9]{8}$": "a mobile number of Bangladesh, such as 01770618575",
    r"^$|^01[0-9]{9}$": "a mobile number of Bangladesh, such as 01770618575, or nothing",
    r"^$|^[0-9]{15}$": "15 digits, or nothing",
    r"^[0-9.]{7,15}$": "an IPv4 address",
    r"^[0-9]*$": "digits",
    r"^[0-9]{3}$": "3 digits",
    r"^[0-9]{5}$": "5 digits",
    r"^[0-9]{13}$": "13 digits",
    r"^[0-9]{15}$": "15 digits",
    r"^[0-9a-f]{32}$": "32 hex digits in lowercase, such as an md5",
    r"^[0-9a-fA-F]{32}$": "32 hex digits, such as an md5",
    r"^[0-9a-f]{64}$": "64 hex digits in lowercase, such as a SHA-256",
    r"^pay_[0-9a-f]{32}$": "the id of a payment: pay_ and 32 hex digits",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date such as 2026-02-11",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "a time of day such as 23:00",
    r"^(sqlite:///.+|postgres(ql)?://.*)$": "a URL that begins with sqlite:/// or postgresql://",
    r"^$|^(rediss?|unix)://.+$": "a URL that begins with redis://, rediss:// or unix://, or nothing",
}
OTHERWISE = "a text of the form that the field has"

# What pydantic says of a text that is read as another kind of value, in a user's words.
KINDS: Mapping[str, str] = {
    "Input should be a valid integer": "expected a whole number",
    "Input should be a valid number": "expected a number",
    "Input should be a valid decimal": "expected a number",
    "Decimal input should be": "expected",
    "Input should be a valid boolean": "expected true or false",
    "Input should be less than or equal to": "expected at most",
    "Input should be greater than or equal to": "expected at least",
    "Input should be less than": "expected less than",
    "Input should be greater than": "expected more than",
    "Input should be": "expected",
}


def in_words(text: str) -> str:
    """A sentence of pydantic's, without how it reads: for what is written by hand.

    >>> in_words("Input should be a valid integer, unable to parse string as an integer")
    'expected a whole number'
    >>> in_words("Input should be less than or equal to 86400")
    'expected at most 86400'
    """
    shortest = text.removeprefix("Value error, ").partition(", unable to ")[0].partition(", got a number with a")[0]
    for theirs, ours in KINDS.items():
        if shortest.startswith(theirs):
            return ours + shortest.removeprefix(theirs)
    return shortest


def message(mistake: Mapping[str, Any]) -> str:
    """What pydantic says of a mistake; of a text that does not fit a pattern, in words.

    >>> message({"type": "string_pattern_mismatch", "ctx": {"pattern": "^[0-9]{3}$"}, "msg": "String should match ..."})
    'expected 3 digits'
    """
    if mistake["type"] != "string_pattern_mismatch":
        return str(mistake["msg"])
    return f"expected {WORDS.get(mistake.get('ctx', {}).get('pattern', ''), OTHERWISE)}"
