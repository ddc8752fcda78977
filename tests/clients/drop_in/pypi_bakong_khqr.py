"""PyPI bakong-khqr as its users write it: no address, no patch."""

import json
import os

from bakong_khqr import KHQR
from pay import pay

khqr = KHQR(os.environ["BAKONG_TOKEN"])
qr = str(
    khqr.create_qr(
        account_id="sokha@devb",
        merchant_name="Sokha",
        merchant_city="Phnom Penh",
        amount=1.5,
        currency="USD",
        store_label="Shop",
        phone_number="85512345678",
        bill_number="INV-1",
        terminal_label="POS-1",
        static=False,
    )
)
md5 = khqr.generate_md5(qr)
before = khqr.check_payment(md5)
link = khqr.generate_deeplink(
    qr, appDeepLinkCallback="https://shop.test", appIconUrl="https://shop.test/i.png", appName="Shop"
)


def bulk():
    try:
        return khqr.check_bulk_payments([md5])
    except ValueError as error:  # production refuses lists
        return str(error)


bulk_before = bulk()
pay(qr)
found = khqr.get_payment(md5)
print(
    json.dumps(
        {
            "before": before,
            "link": link,
            "after": khqr.check_payment(md5),
            "amount": found["amount"],
            "bulk": [bulk_before, bulk()],
        }
    )
)
