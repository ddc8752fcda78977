"""`python -m bakong_schemes.promptpay encode|decode`: the codec behind JSON lines, for other languages' tests.

encode: {"input": {"kind", ...}} -> {"text"} or {"error": reason}; decode: {"text", "lenient"?} -> {"valid": true, ...}
or {"valid": false, "reason"}. docs/promptpay.md has the names.
"""

import sys
from typing import Any

from bakong_schemes.promptpay.codec import DecodeError, EncodeError, decode, encode
from bakong_schemes.promptpay.codec.json_form import code_of, said
from emvqr.lines import Answer, run


def _encode(asked: dict[str, Any]) -> Answer:
    given = asked.get("input")
    if not isinstance(given, dict):
        return {"error": "input"}
    layout = given.pop("layout", None) or "ascending"
    try:
        return {"text": encode(code_of(given), layout=layout if isinstance(layout, str) else "").text}
    except EncodeError as error:
        return {"error": error.reason}


def _decode(asked: dict[str, Any]) -> Answer:
    text, lenient = asked.get("text"), asked.get("lenient", False)
    if not isinstance(text, str):
        return {"error": "text"}
    if not (isinstance(lenient, bool) or (isinstance(lenient, list) and all(isinstance(one, str) for one in lenient))):
        return {"error": "lenient"}
    try:
        payload = decode(text, lenient=lenient is True, forgive=lenient if isinstance(lenient, list) else ())
    except DecodeError as error:
        return {"valid": False, "reason": error.reason}
    return {"valid": True, **said(payload)}


if __name__ == "__main__":
    sys.exit(run({"encode": _encode, "decode": _decode}, sys.argv[1:], sys.stdin.buffer, sys.stdout, sys.stderr))
