"""The peer of the service's benchmark: a bare FastAPI app that inserts the same row with async SQLAlchemy."""

import sys
import uuid

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import create_async_engine

from bakong_service.adapters.sql.tables import metadata, payment_transactions

QR = "00020101021229180014noodle_shop@devb5204599953038405802KH5911Noodle Shop6010Phnom Penh" + "0" * 80


class Order(BaseModel):
    userId: str  # noqa: N815  the contract's name
    planType: str  # noqa: N815
    amount: float
    currency: str


def build(url: str) -> FastAPI:
    engine = create_async_engine(url, **({"pool_size": 20} if url.startswith("postgresql") else {}))
    app = FastAPI()

    if url.startswith("sqlite"):

        @event.listens_for(engine.sync_engine, "connect")
        def durable(connection, _record):
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
                connection.execute("PRAGMA " + pragma)

    @app.post("/api/payments/create")
    async def create(order: Order):
        row = {
            "id": str(uuid.uuid4()),
            "user_id": order.userId,
            "plan": order.planType,
            "amount_minor": int(order.amount * 100),
            "currency": order.currency,
            "account_id": "noodle_shop@devb",
            "bill_number": "DT-" + uuid.uuid4().hex[:20],
            "md5": uuid.uuid4().hex,
            "qr": QR,
            "deep_link": "bakong://qr?qr=" + QR,
            "status": "PENDING",
            "late": False,
            "created_ms": 1,
            "expires_ms": 2,
            "updated_ms": 1,
            "next_poll_ms": 3,
            "priority": "normal",
            "purpose": "plan",
        }
        async with engine.begin() as connection:
            await connection.execute(insert(payment_transactions), row)
        return {"success": True, "data": {"transactionId": row["id"], "qrCode": row["qr"], "status": "PENDING"}}

    @app.get("/api/health/live")
    async def live():
        return {"status": "live"}

    return app


if __name__ == "__main__":
    assert metadata
    uvicorn.run(build(sys.argv[1]), port=int(sys.argv[2]), log_level="error", access_log=False)
