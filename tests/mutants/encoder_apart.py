"""More wrong codecs: slips of someone who writes KHQR anew, from its page alone, around encoder.py."""

import base64
import binascii
import hashlib
import json
import sys
import unicodedata
from decimal import Decimal

from tests.mutants import encoder

LANGUAGE = tuple(encoder.LANGUAGE_NAMES)
LABELS = tuple(encoder.ADDITIONAL.values())
KEPT = {}


def split(text):
    """Tag and value of each field; [] where text is no TLV."""
    found = []
    while text:
        size = int(text[2:4])
        found.append((text[:2], text[4 : 4 + size]))
        text = text[4 + size :]
    return found


def join(fields):
    return "".join(f"{tag}{len(value):02d}{value}" for tag, value in fields)


def signed(fields, crc=None):
    """The code of fields, with a fresh CRC: crc(text) or the right one."""
    text = join(fields) + "6304"
    return text + (crc or right)(text)


def right(text):
    return f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def coded(change, crc=None):
    """A slip in the fields of a code that is made: change(fields without the CRC, the payload)."""

    def slip(request, answer):
        if request["op"] == "encode" and answer["ok"]:
            qr = signed(change(split(answer["qr"])[:-1], request["payload"]), crc)
            answer = {**answer, "qr": qr, "md5": encoder.md5(qr)}
        return answer

    return slip


def tag(name, change):
    """A slip in the value of one tag."""
    return coded(lambda fields, payload: [(key, change(value) if key == name else value) for key, value in fields])


def within(name, change):
    """A slip in the fields of one template."""
    return tag(name, lambda value: join(change(split(value))))


def hashed(change):
    """A slip in the md5: change(the code)."""

    def slip(request, answer):
        return {**answer, "md5": change(answer["qr"])} if request["op"] == "encode" and answer["ok"] else answer

    return slip


def read(change):
    """A slip in the fields that are read: change(them, the code)."""

    def slip(request, answer):
        if request["op"] == "decode" and answer["ok"]:
            answer = {**answer, "fields": change(dict(answer["fields"]), request["qr"])}
        return answer

    return slip


def refused(happens):
    """verify says no where happens(the code, its fields)."""

    def slip(request, answer):
        if request["op"] == "verify" and answer.get("valid") and happens(request["qr"], dict(split(request["qr"]))):
            answer = {"ok": True, "valid": False}
        return answer

    return slip


def asked(change):
    """A slip in what is asked: change(the payload) before anything is made of it."""

    def slip(request):
        return {**request, "payload": change(dict(request["payload"]))} if request["op"] == "encode" else request

    slip.is_before = True
    return slip


def swapped(one, other):
    return lambda fields: [({one: other, other: one}.get(key, key), value) for key, value in fields]


def reordered(first, second):
    """first moved to behind second."""

    def change(fields, payload):
        moved = [field for field in fields if field[0] == first]
        rest = [field for field in fields if field[0] != first]
        place = next((i + 1 for i, field in enumerate(rest) if field[0] == second), len(rest))
        return rest[:place] + moved + rest[place:]

    return change


def _labels(change):
    return asked(
        lambda payload: {k: change(v) if k in LABELS and isinstance(v, str) and v else v for k, v in payload.items()}
    )


def _names(change):
    return asked(
        lambda payload: {k: change(v) if k == "merchantName" and isinstance(v, str) else v for k, v in payload.items()}
    )


def _without(*names):
    return asked(lambda payload: {key: value for key, value in payload.items() if key not in names})


def _cached(request, answer):
    """A code that was made for the account and the amount is given again."""
    if request["op"] != "encode" or not answer["ok"]:
        return answer
    payload = request["payload"]
    return KEPT.setdefault((payload["bakongAccountID"], str(payload.get("amount"))), answer)


def _byte_swapped(text):
    found = right(text)
    return found[2:] + found[:2]


def _ascii_crc(text):
    return right(text.encode("ascii", "ignore").decode())


def _relative(fields):
    held = dict(fields)
    return [(key, f"{int(value) - int(held['00']):013d}" if key == "01" else value) for key, value in fields]


def _half_crc(request, answer):
    """verify compares the CRC's last byte alone."""
    qr = request.get("qr", "")
    if request["op"] == "verify" and not answer["ok"] and qr[-8:-4] == "6304" and right(qr[:-4])[2:] == qr[-2:]:
        try:
            return encoder.verify({**request, "qr": qr[:-4] + right(qr[:-4])})
        except encoder.Refusal:
            return answer
    return answer


def _graced(request):
    return {**request, "now": request["now"] - 60_000} if request["op"] == "verify" else request


