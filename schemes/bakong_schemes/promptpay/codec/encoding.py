"""From facts to the text of a code. Strict: what `decode` refuses is never written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from bakong_schemes.promptpay.codec import normalising as normal
from bakong_schemes.promptpay.codec import tables
from bakong_schemes.promptpay.codec.errors import EncodeError
from bakong_schemes.promptpay.codec.model import (
    AnyCode,
    Barcode,
    BillPayment,
    CreditTransfer,
    Payable,
    Slip,
    TrueMoney,
    TrueMoneySlip,
    Vat,
)
from emvqr import EMVError, Frame, write
from emvqr import encode as compose

Values = dict[str, str]
# How each proxy's id is written, and the name of its field in the table.
_PROXIES: dict[str, tuple[str, Callable[[CreditTransfer], str]]] = {
    "mobile": ("mobile", lambda asked: normal.mobile(asked.id)),
    "national_id": ("national_id", lambda asked: normal.id_of(asked.id, 13)),
    "tax_id": ("national_id", lambda asked: normal.id_of(asked.id, 13)),
    "national_or_tax_id": ("national_id", lambda asked: normal.id_of(asked.id, 13)),
    "ewallet": ("ewallet", lambda asked: normal.id_of(asked.id, 15)),
    "bank_account": ("bank_account", lambda asked: normal.bank_account(asked.bank, asked.id)),
}
_AS_THEY_ARE = ("mcc", "merchant_name", "merchant_city", "postal_code", "purpose", "terminal", "ota")
_RENAMED = {"reference1_missing": "reference_missing"}
_OTA_LENGTH = 10
_DAY = re.compile("([0-9]{2})([0-9]{2})([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Code:
    """A finished code: its text, and what its maker should know (reasons of warnings)."""

    text: str
    warnings: tuple[str, ...] = ()


def encode(asked: AnyCode, *, layout: str = "ascending") -> Code:
    """The code of what is asked. layout: the order of the root's tags, one of LAYOUTS.

    Raises EncodeError with the reason of the first fault.

    >>> encode(Slip(bank="025", ref="000588965040588797")).text
    '00390006000001010302502180005889650405887975102TH9104578F'
    """
    if layout not in tables.LAYOUTS:
        raise EncodeError("layout", f"layout: read {layout!r}, expected one of {', '.join(tables.LAYOUTS)}")
    _check_types(asked)
    try:
        if isinstance(asked, Payable):
            return _payable(asked, layout)
        if isinstance(asked, Barcode):
            return Code(_barcode(asked))
        return Code(_slip(asked))
    except EMVError as error:
        raise EncodeError(_RENAMED.get(error.reason, error.reason), str(error)) from None


def _check_types(asked: AnyCode) -> None:
    """Texts are texts: a number for an id has lost its zeros already."""
    for name in asked.__dataclass_fields__:
        value = getattr(asked, name)
        if name in ("amount", "vat", "cross_border") or value is None or isinstance(value, str):
            continue
        raise EncodeError("type", f"{name}: read {value!r}, expected a text")
    for name in ("id", "mobile", "biller_id", "ref1", "bank", "ref", "event", "date"):
        if name in asked.__dataclass_fields__ and getattr(asked, name) is None and name != "bank":
            raise EncodeError(_missing(name), f"{name} is missing")


def _missing(name: str) -> str:
    names = {"id": "id_empty", "mobile": "id_empty", "ref1": "reference_missing", "ref": "reference_missing"}
    return names.get(name, name)


def _payable(asked: Payable, layout: str) -> Code:
    warnings: tuple[str, ...] = ()
    if isinstance(asked, BillPayment):
        kind, values = "bill_payment", _bill(asked)
    else:
        kind, values = "credit_transfer", _transfer(asked)
        warnings = _warnings(values)
    for name in _AS_THEY_ARE:
        if value := getattr(asked, name, None):
            values[name] = value
    if asked.amount is not None:
        values["amount"] = normal.baht(asked.amount)
    if asked.message:
        values["message"] = normal.message_hex(asked.message)
    if asked.vat is not None:
        values |= _vat(asked.vat)
    return Code(write(tables.PROFILE, kind, values, layout=layout), warnings)


def _transfer(asked: Payable) -> Values:
    if isinstance(asked, TrueMoney):
        values = {"ewallet": normal.truemoney(asked.mobile)}
    elif isinstance(asked, CreditTransfer):
        proxy = _PROXIES.get(asked.proxy)
        if proxy is None:
            raise EncodeError("proxy", f"proxy: read {asked.proxy!r}, expected one of {', '.join(_PROXIES)}")
        name, normalise = proxy
        values = {name: normalise(asked)}
    else:
        raise EncodeError("kind", f"read {asked!r}, expected a CreditTransfer, a BillPayment or a TrueMoney")
    if asked.ota is not None:
        if len(asked.ota) != _OTA_LENGTH:
            raise EncodeError("ota_length", f"ota: read {asked.ota!r}, expected {_OTA_LENGTH} characters")
        values["guid"] = tables.ONE_TIME
    return values


def _warnings(values: Values) -> tuple[str, ...]:
    """Some banks' apps refuse accounts; a wrong check digit may be a slip of the finger."""
    warnings: tuple[str, ...] = ("bank_account",) if "bank_account" in values else ()
    if "national_id" in values and not normal.has_check_digit(values["national_id"]):
        warnings += ("checksum",)
    return warnings


