"""From the text of a code to what it says and all that is wrong with it; strict, and lenient where that is asked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bakong_schemes.promptpay.codec import normalising as normal
from bakong_schemes.promptpay.codec import tables
from bakong_schemes.promptpay.codec.encoding import check_date
from bakong_schemes.promptpay.codec.errors import DecodeError, EncodeError
from bakong_schemes.promptpay.codec.model import (
    KIND_OF,
    AnyCode,
    Barcode,
    BillPayment,
    CreditTransfer,
    Slip,
    TrueMoney,
    TrueMoneySlip,
    Vat,
)
from emvqr import Facts, Field, Frame, Problem, Reading, check, read
from emvqr.checking import check_fields
from emvqr.problems import forgiven
from emvqr.reading import FORGIVABLE

_SATANG = re.compile("0|[1-9][0-9]{0,11}", re.ASCII)
_SHORT_CRC = re.compile(r"9104([0-9A-Fa-f]{1,3})\Z", re.ASCII)
_PROXIES = {
    "mobile": "mobile",
    "national_id": "national_or_tax_id",
    "ewallet": "ewallet",
    "bank_account": "bank_account",
}


@dataclass(frozen=True, slots=True)
class Payload:
    """What a code says. is_static: as tag 01 says; None for slips and barcodes, which have none.

    code.amount is a Decimal, or None where the payer enters it. warnings: what a stricter reader might refuse.
    """

    code: AnyCode
    is_static: bool | None
    warnings: tuple[Problem, ...] = ()

    @property
    def kind(self) -> str:
        return KIND_OF[type(self.code)]


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that can be said of a text: its reading, what it says where it can be read, its problems in order.

    is_payment: not a slip, nor a barcode.
    """

    text: str
    reading: Reading | None
    payload: Payload | None
    problems: tuple[Problem, ...]
    is_payment: bool = True

    @property
    def is_valid(self) -> bool:
        return self.payload is not None

    def __bool__(self) -> bool:
        return self.is_valid


def decode(text: str, *, lenient: bool = False, forgive: Iterable[str] = ()) -> Payload:
    """What the code says. Raises DecodeError with the first fault's reason and place, and all problems.

    lenient warns of what the wild holds and strict reading refuses (docs/promptpay.md); forgive names more reasons,
    such as "crc_mismatch".

    >>> decode("00020101021129370016A0000006770101110113006680000045753037645802TH6304D55E").code.id
    '0800000457'
    """
    inspection = inspect(text, lenient=lenient, forgive=forgive)
    if inspection.payload is None:
        raise DecodeError(inspection.problems)
    return inspection.payload


def verify(text: str, *, lenient: bool = False) -> Inspection:
    """Whether text is a PromptPay code, and every problem that it has: true and false as it is one."""
    return inspect(text, lenient=lenient)


def inspect(text: str, *, lenient: bool = False, forgive: Iterable[str] = ()) -> Inspection:
    """Everything that can be said of text; nothing is raised."""
    let_pass = frozenset({*forgive, *(FORGIVABLE if lenient else ())})
    if text.startswith("|"):
        return _barcode(text)
    if text[:2] == "00" and text[4:].startswith(tables.SLIP_START):
        return _slip(text, let_pass, lenient=lenient)
    if text[:2] == "00" and text[4:].startswith(tables.TRUEMONEY_SLIP_START):
        return _truemoney_slip(text, let_pass, lenient=lenient)
    return _payment(check(tables.PROFILE, text, lenient=lenient, forgive=forgive))


def _payment(facts: Facts) -> Inspection:
    reading, problems = facts.reading, facts.problems + _beyond_the_table(facts)
    if facts.account is None or any(not problem.is_warning for problem in problems):
        return Inspection(reading.text, reading, None, problems)
    made = _bill(facts) if facts.account.kind == "bill_payment" else _transfer(facts)
    return Inspection(reading.text, reading, Payload(made, facts.is_static, problems), problems)


def _beyond_the_table(facts: Facts) -> tuple[Problem, ...]:
    """The check digit, what the message spells, and VAT beside the amount."""
    values, nodes = facts.values, facts.nodes
    problems = []
    national_id = values.get("national_id", "")
    if re.fullmatch("[0-9]{13}", national_id) and not normal.has_check_digit(national_id):
        message = f"{national_id} has not the check digit of a national or tax id"
        problems.append(
            Problem("checksum", message, nodes["national_id"].offset, nodes["national_id"].path, is_warning=True)
        )
    message_hex = values.get("message")
    if message_hex and not _reasons(facts, "message") and normal.message_text(message_hex) is None:
        problems.append(
            Problem("message", f"tag 81 is {message_hex!r}, which is no UTF-16", nodes["message"].offset, "81")
        )
    vat = values.get("vat_amount", "")
    if facts.amount is not None and not _reasons(facts, "vat_amount") and vat and Decimal(vat) > facts.amount:
        message = f"the VAT (80.02) is {vat}, more than the amount of {facts.amount}"
        problems.append(Problem("vat_exceeds_amount", message, nodes["vat_amount"].offset, "80.02", is_warning=True))
    return tuple(problems)


def _reasons(facts: Facts, reason: str) -> bool:
    return any(problem.reason == reason for problem in facts.problems)


