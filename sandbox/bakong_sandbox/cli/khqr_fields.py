"""The fields of a code on the command line: as options, as JSON, and listed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from bakong_sandbox.cli.durations import duration_s
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.wall_clock import wall_ms
from khqr import EncodeError, Individual, Merchant
from khqr.moments import to_ms

CURRENCIES = {"KHR": 116, "USD": 840, "116": 116, "840": 840}
MERCHANTS_OWN = "merchant_id"
INDIVIDUALS_OWN = "account_information"
USUAL_LIFE = "15m"
FIELDS = {
    "bakong_account_id": "the payee's account, such as sokha@devb",
    "merchant_name": "the payee's name, at most 25 characters",
    "merchant_city": "Phnom Penh by default",
    "currency": "KHR (116) or USD (840); KHR by default",
    "amount": "a number or a text; without it the payer chooses, and the code is static",
    "expiration_timestamp": "of a code with an amount: epoch milliseconds, or ISO 8601 with a zone",
    "expires_in": "in its place: a duration such as 10m, from now on",
    "merchant_id": "makes it a merchant's code, with acquiring_bank",
    "acquiring_bank": "the payee's bank",
    "account_information": "an individual's own: a number at the bank",
    "bill_number": "the shop's order",
    "mobile_number": "the payee's telephone",
    "store_label": "the shop",
    "terminal_label": "the till",
    "purpose_of_transaction": "what is paid for",
    "language_preference": "of the alternate name, such as km",
    "merchant_name_alternate_language": "the name in it",
    "merchant_city_alternate_language": "the city in it",
    "upi_merchant_account": "for payers of UPI",
    "merchant_category_code": "ISO 18245; 5999 by default",
    "kind": "individual or merchant: as decode prints it; it has to agree with merchant_id",
    "creation_timestamp": "as decode prints it: when the code is made, unless --now says otherwise",
}
_NAMES = {field.name for kind in (Individual, Merchant) for field in fields(kind)}
_OPTIONS = {"account": "bakong_account_id", "name": "merchant_name", "bank": "acquiring_bank"}


def moment(text: str | None) -> datetime | str | None:
    """An ISO 8601 moment with its zone, or epoch milliseconds as they are."""
    if text is None or text.isdigit():
        return text
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SetupError(f"read {text!r}, expected epoch milliseconds or ISO 8601 with a zone") from None


def of_options(options: Mapping[str, str | None], more: Sequence[str], now: datetime | str | None) -> dict[str, Any]:
    """The fields that options name. A code with an amount lives for a while. Raises SetupError."""
    named = {_OPTIONS.get(name, name): value for name, value in options.items() if value is not None}
    for text in more:
        name, is_given, value = text.partition("=")
        if not is_given:
            raise SetupError(f"--set is {text!r}, expected FIELD=VALUE, such as bill_number=A-7")
        named[name] = value
    if "amount" in named and "expiration_timestamp" not in named:
        named.setdefault("expires_in", USUAL_LIFE)
    return named if now is None else {"creation_timestamp": now, **named}


def payee_of(given: Any) -> tuple[Individual | Merchant, Any]:
    """The payee of a JSON object, in snake_case or NBC's camelCase, and when the code is made; None is now.

    Raises EncodeError, SetupError.
    """
    if not isinstance(given, dict):
        raise EncodeError(f"read {given!r}, expected an object of fields", field="payee")
    named = {_snake(name): value for name, value in given.items() if value is not None}
    named.pop("forgiven", None)  # as decode prints it
    kind_said, made_at, life = (named.pop(name, None) for name in ("kind", "creation_timestamp", "expires_in"))
    _check_names(named)
    if life is not None:
        named["expiration_timestamp"] = _end(life, made_at)
    currency = named.get("currency")
    if currency is not None:
        named["currency"] = CURRENCIES.get(str(currency).upper(), currency)
    expiry = named.get("expiration_timestamp")
    if isinstance(expiry, str):
        try:
            named["expiration_timestamp"] = moment(expiry)
        except SetupError as error:
            raise EncodeError(str(error), field="expiration_timestamp") from None
    kind, foreign = (Merchant, INDIVIDUALS_OWN) if MERCHANTS_OWN in named else (Individual, MERCHANTS_OWN)
    if kind_said not in {None, kind.__name__.lower()}:
        raise EncodeError(f"is {kind_said!r}; a code is a merchant's where it has merchant_id", field="kind")
    named.pop(foreign, None)
    for name in ("bakong_account_id", "merchant_name", *(("acquiring_bank",) if kind is Merchant else ())):
        named.setdefault(name, "")
    return kind(**named), made_at


def _check_names(named: Mapping[str, Any]) -> None:
    for name in named.keys() - _NAMES:
        near = [_OPTIONS[name]] if name in _OPTIONS else get_close_matches(name, FIELDS, 1)
        more = f"; did you mean {near[0]}?" if near else "; `bakong-sandbox khqr fields` lists them"
        raise EncodeError(f"is no field of a code{more}", field=name)


def _end(life: Any, made_at: Any) -> int:
    """When a code ends that lives so long. Raises EncodeError."""
    try:
        return (wall_ms() if made_at is None else to_ms(made_at, "creation_timestamp")) + round(
            duration_s(str(life)) * 1000
        )
    except SetupError as error:
        raise EncodeError(str(error), field="expires_in") from None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda capitals: "_" + capitals[1].lower(), name)
