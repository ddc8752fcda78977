"""Our codec beside NBC's SDK, run live on random inputs: every difference is counted and put in a class.

`python -m tests.khqr.differential COUNT [SEED]` prints the classes. CLASSES says why each may be; whatever else differs
is "UNEXPLAINED", printed in full, and an exit code of 1.
"""

import json
import re
import shutil
import sys
from collections import Counter
from random import Random
from typing import Any

from khqr import EncodeError, Individual, Merchant, Verdict, encode, sdk, verify
from khqr.sdk.cutting import split, template
from khqr.sdk.decode import TEMPLATES
from khqr.sdk.javascript import string
from khqr.utf16 import units
from tests.khqr import inputs
from tests.khqr.peer import Peer

BATCH = 250
UNEXPLAINED = "UNEXPLAINED"
CLASSES = {
    "same": "the same answer, to the byte",
    "hang": "the SDK never returns; the twin says not valid, or what had been read",
    "defect": "the SDK reports success with an exception for a QR; the twin says so, code 1",
    "thrown": "the SDK throws; the twin says so, code 1",
    "strict: same": "encode writes the SDK's bytes, or both refuse; verify says what the SDK says",
    "strict: refuses": "strict is stricter; the rule is named",
    "strict: not asked": "the fields are no texts and decimals, which encode asks for",
}
DIGITS_OR_TEXT = ("amount", "expirationTimestamp", "currency")


def requests(random: Random, count: int) -> list[dict[str, Any]]:
    return [_request(random) for _ in range(count)]


def _request(random: Random) -> dict[str, Any]:
    op = random.choice(("generate", "generate", "verify", "decode", "decodeNonKhqr"))
    if op == "generate":
        kind = random.choice(("individual", "merchant"))
        return {"op": op, "now": inputs.NOW_MS, "kind": kind, "fields": inputs.fields(random, kind)}
    return {"op": op, "now": inputs.NOW_MS + random.choice((0, 0, 10**6)), "qr": inputs.any_text(random)}


def twin(request: dict[str, Any]) -> Any:
    """What khqr.sdk answers."""
    if request["op"] == "generate":
        make = sdk.generate_merchant if request["kind"] == "merchant" else sdk.generate_individual
        return make(request["fields"], request["now"])
    if request["op"] == "verify":
        return sdk.verify(request["qr"], request["now"])
    return (sdk.decode if request["op"] == "decode" else sdk.decode_non_khqr)(request["qr"])


def twin_class(request: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Which class the twin's answer and the SDK's are in."""
    ours = twin(request)
    if "hang" in theirs:
        is_documented = ours == {"isValid": False} if request["op"] == "verify" else ours["status"]["code"] == 0
        return "hang" if is_documented and request["op"] in ("verify", "decode") else UNEXPLAINED
    for kind, prefix in (
        ("defect", "SDK DEFECT: status.code 0 but data.qr is [object Error] "),
        ("thrown", "THROWN: "),
    ):
        if kind in theirs:
            return kind if ours["status"] == _refused(prefix + theirs[kind]) else UNEXPLAINED
    return "same" if json.dumps(ours) == json.dumps(theirs["answer"]) else UNEXPLAINED


def _refused(message: str) -> dict[str, Any]:
    return {"code": 1, "errorCode": None, "message": message}


def strict_class(request: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """Which class encode or verify and the SDK are in; None for what has no strict counterpart."""
    if request["op"] == "generate":
        return _encode_class(request, theirs)
    if request["op"] == "verify":
        verdict = verify(request["qr"], now=request["now"])
        return _verify_class(verdict, is_valid=theirs.get("answer", {}).get("isValid", False))
    return None


def _encode_class(request: dict[str, Any], theirs: dict[str, Any]) -> str:
    answer = theirs.get("answer", {}).get("data")
    try:
        code = encode(payee(request), now=request["now"])
    except TypeError:
        return "strict: not asked"
    except EncodeError as error:
        return f"strict: refuses {error.field}" if answer else "strict: same"
    if not verify(code.qr, now=request["now"]):
        return f"{UNEXPLAINED} encode wrote what verify refuses"
    if answer is None:
        # A field that is 0, false or NaN where a text belongs is empty for encode and something for the SDK.
        return "strict: not asked" if _is_odd(request["fields"]) else f"{UNEXPLAINED} encode wrote what the SDK refuses"
    return "strict: same" if answer == {"qr": code.qr, "md5": code.md5} else f"{UNEXPLAINED} other bytes"


def _verify_class(verdict: Verdict, *, is_valid: bool) -> str:
    if verdict.is_valid == is_valid:
        return "strict: same"
    return (
        f"strict: refuses {verdict.problems[0].rule}"
        if is_valid
        else f"{UNEXPLAINED} verify accepts what the SDK refuses"
    )


def _is_odd(fields: dict[str, Any]) -> bool:
    texts = (value for name, value in fields.items() if name not in DIGITS_OR_TEXT)
    return any(not isinstance(value, str) for value in texts if value is not None)


def payee(request: dict[str, Any]) -> Individual | Merchant:
    """The SDK's fields in our names; a float as the text that JavaScript would write."""
    fields = {_snake(name): value for name, value in request["fields"].items()}
    for name in ("amount", "expiration_timestamp"):
        if isinstance(fields.get(name), float):
            fields[name] = string(fields[name])
    if request["kind"] == "individual":
        return Individual(**fields)
    fields.pop("account_information", None)
    return Merchant(**fields)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda found: "_" + found[1].lower(), name)


def run(node: str, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """The classes of count random requests, and every unexplained difference in full."""
    random = Random(seed)
    classes: Counter[str] = Counter()
    unexplained: list[str] = []
    with Peer(node) as peer:
        for start in range(0, count, BATCH):
            batch = requests(random, min(BATCH, count - start))
            for request, theirs in zip(batch, _answers(peer, batch), strict=True):
                _count(request, theirs, classes, unexplained)
    return classes, unexplained


def _answers(peer: Peer, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A time-out that the twin does not foresee may be a slow machine's: such a request is asked again, patiently."""
    return [
        peer.ask_patiently(request) if "hang" in theirs and not _expects_hang(request) else theirs
        for request, theirs in zip(batch, peer.ask(batch), strict=True)
    ]


def _expects_hang(request: dict[str, Any]) -> bool:
    if request["op"] not in ("verify", "decode"):
        return False
    found = split(units(request["qr"]))
    return found.stuck or any(template(value, {})[1] for tag, value in found.tags if tag in TEMPLATES)


def _count(request: dict[str, Any], theirs: dict[str, Any], classes: Counter[str], unexplained: list[str]) -> None:
    for found in (twin_class(request, theirs), strict_class(request, theirs)):
        if found:
            classes[found] += 1
        if found and found.startswith(UNEXPLAINED):
            texts = (json.dumps(each) for each in (request, theirs, twin(request)))
            unexplained.append("{}: {}\n  SDK:  {}\n  twin: {}".format(found, *texts))


def main(count: int, seed: int = 0) -> int:
    node = shutil.which("node")
    if not node:
        print("node is not installed")
        return 2
    classes, unexplained = run(node, count, seed)
    print(f"{count} requests, seed {seed}")
    for name, times in sorted(classes.items(), key=lambda item: -item[1]):
        about = next((about for known, about in CLASSES.items() if name.startswith(known)), "")
        print(f"{times:8}  {name:40}  {about}")
    print(*unexplained[:20], sep="\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
