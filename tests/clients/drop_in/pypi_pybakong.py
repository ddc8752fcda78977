"""PyPI pybakong as its users write it: registers, reads the code from the sandbox's mails, renews, asks."""

import json
import os
import urllib.request

from pybakong import BakongAPIError, BakongClient


def mailed_code():
    url = os.environ["BAKONG_SANDBOX_URL"] + "/sandbox/worlds/default"
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)["outbox"][-1]["code"]


def told(call, *rest):
    try:
        return call(*rest)
    except BakongAPIError as error:
        return str(error)


client = BakongClient()
sent = client.request_token("sokha@shop.test", "Shop", "Till")["responseMessage"]
first = client.verify_token(mailed_code())
renewed = client.renew_token("sokha@shop.test")
print(
    json.dumps(
        {
            "sent": sent,
            "lengths": [len(first), len(renewed)],
            "md5": told(client.check_transaction_md5, "0" * 32),
            "account": told(client.check_bakong_account, "sandbox_merchant@sand"),
            "nobody": told(client.check_bakong_account, "nobody@devb"),
            "deeplink": told(client.generate_deeplink, "no code", "https://a.test/i.png", "Shop", "https://a.test"),
        }
    )
)