def _seconds(request):
    return {**request, "now": request["now"] // 1000} if request["op"] == "verify" else request


_graced.is_before = _seconds.is_before = True


def _alternate(fields, qr):
    return {**fields, "merchantName": fields["merchantNameAlternateLanguage"] or fields["merchantName"]}


def _merchant_as_person(fields, qr):
    return {**fields, "accountInformation": fields.pop("merchantID", None)} if "merchantID" in fields else fields


def _creation(fields, qr):
    stamp = dict(split(dict(split(qr)).get("99", "")))
    return {**fields, "expirationTimestamp": stamp.get("00")}


def _each_read(change, names=None):
    return read(
        lambda fields, qr: {
            key: change(value) if isinstance(value, str) and (names is None or key in names) else value
            for key, value in fields.items()
        }
    )


SLIPS = {
    "account-subs-swapped": within("29", lambda fields: sorted(fields, key=lambda field: -int(field[0]) % 100)),
    "merchant-subs-swapped": within("30", swapped("01", "02")),
    "merchant-bank-lost": within("30", lambda fields: fields[:2]),
    "merchant-in-both": coded(
        lambda fields, payload: [
            more for tag, value in fields for more in ([("29", value)] if tag == "30" else []) + [(tag, value)]
        ]
    ),
    "mobile-in-09": within("62", lambda fields: [("09" if key == "02" else key, value) for key, value in fields]),
    "terminal-for-purpose": within("62", swapped("07", "08")),
    "store-for-bill": within("62", swapped("01", "03")),
    "language-swapped": within("64", swapped("01", "02")),
    "preference-upper": within("64", lambda fields: [(k, v.upper() if k == "00" else v) for k, v in fields]),
    "alternate-for-name": asked(
        lambda payload: {
            **payload,
            "merchantName": payload.get("merchantNameAlternateLanguage") or payload.get("merchantName"),
        }
    ),
    "city-always": _without("merchantCity"),
    "city-default-lost": coded(
        lambda fields, payload: [field for field in fields if field[0] != "60" or payload.get("merchantCity")]
    ),
    "country-small": tag("58", str.lower),
    "category-always": _without("merchantCategoryCode"),
    "static-riel": coded(
        lambda fields, payload: [(k, "116" if k == "53" and dict(fields)["01"] == "11" else v) for k, v in fields]
    ),
    "stamps-swapped": within(
        "99", lambda fields: list(zip("00 01".split(), [v for _, v in fields][::-1], strict=True))
    ),
    "expiry-relative": within("99", _relative),
    "expiry-local": within("99", lambda fields: [(k, str(int(v) + 25_200_000) if k == "01" else v) for k, v in fields]),
    "amount-before-currency": coded(reordered("53", "54")),
    "category-after-currency": coded(reordered("52", "53")),
    "stamps-before-language": coded(reordered("99", "60")),
    "amount-commas": tag("54", lambda value: f"{Decimal(value):,}" if "." not in value else value),
    "amount-padded": tag("54", lambda value: value.zfill(13)),
    "crc-bytes-swapped": coded(lambda fields, payload: fields, _byte_swapped),
    "crc-ascii": coded(lambda fields, payload: fields, _ascii_crc),
    "md5-base64": hashed(lambda qr: base64.b64encode(hashlib.md5(qr.encode()).digest()).decode()),
    "md5-ascii": hashed(lambda qr: hashlib.md5(qr.encode("ascii", "ignore")).hexdigest()),
    "md5-nfd": hashed(lambda qr: hashlib.md5(unicodedata.normalize("NFD", qr).encode()).hexdigest()),
    "md5-sha": hashed(lambda qr: hashlib.sha256(qr.encode()).hexdigest()[:32]),
    "name-ascii": _names(lambda value: value.encode("ascii", "replace").decode()),
    "name-escaped": _names(lambda value: value.encode("ascii", "backslashreplace").decode()[:25]),
    "name-cut-20": _names(lambda value: value[:20] if len(value) <= 25 else value),
    "label-number": _labels(lambda value: str(int(value)) if value.isdecimal() and value.isascii() else value),
    "label-small": _labels(str.lower),
    "label-dashes": _labels(lambda value: value.replace(" ", "-")),
    "code-cached": _cached,
    "code-with-newline": lambda request, answer: {**answer, "qr": answer["qr"] + "\n"} if "qr" in answer else answer,
    "read-alternate": read(_alternate),
    "read-bank-lost": read(lambda fields, qr: {**fields, "acquiringBank": None}),
    "read-merchant-as-person": read(_merchant_as_person),
    "read-category-always": read(lambda fields, qr: {**fields, "merchantCategoryCode": "5999"}),
    "read-mojibake": _each_read(lambda value: value.encode().decode("latin-1"), ("merchantName",)),
    "read-labels-mojibake": _each_read(lambda value: value.encode().decode("latin-1"), LABELS),
    "read-language-mojibake": _each_read(lambda value: value.encode().decode("latin-1"), LANGUAGE),
    "read-creation": read(_creation),
    "read-account-name": _each_read(lambda value: value.partition("@")[0], ("bakongAccountID",)),
    "read-labels-small": _each_read(str.lower, LABELS),
    "read-name-cut-20": _each_read(lambda value: value[:20], ("merchantName",)),
    "read-city-always": read(lambda fields, qr: {**fields, "merchantCity": "Phnom Penh"}),
    "no-for-short": refused(lambda qr, fields: len(qr) < 110),
    "no-for-long": refused(lambda qr, fields: len(qr) > 255),
    "no-for-khmer": refused(lambda qr, fields: not qr.isascii()),
    "no-for-dollars": refused(lambda qr, fields: fields.get("53") == "840"),
    "no-for-merchants": refused(lambda qr, fields: "30" in fields),
    "no-for-unionpay": refused(lambda qr, fields: "15" in fields),
    "no-for-language": refused(lambda qr, fields: "64" in fields),
    "no-for-cents": refused(lambda qr, fields: "." in fields.get("54", "")),
    "half-crc": _half_crc,
    "expiry-graced": _graced,
    "expiry-against-seconds": _seconds,
}


def answered(request, slips):
    """The answer to a request of the line protocol, with slips."""
    for slip in slips:
        request = slip(request) if hasattr(slip, "is_before") else request
    try:
        answer = encoder.OPS[request["op"]](request)
    except encoder.Refusal as refusal:
        answer = {"ok": False, "error": str(refusal)}
    for slip in slips:
        answer = answer if hasattr(slip, "is_before") else slip(request, answer)
    return answer


if __name__ == "__main__":
    chosen = [SLIPS[name] for name in sys.argv[1:]]
    for line in sys.stdin:
        print(json.dumps(answered(json.loads(line, parse_float=Decimal), chosen)), flush=True)
