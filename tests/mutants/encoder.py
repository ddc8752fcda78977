"""A KHQR codec behind the line protocol, written apart from khqr, with bugs that BUGS switches on."""

import binascii
import hashlib
import json
import os
import re
import struct
import sys
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

BUGS = set(os.environ.get("BUGS", "").split(",")) - {""}
ACCOUNT = {"individual": ("accountInformation", "acquiringBank"), "merchant": ("merchantID", "acquiringBank")}
ADDITIONAL = {
    "01": "billNumber",
    "02": "mobileNumber",
    "03": "storeLabel",
    "07": "terminalLabel",
    "08": "purposeOfTransaction",
}
LANGUAGE = {
    "00": ("languagePreference", 2),
    "01": ("merchantNameAlternateLanguage", 25),
    "02": ("merchantCityAlternateLanguage", 15),
}
SEEN = {}


class Refusal(Exception):
    pass


def has(bug):
    return bug in BUGS


def need(held, why):
    if not held:
        raise Refusal(why)


def tlv(tag, value):
    size = len(value.encode()) if has("length-in-bytes") else len(value)
    need(size <= (98 if has("template-99-refused") else 99) or has("template-overflow"), f"{tag} is too long")
    return f"{tag}{size}{value}" if has("length-unpadded") else f"{tag}{size:02d}{value}"


def sub_tlv(tag, value):
    if has("sub-length-in-bytes"):
        return f"{tag}{len(value.encode()):02d}{value}"
    return tlv(tag, value)


def crc(text):
    raw = text.encode("utf-16-le") if has("crc-utf16") else text.encode()
    if has("crc-code-points"):
        raw = bytes(ord(letter) & 0xFF for letter in text)
    if has("crc-without-6304"):
        raw = raw[:-4]
    value = binascii.crc_hqx(raw, 0 if has("crc-start-zero") else 0xFFFF)
    text = f"{value:X}" if has("crc-unpadded") else f"{value:04X}"
    return text.lower() if has("crc-lower") else text


def text(payload, name, limit, required=False):
    value = payload.get(name) or ""
    need(value or not required or has("required-unchecked"), f"{name} is empty")
    size = len(value.encode()) if has("limit-in-bytes") else len(value)
    if has("label-limit-in-bytes") and name in ADDITIONAL.values():
        size = len(value.encode())
    if has("limit-off-by-one"):
        size += 1
    if has("emoji-replaced"):
        value = "".join(letter if ord(letter) < 0x10000 else "?" for letter in value)
    if has("limit-truncates"):
        return value[:limit]
    if has("label-limit-unchecked") and name == "terminalLabel":
        limit = 99
    if has("account-limit-31") and name == "bakongAccountID":
        limit = 31
    if has("language-limit-unchecked") and name in LANGUAGE_NAMES:
        limit = 99
    need(size <= limit or has("limit-unchecked"), f"{name} is too long")
    if has("mobile-normalised") and name == "mobileNumber":
        value = re.sub(r"\D", "", value)
        value = "0" + value.removeprefix("855").removeprefix("0") if value else ""
    if has("account-lowered") and name == "bakongAccountID":
        value = value.lower()
    if has("text-nfc"):
        value = unicodedata.normalize("NFC", value)
    if has("text-nfkc"):
        value = unicodedata.normalize("NFKC", value)
    if has("zero-width-dropped"):
        value = "".join(letter for letter in value if unicodedata.category(letter) != "Cf")
    if has("html-escaped"):
        value = value.replace("&", "&amp;")
    if has("mobile-as-number") and name == "mobileNumber":
        value = value.lstrip("+0")
    if has("names-trimmed"):
        value = " ".join(value.split())
    return value.upper() if has("upper-cases-names") and name == "merchantName" else value


LANGUAGE_NAMES = {name for name, _ in LANGUAGE.values()}


