"""A wallet, for the clients of this folder: pays a code at the sandbox's control API."""

import json
import os
import urllib.request


def pay(qr: str) -> None:
    url = os.environ["BAKONG_SANDBOX_URL"] + "/sandbox/worlds/default/payments"
    body = json.dumps({"qr": qr}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"})).close()
