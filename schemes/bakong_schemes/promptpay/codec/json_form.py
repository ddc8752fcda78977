"""Codes as JSON objects, by the names of the line protocol: docs/promptpay.md."""

from dataclasses import MISSING, asdict, fields
from decimal import Decimal
from typing import Any, Final

from bakong_schemes.promptpay.codec.decoding import Payload
from bakong_schemes.promptpay.codec.errors import EncodeError
from bakong_schemes.promptpay.codec.model import KINDS, AnyCode, Payable, Vat

ADVICE: Final = ("checksum",)  # about the id, not the form: every other reader is silent on it


def code_of(given: dict[str, Any]) -> AnyCode:
    """The code that an object asks for. Raises EncodeError; what the values are worth is for `encode` to say."""
    values = {name: value for name, value in given.items() if value is not None}
    kind = values.pop("kind", None)
    made = KINDS.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise EncodeError("kind", f"kind: read {kind!r}, expected one of {', '.join(KINDS)}")
    known = {field.name: field for field in fields(made)}
    for name in values:
        if name not in known:
            raise EncodeError("field_unknown", f"{name} is no field of {kind}")
    if isinstance(vat := values.get("vat"), dict):
        if not {"branch"} <= set(vat) <= {"branch", "rate", "amount"}:
            raise EncodeError("vat", f"vat: read {vat!r}, expected branch, amount and perhaps rate")
        values["vat"] = Vat(branch=vat["branch"], rate=vat.get("rate"), amount=vat.get("amount", ""))
    for name, field in known.items():
        if field.default is MISSING:
            values.setdefault(name, None)
    return made(**values)


def said(payload: Payload) -> dict[str, Any]:
    """What a code says, by the names of the line protocol; only a payable's amount is there as null."""
    code = asdict(payload.code)
    answer: dict[str, Any] = {"kind": payload.kind}
    if isinstance(payload.code, Payable):
        answer |= {"static": payload.is_static, "amount": None}
    for name, value in code.items():
        if name == "vat" and value is not None:
            answer[name] = {inner: each for inner, each in value.items() if each is not None}
        elif isinstance(value, Decimal):
            answer[name] = f"{value:.2f}" if value == round(value, 2) else f"{value:f}"
        elif value is not None and value is not False:
            answer[name] = value
    form = [problem.reason for problem in payload.warnings if problem.reason not in ADVICE]
    return answer | ({"warning": form[0]} if form else {})
