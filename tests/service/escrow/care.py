"""A care platform for tests: a service with scripted bKash and Nagad, and its people with their tokens."""

import json
import tempfile
import uuid
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from pydantic import SecretStr

from bakong_service import app as service_app
from bakong_service.adapters import jws
from bakong_service.adapters.access_tokens import shared_kid
from bakong_service.adapters.sql import sqlite
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.domain.escrow_numbers import webhook_signature
from bakong_service.settings import Settings
from tests import secrecy
from tests.service.escrow.gateways import Bkash, Nagad
from tests.service.house import SETTINGS, bakong, open_house

JWT = "sandbox_jwt_secret_0123456789abcdefghijklmnopqrstuvwxyz"
HOOK = "whsec-sandbox-open-0123456789"
secrecy.issue(JWT, HOOK)
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def token(user, role, now_ms, agency=None):
    claims = {"sub": user, "role": role, "exp": now_ms // 1000 + 10**9}
    claims |= {} if agency is None else {"merchant": agency}
    return jws.sign(claims, JWT.encode(), jws.SHARED, shared_kid(JWT))


class Care(SimpleNamespace):
    """What its people do over HTTP."""

    async def call(self, method, path, body=None, *, by=("g1", "GUARDIAN"), **options):
        headers = dict(options.pop("headers", {}))
        if by is not None:
            headers["authorization"] = f"Bearer {token(by[0], by[1], self.clock.now_ms(), *by[2:])}"
        if body is not None:
            options["content"] = body if isinstance(body, str | bytes) else json.dumps(body)
            headers.setdefault("content-type", "application/json")
        return await self.client.request(method, path, headers=headers, **options)

    async def job(self, number=1, **changes):
        body = {
            "packageName": "Night care",
            "guardian": {"id": f"g{number}", "fullName": "Ayesha"},
            "caregiver": {"id": f"c{number}", "fullName": "Rina"},
            "agency": {"id": f"a{number}", "companyName": "Shurjo"},
        }
        answer = await self.call("PUT", f"/api/jobs/job{number}", body | changes, by=ADMIN)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def create(self, number=1, amount=15000, method="BKASH", **options):
        body = {"jobId": f"job{number}", "amount": amount, "method": method, "currency": "BDT"}
        return await self.call("POST", "/api/payments", body, by=(f"g{number}", "GUARDIAN"), **options)

    async def made(self, number=1, amount=15000, method="BKASH"):
        """A job with a payment."""
        await self.job(number)
        answer = await self.create(number, amount, method)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def attempt(self, payment, **options):
        """A payment at the provider; its name there."""
        body = {"paymentId": payment["id"], "amount": payment["amount"]}
        name = payment["method"].lower()
        if name == "bkash":
            body["callbackUrl"] = "https://care.test/back"
        answer = await self.call("POST", f"/api/payments/{name}/create", body, by=(payment["payerId"], "GUARDIAN"))
        if options.get("raw"):
            return answer
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        return data.get("paymentID") or data["paymentReferenceId"]

    async def conclude(self, payment, reference, **options):
        """execute or verify."""
        names = {"BKASH": ("bkash/execute", "paymentID"), "NAGAD": ("nagad/verify", "paymentReferenceId")}
        path, field = names[payment["method"]]
        body = {"paymentId": payment["id"], field: reference}
        by = options.pop("by", (payment["payerId"], "GUARDIAN"))
        return await self.call("POST", f"/api/payments/{path}", body, by=by, **options)

    async def paid(self, number=1, amount=15000, method="BKASH"):
        """A payment whose money is held."""
        payment = await self.made(number, amount, method)
        reference = await self.attempt(payment)
        self.gateway(payment).approve(reference)
        answer = await self.conclude(payment, reference)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["status"] == "COMPLETED"
        return payment

    async def refund(self, payment, amount=None, *, by=None, **options):
        body = {"reason": "asked for"} | ({} if amount is None else {"amount": amount})
        return await self.call("POST", f"/api/payments/{payment['id']}/refund", body, by=by or ADMIN, **options)

    async def release(self, payment, *, by=None, **options):
        return await self.call("POST", f"/api/payments/{payment['id']}/release-escrow", by=by or ADMIN, **options)

    async def seen(self, payment, *, by=None):
        answer = await self.call("GET", f"/api/payments/{payment['id']}", by=by or ADMIN)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def states(self, payment):
        seen = await self.seen(payment)
        return seen["status"], seen["escrow"]["status"]

    async def webhook(self, payment, status="SUCCESS", transaction="TRX1", *, secret=HOOK, age_s=0, **changes):
        body = {"paymentId": payment["id"], "transactionId": transaction, "status": status, "amount": "15000.00"}
        raw = json.dumps(body | {"currency": "BDT", "gatewayResponse": {"statusCode": "0000"}} | changes).encode()
        stamp = str(self.clock.now_ms() // 1000 - age_s)
        headers = {
            "authorization": "",
            "x-webhook-timestamp": stamp,
            "x-webhook-signature": webhook_signature(secret, stamp, raw),
        }
        return await self.client.post("/api/payments/webhook", content=raw, headers=headers)

    def gateway(self, payment):
        return self.bkash if payment["method"] == "BKASH" else self.nagad

    async def settled(self):
        """All that is due now is done."""
        await self.clock.advance(0)

    async def balances(self):
        """Of the ledger, by account."""
        rows = await self.core.store.read(lambda records: records.escrow_balances())
        sums = {}
        for (account, _, _), amount in rows.items():
            sums[account] = sums.get(account, 0) + amount
        return {account: amount for account, amount in sums.items() if amount}

    async def events(self):
        rows = await self.core.store.migrate(
            lambda connection: connection.exec_driver_sql(
                "SELECT event FROM webhook_notifications ORDER BY created_ms, id"
            ).all()
        )
        return [event for (event,) in rows]

    async def stored(self, payment):
        return await self.core.store.read(lambda records: records.escrow_payment(payment["id"]))


ADMIN = ("admin1", "PLATFORM_ADMIN")
SUPER = ("admin2", "SUPER_ADMIN")
STRANGER = ("g9", "GUARDIAN")


def new_id():
    return str(uuid.uuid4())


@cache
def migrated():
    """The bytes of a SQLite file with every table and no row: to migrate takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite.engine(Path(folder) / "empty.db")
        with connection.connect() as opened, opened.begin():
            upgrade(opened)
        connection.dispose()
        return (Path(folder) / "empty.db").read_bytes()


@asynccontextmanager
async def open_care(folder, storage, *, gateways=None, provider=(), workers=1, **changes):
    """workers: so many services share the database and the clock; the first is asked."""
    bkash, nagad = gateways or (Bkash(), Nagad())
    settings = {
        "jwt_secret": SecretStr(JWT),
        "payment_webhook_secret": SecretStr(HOOK),
        "public_url": "http://pay.test",
    }
    factories = [bkash.factory(**dict(provider)), nagad.factory(**dict(provider))]
    url = storage.get("database_url", "")
    if not url and not (folder / "house.db").exists():
        (folder / "house.db").write_bytes(migrated())
    async with AsyncExitStack() as opened:
        house = await opened.enter_async_context(
            open_house(folder, database_url=url, providers=factories, **settings | changes)
        )
        for _ in range(workers - 1):
            stored = url or f"sqlite:///{folder / 'house.db'}"
            known = {"database_url": stored, "log_dir": folder / "more", "redis_url": ""}
            more = Settings.model_construct(**SETTINGS | settings | changes | known)
            await opened.enter_async_context(service_app.run(more, [bakong(), *factories], timers=house.clock))
        yield Care(bkash=bkash, nagad=nagad, **vars(house))
