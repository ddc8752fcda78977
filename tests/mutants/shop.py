"""A minimal payment service in plain ASGI, right by the contract, with bugs that BUGS switches on.

Its time is set by POST /test/time; it asks Bakong when it is asked, and when its time is set.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import parse_qs

import httpx

import khqr
from tests.mutants.kinds import Kinds
from tests.mutants.meeting import Meeting
from tests.mutants.shop_answers import MERCHANT, Answers
from tests.mutants.shop_gate import Gate
from tests.mutants.shop_hooks import Hooks
from tests.mutants.shop_plans import Plans, Problem
from tests.mutants.shop_tenants import Tenants, name_alone, name_of_key

LIFE_MS = 900_000
PRICES = {"BASIC": {"USD": 50, "KHR": 2000}, "FULL": {"USD": 100, "KHR": 4000}}


class Healthy(Answers, Plans, Tenants, Hooks, Gate):
    """What is right, but for the bugs that are as old as the shop; those of `kinds` are mixed in before it."""

    def __init__(
        self, *, bakong_url, token, api_key, secret, webhook_url, bugs=(), prices=PRICES, now_ms=1_770_768_000_000
    ):
        self.bugs = set(bugs)
        self.api_key, self.webhook_url, self.now_ms, self.prices = api_key, webhook_url, now_ms, prices
        self.clock_url = ""
        self.keys_made, self.wrong, self.moved = {api_key}, {}, asyncio.Event()
        self.secret = base64.b64decode(secret.removeprefix("whsec_"))
        self.bakong = httpx.AsyncClient(
            base_url=bakong_url, headers={"authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )
        self.hooks = httpx.AsyncClient(timeout=60, trust_env=False, follow_redirects=self.has("redirects-followed"))
        self.payments, self.plans, self.keys, self.upgrades, self.outbox = {}, {}, {}, {}, []
        self.logs, self.count, self.tokens, self.refilled = {}, 0, 100.0, now_ms
        self.quiet_until, self.meeting, self.windows, self.revoked = 0, Meeting(), {}, set()
        self.lock, self.silent, self.read = asyncio.Lock(), False, {}

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
        extra = {}
        try:
            asked = parse_qs(scope["query_string"].decode("latin-1"))
            if self.has("key-in-query") and "api_key" in asked:
                headers.setdefault("authorization", f"Bearer {asked['api_key'][0]}")
            where = scope["method"], scope["path"]
            status, answer = await self.route(*where, headers, body, scope["client"][0], asked, extra)
        except Problem as problem:
            status, answer, extra = problem.status, {"error": str(problem)}, extra | problem.headers
        except Exception as error:  # noqa: BLE001  a shop that fails says 500
            status, answer = 500, {"error": repr(error)}
        if self.has("errors-unnamed") and status == 401:
            answer = {"detail": "unauthorized"}
        if self.has("errors-as-problems") and status >= 400:
            answer = {"type": "about:blank", "title": str(answer["error"]), "status": status}
        media = (
            b"application/problem+json"
            if "title" in answer
            else b"text/plain"
            if self.has("errors-as-text") and status >= 400
            else b"application/json"
        )
        sent = [(b"content-type", media)]
        sent += [(key.encode(), str(value).encode()) for key, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def route(self, method, path, headers, raw, address, asked, extra):
        if path == "/health":
            return 200, {"bakong": "down" if self.silent and not self.has("health-lies") else "up"}
        if self.clock_url:
            await self.follow()
        if path == "/test/time":
            await self.set_time(json.loads(raw)["now_ms"])
            return 200, {}
        if path == "/test/restart":
            return 200, self.restart()
        if path == "/test/keys":
            return 200, self.change_keys(json.loads(raw))
        key = self.check_key(headers, path, address)
        kind, at_ms, answer = "orders" if "orders" in path else "users", *self.read.get((method, path), (0, None))
        if answer and method == "GET" and self.has(f"{kind}-cached") and self.now_ms < at_ms + 60_000:
            return 200, answer
        if not (self.has("limit-reads-only") and method == "POST"):
            try:
                extra |= await self.check_limit(key, path, headers, method)
            except Problem:
                if self.has("key-spent-by-429") and "idempotency-key" in headers:
                    order = json.loads(raw)
                    order = (order.get("user"), order.get("plan"), order.get("amount"), order.get("currency"))
                    self.keys[self.key_of(key, "orders", headers["idempotency-key"])] = (
                        order,
                        {"created": self.now_ms},
                    )
                raise
        parts = path.strip("/").split("/")
        body = self.body(raw) if method == "POST" else {}
        if body.get("user"):
            body["user"] = self.kept_name(parts[0], body["user"], key)
        name = self.kept_name(parts[0], parts[-1], key)
        if (method, parts[0]) == ("POST", "orders"):
            return 201, await self.create(body, headers.get("idempotency-key"), key)
        if (method, parts[0], len(parts)) == ("GET", "orders", 2):
            if self.has("status-asks-for-a-header") and headers.get("x-version") != "2":
                raise Problem(400, "x-version")
            status, found = await self.status(parts[1], key)
            self.read[(method, path)] = (self.now_ms, dict(found))
            return status, found
        if (method, parts[0], len(parts)) == ("GET", "users", 2):
            self.read[(method, path)] = (self.now_ms, self.user(name))
            return 200, self.user(name)
        if (method, parts[0], len(parts)) == ("GET", "users", 3):
            return 200, self.history(parts[1], asked, key)
        if (method, parts[0]) == ("POST", "checks"):
            return 200, await self.bulk_check(body.get("ids"), key)
        if (method, parts[0]) == ("POST", "upgrades"):
            return 200, await self.upgrade(body)
        if (method, parts[0]) == ("POST", "cancellations"):
            return 200, self.cancel(body)
        if (method, parts[0]) == ("POST", "downgrades"):
            return 200, self.downgrade(body)
        if (method, parts[0]) == ("POST", "renewals"):
            return 200, await self.renew(body, self.key_of(key, "renewals", headers.get("idempotency-key")))
        if (method, parts[0]) == ("POST", "watches"):
            return 200, await self.monitor(body)
        raise Problem(404, "no such path")

    def body(self, raw):
        try:
            found = json.loads(raw, parse_constant=constant)
        except (ValueError, RecursionError):
            if self.has("bad-json-500"):
                raise
            raise Problem(400, "no JSON") from None
        if not isinstance(found, dict):
            raise Problem(422, "expected an object")
        if not isinstance(found.get("user", ""), str) and not self.has("user-unchecked"):
            raise Problem(422, "user")
        return found

    # Payments

    async def create(self, body, key, owner):
        order = (body.get("user"), body.get("plan"), body.get("amount"), body.get("currency"))
        user, plan, amount, currency = order
        if key:
            key = ("all", "orders", key) if self.has("key-shared") else self.key_of(owner, "orders", key)
        if key and self.remembered(key) and not self.has("key-ignored"):
            known, made = self.keys[key]
            differs = known[0] != user if self.has("key-compares-users") else known != order
            if differs and not self.has("key-reuse-taken"):
                raise Problem(422, "the key was used for another order")
            life = 30_000 if self.has("key-first-only") else 3_600_000 if self.has("key-an-hour") else None
            if life and self.now_ms - made["created"] > life:
                return self.make(user, plan, self.prices[plan][currency], currency)
            if self.has("replay-says-expired"):
                return self.replayed(made) | {"state": "expired"}
            return self.replayed(made) | ({"expires_told": self.now_ms + LIFE_MS} if self.has("replay-renews") else {})
        if not isinstance(user, str) or not user or not user.isprintable() or len(user) > 128:
            raise Problem(422, "user")
        if (
            not isinstance(plan, str)
            or plan not in self.prices
            or not isinstance(currency, str)
            or currency not in self.prices[plan]
        ):
            raise Problem(422, "plan or currency")
        price = self.price_of(plan, currency, amount)
        amount = self.number(amount, Decimal(price) / (100 if currency == "USD" else 1))
        if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
            if not self.has("price-text"):
                raise Problem(422, "amount")
            amount = price / 100
        offered = Decimal(str(amount)) * (100 if currency == "USD" else 1)
        if not offered.is_finite():
            raise Problem(422, "amount")
        if self.has("price-rounded"):
            offered = round(offered)
        if (
            offered != price
            and not self.has("price-unchecked")
            and not (self.has("price-at-least") and offered > price)
        ):
            if key and self.has("key-spent-by-refusal"):
                self.keys[key] = (order, {})
            raise Problem(422, "the price is another")
        waits = any(one["user"] == user and one["state"] == "open" for one in self.payments.values())
        if (waits and self.has("one-order-at-a-time")) or (
            self.has("no-order-beside-a-plan") and user in self.plans and self.standing(self.plans[user]) == "active"
        ):
            raise Problem(409, "an order waits or a plan runs: pay or renew it")
        if self.has("key-racy") and key:
            await self.meeting()
        if self.has("code-race"):
            seen = self.count
            await self.meeting()
            self.count = seen
        made = self.make(user, plan, price, currency) | {"owner": name_of_key(owner)}
        self.payments[made["id"]] = made
        if self.has("links-at-once"):
            await self.bakong.post("/v1/generate_deeplink_by_qr", json={"qr": made["code"]})
        if key:
            self.keys[key] = (order, made)
        return made | {"user": self.user_told(user)}

    def price_of(self, plan, currency, amount):
        """The plan's price; with bugs, what is offered, where it is some price of the list."""
        if self.has("price-of-any-plan"):
            scale = 100 if currency == "USD" else 1
            for prices in self.prices.values():
                if amount == prices[currency] / scale:
                    return prices[currency]
        if self.has("price-of-any-currency") and currency == "KHR" and amount == self.prices[plan]["USD"] / 100:
            return Decimal(str(amount))
        return self.prices[plan][currency]

    def make(self, user, plan, minor, currency, kind="cycle"):
        self.count += 1
        text = str(minor) if currency == "KHR" else f"{minor // 100}.{minor % 100:02d}"
        life = LIFE_MS * 2 if self.has("code-lives-longer") else LIFE_MS
        code = khqr.encode(
            khqr.Individual(
                bakong_account_id="somebody@devb" if self.has("code-account") and currency == "KHR" else MERCHANT,
                merchant_name="Shop",
                currency=khqr.Currency[currency],
                amount=text if not self.has("code-wrong-amount") else "9.99" if currency == "USD" else "999",
                bill_number="SAME" if self.has("code-shared") else f"B-{self.count}",
                store_label=None if self.has("code-race") else self.bill_number(user),
                expiration_timestamp=self.now_ms + life,
            ),
            now=self.now_ms,
        )
        if self.has("code-static"):
            code = static(code)
        if self.has("code-crc-unpadded") and code.qr[-4] == "0":
            text = code.qr[:-4] + code.qr[-4:].lstrip("0")
            code = SimpleNamespace(qr=text, md5=hashlib.md5(text.encode()).hexdigest())
        md5 = hashlib.md5(code.qr[:-4].encode()).hexdigest() if self.has("md5-without-crc") else code.md5
        payment = {
            "id": md5,
            "number": self.count,
            "user": user,
            "plan": plan,
            "minor": minor,
            "amount": minor if self.has("amount-told-in-cents") else minor / 100 if currency == "USD" else minor,
            "currency": currency,
            "state": "open",
            "created": self.now_ms,
            "expires": self.now_ms + LIFE_MS,
            "code": code.qr,
            "kind": kind,
            "until": max(self.now_ms // 1000, self.plans.get(user, {"ends": 0})["ends"]) + 2_592_000,
        }
        if self.has("times-naive"):
            payment["expires_told"] = datetime.fromtimestamp(payment["expires"] / 1000, UTC).isoformat()[:19]
        else:
            payment["expires_told"] = payment["expires"]
        self.payments[md5] = payment
        return payment

    async def status(self, md5, key):
        payment = self.payments.get(md5)
        if md5.isdecimal() and self.has("integer-ids"):
            payment = next((one for one in self.payments.values() if str(one["number"]) == md5), None)
        if self.has("status-by-prefix"):
            payment = next((one for name, one in self.payments.items() if name.startswith(md5)), None)
        if payment and payment.get("owner", name_of_key(key)) != name_of_key(key) and not self.has("tenants-mixed"):
            payment = None
        if payment is None:
            if self.has("unknown-open"):
                return 200, {"state": "open"}
            if self.has("unknown-500"):
                raise KeyError(md5)
            raise Problem(404, "no such payment")
        await self.check(payment)
        if self.has("paid-at-moves") and payment["state"] == "paid":
            payment["paid_at"] = self.now_ms
        return 200, payment | {"user": self.user_told(payment["user"])}

    def history(self, user, asked, key):
        """A user's payments, newest first, a page of them."""
        try:
            limit, offset = int(asked["limit"][0]), int(asked["offset"][0])
        except (KeyError, ValueError):
            if self.has("page-500"):
                raise
            raise Problem(422, "expected limit and offset") from None
        if not (1 <= limit <= 100 and offset >= 0) and not self.has("page-500"):
            raise Problem(422, "expected a limit of 1 to 100 and an offset of 0 or more")
        found = [one for one in self.payments.values() if one["user"] == user or self.has("history-of-all")]
        if not self.has("tenants-in-history"):
            found = [one for one in found if one.get("owner", name_of_key(key)) == name_of_key(key)]
        if self.has("history-unpaid-hidden"):
            found = [one for one in found if one["state"] not in ("expired", "failed")]
        if not self.has("history-oldest-first"):
            found.reverse()
        if self.has("history-offset-ignored"):
            offset = 0
        if self.has("history-offset-from-one"):
            offset = max(offset - 1, 0)
        if self.has("history-limit-ignored"):
            limit = 1000
        return {"items": found[offset : offset + limit]}

    async def bulk_check(self, ids, key):
        """A row for each id, in their order."""
        if not (isinstance(ids, list) and ids and all(isinstance(one, str) for one in ids)):
            if self.has("bulk-500"):
                raise TypeError(ids)
            raise Problem(422, "expected 1 to 50 ids")
        if len(ids) > 50 and not self.has("bulk-without-end"):
            raise Problem(422, "at most 50")
        if self.has("bulk-drops-doubles"):
            ids = list(dict.fromkeys(ids))
        if self.has("bulk-drops-unknown"):
            ids = [one for one in ids if one in self.payments]
        if self.has("bulk-sorted"):
            ids = sorted(ids)
        known = [self.payments[one] for one in ids if one in self.payments]
        known = [
            one
            for one in known
            if one.get("owner", name_of_key(key)) == name_of_key(key) or self.has("tenants-in-bulk")
        ]
        seen = {one["id"] for one in known}
        for payment in known:
            await self.check(payment)
        if self.has("bulk-mixed"):
            states = iter([one["state"] for one in self.payments.values() if one in known])
            return {"rows": [{"id": one, "state": next(states, None) if one in seen else None} for one in ids]}
        return {"rows": [{"id": one, "state": self.payments[one]["state"] if one in seen else None} for one in ids]}

    def number(self, amount, _price):
        """The amount of an order, as it is compared."""
        return amount

    def bill_number(self, user):
        """What the code says of the user, as wallets show it: at most 25 characters, which emoji are not."""
        return "".join(letter for letter in name_alone(user) if letter <= "\uffff")[:25].strip() or None

    def user_told(self, user):
        """A user's name, as answers tell it."""
        return name_alone(user)

    def key_of(self, owner, path, key):
        """How an idempotency key is remembered."""
        if key is None:
            return None
        if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()) and not self.has("key-long-cut"):
            raise Problem(422, "the idempotency key")
        return owner, path, key

    def key_life_ms(self):
        return 86_400_000

    def remembered(self, key):
        """What was answered under the key, where it is not forgotten."""
        known = self.keys.get(key)
        life = self.key_life_ms()
        if known and life is not None and known[1] and self.now_ms >= known[1]["created"] + life:
            known = None
        return known

    def replayed(self, made):
        return made

    # Time

    async def set_time(self, now_ms):
        self.now_ms, self.unread = now_ms, False
        self.moved.set()
        self.moved = asyncio.Event()
        if not self.has("no-worker"):
            for payment in list(self.payments.values()):
                if self.has("expiry-unwatched") and self.now_ms >= payment["expires"]:
                    continue
                looked_for_s = 0 if self.has("late-unwatched") else 3600
                if payment["state"] in ("open", "timeout") or self.now_ms < payment["expires"] + looked_for_s * 1000:
                    with contextlib.suppress(RuntimeError, httpx.HTTPError, ValueError, Problem):
                        await self.work_on(payment)
                if self.unread and self.has("round-ends-at-nonsense"):
                    break
        self.age()
        await self.deliver()

    async def work_on(self, payment):
        """What the worker does with a payment that is open."""
        if self.has("waited-unwatched") and payment.get("waited"):
            return
        if self.has("lists-alone"):
            ids = [one["id"] for one in self.payments.values() if one["state"] == "open"]
            if len(ids) > 1 and (await self.bakong.post("/v1/check_transaction_by_md5_list", json=ids)).is_error:
                return
        await self.check(payment)

    async def follow(self):
        """Take the world's time, where that is the shop's."""
        now_ms = (await self.hooks.get(self.clock_url)).json()["now_ms"]
        if now_ms != self.now_ms:
            await self.set_time(now_ms)

    async def monitor(self, body):
        """Wait for a payment until the time is up; giving up makes it "timeout", and it is still watched."""
        known, wanted = body.get("id"), body.get("timeout_ms")
        if not self.has("monitor-500") and not (isinstance(known, str) and type(wanted) is int):
            raise Problem(422, "expected an id and a timeout_ms")
        payment = self.payments.get(known)
        if payment is None:
            raise Problem(500 if self.has("monitor-500") else 404, "no such payment")
        ends = self.now_ms + body["timeout_ms"] // (2 if self.has("monitor-half") else 1)
        watched = dict(payment) if self.has("monitor-blind") else payment
        while True:
            await self.check(payment)
            if watched["state"] != "open" or self.now_ms >= ends:
                break
            await self.moved.wait()
        if self.has("monitor-revives") and payment["state"] == "expired":
            payment["state"] = "timeout"
        if self.has("monitor-forgets") and (await self.ask(payment["id"]) or {}).get("errorCode") == 1:
            payment["state"] = "timeout"
        if payment["state"] == "open" and self.has("timeout-of-the-wait"):
            self.tell("payment.timeout", payment)
            return {"state": "timeout"}
        if payment["state"] == "open":
            payment["waited"] = True
            payment["state"] = (
                "expired" if self.has("timeout-expires") else "open" if self.has("timeout-pending") else "timeout"
            )
            if not self.has("timeout-untold"):
                self.tell("payment.timeout", payment)
        return {"state": "timeout" if self.has("monitor-blind") else payment["state"]}


class Shop(Kinds, Healthy):
    """The shop with all its switches."""


def constant(name):
    """NaN and its kin, which are no JSON."""
    raise ValueError(name)


def static(code):
    """The code with 11 in tag 01, as if it could be paid many times."""
    text = code.qr.replace("010212", "010211", 1)[:-4]
    text += khqr.crc16(text)
    return SimpleNamespace(qr=text, md5=hashlib.md5(text.encode()).hexdigest())


def from_environment():
    env = os.environ
    prices = {"BASIC": {"USD": int(env.get("BASIC_CENTS", "50")), "KHR": 2000}}
    prices["FULL"] = {"USD": int(env.get("FULL_CENTS", "100")), "KHR": 4000}
    shop = Shop(
        bakong_url=env["BAKONG_URL"],
        token=env["BAKONG_TOKEN"],
        api_key=env["API_KEY"],
        secret=env["WEBHOOK_SECRET"],
        webhook_url=env["WEBHOOK_URL"],
        prices=prices,
        bugs=set(env.get("BUGS", "").split(",")) - {""},
    )
    shop.clock_url = env.get("CLOCK_URL", "")
    return shop
