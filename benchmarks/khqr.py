"""Encode, decode and verify beside every other codec, on the same three inputs, in one run.

`python benchmarks/khqr.py [COUNT]` prints operations per second of CPU time and the ratios that are claimed. All codecs
take turns, COUNT operations each, round after round, so that a machine that slows down slows all of them; the best of
the rounds counts. generate includes md5; every codec starts from the fields as values. Node's codecs live in a process
of their own, warm before the first round. The floor is what CPython needs at least: crc_hqx, md5, formatting, slicing,
no check of anything.
"""

import json
import os
import re
import subprocess
import sys
import time
from binascii import crc_hqx
from collections.abc import Callable
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any

import bakong_khqr
import konthaina_khqr
from bakong_khqr.sdk import EMVParser

import khqr
from khqr import sdk

HERE = Path(__file__).parent
MODULES = HERE.parent / "tests" / "clients" / "node" / "node_modules"
ROUNDS = 15
WARM_UP = 20_000
NOW_MS = time.time_ns() // 1_000_000
EXPIRY_MS = NOW_MS + 86_400_000

INPUTS: dict[str, dict[str, Any]] = {
    "static": {
        "kind": "individual",
        "fields": {"bakongAccountID": "john_smith@devb", "merchantName": "John Smith", "merchantCity": "Phnom Penh"},
    },
    "dynamic": {
        "kind": "individual",
        "fields": {
            "bakongAccountID": "john_smith@devb",
            "merchantName": "John Smith",
            "merchantCity": "Phnom Penh",
            "accountInformation": "85512345678",
            "acquiringBank": "Dev Bank",
            "currency": 840,
            "amount": 1.5,
            "billNumber": "INV-001",
            "expirationTimestamp": EXPIRY_MS,
        },
    },
    "merchant": {
        "kind": "merchant",
        "fields": {
            "bakongAccountID": "john_smith@devb",
            "merchantName": "Coffee Klaing",
            "merchantCity": "Phnom Penh",
            "merchantID": "123456",
            "acquiringBank": "Dev Bank",
            "currency": 116,
            "amount": 10000,
            "merchantCategoryCode": "5411",
            "billNumber": "INV-001",
            "mobileNumber": "85512345678",
            "storeLabel": "Store",
            "terminalLabel": "POS1",
            "purposeOfTransaction": "Food",
            "languagePreference": "km",
            "merchantNameAlternateLanguage": "ហាងកាហ្វេ",
            "merchantCityAlternateLanguage": "ភ្នំពេញ",
            "expirationTimestamp": EXPIRY_MS,
        },
    },
}

Work = Callable[[], Any]


def rate(work: Work, count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        work()
    return count / (time.process_time() - start)


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda capitals: "_" + capitals[1].lower(), name)


def ours(given: dict[str, Any], qr: str) -> dict[str, Work]:
    kind = khqr.Merchant if given["kind"] == "merchant" else khqr.Individual
    fields = {snake(name): value for name, value in given["fields"].items()}
    if fields.get("amount") == 1.5:
        fields["amount"] = "1.5"
    return {
        "generate": lambda: khqr.encode(kind(**fields), now=NOW_MS),
        "decode": lambda: khqr.decode(qr),
        "verify": lambda: khqr.verify(qr, now=NOW_MS),
    }


def twin(given: dict[str, Any], qr: str) -> dict[str, Work]:
    make = sdk.generate_merchant if given["kind"] == "merchant" else sdk.generate_individual
    fields = given["fields"]
    return {
        "generate": lambda: make(fields, NOW_MS),
        "decode": lambda: sdk.decode(qr),
        "verify": lambda: sdk.verify(qr, NOW_MS),
    }


