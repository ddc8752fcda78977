"""PyPI cambodia-bank as its users write it, against NBC's own address."""

import json
import os

from cambodia_bank.api import check_md5, check_md5_list
from pay import pay

from khqr import Currency, Individual, encode

code = encode(
    Individual(
        bakong_account_id="sokha@devb",
        merchant_name="Sokha",
        currency=Currency.USD,
        amount="1.5",
        expiration_timestamp=4_000_000_000_000,
    ),
    now=1_770_768_000_000,
)
token = os.environ["BAKONG_TOKEN"]
before = check_md5(code.md5, token)
pay(code.qr)
print(
    json.dumps(
        {
            "before": before["errorCode"],
            "after": check_md5(code.md5, token)["data"]["amount"],
            "list": check_md5_list([code.md5, "0" * 32], token).get("data"),  # production refuses lists
            "refused": check_md5(code.md5, "no-token")["errorCode"],
        }
    )
)