def amount_text(amount, currency):
    if has("amount-float32"):
        amount = Decimal(struct.unpack("f", struct.pack("f", amount))[0]).quantize(Decimal("0.01"))
    if has("khr-int32") and currency == 116:
        amount = Decimal((int(amount) + 2**31) % 2**32 - 2**31)
    if has("round-exponent") and amount == int(amount) and amount % 1000 == 0:
        return str(amount.normalize())
    if has("bare-point") and 0 < amount < 1:
        return f"{amount:.2f}".removeprefix("0")
    if has("amount-float"):
        amount = Decimal(int(float(amount) * 100)) / 100
    if currency == 116:
        need(amount == int(amount) or has("khr-rounds"), "riel are whole")
        whole = int(amount.quantize(Decimal(1), ROUND_HALF_UP))
        return f"{whole}.00" if has("khr-decimals") else str(whole)
    cents = amount * 100
    need(cents == int(cents) or has("usd-rounds"), "at most two decimals")
    amount = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if has("usd-commas"):
        return f"{amount:,.2f}" if amount >= 1000 else str(amount)
    if has("usd-always-two"):
        return f"{amount:.2f}"
    if has("usd-strips-zeros"):
        return f"{amount.normalize():f}"
    if has("usd-in-cents"):
        return str(int(amount * 100))
    return str(int(amount)) if amount == int(amount) else f"{amount:.2f}"


def account(payload):
    kind = payload["kind"]
    identity = text(payload, "bakongAccountID", 32, required=True)
    need(re.fullmatch(r"[^@\s]+@[^@\s]+", identity) or has("account-unchecked"), "expected user@bank")
    need(re.fullmatch(r"[A-Za-z0-9_]+@[A-Za-z]+", identity) or not has("account-word"), "expected letters")
    need(re.fullmatch(r"\D.*", identity) or not has("account-no-digit"), "expected a letter first")
    names = ACCOUNT[kind]
    inner = tlv("00", identity)
    for sub, name in zip(("01", "02"), names, strict=True):
        value = text(payload, name, 32, required=kind == "merchant")
        if kind == "individual" and has({"01": "information-lost", "02": "person-bank-lost"}[sub]):
            value = ""
        given = name in payload and has("empty-written")
        inner += tlv(sub, value) if value or given else ""
    tag = "30" if kind == "merchant" and not has("merchant-in-29") else "29"
    return tlv(tag, inner)


def unionpay(payload, currency):
    value = payload.get("upiMerchantAccount")
    need(not value or currency == 116 or has("unionpay-usd"), "UnionPay takes no dollars")
    if has("unionpay-cut") and value:
        value = value[:31]
    return tlv("15", value) if value and not has("unionpay-lost") else ""


