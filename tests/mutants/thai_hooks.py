"""What the Thai shop does with a webhook of its provider, with bugs that are switched on by name."""

import base64
import contextlib
import hashlib
import hmac
import json
import re

TOLERANCE_S = 300
MOST_BYTES = 1024 * 1024
HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
HEADERS = {
    "header-pair": ("", "x-webhook-timestamp", "x-webhook-signature", None),
    "omise": ("", "omise-signature-timestamp", "omise-signature", ","),
    "standard": ("webhook-id", "webhook-timestamp", "webhook-signature", " "),
}


class Refused(Exception):
    """status and what the answer says."""

    def __init__(self, status, error):
        super().__init__(error)
        self.status = status


def keys_of(form, secrets):
    if form == "header-pair":
        return [secret.encode() for secret in secrets]
    return [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]


def digest(form, key, signed):
    raw = hmac.digest(key, signed, "sha256")
    return "v1," + base64.b64encode(raw).decode() if form == "standard" else raw.hex()


def verify(form, secrets, headers, body, now_s, has):
    """Raises Refused for what is not to be believed."""
    id_name, time_name, signature_name, separator = HEADERS[form]
    if has("hook-unsigned-passes") and signature_name not in headers:
        return
    message_id, timestamp, given = (headers.get(name, "") for name in (id_name, time_name, signature_name))
    if has("hook-empty-passes") and signature_name in headers and not given:
        return
    if not timestamp or not given or (id_name and not message_id):
        raise Refused(401, "signature_invalid")
    if has("hook-time-500"):
        int(timestamp)
    if not re.fullmatch(r"[0-9]{1,16}", timestamp, re.ASCII):
        raise Refused(401, "signature_invalid")
    if has("hook-age-first"):
        check_age(timestamp, now_s, has)
    if has("hook-rewritten"):
        body = json.dumps(json.loads(body), separators=(",", ":")).encode()
    if has("hook-trimmed"):
        body = body.strip()
    head = f"{message_id}.{timestamp}." if id_name else f"{timestamp}."
    if has("hook-normal-form"):
        with contextlib.suppress(ValueError):
            body = json.dumps(json.loads(body), separators=(",", ":")).encode()
    if has("hook-time-unsigned"):
        verify_bodies(form, secrets, headers, body, given, has)
    elif not has("hook-signature-unchecked"):
        compare(form, secrets, head.encode() + body, given.split(separator) if separator else [given], has)
    if not has("hook-age-first"):
        check_age(timestamp, now_s, has)


def verify_bodies(form, secrets, headers, body, given, has):
    """The bug: any time of the last hours may stand under the signature."""
    id_name, time_name, *_ = HEADERS[form]
    around = int(headers[time_name])
    for seconds in range(-400, 401):
        head = f"{headers.get(id_name, '')}.{around + seconds}." if id_name else f"{around + seconds}."
        try:
            return compare(form, secrets, head.encode() + body, [given], has)
        except Refused:
            continue
    raise Refused(401, "signature_invalid")


def check_age(timestamp, now_s, has):
    age_s = now_s - int(timestamp)
    tolerance_s = 900 if has("hook-tolerance-900") else 300
    if has("hook-age-unchecked") or (has("hook-future-unchecked") and age_s < 0):
        return
    if has("hook-past-unchecked") and age_s > 0:
        return
    if abs(age_s) > tolerance_s or (has("hook-300-refused") and abs(age_s) == tolerance_s):
        raise Refused(401, "signature_expired")


def compare(form, secrets, signed, offered, has):
    if has("hook-first-signature"):
        offered = offered[:1]
    known = [digest(form, key, signed) for key in keys_of(form, secrets)]
    for one in offered:
        for other in known:
            if has("hook-length-throws") and len(one) != len(other):
                raise ValueError("Input buffers must have the same byte length")
            if has("hook-compare-text-500"):
                if hmac.compare_digest(one, other):  # a TypeError for what is no ASCII
                    return
            elif has("hook-shorter-counts"):
                if one and all(a == b for a, b in zip(one, other, strict=False)):
                    return
            elif has("hook-half-compared"):
                if one[:32] == other[:32] and len(one) == len(other):
                    return
            elif one == other:
                return
    raise Refused(401, "signature_invalid")