def _shared(facts: Facts) -> dict[str, Any]:
    """What every payable code may carry."""
    values = facts.values
    names = ("mcc", "merchant_name", "merchant_city", "postal_code", "purpose")
    shared: dict[str, Any] = {name: values.get(name) for name in names}
    shared["amount"] = facts.amount
    if "message" in values:
        shared["message"] = normal.message_text(values["message"])
    if "vat_amount" in values:
        shared["vat"] = Vat(branch=values["vat_branch"], rate=values.get("vat_rate"), amount=values["vat_amount"])
    return shared


def _bill(facts: Facts) -> BillPayment:
    values = facts.values
    return BillPayment(
        biller_id=values["biller_id"],
        ref1=values["ref1"],
        ref2=values.get("ref2"),
        ref3=values.get("ref3"),
        cross_border=values["guid"].upper() == tables.CROSS_BORDER,
        **_shared(facts),
    )


def _transfer(facts: Facts) -> CreditTransfer | TrueMoney:
    values = facts.values
    name = next(name for name in _PROXIES if name in values)
    shared = _shared(facts) | {"ota": values.get("ota"), "terminal": values.get("terminal")}
    carried = values[name]
    if name == "ewallet" and (number := normal.truemoney_mobile(carried)):
        return TrueMoney(mobile=number, **shared)
    if name == "mobile":
        return CreditTransfer(proxy="mobile", id=normal.local_mobile(carried), **shared)
    if name == "bank_account":
        return CreditTransfer(proxy=name, bank=carried[:3], id=carried[3:], **shared)
    return CreditTransfer(proxy=_PROXIES[name], id=carried, **shared)


def _slip(text: str, let_pass: frozenset[str], *, lenient: bool) -> Inspection:
    reading, values, problems = _read_slip(text, tables.SLIP_FRAME, tables.SLIP, let_pass, lenient=lenient)
    if any(not problem.is_warning for problem in problems):
        return Inspection(text, reading, None, problems, is_payment=False)
    return Inspection(
        text, reading, Payload(Slip(bank=values["bank"], ref=values["ref"]), None, problems), problems, is_payment=False
    )


def _truemoney_slip(text: str, let_pass: frozenset[str], *, lenient: bool) -> Inspection:
    frame = tables.TRUEMONEY_SLIP_FRAME
    let_pass |= {"crc_upper_case"} if lenient else set()
    reading, values, problems = _read_slip(text, frame, tables.TRUEMONEY_SLIP, let_pass, lenient=lenient)
    try:
        check_date(values.get("date", "01012000"))
    except EncodeError as error:
        problems += (Problem("date", str(error), reading.by_path["00.04"].offset, "00.04"),)
    if any(not problem.is_warning for problem in problems):
        return Inspection(text, reading, None, problems, is_payment=False)
    made = TrueMoneySlip(event=values["event"], ref=values["ref"], date=values["date"])
    return Inspection(text, reading, Payload(made, None, problems), problems, is_payment=False)


def _read_slip(
    text: str, frame: Frame, fields: tuple[Field, ...], let_pass: frozenset[str], *, lenient: bool
) -> tuple[Reading, dict[str, str], tuple[Problem, ...]]:
    """The reading of a slip's text; lenient pads a CRC that was printed without its zeros."""
    before: tuple[Problem, ...] = ()
    reading = read(text, frame)
    if lenient and not reading.is_whole and (short := _SHORT_CRC.search(text)):
        padded = text[: short.start(1)] + short[1].zfill(4)
        reading = read(padded, frame)
        message = f"the CRC is written {short[1]}, expected four digits"
        before = (Problem("crc_padded", message, short.start(), frame.crc_tag, is_warning=True),)
    values, problems = check_fields(fields, reading)
    if not reading.is_whole:
        problems = tuple(problem for problem in problems if not problem.reason.endswith("_missing"))
    core = tuple(replace(problem, is_warning=False) for problem in reading.problems)
    return reading, values, forgiven((*before, *core, *problems), let_pass)


def _barcode(text: str) -> Inspection:
    """`|` biller CR reference 1 CR reference 2 CR satang."""
    parts = text[1:].split("\r")
    if len(parts) != 4:
        message = f"read {len(parts)} lines, expected biller, two references and satang, a carriage return after each"
        return Inspection(text, None, None, (Problem("truncated", message, 0),), is_payment=False)
    problems = []
    place = 1
    for each, value in zip(tables.PROFILE.account("bill_payment").fields, parts, strict=False):
        if value or each.is_required:
            reason = each.fault(value) if value else each.missing_reason
            if reason:
                problems.append(Problem(reason, f"{each.name} is {value!r}, expected {each.expected()}", place))
        place += len(value) + 1
    if not _SATANG.fullmatch(parts[3]):
        problems.append(Problem("amount", f"the amount is {parts[3]!r}, expected whole satang", place))
    if problems:
        return Inspection(text, None, None, tuple(problems), is_payment=False)
    amount = Decimal(int(parts[3])).scaleb(-2) if parts[3] != "0" else None
    made = Barcode(biller_id=parts[0], ref1=parts[1], ref2=parts[2] or None, amount=amount)
    return Inspection(text, None, Payload(made, None), (), is_payment=False)
