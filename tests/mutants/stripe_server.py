"""A small correct Stripe: intents, cards, refunds, sessions, events, webhooks; with bugs that it can be given.

`answer` is the whole server without a network; the object itself is an ASGI app around it.
"""

import base64
import contextlib
import copy
import json
import threading
from collections import defaultdict
from urllib.parse import parse_qsl

import httpx

from bakong_conformance.stripe.errors import LARGEST, MINIMA
from bakong_conformance.stripe.intents import HOLD_S, KEYS
from bakong_conformance.stripe.outcomes import DECLINES, Decline
from bakong_contracts.webhook_guard import STRIPE, Guard

KEY = "sk_test_sandbox"
START_S = 1_770_768_000
PATIENCE_S = 2.0  # of one who races with nobody
WALL_S = 1_800_000_000  # what the wall clock says in a test
ZERO = ("jpy",)
KNOWN = {
    "payment_intents": "amount currency automatic_payment_methods payment_method_types payment_method confirm "
    "capture_method customer description metadata off_session return_url expand shipping".split(),
    "customers": "name email metadata description".split(),
}
ASKING = ("pm_card_authenticationRequired", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
PREFIX = {"payment_intent": "pi_3", "charge": "ch_3", "refund": "re_3", "customer": "cus_", "event": "evt_"}
PREFIX |= {"checkout.session": "cs_test_", "webhook_endpoint": "we_", "dispute": "du_", "payment_method": "pm_"}
PATHS = {
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "customers": "customer",
    "events": "event",
    "webhook_endpoints": "webhook_endpoint",
    "disputes": "dispute",
    "sessions": "checkout.session",
}
STATE = "payment_intent_unexpected_state"
EXPANDABLE = {"customer": "customer", "latest_charge": "charge", "payment_intent": "payment_intent", "charge": "charge"}


class StripeError(Exception):
    """An answer that refuses."""

    def __init__(self, status, message, code=None, param=None, kind="invalid_request_error", **more):
        super().__init__(message)
        url = {"doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"} if code else {}
        fields = {"type": kind, "message": message, "code": code, "param": param, **url, **more}
        self.status, self.error = status, {name: value for name, value in fields.items() if value is not None}


class StripeServer:
    def __init__(self, bugs=(), deliver=None):
        self.bugs, self.deliver = set(bugs), deliver or post
        self.now_s, self.number = START_S, 0
        self.of = defaultdict(dict)  # objects by kind and id, oldest first
        self.keys, self.running, self.due, self.secrets, self.cards = {}, set(), [], {}, {}
        self.lock, self.meeting = threading.RLock(), threading.Barrier(2)
        self.request = {"id": None, "idempotency_key": None}

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
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        status, more, answer = self.answer(scope["method"], scope["path"], query, headers, body)
        told = [(name.encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": json.dumps(answer, indent=2).encode()})

    def handle(self, request):
        """For httpx.MockTransport."""
        query = request.url.query.decode()
        status, more, answer = self.answer(request.method, request.url.path, query, request.headers, request.content)
        return httpx.Response(status, headers=more, json=answer)

    def answer(self, method, path, query, headers, body):
        """Status, headers and JSON."""
        if "/v1/" not in path:
            with self.lock:
                return 200, {"content-type": "application/json"}, self.control(path, json.loads(body or b"{}"))
        with self.lock:
            self.number += 1
            req = "req_same" if self.has("request-id-same") else f"req_{self.number:014d}"
        more = {"content-type": "application/json", "request-id": req, "stripe-version": "2026-10-28.endive"}
        if self.has("request-id-missing"):
            del more["request-id"]
        key = headers.get("idempotency-key") if method == "POST" or self.has("key-of-reads") else None
        if key and not self.has("key-not-echoed"):
            more["idempotency-key"] = key
        try:
            self.authorize(headers)
            params = nested(query if method in ("GET", "DELETE") else body.decode())
            resource = path.partition("/v1/")[2].strip("/")
            status, answer, replayed = self.keyed(method, resource, params, key, req)
            if replayed and not self.has("replay-untold"):
                more["idempotent-replayed"] = "true"
        except StripeError as refused:
            status, answer = refused.status, {"error": self.told(refused.error)}
        return status, more, answer

    def told(self, error):
        error = dict(error)
        if self.has("error-nulls"):
            error = {"code": None, "param": None, "decline_code": None} | error
        if self.has("error-url"):
            error.pop("doc_url", None)
        if self.has("error-type") and error["type"] == "card_error":
            error["type"] = "invalid_request_error"
        return error

    def authorize(self, headers):
        given = headers.get("authorization", "")
        if given.startswith("Basic ") and not self.has("basic-refused"):
            given = "Bearer " + base64.b64decode(given[6:]).decode().partition(":")[0]
        key = given.removeprefix("Bearer ")
        if self.has("key-unchecked") or key == KEY:
            return
        status = 403 if self.has("key-403") else 401
        if not key:
            raise StripeError(status, "You did not provide an API key. You need to provide your API key.")
        shown = key if self.has("key-shown") else f"{key[:8]}****{key[-4:]}"
        raise StripeError(401, f"Invalid API Key provided: {shown}")

    def keyed(self, method, path, params, key, req):
        """The status, the answer, and whether it is a replay."""
        if key is None or self.has("key-ignored"):
            with self.lock:
                return *self.once(method, path, params, req, key), False
        asked = (
            method,
            path,
            repr(list(params.items())) if self.has("key-order") else json.dumps(params, sort_keys=True),
        )
        with self.lock:
            if key in self.keys:
                at, before, status, answer = self.keys[key]
                if self.now_s - at < (3600 if self.has("key-hour") else 86_400):
                    self.same(key, before, asked)
                    return status, answer, True
            if key in self.running:
                text = f"There is currently another in-progress request using this Idempotent Key: {key}."
                raise StripeError(409, text, "idempotency_key_in_use", kind="idempotency_error")
            if not self.has("key-racy"):
                self.running.add(key)
        if self.has("key-racy"):
            self.meet()
        try:
            with self.lock:
                return *self.begun(method, path, params, req, key, asked), False
        finally:
            self.running.discard(key)

    def meet(self):
        """Two who race are let on together, on a busy machine too."""
        try:
            self.meeting.wait(PATIENCE_S)
        except threading.BrokenBarrierError:
            self.meeting.reset()

    def begun(self, method, path, params, req, key, asked):
        try:
            status, answer = self.once(method, path, params, req, key)
        except StripeError as refused:
            is_begun = refused.status == 402 or refused.error.get("code") == STATE
            if (is_begun and not self.has("key-decline-free")) or self.has("key-spent"):
                self.keys[key] = (self.now_s, asked, refused.status, {"error": self.told(refused.error)})
            raise
        self.keys[key] = (self.now_s, asked, status, copy.deepcopy(answer))
        return status, answer

    def same(self, key, before, asked):
        if before == asked or (self.has("key-other-taken")) or (self.has("key-path-taken") and before[1] != asked[1]):
            return
        text = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        status = 409 if self.has("key-other-409") else 400
        code = "idempotency_error" if self.has("key-other-code") else None
        raise StripeError(status, f"{text} Try using a key other than '{key}'.", code, kind="idempotency_error")

    def once(self, method, path, params, req, key):
        self.request = {"id": req, "idempotency_key": key}
        answer = copy.deepcopy(self.route(method, path, params))
        for one in params.get("expand", {}).values():
            self.expand(answer, one)
        return 200, answer

    def route(self, method, path, params):
        parts = path.removeprefix("checkout/").split("/")
        kind = PATHS.get(parts[0])
        if path == "balance":
            return {"object": "balance", "available": [], "pending": [], "livemode": False}
        if kind is None:
            raise StripeError(
                400 if self.has("path-400") else 404,
                f"Unrecognized request URL ({method}: /v1/{path}). Please see the documentation.",
            )
        for one in params.get("expand", {}).values():
            if one.removeprefix("data.").split(".")[0] not in EXPANDABLE and not self.has("expand-unknown"):
                raise StripeError(400, f"This property cannot be expanded ({one}).")
        if len(parts) == 1:
            return self.list_of(path, kind, params) if method == "GET" else self.create(kind, params)
        thing = self.find(kind, parts[1])
        if len(parts) == 3:
            return getattr(self, f"{kind.split('.')[-1]}_{parts[2]}")(thing, params)
        if method == "GET":
            return thing
        if method == "DELETE":
            del self.of[kind][thing["id"]]
            return {"id": thing["id"], "object": kind, "deleted": True}
        return self.update(kind, thing, params)

    def find(self, kind, ident, param=None):
        if ident in self.of[kind]:
            return self.of[kind][ident]
        status = 400 if param and not self.has("reference-404") else 404
        if self.has("unknown-400"):
            status = 400
        named = param or ("intent" if kind == "payment_intent" else "id")
        if self.has("unknown-param") and not param:
            named = None
        code = None if self.has("unknown-code") else "resource_missing"
        raise StripeError(status, f"No such {kind}: '{ident}'", code, named)

    # Reading

    def list_of(self, path, kind, params):
        limit = integer(params.get("limit", "10"), "limit")
        if not 1 <= limit <= 100 and not self.has("limit-any"):
            raise StripeError(400, f"Invalid integer: {limit}", "parameter_invalid_integer", "limit")
        if self.has("pages-whole") and "limit" not in params:
            limit = 100
        rows = list(self.of[kind].values())[::-1]
        for name in ("customer", "payment_intent", "charge"):
            if name in params and not self.has("filter-ignored"):
                rows = [row for row in rows if row.get(name) == params[name]]
        if self.has("oldest-first"):
            rows.reverse()
        ids = [row["id"] for row in rows]
        for name in ("starting_after", "ending_before"):
            if name in params and params[name] not in ids:
                if self.has("cursor-any"):
                    continue
                raise StripeError(400, f"No such {kind}: '{params[name]}'", "resource_missing", name)
        more = False
        if "starting_after" in params and params["starting_after"] in ids:
            rows = rows[ids.index(params["starting_after"]) + (0 if self.has("cursor-included") else 1) :]
        if "ending_before" in params and params["ending_before"] in ids:
            rows = rows[: ids.index(params["ending_before"])]
            more = len(rows) > limit
            rows = rows[:limit] if self.has("before-first-page") else rows[-limit:]
        more = more or len(rows) > limit
        if self.has("more-never"):
            more = False
        return {"object": "list", "url": f"/v1/{path}", "has_more": more, "data": rows[:limit]}

    def expand(self, answer, path):
        if self.has("expand-ignored") or (self.has("expand-list-ignored") and path.startswith("data.")):
            return
        rows, name = (answer["data"], path.removeprefix("data.")) if path.startswith("data.") else ([answer], path)
        for row in rows:
            if isinstance(row.get(name), str):
                row[name] = copy.deepcopy(self.of[EXPANDABLE[name]][row[name]])

    # Making

    def new(self, kind, **fields):
        self.number += 1
        made = {"id": f"{PREFIX[kind]}{self.number:024d}", "object": kind, "created": self.now_s, "livemode": False}
        self.of[kind][made["id"]] = made = made | {"metadata": {}} | fields
        return made

    def create(self, kind, params):
        known = KNOWN.get(kind + "s")
        for name in params:
            if known and name not in known and not self.has("unknown-taken"):
                raise StripeError(400, f"Received unknown parameter: {name}", "parameter_unknown", name)
        if kind == "customer":
            return self.new(kind, email=params.get("email"), name=params.get("name"), description=None)
        return {
            "payment_intent": self.create_intent,
            "refund": self.create_refund,
            "checkout.session": self.create_session,
            "webhook_endpoint": self.create_endpoint,
        }[kind](params)

    def amount(self, params):
        for name in ("amount", "currency"):
            if not params.get(name):
                if name == "currency" and self.has("currency-default"):
                    params[name] = "usd"
                    continue
                raise StripeError(400, f"Missing required param: {name}.", "parameter_missing", name)
        text = params["amount"]
        if self.has("integer-cut"):
            text = text.partition(".")[0]
        amount, currency = integer(text, "amount"), params["currency"]
        least = {**MINIMA, "khr": 200_000}.get(currency)
        if least is None:
            if not self.has("currency-any"):
                raise StripeError(
                    400, f"Invalid currency: {currency}. Stripe currently supports these:", None, "currency"
                )
            least = 0
        if self.has("minimum-for-all"):
            least = 50
        if self.has("riel-whole") and currency == "khr":
            least = 2000
        if self.has("minimum-refused"):
            least += 1
        if amount < least and not self.has("minimum-none"):
            raise StripeError(400, "Amount must be at least $0.50 usd", "amount_too_small", "amount")
        if amount > LARGEST and not self.has("maximum-none"):
            raise StripeError(400, "Amount must be no more than $999,999.99", "amount_too_large", "amount")
        return amount, currency

    def metadata(self, params):
        given = params.get("metadata") or {}
        too_much = (
            len(given) > 50 or any(len(key) > 40 for key in given) or any(len(value) > 500 for value in given.values())
        )
        if too_much and not self.has("metadata-unlimited"):
            raise StripeError(400, "Metadata is limited", None, "metadata")
        return given

    def create_intent(self, params):
        amount, currency = self.amount(params)
        if "customer" in params:
            self.find("customer", params["customer"], "customer")
        auto = None
        if "payment_method_types" not in params:
            given = params.get("automatic_payment_methods", {})
            auto = {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True}
        intent = self.new("payment_intent", **dict.fromkeys(KEYS - {"id", "object", "created", "livemode"}))
        capture = "automatic" if self.has("capture-old-default") else "automatic_async"
        intent |= {
            "amount": amount,
            "currency": currency,
            "amount_capturable": 0,
            "amount_received": 0,
            "automatic_payment_methods": None if self.has("methods-old-default") else auto,
            "capture_method": params.get("capture_method", capture),
            "client_secret": f"{'pi_same' if self.has('secret-other') else intent['id']}_secret_{self.number:025d}",
            "confirmation_method": "automatic",
            "customer": params.get("customer"),
            "description": None if self.has("description-lost") else params.get("description"),
            "metadata": self.metadata(params),
            "payment_method_types": ["card"],
            "payment_method_options": {},
            "status": "requires_payment_method",
        }
        if self.has("keys-missing"):
            for name in ("next_action", "last_payment_error"):
                del intent[name]
        if "payment_method" in params:
            self.attach(intent, params["payment_method"])
        if params.get("confirm") != "true" or self.has("confirm-overlooked"):
            self.emit("payment_intent.created", intent)
            return intent
        if self.has("created-first"):
            self.emit("payment_intent.created", intent)
        try:
            return self.payment_intent_confirm(intent, params)
        finally:
            if not self.has("created-first", "created-untold"):
                self.emit("payment_intent.created", intent)

    def attach(self, intent, method):
        if method == "pm_card_visa" and self.has("method-shared"):
            made = "pm_shared"
        else:
            made = self.new("payment_method")["id"]
        self.cards[made] = method
        intent |= {"payment_method": made, "status": "requires_confirmation"}

    def state_error(self, intent, text):
        whole = {} if self.has("error-bare") else {"payment_intent": copy.deepcopy(intent)}
        return StripeError(400, text, STATE, **whole)

    def update(self, kind, thing, params):
        if kind == "webhook_endpoint":
            if params.get("disabled") == "true":
                thing["status"] = "disabled"
            return thing
        if kind == "payment_intent":
            is_over = thing["status"] in ("succeeded", "canceled") and not self.has("update-paid")
            if is_over and {"amount", "currency", "payment_method"} & set(params):
                raise self.state_error(thing, "This PaymentIntent's amount could not be updated because of its status.")
            if "amount" in params:
                thing["amount"] = integer(params["amount"], "amount")
            if "payment_method" in params:
                self.attach(thing, params["payment_method"])
        if "description" in params:
            thing["description"] = params["description"]
        if "metadata" in params and not (kind == "refund" and self.has("refund-unchanged")):
            self.merge(thing, params["metadata"])
        return thing

    def merge(self, thing, given):
        if not given:
            if not self.has("metadata-kept"):
                thing["metadata"] = {}
            return
        before = {} if self.has("metadata-replaced") else thing["metadata"]
        merged = before | given
        kept = merged if self.has("metadata-empty") else {key: value for key, value in merged.items() if value}
        thing["metadata"] = kept

    # Paying

    def payment_intent_confirm(self, intent, params):
        status = intent["status"]
        allowed = {"succeeded": self.has("confirm-again"), "canceled": self.has("canceled-pays")}
        if status in ("succeeded", "canceled", "requires_capture") and not allowed.get(status):
            text = "You cannot confirm this PaymentIntent because it has already succeeded"
            raise self.state_error(intent, f"{text} after being previously confirmed.")
        if "payment_method" in params:
            self.attach(intent, params["payment_method"])
        if intent["payment_method"] is None and not self.has("confirm-bare"):
            text = "You cannot confirm this PaymentIntent because it's missing a payment method."
            raise self.state_error(intent, text)
        auto = intent["automatic_payment_methods"]
        needs_url = auto and auto["allow_redirects"] == "always" and not self.has("return-url-free")
        if needs_url and not params.get("return_url"):
            text = "This PaymentIntent is configured to accept payment methods enabled in your Dashboard."
            raise StripeError(400, text)
        card = self.cards.get(intent["payment_method"], "pm_card_visa")
        if card in ASKING and not self.has("authentication-skipped"):
            return self.asks(intent, params)
        return self.charge(intent, card)

    def asks(self, intent, params):
        if params.get("off_session") and not self.has("off-session-asks"):
            text = "Your card was declined. This transaction requires authentication."
            self.decline(intent, Decline("authentication_required", "authentication_required", text))
        url = params.get("return_url")
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
        if url and not self.has("redirect-lost"):
            to = {"url": f"http://stripe/pay/3ds/{intent['id']}", "return_url": url}
            action = {"type": "redirect_to_url", "redirect_to_url": to}
        intent |= {"status": "requires_action", "next_action": action}
        if self.has("authentication-pays-early"):
            intent["amount_received"] = intent["amount"]
        if not self.has("action-untold"):
            self.emit("payment_intent.requires_action", intent)
        return intent

    def charge(self, intent, card):
        decline = DECLINES.get(card)
        if card == ASKING[1]:
            decline = None if self.has("authenticated-is-paid") else DECLINES[FUNDS]
        if card == "pm_card_visa_chargeDeclined" and self.has("decliner-pays"):
            decline = None
        if card == "pm_card_amex" and self.has("amex-declined"):
            decline = DECLINES["pm_card_chargeDeclined"]
        if decline:
            return self.decline(intent, decline)
        held = intent["capture_method"] == "manual" and not self.has("hold-captured")
        amount = intent["amount"]
        charge = self.new_charge(intent, paid=True, captured=not held, amount_captured=0 if held else amount)
        charge |= {
            "status": "succeeded",
            "metadata": {} if self.has("metadata-not-copied") else dict(intent["metadata"]),
        }
        intent |= {"latest_charge": charge["id"], "next_action": None, "last_payment_error": None}
        self.emit("charge.succeeded", charge)
        if held:
            capturable = 0 if self.has("capturable-zero") else amount
            intent |= {"status": "requires_capture", "amount_capturable": capturable}
            self.later(HOLD_S, lambda: None if self.has("hold-for-ever") else self.expire_hold(intent))
            if self.has("hold-told-paid"):
                self.emit("payment_intent.succeeded", intent)
            self.emit("payment_intent.amount_capturable_updated", intent)
        else:
            intent |= {"status": "succeeded", "amount_received": 0 if self.has("received-zero") else amount}
            if not self.has("paid-untold"):
                self.emit("payment_intent.succeeded", intent)
            self.later(2, lambda: self.emit("charge.updated", charge))
        if card == "pm_card_createDispute":
            self.later(1, lambda: self.dispute(charge))
        return intent

    def new_charge(self, intent, **fields):
        usual = {"amount": intent["amount"], "amount_refunded": 0, "currency": intent["currency"], "disputed": False}
        usual |= {"payment_intent": intent["id"], "refunded": False, "customer": intent["customer"]}
        usual |= {"failure_code": None, "balance_transaction": None, "payment_method": intent["payment_method"]}
        return self.new("charge", **usual | fields)

    def decline(self, intent, decline):
        code = None if self.has("decline-code-lost") else decline.decline_code or decline.code
        if self.has("decline-generic") and code:
            code = "generic_decline"
        charge = self.new_charge(intent, paid=False, captured=False, amount_captured=0)
        charge |= {"status": "failed", "failure_code": decline.code}
        last = {"type": "card_error", "code": decline.code, "message": decline.message, "charge": charge["id"]}
        last |= {"decline_code": code} if code else {}
        if not self.has("method-kept"):
            intent["payment_method"] = None
        intent |= {"latest_charge": charge["id"], "next_action": None}
        intent["status"] = "canceled" if self.has("decline-ends") else "requires_payment_method"
        intent["last_payment_error"] = None if self.has("last-error-lost") else last
        self.emit("charge.failed", charge)
        if not self.has("decline-untold"):
            self.emit("payment_intent.payment_failed", intent)
        text = "Declined" if self.has("decline-words") else decline.message
        more = {"decline_code": code, "charge": charge["id"], "payment_intent": copy.deepcopy(intent)}
        raise StripeError(400 if self.has("decline-400") else 402, text, decline.code, None, "card_error", **more)

    def expire_hold(self, intent):
        if intent["status"] == "requires_capture":
            self.release(intent, "expired" if self.has("hold-called-expired") else "canceled", "expired")

    def release(self, intent, status, reason):
        charge = self.of["charge"][intent["latest_charge"]]
        charge |= {"refunded": True, "amount_refunded": charge["amount"]}
        intent |= {"status": status, "amount_capturable": 0, "canceled_at": self.now_s, "cancellation_reason": reason}

    def payment_intent_capture(self, intent, params):
        status = intent["status"]
        again = status == "succeeded" and self.has("capture-again")
        anything = status == "requires_payment_method" and self.has("capture-anything")
        if status != "requires_capture" and not again and not anything:
            text = f"This PaymentIntent could not be captured because it has a status of {status}."
            raise self.state_error(intent, f"{text} Only a PaymentIntent with one of the following may be captured.")
        amount = integer(params.get("amount_to_capture", str(intent["amount"])), "amount_to_capture")
        if self.has("capture-whole"):
            amount = intent["amount"]
        if amount > intent["amount"] and not self.has("capture-over"):
            raise StripeError(
                400, "The capture is greater than what can be captured", "amount_too_large", "amount_to_capture"
            )
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        if charge := self.of["charge"].get(intent["latest_charge"]):
            rest = 0 if self.has("rest-kept") else charge["amount"] - amount
            charge |= {"captured": True, "amount_captured": amount, "amount_refunded": rest}
            if not self.has("capture-untold"):
                self.emit("charge.captured", charge)
        self.emit("payment_intent.succeeded", intent)
        return intent

    def payment_intent_cancel(self, intent, params):
        status = intent["status"]
        allowed = status == "succeeded" and self.has("cancel-paid")
        if status in ("succeeded", "canceled") and not allowed:
            raise self.state_error(intent, f"You cannot cancel this PaymentIntent because it has a status of {status}.")
        if status == "requires_action" and self.has("action-not-canceled"):
            raise self.state_error(intent, f"You cannot cancel this PaymentIntent because it has a status of {status}.")
        if status == "requires_capture" and not self.has("hold-kept"):
            self.release(intent, "canceled", None)
        reason = None if self.has("reason-lost") else params.get("cancellation_reason")
        intent |= {"status": "canceled", "canceled_at": self.now_s, "cancellation_reason": reason, "next_action": None}
        if not self.has("cancel-untold"):
            self.emit("payment_intent.canceled", intent)
        return intent

    # Going back

    def create_refund(self, params):
        if "charge" in params:
            charge = self.find("charge", params["charge"], "charge")
        else:
            intent = self.find("payment_intent", params.get("payment_intent"), "payment_intent")
            charge = self.of["charge"].get(intent["latest_charge"]) or (None if not self.has("refund-unpaid") else {})
            if charge == {}:
                charge = self.new_charge(intent, paid=True, captured=True, amount_captured=intent["amount"])
            if charge is None or not charge["paid"]:
                text = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
                raise StripeError(400, text, None, "payment_intent")
        if charge["disputed"] and not self.has("refund-disputed"):
            text = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise StripeError(400, text, "charge_disputed")
        left = charge["amount"] - charge["amount_refunded"]
        if self.has("refund-racy"):
            self.lock.release()
            self.meet()
            self.lock.acquire()
        if not left and not self.has("refund-again"):
            raise StripeError(400, f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
        default = charge["amount"] if self.has("refund-whole-again") else left
        amount = integer(params.get("amount", str(default)), "amount")
        most = charge["amount"] if self.has("refund-by-itself") else left
        if amount > most and not self.has("refund-over", "refund-whole-again"):
            text = (
                f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge (${left / 100:.2f})"
            )
            code = "amount_too_large" if self.has("over-refund-code") else None
            raise StripeError(400, text, code, None if self.has("refund-param") else "amount")
        return self.refunded(charge, amount, params)

    def refunded(self, charge, amount, params):
        card = self.cards.get(charge["payment_method"], "")
        pending = card == "pm_card_pendingRefund" and not self.has("pending-at-once")
        reason = None if self.has("refund-reason-lost") else params.get("reason")
        refund = self.new(
            "refund",
            amount=amount,
            charge=charge["id"],
            payment_intent=charge["payment_intent"],
            currency=charge["currency"],
            reason=reason,
            metadata=self.metadata(params),
            status="pending" if pending else "succeeded",
        )
        charge["amount_refunded"] += amount
        whole = charge["amount_refunded"] >= charge["amount"]
        charge["refunded"] = True if self.has("refunded-by-part") else whole
        self.emit("refund.created", refund)
        if not self.has("refund-untold"):
            self.emit("charge.refunded", charge)
        if pending and not self.has("pending-for-ever"):
            self.later(60, lambda: refund.update(status="succeeded"))
        if card == "pm_card_refundFail" and not self.has("refund-never-fails"):
            self.later(60, lambda: self.refund_fails(refund, charge))
        return refund

    def refund_fails(self, refund, charge):
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        if not self.has("failed-refund-counts"):
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
        if not self.has("refund-fails-silently"):
            self.emit("refund.failed", refund)

    def dispute(self, charge):
        charge["disputed"] = True
        ids = {"charge": charge["id"], "payment_intent": charge["payment_intent"]}
        made = self.new("dispute", amount=charge["amount"], status="needs_response", reason="fraudulent", **ids)
        if self.has("dispute-dp"):
            made["id"] = made["id"].replace("du_", "dp_")
        if not self.has("dispute-untold"):
            self.emit("charge.dispute.created", made)
        self.emit("charge.updated", charge)

    # Checkout

    def create_session(self, params):
        for name in params.get("payment_intent_data", {}):
            if name not in ("metadata", "capture_method", "description") and not self.has("nested-taken"):
                text = f"Received unknown parameter: payment_intent_data[{name}]"
                raise StripeError(400, text, "parameter_unknown", f"payment_intent_data[{name}]")
        lines = list(params.get("line_items", {}).values())
        prices = [integer(line["price_data"]["unit_amount"], "unit_amount") for line in lines]
        quantities = [1 if self.has("quantity-lost") else int(line.get("quantity", 1)) for line in lines]
        total = sum(price * quantity for price, quantity in zip(prices, quantities, strict=True))
        lives_s = int(params.get("expires_at", self.now_s + 86_400)) - self.now_s
        if not 1800 <= lives_s <= 86_400 and not self.has("session-life-any"):
            raise StripeError(400, "The `expires_at` timestamp must be within 30 minutes and a day", None, "expires_at")
        if self.has("session-hour") and "expires_at" not in params:
            lives_s = 3600
        session = self.new(
            "checkout.session",
            mode=params.get("mode"),
            amount_total=total,
            amount_subtotal=total,
            currency="usd",
            client_reference_id=params.get("client_reference_id"),
            metadata=self.metadata(params),
            payment_intent=None,
            status="open",
            payment_status="unpaid",
            expires_at=self.now_s + lives_s,
            success_url=params.get("success_url"),
        )
        session["url"] = f"http://stripe/pay/c/{session['id']}"
        self.cards[session["id"]] = (params, quantities)
        if self.has("session-intent-early"):
            session["payment_intent"] = self.session_intent(session)["id"]
        ends = session["expires_at"] + (self.has("session-late") and 3600)
        self.later(ends - self.now_s, lambda: self.end_session(session))
        return session

    def session_line_items(self, session, _params):
        _, quantities = self.cards[session["id"]]
        row = {
            "object": "item",
            "quantity": sum(quantities),
            "amount_total": session["amount_total"],
            "currency": "usd",
        }
        return {"object": "list", "data": [] if self.has("lines-lost") else [row], "has_more": False}

    def session_intent(self, session):
        params, _ = self.cards[session["id"]]
        data = {} if self.has("intent-data-lost") else params.get("payment_intent_data", {})
        asked = {"amount": str(session["amount_total"]), "currency": "usd", "payment_method_types": {"0": "card"}}
        return self.create_intent(asked | {"metadata": data.get("metadata", {})})

    def end_session(self, session):
        if session["status"] == "open" and not self.has("session-for-ever"):
            session |= {"status": "expired", "url": None}
            self.emit("checkout.session.expired", session)

    def session_expire(self, session, _params):
        status = session["status"]
        allowed = (status == "expired" and self.has("expire-again")) or (
            status == "complete" and self.has("expire-paid")
        )
        if status != "open" and not allowed:
            text = 'Only Checkout Sessions with a status in ["open"] can be expired.'
            raise StripeError(400, f"{text} This Checkout Session has a status of `{status}`.")
        session |= {"status": "expired", "url": None}
        if not self.has("session-end-untold"):
            self.emit("checkout.session.expired", session)
        return session

    def pay(self, session, card):
        intent = self.of["payment_intent"].get(session["payment_intent"]) or self.session_intent(session)
        session["payment_intent"] = intent["id"]
        try:
            self.payment_intent_confirm(intent, {"payment_method": card})
        except StripeError:
            if self.has("session-decline-ends"):
                session |= {"status": "expired", "url": None}
            return
        status = "unpaid" if self.has("session-unpaid") else "paid"
        session |= {"status": "complete", "payment_status": status}
        if not self.has("session-url-kept"):
            session["url"] = None
        if not self.has("session-paid-untold"):
            self.emit("checkout.session.completed", session)

    # Events

    def emit(self, kind, thing):
        data = {"object": thing if self.has("event-not-a-snapshot") else copy.deepcopy(thing)}
        request = {"id": None, "idempotency_key": None} if self.has("event-request-lost") else dict(self.request)
        event = self.new("event", type=kind, data=data, pending_webhooks=1, request=request)
        for endpoint in list(self.of["webhook_endpoint"].values()):
            wanted = kind in endpoint["enabled_events"] or self.has("events-unasked")
            if wanted and (endpoint["status"] == "enabled" or self.has("disabled-gets")):
                self.later(0, lambda endpoint=endpoint: self.send(endpoint, event, [300, 1800, 7200]))

    def create_endpoint(self, params):
        asked = list(params["enabled_events"].values())
        made = self.new("webhook_endpoint", url=params["url"], enabled_events=asked, status="enabled")
        self.secrets[made["id"]] = f"whsec_{self.number:032d}"
        if self.has("secret-again"):
            made["secret"] = self.secrets[made["id"]]
        return made | {"secret": self.secrets[made["id"]]}

    def send(self, endpoint, event, waits):
        body = json.dumps(event).encode()
        secret = self.secrets[endpoint["id"]]
        key = secret.removeprefix("whsec_") if self.has("signed-without-prefix") else secret
        at = self.now_s if self.has("signed-by-world") else WALL_S
        signed = body.strip() + b" " if self.has("signed-other-body") else body
        headers = Guard(STRIPE, [key]).sign(signed, timestamp_s=at)
        if self.has("unsigned"):
            headers = {}
        status = self.deliver(endpoint["url"], {"content-type": "application/json", **headers}, body)
        failed = not 200 <= status < 300 and not self.has("never-again")
        if waits and (failed or self.has("always-again")):
            again = self.new("event", **event) if self.has("again-as-another") else event
            if self.has("again-as-another"):
                again = event | {"id": f"evt_{self.number}"}
            self.later(waits[0], lambda: self.send(endpoint, again, waits[1:]))

    def later(self, seconds, work):
        self.due.append((self.now_s + seconds, len(self.due), work))

    def advance(self, seconds):
        end = self.now_s + seconds
        while due := [one for one in self.due if one[0] <= end]:
            first = min(due, key=lambda one: one[:2])
            self.due.remove(first)
            self.now_s = max(self.now_s, first[0])
            first[2]()
        self.now_s = end

    def control(self, path, body):
        """The world's control API, as docs/stripe.md has it."""
        *_, kind, ident, verb = path.strip("/").split("/")
        if verb == "advance":
            self.advance(body["seconds"])
            return {}
        if kind == "checkout":
            self.pay(self.of["checkout.session"][ident], body["payment_method"])
            return {}
        intent = self.of["payment_intent"][ident]
        if verb == "authenticate" or self.has("failed-authentication-pays"):
            if not self.has("authenticated-hangs"):
                with contextlib.suppress(StripeError):
                    self.charge(intent, self.cards[intent["payment_method"]])
            return {}
        last = {"type": "invalid_request_error", "code": "payment_intent_authentication_failure", "message": "failed"}
        intent |= {"next_action": None, "last_payment_error": None if self.has("failure-untold") else last}
        intent["status"] = "requires_action" if self.has("failed-authentication-hangs") else "requires_payment_method"
        return {}


FUNDS = "pm_card_visa_chargeDeclinedInsufficientFunds"


def post(url, headers, body):
    """A webhook over the network; the status."""
    return httpx.post(url, headers=headers, content=body, trust_env=False).status_code


def integer(text, param):
    if not str(text).lstrip("-").isdecimal():
        raise StripeError(400, f"Invalid integer: {text}", "parameter_invalid_integer", param)
    return int(text)


def nested(text):
    """A form with brackets as dictionaries."""
    tree = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = name.replace("]", "").split("[")
        at = tree
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = value
    return tree
