"""The client of Nagad's API. Every answer and every failure becomes a value; nothing is raised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from bakong_schemes.nagad import sealing, wire
from bakong_schemes.nagad.sealing import CANCEL_NAMES, PLAIN_NAMES, Names, SealError
from bakong_service.domain.payments import NoAnswer

MAX_ANSWER_BYTES = 256 * 1024
Answer = dict[str, Any] | NoAnswer
# What may have reached Nagad although no good answer came.
UNSURE = ("timeout", "unreachable", "garbage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who asks. private_key is the merchant's, public_key Nagad's, each a line of base64. client_ip: X-KM-IP-V4."""

    merchant_id: str
    private_key: str
    public_key: str
    client_ip: str = "127.0.0.1"
    account_number: str = ""


class HttpNagad:
    """Asks as a merchant. root: the path that stands before /check-out, /verify and /purchase."""

    def __init__(self, client: httpx.AsyncClient, merchant: Merchant, *, root: str = "") -> None:
        self.merchant_id = merchant.merchant_id
        self.account_number = merchant.account_number
        self._client = client
        self._root = root
        self.base_url = str(client.base_url).rstrip("/") + root
        self._own = sealing.private_key(merchant.private_key)
        self._nagad = sealing.public_key(merchant.public_key)
        self._headers = {
            "content-type": "application/json",
            wire.HEADER_VERSION: wire.API_VERSION,
            wire.HEADER_IP: merchant.client_ip,
            wire.HEADER_CLIENT: wire.CLIENT_TYPES[0],
            "x-km-mc-id": merchant.merchant_id,
        }

    async def initialize(self, order_id: str, now: str, challenge: str) -> Answer:
        fields = {"merchantId": self.merchant_id, "datetime": now, "orderId": order_id, "challenge": challenge}
        more = {"dateTime": now} | ({"accountNumber": self.account_number} if self.account_number else {})
        path = f"/check-out/initialize/{self.merchant_id}/{order_id}"
        return await self._post(path, self._sealed(fields, PLAIN_NAMES), more)

    async def complete(self, reference: str, fields: Mapping[str, str], more: Mapping[str, Any]) -> Answer:
        sealed = self._sealed({"merchantId": self.merchant_id, **fields}, PLAIN_NAMES)
        return await self._post(f"/check-out/complete/{reference}", sealed, more)

    async def verify(self, reference: str) -> Answer:
        return await self._send("GET", f"/verify/payment/{reference}")

    async def cancel(self, reference: str, order_id: str, fields: Mapping[str, str]) -> Answer:
        sealed = self._sealed({"merchantId": self.merchant_id, **fields}, CANCEL_NAMES)
        return await self._post(f"/purchase/cancel?paymentRefId={reference}&orderId={order_id}", sealed, {})

    def _sealed(self, fields: Mapping[str, str], names: Names) -> dict[str, str] | NoAnswer:
        try:
            return sealing.seal(orjson.dumps(fields), self._nagad, self._own, names)
        except SealError as error:
            return NoAnswer("refused", str(error))

    async def _post(self, path: str, sealed: dict[str, str] | NoAnswer, more: Mapping[str, Any]) -> Answer:
        """The object of an answer; what it has sealed, where it is sealed."""
        if isinstance(sealed, NoAnswer):
            return sealed
        answer = await self._send("POST", path, orjson.dumps({**more, **sealed}))
        return answer if isinstance(answer, NoAnswer) else self._opened(answer)

    def _opened(self, answer: dict[str, Any]) -> Answer:
        """What Nagad has sealed for us, its signature checked; a plain answer is itself."""
        data, signature = answer.get("sensitiveData"), answer.get("signature")
        if data is None and signature is None:
            return answer
        if not isinstance(data, str) or not isinstance(signature, str):
            return NoAnswer("garbage", "a sealed answer without sensitiveData or signature")
        try:
            opened = parsed(sealing.unseal(data, signature, self._own, self._nagad))
        except SealError as error:
            return NoAnswer("garbage", _why_not(error))
        return NoAnswer("garbage", "what Nagad has sealed is no object") if opened is None else opened

    async def _send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        try:
            async with self._client.stream(method, self._root + path, content=body, headers=self._headers) as response:
                answered = await _read(response)
        except httpx.TimeoutException:
            return NoAnswer("timeout", method)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        return _object(response.status_code, answered)


def _why_not(error: SealError) -> str:
    """What to look at, for whoever configures the service."""
    if error.kind == "DecryptionError":
        return "Nagad's answer does not open: NAGAD_PRIVATE_KEY is not of the pair whose public key Nagad has"
    if error.kind == "SignatureVerificationFailed":
        return "Nagad's signature is not by the key in NAGAD_PUBLIC_KEY"
    return f"Nagad's answer: {error}"


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of Nagad's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _object(status: int, body: bytes | None) -> Answer:
    """The object of an answer. The values of reason are not public: that there is one is what counts."""
    document = parsed(body)
    if document is None and status == 403:
        return NoAnswer("blocked", "a page in the place of JSON: Nagad has to register the address of this server")
    if document is None:
        return NoAnswer("garbage", f"HTTP {status}, no object")
    if isinstance(reason := document.get("reason"), str) and reason:
        said = document.get("devMessage") or document.get("message")
        return NoAnswer("refused", f"HTTP {status}, {reason[:80]}: {str(said)[:200]}")
    return document if status < 400 else NoAnswer("garbage", f"HTTP {status} without a reason")


def parsed(body: bytes | None) -> dict[str, Any] | None:
    """The object in a body; None for what is none."""
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
