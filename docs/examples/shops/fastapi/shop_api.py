"""A shop in FastAPI that sells a coffee for KHQR. It asks Bakong at NBC's own address, as in production."""

import os
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI, Response

from khqr import Currency, Individual, encode

BAKONG = "https://api-bakong.nbc.gov.kh/v1"
TIMEOUT_S = float(os.environ.get("BAKONG_TIMEOUT_S", "10"))
FAILED = 3  # Bakong's errorCode of a payment that failed; 1 is one that nobody has made yet


def make_shop(token: str, timeout_s: float = TIMEOUT_S) -> FastAPI:
    app = FastAPI()
    orders: dict[int, Any] = {}
    numbers = count(1)

    @app.post("/orders", status_code=201)
    async def order() -> dict[str, Any]:
        number = next(numbers)
        payee = Individual(
            bakong_account_id="shop@devb", merchant_name="Coffee", currency=Currency.USD, amount="1.50",
            bill_number=f"A-{number}", expiration_timestamp=4_000_000_000_000,
        )  # fmt: skip
        orders[number] = encode(payee)
        return {"number": number, "qr": orders[number].qr}

    @app.get("/orders/{number}")
    async def state(number: int, response: Response) -> dict[str, str]:
        async with httpx.AsyncClient(timeout=timeout_s, headers={"authorization": f"Bearer {token}"}) as bakong:
            try:
                asked = await bakong.post(f"{BAKONG}/check_transaction_by_md5", json={"md5": orders[number].md5})
                answer = asked.json()
            except (httpx.HTTPError, ValueError):
                response.status_code = 503  # it may be paid: ask again
                return {"state": "unknown"}
        if answer["responseCode"] == 0 and answer["data"]["amount"] == 1.5:
            return {"state": "paid"}
        return {"state": "failed" if answer["errorCode"] == FAILED else "open"}

    return app
