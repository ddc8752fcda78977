"""An EMVCo codec behind the line protocol, written apart from emvqr, with bugs that BUGS switches on."""

import json
import os
import sys

BUGS = set(os.environ.get("BUGS", "").split(",")) - {""}
TEMPLATES = {*map(str, range(26, 52)), "62", "64", *map(str, range(80, 100))}
TAGS = {"khqr": ("29",), "promptpay": ("29", "30"), "pix": ("26",), "vietqr": ("38",)}
GUIDS = {
    **{f"A00000067701011{number}": "promptpay" for number in "1234"},
    "A000000677012006": "promptpay",
    "A000000727": "vietqr",
    "BR.GOV.BCB.PIX": "pix",
    "ID.CO.QRIS.WWW": "qris",
    "SG.PAYNOW": "paynow",
    "A0000006150001": "duitnow",
    "PH.PPMI.P2M": "qrph",
    "COM.P2PQRPAY": "qrph",
    "A000000524": "upi",
}


class Refusal(Exception):
    def __init__(self, reason, at):
        super().__init__(reason)
        self.reason, self.at = reason, at


def has(bug):
    return bug in BUGS


def crc(text):
    data = text.encode("utf-16-le" if has("crc-utf16") else "utf-8")
    if has("crc-low-byte"):
        data = bytes(ord(letter) & 0xFF for letter in text)
    value = 0 if has("crc-start-zero") else 0xFFFF
    for octet in data:
        value ^= octet << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1
    return f"{value:X}" if has("crc-unpadded") else f"{value:04X}"


def number(two, at, reason):
    """What two digits say."""
    if has("int-digits"):
        try:
            return int(two)
        except ValueError:
            raise Refusal(reason, at) from None
    if has("isdigit") and len(two) == 2 and two.isdigit():
        return int("".join(str(int(digit)) if digit.isdecimal() else "0" for digit in two))
    if len(two) != 2 or not (two[0] in "0123456789" and two[1] in "0123456789"):
        raise Refusal(reason, at)
    return int(two)


def cut(text, start):
    """Tag, value and place of each object."""
    at = 0
    while at < len(text):
        if len(text) - at < 4:
            if has("tail-ignored") and start == 0:
                return
            raise Refusal("truncated", start + at)
        if not (has("tag-unchecked") or text[at : at + 2] == "??"):
            number(text[at : at + 2], start + at, "tag")
        size = number(text[at + 2 : at + 4], start + at, "length")
        if has("hangs") and size == 0:
            while True:
                pass
        value = text[at + 4 : at + 4 + size]
        if has("bytes"):
            value = text[at + 4 :].encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
            size = len(value)
        if len(value) < size and not has("overrun-taken"):
            raise Refusal("overrun", start + at)
        if not value and not has("empty-taken"):
            raise Refusal("empty_value", start + at)
        yield text[at : at + 2], value, start + at
        at += 4 + max(size, 0)


def objects(text, start, prefix, depth):
    """Path, value and place of each object and of what it holds, in order."""
    met, told = {}, []
    for tag, value, at in cut(text, start):
        if tag in met and not has("duplicates-taken" if depth == 0 else "sub-duplicates-taken"):
            raise Refusal("duplicate_tag", at + (1 if has("place-off") else 0))
        path = prefix + tag
        met[tag] = at
        told.append((path, value, at))
        is_template = tag in TEMPLATES if depth == 0 else prefix == "62." and tag >= "50" and not has("one-level")
        if has("everything-a-template") and depth == 0 and tag not in ("00", "01", "63"):
            is_template = True
        if has("80-not-a-template") and tag >= "80":
            is_template = False
        if is_template:
            told += inner(value, at + 4, f"{path}.", depth + 1)
    return told


def inner(value, start, prefix, depth):
    try:
        return objects(value, start, prefix, depth)
    except Refusal as fault:
        if fault.reason in ("duplicate_tag", "empty_value") or has("free-text-refused"):
            raise
        return []


def decode(text):
    if has("trims"):
        text = text.strip()
    if not text:
        raise Refusal("empty", 0)
    text.encode()
    if len(text) > 512 and not has("unbounded"):
        raise Refusal("too_long", 512)
    told = objects(text, 0, "", 0)
    roots = [one for one in told if "." not in one[0]]
    at = next((at for path, _, at in roots if path == "63"), None)
    end = at + 8 if at and (has("crc-anywhere") or has("tail-ignored")) else None
    if at is None:
        if not has("crc-optional"):
            raise Refusal("crc_missing", len(text))
    elif roots[-1][0] != "63" and not has("crc-anywhere"):
        raise Refusal("crc_not_last", at)
    elif text[at + 4 : end] != crc(text[: at + 4]) and not has("crc-unchecked"):
        raise Refusal("crc_mismatch", at)
    if roots[0][0] != "00" and not has("00-anywhere"):
        raise Refusal("payload_format_not_first", 0)
    if dict(one[:2] for one in roots).get("00") != "01" and not has("version-unchecked"):
        raise Refusal("payload_format_value", 0)
    if has("name-upper"):
        told = [(path, value.upper() if path == "59" else value, at) for path, value, at in told]
    return {"valid": True, "fields": [[path, value] for path, value, _ in told], "schemes": schemes(told)}


def schemes(told):
    if has("scheme-by-tag"):
        return [name for name, tags in TAGS.items() for path, _, _ in told if path in tags]
    found = []
    for path, value, _ in told:
        guid = value if has("scheme-case") else value.upper()
        if path[2:] == ".00" and path[:2] in TEMPLATES - {"62", "64"} and guid in GUIDS:
            found.append(GUIDS[guid])
    return list(dict.fromkeys(found))


def tlv(tag, value):
    size = len(value.encode()) if has("write-bytes") else len(value)
    if not value and not has("write-empty"):
        raise Refusal("empty_value", 0)
    if size > 99 and not has("write-long"):
        raise Refusal("value_length", 0)
    return f"{tag}{size:02d}{value}"


def encode(pairs):
    roots, met = {}, set()
    for path, value in sorted(pairs) if has("write-sorted") else pairs:
        tag, _, sub = path.partition(".")
        if path in met and not has("write-twice"):
            raise Refusal("duplicate_tag", 0)
        met.add(path)
        roots[tag] = roots.get(tag, "") + (tlv(sub, value) if sub else value)
    if next(iter(roots), "") != "00":
        raise Refusal("payload_format_missing", 0)
    text = "".join(tlv(tag, value) for tag, value in roots.items()) + "6304"
    if len(text) > 508 and not has("write-unbounded"):
        raise Refusal("too_long", 0)
    return {"text": text + (crc(text).lower() if has("write-lower") else crc(text))}


def answer(asked):
    try:
        if asked["op"] == "decode":
            return decode(asked["text"])
        return encode(asked["fields"]) if asked["op"] == "encode" else {"ok": True}
    except Refusal as fault:
        return {"valid": False, "reason": fault.reason, "error": fault.reason, "at": fault.at}
    except UnicodeError:
        if has("dies"):
            sys.exit(1)
        return {"valid": False, "reason": "not_unicode", "error": "not_unicode"}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
