"""A shop in Flask that sells a coffee for KHQR. It asks Bakong at NBC's own address, as in production."""

import os
from itertools import count

import requests
from flask import Flask

from khqr import Currency, Individual, encode

BAKONG = "https://api-bakong.nbc.gov.kh/v1"
TIMEOUT_S = float(os.environ.get("BAKONG_TIMEOUT_S", "10"))
FAILED = 3  # Bakong's errorCode of a payment that failed; 1 is one that nobody has made yet


def make_shop(token, timeout_s=TIMEOUT_S):
    app = Flask(__name__)
    orders, numbers = {}, count(1)

    @app.post("/orders")
    def order():
        number = next(numbers)
        payee = Individual(
            bakong_account_id="shop@devb", merchant_name="Coffee", currency=Currency.USD, amount="1.50",
            bill_number=f"A-{number}", expiration_timestamp=4_000_000_000_000,
        )  # fmt: skip
        orders[number] = encode(payee)
        return {"number": number, "qr": orders[number].qr}, 201

    @app.get("/orders/<int:number>")
    def state(number):
        headers = {"authorization": f"Bearer {token}"}
        body = {"md5": orders[number].md5}
        try:
            answer = requests.post(
                f"{BAKONG}/check_transaction_by_md5", json=body, headers=headers, timeout=timeout_s
            ).json()
        except requests.RequestException:
            return {"state": "unknown"}, 503  # it may be paid: ask again
        if answer["responseCode"] == 0 and answer["data"]["amount"] == 1.5:
            return {"state": "paid"}
        return {"state": "failed" if answer["errorCode"] == FAILED else "open"}

    return app
