"""From what people write to what a code carries: proxies, amounts, messages; and back. The only code of the profile."""

import re
from decimal import Decimal

from bakong_schemes.promptpay.codec.errors import EncodeError
from bakong_schemes.promptpay.codec.tables import MAX_AMOUNT_CHARACTERS, MESSAGE_UNITS, TRUEMONEY_PREFIX

_PLAIN = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_SEPARATORS = re.compile(r"[- ]")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_WEIGHTS = range(13, 1, -1)
MAX_BANK_ACCOUNT = 43


def mobile(given: str) -> str:
    """13 digits, 0066 and nine: +66, 66, 0066 or a leading 0 before them, and anything but digits between.

    >>> mobile("+66 80 000 0475"), mobile("080-000-0475")
    ('0066800000475', '0066800000475')
    """
    digits = _digits(_NOT_A_DIGIT.sub("", given), given)
    number = digits[2:] if len(digits) == 13 and digits.startswith("0066") else digits
    number = f"66{number[1:]}" if number.startswith("0") else number
    if len(number) != 11 or not number.startswith("66"):
        raise EncodeError("id_length", f"read {given!r}, expected a Thai mobile number: 0 or +66, and nine digits")
    return f"00{number}"


def local_mobile(carried: str) -> str:
    """The number as people in Thailand write it: 0 and nine digits."""
    return f"0{carried[4:]}"


def id_of(given: str, length: int) -> str:
    """A national id, a tax id or an e-wallet's: so many digits, with hyphens and spaces between."""
    digits = _digits(_SEPARATORS.sub("", given), given)
    if len(digits) != length:
        raise EncodeError("id_length", f"read {given!r}, expected {length} digits")
    return digits


def bank_account(bank: str | None, given: str) -> str:
    """Three digits of the bank, and the account; together at most 43."""
    if bank is None or not re.fullmatch("[0-9]{3}", bank):
        raise EncodeError("bank_code", f"bank: read {bank!r}, expected three digits")
    digits = _digits(_SEPARATORS.sub("", given), given)
    if len(bank + digits) > MAX_BANK_ACCOUNT:
        raise EncodeError("id_length", f"read {given!r}, expected at most {MAX_BANK_ACCOUNT - 3} digits")
    return bank + digits


def _digits(cleaned: str, given: str) -> str:
    if not re.search("[0-9]", cleaned):
        raise EncodeError("id_empty", f"read {given!r}, expected digits")
    if not re.fullmatch("[0-9]+", cleaned):
        raise EncodeError("id_length", f"read {given!r}, expected nothing but digits, hyphens and spaces")
    return cleaned


def truemoney(given: str) -> str:
    """The e-wallet's id of a TrueMoney wallet."""
    return TRUEMONEY_PREFIX + local_mobile(mobile(given))


def truemoney_mobile(ewallet: str) -> str | None:
    """The mobile number of a TrueMoney wallet, or None where the e-wallet is another's."""
    number = ewallet.removeprefix(TRUEMONEY_PREFIX)
    return number if len(number) == 10 and number.startswith("0") else None


def baht(given: object) -> str:
    """An amount with exactly two decimals. Never a float: it would have decided already which satang it means.

    >>> baht("100.5"), baht(20)
    ('100.50', '20.00')
    """
    text = _plain(given)
    form = _PLAIN.fullmatch(text)
    if not form:
        raise EncodeError("amount", f"amount: read {given!r}, expected digits with at most one point between them")
    whole, fraction = form[1].lstrip("0") or "0", form[2] or ""
    if not (whole + fraction).strip("0"):
        raise EncodeError("amount_zero", f"amount: read {given!r}; leave it away for a static code")
    if len(fraction) > 2:
        raise EncodeError("amount_precision", f"amount: read {given!r}, expected at most two decimals")
    written = f"{whole}.{fraction:0<2}"
    if len(written) > MAX_AMOUNT_CHARACTERS:
        raise EncodeError("amount_too_large", f"amount: read {given!r}, expected at most 9999999999.99")
    return written


def _plain(given: object) -> str:
    """The text of an amount; a Decimal written out, where it is of a size that can be."""
    if isinstance(given, str):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given) if abs(given) < 10**20 else "9" * 20
    if isinstance(given, Decimal) and given.is_finite() and -20 < given.adjusted() < 20:
        return f"{given:f}"
    raise EncodeError("amount", f"amount: read {given!r}, expected a Decimal, an int or a text")


def message_hex(given: str) -> str:
    """Tag 81: UTF-16BE in capital hex digits, four for each unit."""
    try:
        written = given.encode("utf-16-be").hex().upper()
    except UnicodeEncodeError:
        raise EncodeError("message", f"message: read {given!r}, which holds a lone surrogate") from None
    if len(written) > 4 * MESSAGE_UNITS:
        units = len(written) // 4
        raise EncodeError("message_length", f"message: {units} UTF-16 units, at most {MESSAGE_UNITS} fit")
    return written


def message_text(carried: str) -> str | None:
    """The message that the hex digits spell, or None where they spell none."""
    try:
        return bytes.fromhex(carried).decode("utf-16-be")
    except ValueError:
        return None


def has_check_digit(thirteen: str) -> bool:
    """Whether the last digit of a national or tax id is the check digit of the others (modulus 11).

    >>> has_check_digit("1101700230708"), has_check_digit("1101700230709")
    (True, False)
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, thirteen, strict=False))
    return int(thirteen[12]) == (11 - total % 11) % 10
