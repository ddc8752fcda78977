"""khqr behind the line protocol of `bakong-sandbox verify khqr`: the sample for Python."""

import json
import re
import sys
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import khqr
from khqr import Individual, KHQRError, Merchant


def encode(request: dict[str, Any]) -> dict[str, Any]:
    payload = {_snake(name): value for name, value in request["payload"].items()}
    payee = Merchant if payload.pop("kind") == "merchant" else Individual
    code = khqr.encode(payee(**payload), now=request["now"])
    return {"ok": True, "qr": code.qr, "md5": code.md5}


def decode(request: dict[str, Any]) -> dict[str, Any]:
    fields = {_camel(name): value for name, value in asdict(khqr.decode(request["qr"]).payee).items()}
    if fields["amount"] is not None:
        fields["amount"] = str(fields["amount"])
    return {"ok": True, "fields": fields}


def verify(request: dict[str, Any]) -> dict[str, Any]:
    payee = khqr.decode(request["qr"]).payee
    return {"ok": True, "valid": payee.amount is None or request["now"] <= int(str(payee.expiration_timestamp))}


def hello(_request: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "name": "khqr"}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda match: "_" + match[1].lower(), name)


def _camel(name: str) -> str:
    text = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
    return {"bakongAccountId": "bakongAccountID", "merchantId": "merchantID"}.get(text, text)


for line in sys.stdin:
    asked = json.loads(line, parse_float=Decimal)
    try:
        answer = {"encode": encode, "decode": decode, "verify": verify, "hello": hello}[asked["op"]](asked)
    except (KHQRError, TypeError) as error:
        answer = {"ok": False, "error": str(error)}
    print(json.dumps(answer), flush=True)
