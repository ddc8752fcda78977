"""The small escrow shop's own clients of bKash and Nagad. Silent: nothing came back, whatever the money did."""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key


class Silent(Exception):
    """No answer, or none that says what happened."""


class Refusal(Exception):
    """The provider refuses by a code or a reason."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Bkash:
    def __init__(self, http, settings, clock):
        self.http, self.settings, self.clock = http, settings, clock
        self.token, self.until = "", 0

    async def _post(self, url, body, headers):
        try:
            answer = await self.http.post(url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise Silent(str(error)) from None
        return answer

    async def _headers(self):
        mine = self.settings
        if self.clock() >= self.until:
            answer = await self._post(
                f"{mine['bkash_url']}/tokenized/checkout/token/grant",
                {"app_key": mine["bkash_app_key"], "app_secret": mine["bkash_app_secret"]},
                {"username": mine["bkash_username"], "password": mine["bkash_password"]},
            )
            granted = answer.json()
            if granted.get("statusCode") != "0000":
                raise Silent("no token")
            self.token, self.until = granted["id_token"], self.clock() + (granted["expires_in"] - 300) * 1000
        return {"authorization": self.token, "x-app-key": mine["bkash_app_key"]}

    async def call(self, path, body):
        """The answer of the tokenized family. Raises Refusal and Silent."""
        url = f"{self.settings['bkash_url']}/tokenized/checkout/{path}"
        answer = await self._post(url, body, await self._headers())
        if answer.status_code != 200:
            raise Silent(answer.text)
        body = answer.json()
        code = body.get("statusCode") or body.get("errorCode")
        if code in ("503", "2003", "2020", "2024", "9999"):
            raise Silent(code)
        if code != "0000":
            raise Refusal(code)
        return body

    async def refunds(self, payment_id, trx):
        """(trx, amount) of every refund of a payment."""
        url = f"{self.settings['bkash_v2_url']}/refund/payment/status"
        answer = await self._post(url, {"paymentId": payment_id, "trxId": trx}, await self._headers())
        if answer.status_code != 200:
            raise Silent(answer.text)
        return [(row["refundTrxId"], row["refundAmount"]) for row in answer.json()["refundTransactions"]]


@cache
def keys_of(private, public):
    return load_der_private_key(base64.b64decode(private), None), load_der_public_key(base64.b64decode(public))


HEADERS = {"x-km-api-version": "v-0.2.0", "x-km-ip-v4": "198.51.100.7", "x-km-client-type": "PC_WEB"}


class Nagad:
    def __init__(self, http, settings, clock):
        self.http, self.settings, self.clock = http, settings, clock
        self.mine, self.theirs = keys_of(settings["nagad_private_key"], settings["nagad_public_key"])

    def now(self):
        return datetime.fromtimestamp(self.clock() / 1000, UTC) + timedelta(hours=6)

    def sealed(self, value):
        plain = json.dumps(value).encode()
        data = self.theirs.encrypt(plain, PKCS1v15())
        signature = self.mine.sign(plain, PKCS1v15(), SHA256())
        return base64.b64encode(data).decode(), base64.b64encode(signature).decode()

    def opened(self, body):
        plain = self.mine.decrypt(base64.b64decode(body["sensitiveData"]), PKCS1v15())
        self.theirs.verify(base64.b64decode(body["signature"]), plain, PKCS1v15(), SHA256())
        return json.loads(plain)

    async def call(self, method, path, body=None):
        try:
            answer = await self.http.request(method, self.settings["nagad_url"] + path, json=body, headers=HEADERS)
        except httpx.HTTPError as error:
            raise Silent(str(error)) from None
        if answer.status_code >= 500:
            raise Silent(answer.text)
        found = answer.json()
        if "reason" in found:
            raise Refusal(found["reason"])
        return found

    async def create(self, order, amount, callback):
        """(reference, page, challenge)."""
        merchant, now = self.settings["nagad_merchant_id"], f"{self.now():%Y%m%d%H%M%S}"
        plain = {"merchantId": merchant, "datetime": now, "orderId": order, "challenge": f"c{order}"}
        data, signature = self.sealed(plain)
        body = {"dateTime": now, "sensitiveData": data, "signature": signature}
        begun = self.opened(await self.call("POST", f"/check-out/initialize/{merchant}/{order}", body))
        plain = {"merchantId": merchant, "orderId": order, "currencyCode": "050", "amount": amount}
        data, signature = self.sealed(plain | {"challenge": begun["challenge"]})
        body = {"sensitiveData": data, "signature": signature, "merchantCallbackURL": callback}
        reference = begun["paymentReferenceId"]
        page = await self.call("POST", f"/check-out/complete/{reference}", body)
        return reference, page["callBackUrl"], begun["challenge"]

    async def verify(self, reference):
        return await self.call("GET", f"/verify/payment/{reference}")

    async def cancel(self, reference, order, original, amount, name):
        plain = {"merchantId": self.settings["nagad_merchant_id"], "originalRequestDate": f"{self.now():%Y%m%d}"}
        plain |= {"originalAmount": original, "cancelAmount": amount, "referenceNo": name, "referenceMessage": "refund"}
        data, signature = self.sealed(plain)
        path = f"/purchase/cancel?paymentRefId={quote(reference, safe='')}&orderId={order}"
        body = {"sensitiveDataCancelRequest": data, "signature": signature}
        return self.opened(await self.call("POST", path, body))["cancelTrxId"]