def _bill(asked: BillPayment) -> Values:
    values = {"biller_id": asked.biller_id} | {
        name: value for name in ("ref1", "ref2", "ref3") if (value := getattr(asked, name))
    }
    if asked.cross_border:
        values["guid"] = tables.CROSS_BORDER
    return values


def _vat(vat: Vat) -> Values:
    if not isinstance(vat, Vat):
        raise EncodeError("vat", f"vat: read {vat!r}, expected branch, amount and perhaps rate")
    if not isinstance(vat.branch, str):
        raise EncodeError("vat_branch", f"vat.branch: read {vat.branch!r}, expected four digits")
    if not isinstance(vat.rate, str | None):
        raise EncodeError("vat_rate", f"vat.rate: read {vat.rate!r}, expected a text")
    try:
        amount = normal.baht(vat.amount)
    except EncodeError as error:
        if error.reason != "amount_zero":
            raise EncodeError("vat_amount", f"vat.{error}") from None
        amount = "0.00"
    values = {"vat_branch": vat.branch, "vat_amount": amount}
    return values | ({"vat_rate": vat.rate} if vat.rate is not None else {})


def _slip(asked: Any) -> str:
    if isinstance(asked, Slip):
        given = [("00.00", "000001"), ("00.01", asked.bank), ("00.02", asked.ref), ("51", "TH")]
        return _composed(given, tables.SLIP_FRAME, tables.SLIP[0].fields)
    if isinstance(asked, TrueMoneySlip):
        check_date(asked.date)
        given = [("00.00", "01"), ("00.01", "01")]
        given += [("00.02", asked.event), ("00.03", asked.ref), ("00.04", asked.date)]
        return _composed(given, tables.TRUEMONEY_SLIP_FRAME, tables.TRUEMONEY_SLIP[0].fields)
    raise EncodeError("kind", f"read {asked!r}, expected a code")


def _composed(given: list[tuple[str, str]], frame: Frame, fields: tuple[Any, ...]) -> str:
    values = dict(given)
    for each in fields:
        value = values[f"00.{each.tag}"]
        if reason := each.missing_reason if not value and each.missing else each.fault(value):
            raise EncodeError(reason, f"{each.name}: read {value!r}, expected {each.expected()}")
    return compose(given, frame)


def check_date(text: str) -> None:
    """Raises EncodeError for what is no day written DDMMYYYY."""
    try:
        day, month, year = _DAY.fullmatch(text).groups()  # type: ignore[union-attr]  # None is caught
        date(int(year), int(month), int(day))
    except (AttributeError, ValueError):
        raise EncodeError("date", f"date: read {text!r}, expected a day as DDMMYYYY") from None


def _barcode(asked: Barcode) -> str:
    account = tables.PROFILE.account("bill_payment")
    for each in account.fields:
        value = getattr(asked, each.name)
        if each.is_required and not value:
            raise EMVError(f"{each.name} is missing", offset=0, reason=each.missing_reason)
        if value and (reason := each.fault(value)):
            raise EMVError(f"{each.name}: read {value!r}, expected {each.expected()}", offset=0, reason=reason)
    satang = "0" if asked.amount is None else str(int(normal.baht(asked.amount).replace(".", "")))
    return f"|{asked.biller_id}\r{asked.ref1}\r{asked.ref2 or ''}\r{satang}"