def incumbent(given: dict[str, Any], qr: str) -> dict[str, Work]:
    """PyPI bakong-khqr: individual codes only, a flat parser that checks nothing, no verify."""
    client, fields = bakong_khqr.KHQR(), given["fields"]
    options = {"account_id": fields["bakongAccountID"], "merchant_name": fields["merchantName"]}
    options |= {"merchant_city": fields["merchantCity"], "static": "amount" not in fields}
    options |= {"currency": "USD" if fields.get("currency") == 840 else "KHR", "amount": fields.get("amount", 0)}
    options |= {"bill_number": fields.get("billNumber"), "expiration": 1}

    def generate() -> Any:
        made = client.create_qr(**options)
        return client.generate_md5(str(made))

    return {"decode (flat)": lambda: EMVParser(qr).parsed} | (
        {"generate": generate} if given["kind"] == "individual" else {}
    )


def konthaina(given: dict[str, Any], qr: str) -> dict[str, Work]:
    """konthaina-khqr: verify looks at the CRC alone, decode is flat."""
    names = {
        "bakongAccountID": "bakong_account_id",
        "languagePreference": "language_preference",
        "merchantNameAlternateLanguage": "merchant_name_alternate",
        "merchantCityAlternateLanguage": "merchant_city_alternate",
    }
    kind = konthaina_khqr.MerchantType(given["kind"])
    calls = [
        (f"set_{names.get(name, snake(name))}", str(value) if name == "currency" else value)
        for name, value in given["fields"].items()
        if name not in ("expirationTimestamp", "merchantCategoryCode")
    ]

    def generate() -> Any:
        maker = konthaina_khqr.KHQRGenerator(kind)
        for name, value in calls:
            getattr(maker, name)(value)
        return maker.generate()

    return {
        "generate": generate,
        "decode (flat)": lambda: konthaina_khqr.decode(qr),
        "verify (CRC)": lambda: konthaina_khqr.verify(qr),
    }


def floor(given: dict[str, Any], qr: str) -> dict[str, Work]:  # noqa: C901  bare on purpose
    """The least that CPython can do: the same text from the same values, the same values from the same text."""
    fields = given["fields"]
    account = [
        fields[name]
        for name in ("bakongAccountID", "merchantID", "accountInformation", "acquiringBank")
        if name in fields
    ]
    tag = "30" if given["kind"] == "merchant" else "29"
    additional = [
        (sub, fields[name])
        for sub, name in (
            ("01", "billNumber"),
            ("02", "mobileNumber"),
            ("03", "storeLabel"),
            ("07", "terminalLabel"),
            ("08", "purposeOfTransaction"),
        )
        if name in fields
    ]
    alternate = [
        fields[name]
        for name in ("languagePreference", "merchantNameAlternateLanguage", "merchantCityAlternateLanguage")
        if name in fields
    ]
    amount = {1.5: "1.50", 10000: "10000"}.get(fields.get("amount"))
    category, currency = fields.get("merchantCategoryCode", "5999"), fields.get("currency", 116)
    name, city = fields["merchantName"], fields["merchantCity"]

    def field(tag: str, value: str) -> str:
        return f"{tag}{len(value):02d}{value}"

    def generate() -> tuple[str, str]:
        parts = ["000201010212" if amount else "000201010211"]
        parts.append(field(tag, "".join([field(f"{n:02d}", value) for n, value in enumerate(account)])))
        parts.append(f"5204{category}5303{currency}")
        if amount:
            parts.append(field("54", amount))
        parts.append(f"5802KH59{len(name):02d}{name}60{len(city):02d}{city}")
        if additional:
            parts.append(field("62", "".join([field(sub, value) for sub, value in additional])))
        if alternate:
            parts.append(field("64", "".join([field(f"{n:02d}", value) for n, value in enumerate(alternate)])))
        if amount:
            parts.append(f"99340013{NOW_MS}0113{EXPIRY_MS}")
        parts.append("6304")
        body = "".join(parts)
        raw = body.encode()
        crc = f"{crc_hqx(raw, 0xFFFF):04X}"
        return body + crc, md5(raw + crc.encode(), usedforsecurity=False).hexdigest()

    def decode() -> dict[str, Any]:
        tags = cut(qr)
        for template in ("29", "30", "62", "64", "99"):
            if template in tags:
                tags[template] = cut(tags[template])
        return tags

    def cut(text: str) -> dict[str, Any]:
        tags: dict[str, Any] = {}
        place, end = 0, len(text)
        while place < end:
            stop = place + 4 + int(text[place + 2 : place + 4])
            tags[text[place : place + 2]] = text[place + 4 : stop]
            place = stop
        return tags

    def verify() -> bool:
        decode()
        return f"{crc_hqx(qr[:-4].encode(), 0xFFFF):04X}" == qr[-4:]

    if generate()[0] != qr:
        raise SystemExit(f"the floor makes {generate()[0]}, not {qr}")
    return {"generate": generate, "decode": decode, "verify": verify}


