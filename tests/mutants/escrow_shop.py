"""A minimal escrow service in plain ASGI, paid by bKash and Nagad, right by the laws, with bugs that BUGS switches on.

Its time is set by POST /test/time; it asks its providers when its time is set, and when a webhook says so.
"""

import asyncio
import hashlib
import hmac
import json
import os
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx

from tests.mutants.escrow_clients import Bkash, Nagad, Refusal, Silent
from tests.mutants.escrow_money import Money, Refused, text
from tests.mutants.meeting import Meeting

LIFE_MS, WATCHED_MS = 900_000, 86_400_000
ROLES = ("guardian", "other_guardian", "agency", "caregiver", "admin", "super_admin")
AMOUNT = re.compile(r"(0|[1-9]\d*)(?:\.(\d{1,2}))?", re.ASCII)
DHAKA = timedelta(hours=6)
DECIDED = ("2062", "2117", "2068")


class Number(str):
    """A JSON number by its own text."""

    __slots__ = ()


class EscrowShop(Money):
    def __init__(self, *, http, settings, keys, secrets, retired="", bugs=(), now_ms=1_770_768_000_000):
        self.bugs, self.keys, self.now_ms = set(bugs), keys, now_ms
        self.secrets, self.retired = secrets, retired
        self.bkash = Bkash(http, settings, lambda: self.now_ms)
        self.nagad = Nagad(http, settings, lambda: self.now_ms)
        self.payments, self.jobs, self.attempts, self.known = {}, {}, {}, {}
        self.entries, self.surplus_refunds, self.seen = [], [], set()
        self.count, self.last_ms = 0, 0
        self.lock, self.meeting = asyncio.Lock(), Meeting()

    def has(self, *bugs):
        return any(bug in self.bugs for bug in bugs)

    # HTTP

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        try:
            status, answer = await self.route(scope["method"], scope["path"], query, headers, body)
            answer = {"success": True, "data": answer, **({"meta": answer.pop("meta")} if "meta" in answer else {})}
        except Refused as refused:
            status, answer = refused.status, {"code": refused.code}
        except Exception as error:  # noqa: BLE001  a shop that fails says 500
            status, answer = 500, {"code": repr(error)}
        head = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def route(self, method, path, query, headers, raw):
        if path in ("/test/time", "/ready"):
            if raw:
                async with self.lock:
                    await self.set_time(json.loads(raw)["now_ms"])
            return 200, {}
        if path == "/payments/webhook":
            async with self.lock:
                return await self.webhook(headers, raw)
        role = self.keys.get(headers.get("authorization", "").removeprefix("Bearer "))
        if role is None and not (self.has("open-to-all") and method == "GET"):
            raise Refused(401, "unauthorized")
        role = role or "admin"
        parts = path.strip("/").split("/")
        if parts == ["jobs"]:
            return 200, self.make_job(json.loads(raw))
        if parts[0] == "jobs" and len(parts) == 3:
            return 200, self.turn_job(parts[1], parts[2])
        if parts == ["books"]:
            return 200, {"total": self.total() / 100, "clearing": self.balance("gateway_clearing") / 100}
        if method == "GET" and parts[0] == "payments" and len(parts) <= 3:
            return self.reading(parts, query, role)
        if method != "POST" or parts[0] != "payments" or len(parts) > 3:
            raise Refused(404, "not_found")
        return await self.writing(parts, path, headers, raw, role)

    def reading(self, parts, query, role):
        if len(parts) == 1:
            return 200, self.listed(query, role)
        payment = self.payment_of(parts[1], role, read=True)
        if len(parts) == 3:
            rows = payment["refunds"][-1:] if self.has("list-last-only") else payment["refunds"]
            return 200, {"rows": [self.refund_shown(payment, one) for one in rows]}
        return 200, self.shown(payment)

    async def writing(self, parts, path, headers, raw, role):
        body = self.body_of(raw)
        work, racy = self.work_of(parts, body, role)
        key = headers.get("idempotency-key")
        place = (role, path, key) if key else None
        if place and self.has("key-ignored" if len(parts) == 1 else "refund-key-ignored"):
            place = None
        if racy:
            return await work()
        async with self.lock:
            return await self.once(place, raw, work)

    async def once(self, place, raw, work):
        if place in self.known:
            before, answer = self.known[place]
            if before != raw and not self.has("key-reuse-taken"):
                raise Refused(422, "key_reused")
            return answer[0], dict(answer[1])
        answer = await work()
        if place:
            self.known[place] = (raw, (answer[0], dict(answer[1])))
        return answer

    def work_of(self, parts, body, role):
        match parts:
            case ["payments"]:
                return (lambda: self.create(body, role)), False
            case ["payments", "bkash", "create"]:
                return (lambda: self.bkash_create(body, role)), False
            case ["payments", "bkash", "execute"]:
                return (lambda: self.bkash_execute(body, role)), self.has("execute-racy")
            case ["payments", "nagad", "create"]:
                return (lambda: self.nagad_create(body, role)), False
            case ["payments", "nagad", "verify"]:
                return (lambda: self.nagad_verify(body, role)), False
            case ["payments", payment, "refund"]:
                may = ("admin", "super_admin", *(["guardian"] if self.has("guardian-refunds") else []))
                may = may[:1] if self.has("super-admin-may-not-refund") else may
                return (lambda: self.refund(self.allowed(payment, role, may), body)), self.has("refund-racy")
            case ["payments", payment, "release-escrow"]:
                may = ("admin", "super_admin") if self.has("super-admin-releases") else ("admin",)
                may = ROLES if self.has("anybody-releases") else may
                return (lambda: self.release(self.allowed(payment, role, may))), self.has("release-racy")
        raise Refused(404, "not_found")

    def allowed(self, payment_id, role, may):
        payment = self.payment_of(payment_id, role)
        if role not in may:
            raise Refused(403, "forbidden")
        return payment

    def body_of(self, raw):
        try:
            body = json.loads(raw or b"{}", parse_float=Number, parse_int=Number)
        except (ValueError, RecursionError):
            raise Refused(400, "malformed") from None
        if not isinstance(body, dict):
            raise Refused(422, "malformed")
        return body

    def payment_of(self, payment_id, role, *, read=False, finish=False):
        if self.has("unknown-500"):
            return self.payments[payment_id]
        payment = self.payments.get(payment_id)
        if payment is None:
            raise Refused(404, "not_found")
        if role == "other_guardian":
            if (self.has("strangers-read") and read) or (self.has("strangers-finish") and finish):
                return payment
            raise Refused(403 if self.has("strangers-403") else 404, "not_found")
        if role == "agency" and read and self.has("agency-403"):
            raise Refused(403, "forbidden")
        return payment

    def iso(self, ms):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).isoformat().replace("+00:00", "Z")

    # Jobs

    def make_job(self, body):
        self.jobs[body["id"]] = {"completed": None, "first": None}
        return {"id": body["id"]}

    def turn_job(self, job_id, action):
        job = self.jobs[job_id]
        if action == "complete":
            job["first"] = job["first"] or self.now_ms
            job["completed"] = job["first"] if self.has("reopen-ignored") else self.now_ms
        else:
            job["completed"] = job["completed"] if self.has("reopen-ignored") else None
        return {"id": job_id}

    # Payments

    def amount(self, value):
        if self.has("amounts-true") and value is True:
            return 100
        if not isinstance(value, Number):
            raise Refused(422, "invalid_amount")
        if self.has("amounts-float"):
            return round(float(value) * 100)
        negative = self.has("amounts-negative") and value.startswith("-")
        match = AMOUNT.fullmatch(value.removeprefix("-") if negative else value)
        if not match:
            raise Refused(422, "invalid_amount")
        minor = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        if not minor and not self.has("amounts-zero"):
            raise Refused(422, "invalid_amount")
        return -minor if negative else minor

    async def create(self, body, role):
        if role != "guardian" and not (self.has("anybody-pays") and role == "caregiver"):
            raise Refused(403, "forbidden")
        amount, currency = self.amount(body.get("amount")), body.get("currency")
        if self.has("currency-any-case") and isinstance(currency, str):
            currency = currency.upper()
        if currency != "BDT" and not self.has("currency-any"):
            raise Refused(422, "currency_not_supported")
        if body.get("method") not in ("BKASH", "NAGAD") and not self.has("method-any"):
            raise Refused(422, "method_not_supported")
        job = body.get("jobId")
        before = [one for one in self.payments.values() if one["job"] == job]
        blocking = [one for one in before if one["status"] not in ("FAILED", "EXPIRED") or self.has("job-once-ever")]
        if blocking and not self.has("job-twice"):
            raise Refused(409, "job_has_payment")
        self.last_ms = self.now_ms if self.has("numbers-clash") else max(self.last_ms + 1, self.now_ms)
        self.count += 1
        digest = hashlib.sha256(f"{self.count}".encode()).hexdigest()[:6].upper()
        invoice = digest[:5].lower() if self.has("invoice-form") else digest
        life = LIFE_MS - (300_000 if self.has("life-ten-minutes") else 0)
        payment = {
            "id": f"p{self.count}",
            "job": job,
            "amount": amount,
            "method": body["method"],
            "status": "COMPLETED" if self.has("created-completed") else "PENDING",
            "escrow": "HELD" if self.has("held-at-once") else "AWAITING_FUNDS",
            "created": self.now_ms,
            "expires": self.now_ms + life,
            "reference": f"TXN-{self.last_ms}",
            "invoice": f"INV-{self.last_ms}-{invoice}",
            "captured": 0,
            "attempt": None,
            "attempts": [],
            "refunds": [],
            "released": None,
            "late": False,
            "auto-given-up": False,
        }
        payment["transaction"] = payment["reference"]
        self.payments[payment["id"]] = payment
        return 201, self.shown(payment)

    def shown(self, payment):
        remaining = self.remaining(payment)
        fee = self.shares(remaining, payment)[0]
        unpaid = not payment["captured"]
        if self.has("fee-afterwards") and unpaid:
            fee = 0
        refunded = self.refunded(payment) / 100
        if self.has("float-sums"):
            refunded = sum((one["amount"] / 100 for one in self.done(payment)), 0.0)
        return {
            "id": payment["id"],
            "jobId": payment["job"],
            "amount": payment["amount"] / 100,
            "currency": "BDT",
            "method": payment["method"],
            "status": payment["status"],
            "transactionId": payment["transaction"],
            "reference": payment["reference"],
            "invoiceNumber": payment["invoice"],
            "refundedAmount": refunded,
            "late": payment["late"],
            "escrow": {
                "status": payment["escrow"],
                "platformFee": fee / 100,
                "netAmount": (remaining - fee) / 100,
                "releasedAt": payment["released"] and self.iso(payment["released"]),
            },
            "createdAt": self.iso(payment["created"]),
            "expiresAt": self.iso(payment["expires"]),
        }

    def open_payment(self, body, role, *, finish=False):
        """The payment of a body, payable now. Raises Refused."""
        payment = self.payment_of(body.get("paymentId"), role, finish=finish)
        if role not in ("guardian", "other_guardian"):
            raise Refused(403, "forbidden")
        return payment

    def check_payable(self, payment, body):
        edge = 1 if self.has("payable-at-its-end") else -1000 if self.has("ends-early") else 0
        if payment["status"] != "PENDING" or self.now_ms >= payment["expires"] + edge:
            raise Refused(409, "payment_expired" if payment["status"] in ("PENDING", "EXPIRED") else "not_payable")
        if self.amount(body.get("amount")) != payment["amount"] and not self.has("amount-of-the-client"):
            raise Refused(422, "amount_mismatch")

    def new_attempt(self, payment, reference, order=""):
        attempt = {"reference": reference, "payment": payment["id"], "order": order, "captured": False, "executes": 0}
        attempt |= {"open": True, "transaction": None}
        self.attempts[reference] = attempt
        payment["attempts"].append(reference)
        return attempt

    def attempt_of(self, payment, reference):
        attempt = self.attempts.get(reference)
        foreign = self.has("foreign-reference", "foreign-reference-of-nagad")
        if attempt is None or (attempt["payment"] != payment["id"] and not foreign):
            raise Refused(404, "not_found")
        return attempt

    # bKash

    async def bkash_create(self, body, role):
        payment = self.open_payment(body, role)
        self.check_payable(payment, body)
        if self.has("attempt-kept") and payment["attempts"]:
            return 200, {"paymentID": payment["attempts"][0], "bkashURL": ""}
        if self.has("one-attempt") and payment["attempts"]:
            raise Refused(409, "attempt_open")
        number = len(payment["attempts"]) + 1
        invoice = payment["invoice"] + (f"-{number}" if number > 1 else "")
        amount = self.amount(body["amount"]) if self.has("amount-of-the-client") else payment["amount"]
        wanted = {"mode": "0011", "payerReference": payment["id"], "callbackURL": body["callbackUrl"]}
        wanted |= {"amount": text(amount), "currency": "BDT", "intent": "sale", "merchantInvoiceNumber": invoice}
        try:
            made = await self.bkash.call("create", wanted)
        except (Refusal, Silent):
            raise Refused(503, "provider") from None
        self.new_attempt(payment, made["paymentID"])
        return 200, {"paymentID": made["paymentID"], "bkashURL": made["bkashURL"]}

    async def bkash_execute(self, body, role):
        payment = self.open_payment(body, role, finish=True)
        attempt = self.attempt_of(payment, body.get("paymentID"))
        if self.has("void-reopened") and payment["escrow"] == "VOID":
            payment["escrow"] = "AWAITING_FUNDS"
        if payment["attempt"] and not self.has("executes-again"):
            if self.has("twice-409"):
                raise Refused(409, "already_paid")
            return 200, self.shown(payment)
        late = self.now_ms >= payment["expires"] and payment["status"] in ("PENDING", "EXPIRED")
        if late and not self.has("executes-late"):
            raise Refused(409, "payment_expired")
        if payment["status"] not in ("PENDING", "PROCESSING") and not self.has("executes-again", "executes-late"):
            raise Refused(409, "not_payable")
        if self.has("execute-racy"):
            await self.meeting()
        await self.execute(payment, attempt)
        return 200, self.shown(payment)

    async def execute(self, payment, attempt):
        payment["status"] = "PROCESSING"
        attempt["executes"] += 1
        try:
            answer = await self.bkash.call("execute", {"paymentID": attempt["reference"]})
        except Silent as silent:
            if self.has("timeout-fails") or (self.has("maintenance-fails") and str(silent) == "503"):
                self.fail(payment)
            return
        except Refusal as refusal:
            await self.refused(payment, attempt, refusal.code)
            return
        self.paid_by_bkash(payment, attempt, answer)

    async def refused(self, payment, attempt, code):
        if self.has("execute-believed"):
            self.capture(payment, attempt, "0000000000")
        elif code in DECIDED and not self.has("executes-again", "execute-racy"):
            await self.ask_bkash(payment, attempt)
        elif code == "2056":
            attempt["open"], payment["status"] = False, "PENDING"
            raise Refused(409, "not_approved")
        elif not self.has("refused-stays-open"):
            self.fail(payment)

    def fail(self, payment):
        payment["status"] = "FAILED"
        if not self.has("void-never"):
            payment["escrow"] = "VOID"

    def paid_by_bkash(self, payment, attempt, answer):
        right = answer["amount"] == text(payment["amount"]) or self.has("amount-unchecked")
        if answer["transactionStatus"] != "Completed" or not right:
            payment["status"] = "PROCESSING"
            return
        attempt["transaction"] = answer["trxID"]
        self.capture(payment, attempt, answer["trxID"])

    async def ask_bkash(self, payment, attempt):
        """After a lost answer: what is done is done, what is approved is executed, the rest waits for its end."""
        try:
            answer = await self.bkash.call("payment/status", {"paymentID": attempt["reference"]})
        except (Silent, Refusal):
            return
        if answer["transactionStatus"] == "Completed":
            self.paid_by_bkash(payment, attempt, answer)
        elif answer["verificationStatus"] == "Complete":
            if attempt["executes"] < 3 and not self.has("never-executes-again"):
                try:
                    await self.execute(payment, attempt)
                except Refused:
                    return
        elif self.now_ms >= payment["expires"]:
            self.fail(payment)

    # Nagad

    async def nagad_create(self, body, role):
        payment = self.open_payment(body, role)
        self.check_payable(payment, body)
        number = len(payment["attempts"]) + 1
        order = payment["invoice"].replace("-", "") + (f"x{number}" if number > 1 else "")
        amount = self.amount(body["amount"]) if self.has("amount-of-the-client") else payment["amount"]
        try:
            reference, page, challenge = await self.nagad.create(order, text(amount), "https://shop.example/n")
        except (Refusal, Silent):
            raise Refused(503, "provider") from None
        self.new_attempt(payment, reference, order)
        secret = challenge if self.has("challenge-told") else ""
        return 200, {"paymentReferenceId": reference, "callBackUrl": page, "challenge": secret}

    async def nagad_verify(self, body, role):
        payment = self.open_payment(body, role, finish=True)
        attempt = self.attempt_of(payment, body.get("paymentReferenceId"))
        if self.has("nagad-twice-409") and payment["attempt"]:
            raise Refused(409, "already_paid")
        await self.ask_nagad(payment, attempt)
        return 200, self.shown(payment)

    async def ask_nagad(self, payment, attempt):
        if attempt["captured"]:
            return
        try:
            answer = await self.nagad.verify(attempt["reference"])
        except (Silent, Refusal):
            return
        status = answer["status"]
        if self.has("early-verify-fails") and status in ("Ready", "InProgress") and payment["status"] == "PENDING":
            self.fail(payment)
        if status in ("Aborted", "Failed"):
            attempt["open"] = False
        paid = status == "Success" or answer["cancelIssuerRefNo"] is not None or self.has("verify-believed")
        fits = answer["amount"] == text(payment["amount"]) or self.has("nagad-amount-unchecked")
        if not paid or not fits or (answer["orderId"] != attempt["order"]):
            return
        if payment["status"] == "EXPIRED" and self.has("late-dropped"):
            return
        if self.now_ms >= payment["expires"] and payment["status"] == "PENDING":
            payment["status"] = "EXPIRED"
        attempt["transaction"] = answer["issuerPaymentRefNo"]
        self.capture(payment, attempt, answer["issuerPaymentRefNo"])

    # Time

    async def set_time(self, now_ms):
        self.now_ms = now_ms
        for payment in list(self.payments.values()):
            if not payment["attempts"] or now_ms - payment["created"] > WATCHED_MS:
                continue
            if payment["method"] == "NAGAD" and not self.has("no-reconciler"):
                for reference in payment["attempts"]:
                    if self.attempts[reference]["open"]:
                        await self.ask_nagad(payment, self.attempts[reference])
            if payment["status"] == "PROCESSING" and not self.has("timeout-forgotten"):
                sent = [one for one in map(self.attempts.get, payment["attempts"]) if one["executes"]]
                await self.ask_bkash(payment, sent[-1])
        self.expire()
        await self.work_refunds()
        self.auto_release()

    def expire(self):
        if self.has("never-expires"):
            return
        states = ("PENDING", "PROCESSING") if self.has("processing-expires") else ("PENDING",)
        for payment in self.payments.values():
            edge = 1 if self.has("payable-at-its-end") else 0
            if payment["status"] in states and self.now_ms >= payment["expires"] + edge:
                payment["status"] = "EXPIRED"
                if not self.has("void-never"):
                    payment["escrow"] = "VOID"

    # Webhooks

    async def webhook(self, headers, raw):
        self.check_signature(headers, raw)
        body = json.loads(raw) if self.has("hook-garbage-500") else self.body_of(raw)
        payment_id, status = body.get("paymentId"), body.get("status")
        if not isinstance(payment_id, str):
            raise Refused(422, "malformed")
        payment = self.payments.get(payment_id)
        if payment is None:
            if self.has("hook-unknown-200"):
                return 200, {}
            raise Refused(404, "not_found")
        again = (payment_id, body.get("transactionId"), status) in self.seen
        self.seen.add((payment_id, body.get("transactionId"), status))
        if again and self.has("hook-repeat-409"):
            raise Refused(409, "seen")
        await self.hook_effects(payment, status)
        return 200, {}

    async def hook_effects(self, payment, status):
        if status == "FAILED":
            if payment["status"] == "PENDING" and self.has("hook-fails-open"):
                self.fail(payment)
            if payment["status"] == "COMPLETED" and self.has("hook-undoes"):
                self.fail(payment)
        if status == "SUCCESS" and payment["status"] == "PENDING" and self.has("hook-believed") and payment["attempts"]:
            self.capture(payment, self.attempts[payment["attempts"][0]], "0")
        if status == "SUCCESS" and payment["status"] == "REFUNDED" and self.has("hook-repays"):
            payment["status"], payment["escrow"] = "COMPLETED", "HELD"
        if payment["method"] == "NAGAD" and not self.has("hook-is-filed"):
            for reference in payment["attempts"]:
                await self.ask_nagad(payment, self.attempts[reference])

    def check_signature(self, headers, raw):
        stamp, given = headers.get("x-webhook-timestamp", ""), headers.get("x-webhook-signature", "")
        if self.has("hook-unsigned") or (self.has("hook-empty-signature") and not given):
            return
        if not re.fullmatch(r"\d{1,15}", stamp, re.ASCII):
            raise Refused(401, "invalid_signature")
        age = self.now_ms // 1000 - int(stamp)
        most = 299 if self.has("hook-299-s") else 300
        old = age > most or (age < -most and not self.has("hook-from-the-future"))
        if old and not self.has("hook-of-any-age"):
            raise Refused(401, "invalid_signature")
        secrets = [*self.secrets[: 1 if self.has("hook-one-secret") else None]]
        secrets += [self.retired] if self.has("hook-retired-secret") else []
        signed = raw.strip() if self.has("hook-trims") else b"" if self.has("hook-signs-time-alone") else raw
        for secret in secrets:
            right = hmac.new(secret.encode(), f"{stamp}.".encode() + signed, "sha256").hexdigest()
            body_right = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, "sha256").hexdigest()
            if self.has("hook-signs-time-alone") and len(given) == 64 and given != body_right:
                right = given if self.other_body(stamp, given) else right
            if given and (hmac.compare_digest(right, given) or body_right == given):
                return
            if given and self.has("hook-prefix") and body_right.startswith(given):
                return
        raise Refused(401, "invalid_signature")

    def other_body(self, _stamp, given):
        """A signature that looks like one is enough: the body is not under it."""
        return given.isalnum()

    # Lists

    def bounded(self, query, name, default, most):
        value = query.get(name, str(default))
        if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or (int(value) < 1 and not self.has("page-zero")):
            raise Refused(422, name)
        if int(value) > most:
            if self.has("limit-clamped"):
                return most
            raise Refused(422, name)
        return int(value)

    def instant(self, value, *, end):
        """Epoch ms of a day of Dhaka's, its end exclusive."""
        day = datetime.fromisoformat(value).replace(tzinfo=UTC) - (timedelta() if self.has("days-of-utc") else DHAKA)
        return round((day + timedelta(days=1 if end and not self.has("end-exclusive") else 0)).timestamp() * 1000)

    def listed(self, query, role):
        page, limit = self.bounded(query, "page", 1, 999_999), self.bounded(query, "limit", 20, 100)
        status = query.get("status")
        words = ("PENDING", "PROCESSING", "COMPLETED", "FAILED", "EXPIRED", "REFUNDED")
        if status is not None and status not in words and not self.has("status-any"):
            raise Refused(422, "status")
        rows = [one for one in self.payments.values() if role != "other_guardian" or self.has("list-of-everybody")]
        if status and not self.has("status-ignored"):
            rows = [one for one in rows if one["status"] == status]
        start = self.instant(query["startDate"], end=False) if "startDate" in query else 0
        end = self.instant(query["endDate"], end=True) if "endDate" in query else 10**15
        if end <= start and not self.has("window-backwards", "end-exclusive"):
            raise Refused(422, "endDate")
        rows = [one for one in rows if start <= one["created"] < end]
        number = {payment: index for index, payment in enumerate(self.payments)}
        rows.sort(key=lambda one: (one["created"], number[one["id"]]), reverse=not self.has("oldest-first"))
        first = (page - 1) * limit - (1 if self.has("pages-overlap") and page > 1 else 0)
        here = rows[first : first + limit]
        if not here and page > 1 and self.has("beyond-404"):
            raise Refused(404, "no_such_page")
        total = len(here) if self.has("total-of-the-page") else len(rows)
        pages = total // limit if self.has("pages-floor") else -(-total // limit)
        meta = {"page": page, "limit": limit, "total": total, "totalPages": pages}
        return {"rows": [self.shown(one) for one in here], "meta": meta}


NAMES = ("bkash_url", "bkash_v2_url", "bkash_username", "bkash_password", "bkash_app_key", "bkash_app_secret")
NAMES += ("nagad_url", "nagad_merchant_id", "nagad_public_key", "nagad_private_key")


def from_environment():
    """The shop as a program, started by `verify service --config tests/mutants/escrow_shop.yaml`."""
    keys = {f"{os.environ['KEY']}-{role}": role for role in ROLES}
    return EscrowShop(
        http=httpx.AsyncClient(timeout=30, trust_env=False),
        settings={name: os.environ[name.upper()] for name in NAMES},
        keys=keys,
        secrets=os.environ["HOOK_SECRETS"].split(),
        retired=os.environ.get("HOOK_RETIRED", ""),
        bugs=os.environ.get("BUGS", "").split(","),
    )
