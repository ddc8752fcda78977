"""The client of bKash's API. Every answer and every failure becomes a value; nothing is raised."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.adapter.tokens import Answer, Tokens
from bakong_service.domain.payments import NoAnswer

MAX_ANSWER_BYTES = 256 * 1024
# What may have reached bKash although no good answer came: the money may have moved.
UNSURE = ("timeout", "unreachable", "garbage")

_PATHS: dict[str, dict[str, tuple[str, str]]] = {
    wire.TOKENIZED: {
        "grant": ("POST", f"/{wire.VERSION}/tokenized/checkout/token/grant"),
        "refresh": ("POST", f"/{wire.VERSION}/tokenized/checkout/token/refresh"),
        "create": ("POST", f"/{wire.VERSION}/tokenized/checkout/create"),
        "execute": ("POST", f"/{wire.VERSION}/tokenized/checkout/execute"),
        "query": ("POST", f"/{wire.VERSION}/tokenized/checkout/payment/status"),
        "refund": ("POST", f"/{wire.V2_ROOT}/refund/payment/transaction"),
        "refund_status": ("POST", f"/{wire.V2_ROOT}/refund/payment/status"),
    },
    wire.CHECKOUT: {
        "grant": ("POST", f"/{wire.VERSION}/checkout/token/grant"),
        "refresh": ("POST", f"/{wire.VERSION}/checkout/token/refresh"),
        "create": ("POST", f"/{wire.VERSION}/checkout/payment/create"),
        "execute": ("POST", f"/{wire.VERSION}/checkout/payment/execute/{{id}}"),
        "query": ("GET", f"/{wire.VERSION}/checkout/payment/query/{{id}}"),
    },
}


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)


class HttpBkash:
    """Asks with a token that it renews. root: the path before the API's own, "" at the real one."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        credentials: Credentials,
        *,
        now_ms: Callable[[], int],
        root: str = "",
        product: str = wire.TOKENIZED,
    ) -> None:
        self._client = client
        self._known = credentials
        self._root = root
        self._paths = _PATHS[product]
        self._tokens = Tokens(self._renew, now_ms)

    async def call(self, operation: str, body: Mapping[str, Any] | None = None, *, id_: str = "") -> Answer:
        """The object of an answer, an error of bKash's among them: see code_of. NoAnswer is the gateway's, or silence.

        A call that the gateway refuses for its token has not reached bKash: it is made once more with a new one.
        """
        token = await self._tokens.get()
        if isinstance(token, NoAnswer):
            return token
        answer = await self._asked(operation, body, id_, token)
        if isinstance(answer, NoAnswer) and answer.why == "unauthorized":
            token = await self._tokens.get(refused=token)
            if isinstance(token, NoAnswer):
                return token
            answer = await self._asked(operation, body, id_, token)
        return answer

    async def _asked(self, operation: str, body: Mapping[str, Any] | None, id_: str, token: str) -> Answer:
        return await self._send(operation, body, id_, {"authorization": token, "x-app-key": self._known.app_key})

    async def _renew(self, refresh: str) -> Answer:
        body = {"app_key": self._known.app_key, "app_secret": self._known.app_secret}
        headers = {"username": self._known.username, "password": self._known.password}
        name = "refresh" if refresh else "grant"
        answer = await self._send(name, body | ({"refresh_token": refresh} if refresh else {}), "", headers)
        if isinstance(answer, NoAnswer):
            return answer
        code = code_of(answer)
        if code != wire.SUCCESS or answer.get("status") == "fail":
            return NoAnswer("unauthorized", f"token refused: {code}")
        return answer

    async def _send(
        self, operation: str, body: Mapping[str, Any] | None, id_: str, headers: Mapping[str, str]
    ) -> Answer:
        method, path = self._paths[operation]
        content = None if method == "GET" else orjson.dumps(body or {})
        url = self._root + path.replace("{id}", id_)
        given = {**headers, "content-type": "application/json", "accept": "application/json"}
        try:
            async with self._client.stream(method, url, content=content, headers=given) as response:
                answered = await _read(response)
        except httpx.TimeoutException:
            return NoAnswer("timeout", operation)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        return _object(operation, response.status_code, answered)


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of bKash's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _object(operation: str, status: int, body: bytes | None) -> Answer:
    if status == 401:
        return NoAnswer("unauthorized", f"{operation}: HTTP 401")
    if status in (403, 429):
        return NoAnswer("blocked", f"{operation}: HTTP {status}")
    document = parsed(body)
    if document is None:
        return NoAnswer("garbage", f"{operation}: HTTP {status}, no object")
    if status >= 400 and code_of(document) == wire.SUCCESS:
        return NoAnswer("garbage", f"{operation}: HTTP {status} without a code")
    return document


def code_of(document: Mapping[str, Any]) -> str:
    """The code of an answer in any of bKash's envelopes; an answer without one is a success.

    >>> code_of({"errorCode": "2002", "errorMessage": "x"}), code_of({"paymentID": "TR1"})
    ('2002', '0000')
    """
    given = (document.get(name) for name in ("statusCode", "errorCode", "externalCode"))
    return next((str(code)[:20] for code in given if code is not None), wire.SUCCESS)


def parsed(body: bytes | None) -> dict[str, Any] | None:
    """The object in a body; None for what is none."""
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