CODECS = {
    "khqr (ours)": ours,
    "khqr.sdk (twin)": twin,
    "PyPI bakong-khqr": incumbent,
    "PyPI konthaina-khqr": konthaina,
    "floor": floor,
}


def texts() -> dict[str, str]:
    made = {}
    for name, given in INPUTS.items():
        make = sdk.generate_merchant if given["kind"] == "merchant" else sdk.generate_individual
        made[name] = make(given["fields"], NOW_MS)["data"]["qr"]
        if ours(given, "")["generate"]().qr != made[name] or not khqr.verify(made[name], now=NOW_MS):
            raise SystemExit(f"{name}: encode and khqr.sdk do not agree")
    return made


class Node:
    """benchmarks/khqr_peers.js, which answers a rate for each question."""

    def __init__(self, qrs: dict[str, str]) -> None:
        inputs = {name: given | {"length": len(qrs[name])} for name, given in INPUTS.items()}
        environment = {**os.environ, "NODE_PATH": str(MODULES)}
        command = ["node", str(HERE / "khqr_peers.js"), json.dumps(inputs)]
        self._peer = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def rate(self, *question: object) -> float:
        print(json.dumps(question), file=self._peer.stdin)
        if not (answer := self._peer.stdout.readline()):
            raise SystemExit(f"node broke off at {question}")
        return float(answer)

    def end(self) -> None:
        self._peer.communicate()


def measure(count: int) -> dict[str, dict[str, dict[str, float]]]:
    qrs = texts()
    node = Node(qrs)
    cells: dict[tuple[str, str, str], Callable[[], float]] = {}
    for name, given in INPUTS.items():
        for codec, make in CODECS.items():
            slow = 10 if codec.startswith("PyPI") else 1
            for verb, work in make(given, qrs[name]).items():
                cells[codec, name, verb] = partial(rate, work, count // slow)
        for codec in ("npm bakong-khqr", "npm ts-khqr"):
            for verb in ("decode", "generate", "verify"):
                node.rate(codec, name, verb, WARM_UP)
                cells[codec, name, verb] = partial(node.rate, codec, name, verb, count)
    measured: dict[str, dict[str, dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for (codec, name, verb), ask in cells.items():
            rates = measured.setdefault(codec, {}).setdefault(name, {})
            rates[verb] = max(rates.get(verb, 0.0), ask())
    node.end()
    return measured


GOALS = (
    ("generate", "PyPI bakong-khqr", 10.0, ("static", "dynamic")),
    ("generate", "npm bakong-khqr", 1.0, tuple(INPUTS)),
    ("decode", "npm bakong-khqr", 1.5, tuple(INPUTS)),
    ("verify", "npm bakong-khqr", 1.5, tuple(INPUTS)),
    ("generate", "floor", 0.5, tuple(INPUTS)),
)


def main(count: int = 2_000) -> int:
    measured = measure(count)
    print(f"thousand operations a second of CPU time: {' / '.join(INPUTS)}")
    for codec, by_input in measured.items():
        verbs = sorted({verb for each in by_input.values() for verb in each})
        cells = (
            f"{verb} " + " / ".join(f"{by_input[name].get(verb, 0) / 1000:.1f}" for name in INPUTS) for verb in verbs
        )
        print(f"  {codec:20} " + "   ".join(cells))
    missed = 0
    for verb, peer, goal, names in GOALS:
        ratios = [measured["khqr (ours)"][name][verb] / measured[peer][name][verb] for name in names]
        missed += min(ratios) < goal
        shown = " / ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{'ok  ' if min(ratios) >= goal else 'MISS'} {verb} at least {goal:g} times {peer}: {shown}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