class Hooks:
    """Mixed into the shop."""

    def secrets_in_use(self):
        if self.has("hook-one-secret"):
            return self.hook_secrets[:1]
        return [*self.hook_secrets, self.retired] if self.has("hook-retired-passes") else self.hook_secrets

    async def hook(self, headers, body):
        """The answer to a webhook."""
        if len(body) > MOST_BYTES:
            if self.has("hook-huge-500"):
                raise MemoryError
            raise Refused(413, "too_large")
        verify(self.form, self.secrets_in_use(), headers, body, self.now_ms / 1000, self.has)
        event = self.event_of(body)
        event_id, kind, data = event.get("id"), event.get("type"), event.get("data")
        if self.has("hook-ignored"):
            return {}
        if self.has("hook-null-500"):
            kind.upper()
        if not (isinstance(event_id, str) and isinstance(kind, str) and isinstance(data, dict)):
            raise Refused(400, "malformed")
        if kind not in ("charge.paid", "charge.failed", "charge.pending"):
            if self.has("hook-other-kinds-refused"):
                raise Refused(400, "unknown_event")
            return {}
        seen = hashlib.sha256(body).hexdigest()
        if event_id in self.inbox and not self.has("hook-counts-each"):
            if self.inbox[event_id] != seen and not self.has("hook-id-trusted", "hook-id-forgotten"):
                raise Refused(409, "event_reused")
            if self.has("hook-twice-refused"):
                raise Refused(409, "duplicate")
            if not self.has("hook-id-forgotten"):
                return {}
        if self.has("hook-outage-lost"):
            self.inbox[event_id] = seen
        await self.happened(kind, data)
        self.inbox[event_id] = seen
        return {}

    def event_of(self, body):
        try:
            event = json.loads(body)
        except UnicodeDecodeError:
            if self.has("hook-utf8-500"):
                raise
            raise Refused(400, "malformed") from None
        except (ValueError, RecursionError) as error:
            if self.has("hook-json-500") or (self.has("hook-deep-500") and isinstance(error, RecursionError)):
                raise
            raise Refused(400, "malformed") from None
        if not isinstance(event, dict):
            if self.has("hook-list-500"):
                return event.get("id")
            raise Refused(400, "malformed")
        return event

    async def happened(self, kind, data):
        charge = data.get("charge")
        payment = next((one for one in self.payments.values() if one["charge"] == charge), None)
        if payment is None:
            if self.has("hook-unknown-charge-500"):
                raise KeyError(charge)
            if kind == "charge.paid" and isinstance(charge, str):
                self.early.add(charge)
            return
        order = self.orders[payment["order"]]
        if kind == "charge.pending":
            if self.has("hook-pending-reopens"):
                order["state"], payment["state"] = "awaiting", "open"
            return
        if kind == "charge.failed":
            if self.has("hook-failed-takes-back") or (self.has("hook-failed-is-final") and payment["state"] == "open"):
                order["state"], payment["state"] = "expired", "final"
            return
        if self.has("hook-late-dropped") and payment["expires"] <= self.now_ms:
            return
        if self.has("hook-believed"):
            snapshot = {"state": "paid", "amount": data["amount"], "currency": data["currency"]}
        else:
            snapshot = await self.ask(payment)
        if self.has("hook-amount-believed"):
            snapshot = snapshot | {"amount": data["amount"]}
        if self.has("hook-counts-each", "hook-counts-events") and payment["state"] == "paid":
            order["captured"] += payment["amount"]
        self.apply(payment, snapshot)