def stamps(payload, now):
    expiry = payload.get("expirationTimestamp")
    if has("expiry-optional") and not expiry:
        return ""
    need(expiry, "an amount needs an expiry")
    need(len(str(expiry)) == 13 or has("seconds-taken"), "expected milliseconds")
    need(expiry > now or not has("expiry-now-refused"), "expired at once")
    need(expiry >= now or has("past-taken") or len(str(expiry)) != 13, "expired before it began")
    if has("expiry-off-by-one"):
        expiry += 1
    if has("expiry-int32"):
        expiry = now + (expiry - now + 2**31) % 2**32 - 2**31
    if has("creation-cached"):
        now = SEEN.setdefault("now", now)
    if has("creation-rounded"):
        now = now // 1000 * 1000
    if has("expiry-capped"):
        expiry = min(expiry, now + 86_400_000)
    if has("expiry-rounded"):
        expiry = expiry // 1000 * 1000
    if has("stamps-in-seconds"):
        return tlv("99", tlv("00", str(now // 1000)) + tlv("01", str(expiry // 1000)))
    if has("expiry-missing"):
        return tlv("99", tlv("00", str(now)))
    return tlv("99", tlv("00", str(now + (25_200_000 if has("creation-local") else 0))) + tlv("01", str(expiry)))


def additional(payload):
    values = [(sub, text(payload, name, 25)) for sub, name in ADDITIONAL.items()]
    if has("additional-order"):
        values.reverse()
    if has("label-lost"):
        values = [(sub, value) for sub, value in values if sub != "07"]
    if has("previous-leaks"):
        values = [(sub, SEEN.setdefault(sub, value) if value else SEEN.get(sub, "")) for sub, value in values]
    inner = "".join(
        sub_tlv(sub, value) for sub, value in values if value or (has("empty-written") and ADDITIONAL[sub] in payload)
    )
    return tlv("62", inner) if inner or has("additional-empty") else ""


def language(payload):
    preferred, name, city = (payload.get(name) for name, _ in LANGUAGE.values())
    need(not preferred or name or has("language-alone"), "a preference needs a name")
    need(not name or preferred or has("language-unnamed"), "a name needs a preference")
    if has("language-needs-city") and not city:
        return ""
    inner = "".join(
        tlv(sub, text(payload, name, limit)) for sub, (name, limit) in LANGUAGE.items() if payload.get(name)
    )
    return tlv("64", inner) if inner and not has("language-lost") else ""


def encode(request):
    payload, now = request["payload"], request["now"]
    amount = payload.get("amount")
    amount = Decimal(str(amount)) if amount is not None else None
    need(amount is None or amount >= 0, "negative")
    dynamic = amount is not None and (amount != 0 or has("zero-dynamic"))
    if has("zero-float-dynamic") and amount is not None:
        dynamic = str(amount) != "0"
    currency = payload.get("currency", 840 if has("currency-default-usd") else 116)
    need(payload["kind"] == "individual" or payload.get("merchantCity") or not has("shop-needs-city"), "a city")
    need(currency in (116, 840) or has("currency-unchecked"), "riel or dollars")
    category = str(payload.get("merchantCategoryCode") or ("0000" if has("mcc-default") else "5999"))
    need(re.fullmatch(r"[0-9]{1,4}", category) or has("mcc-unchecked"), "category")
    if has("category-as-number"):
        category = str(int(category)) if category.isdigit() else category
    written = ""
    if dynamic:
        written = amount_text(amount, currency)
        measured = str(amount) if has("usd-fourteen") else written
        need(len(measured) <= 13 or has("amount-unbounded"), "amount")
    body = [
        tlv("00", "1" if has("version-1") else "01"),
        tlv("01", "12" if dynamic and not has("always-11") else "11"),
        account(payload) + unionpay(payload, currency)
        if has("unionpay-last")
        else unionpay(payload, currency) + account(payload),
        tlv("52", category),
        tlv("53", {116: "KHR", 840: "USD"}[currency] if has("currency-letters") else str(currency)),
        tlv("54", written) if dynamic else "",
        tlv("58", "CN" if has("country") else "KH"),
        tlv("59", text(payload, "merchantName", 25, required=True)),
        tlv("60", text({"merchantCity": "Phnom Penh", **payload}, "merchantCity", 15)),
        additional(payload),
        language(payload),
        stamps(payload, now) if dynamic else "",
    ]
    if has("static-stamped") and not dynamic:
        body.append(tlv("99", tlv("00", str(now))))
    if has("language-first"):
        body[9], body[10] = body[10], body[9]
    if has("language-last"):
        body[10], body[11] = body[11], body[10]
    if has("order-59-60"):
        body[7], body[8] = body[8], body[7]
    if has("tag-58-twice"):
        body.append(tlv("58", "KH"))
    if has("crc-not-last"):
        body, stamp = body[:-1], body[-1]
        qr = "".join(body) + "6304"
        qr += crc(qr) + stamp
    else:
        qr = "".join(body) + "6304"
        qr += crc(qr[: qr.index("6304") + 4] if has("crc-first-6304") else qr)
    return {"ok": True, "qr": qr, "md5": md5(qr)}


def md5(qr):
    hashed = qr[:-4] if has("md5-without-crc") else qr
    hashed = hashed[:-8] if has("md5-without-63") else hashed
    raw = hashed.encode("utf-16-le") if has("md5-utf16") else hashed.encode()
    found = hashlib.md5(raw).hexdigest()
    return found.upper() if has("md5-upper") else found


def parse(qr):
    found = {}
    while qr:
        match = re.match(r"([0-9]{2})([0-9]{2})", qr, re.ASCII)
        if has("lengths-by-int"):
            match = re.match(r"(..)([+ \d]\d)", qr, re.DOTALL)
        need(match, "no tag and length")
        size = int(match[2])
        need(len(qr) >= 4 + size or has("lengths-unheld"), "cut")
        need(match[1] not in found or has("duplicates-believed"), "twice")
        found[match[1]] = qr[4 : 4 + size]
        qr = qr[4 + size :]
    return found


def template(value):
    while has("hangs-on-garbage") and not re.match(r"[0-9]{4}", value or "0000"):
        pass
    return parse(value or "")


def misread(fields):
    if has("static-is-zero") and fields["amount"] is None:
        fields["amount"] = "0"
    if has("decode-remembers"):
        SEEN.update({name: value for name, value in fields.items() if value})
        fields = dict(SEEN)
    if has("decode-language-lost"):
        fields |= dict.fromkeys(LANGUAGE_NAMES)
    if has("decode-unionpay-lost"):
        fields["upiMerchantAccount"] = None
    if has("decode-numbers"):
        fields = {name: int(value) if value and value.isdecimal() else value for name, value in fields.items()}
    if has("decode-expiry-seconds") and fields["expirationTimestamp"]:
        fields["expirationTimestamp"] = int(fields["expirationTimestamp"]) // 1000
    if has("decode-riel-in-cents") and fields["currency"] == "116" and fields["amount"]:
        fields["amount"] = str(Decimal(fields["amount"]) / 100)
    if has("decode-float32") and fields["amount"]:
        fields["amount"] = struct.unpack("f", struct.pack("f", float(fields["amount"])))[0]
    if has("decode-trims") and fields["merchantName"]:
        fields["merchantName"] = fields["merchantName"].strip()
    if has("decode-amount-float") and fields["amount"]:
        fields["amount"] = str(int(float(fields["amount"])))
    if has("decode-field-lost"):
        fields["storeLabel"] = None
    return fields


def read(qr):
    if has("dies-on-empty") and not qr:
        sys.exit(1)
    if has("decode-trailing") and (end := re.search(r"6304[0-9A-F]{4}", qr)):
        qr = qr[: end.end()]
    if has("verify-trims"):
        qr = qr.strip()
    if has("decode-first-6304") and "6304" in qr:
        qr = qr[: qr.index("6304") + 8]
    need(re.search(r"6304[0-9A-F]{4}\Z", qr), "no CRC")
    value = binascii.crc_hqx(qr[:-4].encode(), 0xFFFF)
    good = (f"{value:X}" if has("verify-crc-unpadded") else f"{value:04X}") == qr[-4:]
    need(good or has("decode-crc-unchecked"), "the CRC is wrong")
    tags = parse(qr)
    need(list(tags)[-1] == "63" or has("end-unchecked"), "63 is not last")
    known = {"00", "01", "15", "29", "30", "52", "53", "54", "58", "59", "60", "62", "63", "64", "99"}
    need(set(tags) <= known or not has("unknown-refused"), "an unknown tag")
    need("29" in tags or "30" in tags, "no account")
    need(has("needs-unchecked") or ("59" in tags and "53" in tags and "60" in tags), "something is missing")
    need(tags.get("53") in ("116", "840") or has("needs-unchecked"), "the currency")
    inner, more, stamp, other = (template(tags.get(tag)) for tag in ("29" if "29" in tags else "30", "62", "99", "64"))
    need(not has("unknown-sub-refused") or set(more) <= set(ADDITIONAL), "an unknown sub-tag")
    need(not has("stamped-static-refused") or ("99" in tags) == ("54" in tags), "99 and 54")
    need(not has("initiation-needed") or "01" in tags, "no 01")
    if not has("needs-unchecked"):
        lawful(tags, inner, more, stamp, other)
    if has("decode-positional"):
        more = dict(zip(ADDITIONAL, more.values(), strict=False))
    need(has("needs-unchecked") or (tags.get("01") == "12") == ("54" in tags), "12 and 54")
    need(has("needs-unchecked") or "54" not in tags or ("00" if has("creation-enough") else "01") in stamp, "no expiry")
    if "29" in tags:
        names = {"00": "bakongAccountID", "01": "accountInformation", "02": "acquiringBank"}
    else:
        names = {"00": "bakongAccountID", "01": "merchantID", "02": "acquiringBank"}
    fields = {name: inner.get(sub) for sub, name in names.items()}
    fields |= {name: more.get(sub) for sub, name in ADDITIONAL.items()}
    fields |= {name: other.get(sub) for sub, (name, _) in LANGUAGE.items()}
    fields["upiMerchantAccount"] = tags.get("15")
    fields |= {"merchantName": tags.get("59"), "merchantCity": tags.get("60"), "merchantCategoryCode": tags.get("52")}
    fields |= {"currency": tags.get("53"), "amount": tags.get("54"), "expirationTimestamp": stamp.get("01")}
    return misread(fields)


def lawful(tags, inner, more, stamp, other):
    need(tags.get("00") == "01" and "52" in tags and "58" in tags, "something is missing")
    if not has("verify-account-unchecked"):
        need(re.fullmatch(r"[^@]+@[^@]+", inner.get("00", "")), "no account")
    if not has("verify-limits-unchecked"):
        longest = 24 if has("verify-limit-24") else 25
        size = len(tags["59"].encode()) if has("verify-limit-in-bytes") else len(tags["59"])
        need(size <= longest and len(tags["60"]) <= 15, "a name is too long")
        need(all(len(value) <= 32 for value in inner.values()), "an account is too long")
        need(all(len(more.get(sub, "")) <= 25 for sub in ADDITIONAL), "a label is too long")
        need(all(len(other.get(sub, "")) <= limit for sub, (_, limit) in LANGUAGE.items()), "the language")
    if not has("verify-values-unchecked"):
        need(tags.get("01", "11") in ("11", "12"), "01")
        need(re.fullmatch(r"[0-9]{4}", tags["52"]) and len(tags["58"]) == 2, "the category")
        need(not other or "01" in other, "a language without a name")
        need(re.fullmatch(r"[0-9.]{1,13}", tags.get("54", "1")), "the amount")
    if "01" in stamp and not has("verify-stamps-unchecked"):
        need(len(stamp["01"]) == 13 and stamp["01"] >= stamp.get("00", ""), "the expiry")


def verify(request):
    fields = read(request["qr"])
    if fields["amount"] is None or fields["expirationTimestamp"] is None or has("expiry-unchecked"):
        return {"ok": True, "valid": True}
    expiry = int(fields["expirationTimestamp"])
    valid = request["now"] < expiry if has("verify-off-by-one") else request["now"] <= expiry
    return {"ok": True, "valid": valid}


def decode(request):
    more = {name for bug, name in DECODING.items() if has(bug)}
    BUGS.update(more)
    try:
        return {"ok": True, "fields": read(request["qr"])}
    finally:
        BUGS.difference_update(more)


# Bugs of decode alone, where verify is right.
DECODING = {"decode-last-wins": "duplicates-believed", "decode-cuts-end": "decode-trailing"}
OPS = {
    "hello": lambda request: {"ok": True},
    "encode": encode,
    "decode": decode,
    "verify": verify,
}

if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line, parse_float=Decimal)
        try:
            answer = OPS[asked["op"]](asked)
            if has("verify-says-yes") and asked["op"] == "verify":
                answer = {"ok": True, "valid": True}
        except Refusal as refusal:
            answer = {"ok": False, "error": str(refusal)}
            if has("verify-says-yes") and asked["op"] == "verify" and str(refusal) == "the CRC is wrong":
                answer = {"ok": True, "valid": True}
        print(json.dumps(answer), flush=True)
