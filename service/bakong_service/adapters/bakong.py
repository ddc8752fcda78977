"""NBC's Open API over HTTP. Every answer and every failure becomes a Report; nothing is raised."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
import orjson

from bakong_service.domain.money import DECIMALS, Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Report

MAX_MS = 253_402_300_800_000  # the year 10000
MAX_ANSWER_BYTES = 256 * 1024
MAX_DIGITS = 15  # of an amount, before the point
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_ACCOUNT = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_LINK = re.compile(r"https?://[!-~]{1,2000}")
NOT_FOUND, FAILED, UNAUTHORIZED, QUOTA = 1, 3, 6, 17


async def _free() -> bool:
    return True


def _unseen(_endpoint: str, _outcome: str) -> None:
    """Nobody counts."""


class HttpBakong:
    """See bakong_service.ports.Bakong. A 401 renews the token once, with the registered e-mail, and asks again.

    may_call is asked before every request that goes out, whatever it is for: NBC counts them all. see is told of each
    that went out: its endpoint, and "answered" or why there is no answer.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        token: str,
        email: str | None,
        *,
        on_token: Callable[[str], object] = str,
        may_call: Callable[[], Awaitable[bool]] = _free,
        see: Callable[[str, str], object] = _unseen,
    ) -> None:
        self._client = client
        self._token = token
        self._email = email
        self._on_token = on_token
        self.may_call = may_call
        self._see = see

    async def check(self, md5: str) -> Report:
        answer = await self._authorized("check_transaction_by_md5", {"md5": md5})
        return answer if isinstance(answer, NoAnswer) else _report(answer)

    async def check_list(self, md5s: Sequence[str]) -> Mapping[str, Report] | NoAnswer:
        """A report for each md5, of at most 50; NoAnswer where the list as a whole was not answered."""
        answer = await self._authorized("check_transaction_by_md5_list", list(md5s))
        if isinstance(answer, NoAnswer):
            return answer
        if answer["responseCode"] != 0 or not isinstance(answer.get("data"), list):
            return NoAnswer("refused", f"list: code {answer.get('errorCode')}")
        rows = {str(row.get("md5")).lower(): row for row in answer["data"] if isinstance(row, dict)}
        return {md5: _row_report(rows.get(md5)) for md5 in md5s}

    async def short_link(self, qr: str) -> str | None:
        answer = await self._post("generate_deeplink_by_qr", {"qr": qr})
        data = answer.get("data") if isinstance(answer, dict) else None
        link = data.get("shortLink") if isinstance(data, dict) else None
        return link if isinstance(link, str) and _LINK.fullmatch(link) else None

    async def _authorized(self, endpoint: str, body: object) -> dict[str, Any] | NoAnswer:
        """The answer, with a new token where the old one is refused."""
        used = self._token
        answer = await self._post(endpoint, body)
        if not isinstance(answer, NoAnswer) or answer.why != "unauthorized":
            return answer
        if used == self._token and not await self._renew():
            return answer
        return await self._post(endpoint, body)

    async def _renew(self) -> bool:
        if not self._email:
            return False
        answer = await self._post("renew_token", {"email": self._email})
        data = answer.get("data") if isinstance(answer, dict) else None
        token = data.get("token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token:
            return False
        self._token = token
        self._on_token(token)
        return True

    async def _post(self, endpoint: str, body: object) -> dict[str, Any] | NoAnswer:
        """The envelope of an answer, or why there is none."""
        if not await self.may_call():
            return NoAnswer("budget", "the day's calls are spent")
        answer = await self._sent(endpoint, body)
        self._see(endpoint, answer.why if isinstance(answer, NoAnswer) else "answered")
        return answer

    async def _sent(self, endpoint: str, body: object) -> dict[str, Any] | NoAnswer:
        try:
            async with self._client.stream(
                "POST",
                f"/v1/{endpoint}",
                content=orjson.dumps(body),
                headers={"authorization": f"Bearer {self._token}", "content-type": "application/json"},
            ) as response:
                answered = await _read(response)
        except httpx.TimeoutException:
            return NoAnswer("timeout", endpoint)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        if answered is None:
            return NoAnswer("garbage", f"HTTP {response.status_code}, more than {MAX_ANSWER_BYTES} bytes")
        return _envelope(response.status_code, answered)


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of NBC's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _envelope(status: int, body: bytes) -> dict[str, Any] | NoAnswer:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        envelope = None
    if not isinstance(envelope, dict) or "responseCode" not in envelope:
        return NoAnswer("blocked" if status == 403 else "garbage", f"HTTP {status}, no envelope")
    code = envelope.get("errorCode")
    if status == 401 or code == UNAUTHORIZED:
        return NoAnswer("unauthorized", f"HTTP {status}")
    if code == QUOTA:
        return NoAnswer("quota", "the day's requests are spent")
    if status >= 400:
        return NoAnswer("refused", f"HTTP {status}, code {code}")
    return envelope


def _report(envelope: dict[str, Any]) -> Report:
    code = envelope.get("errorCode")
    if envelope["responseCode"] == 0:
        return _paid(envelope.get("data"))
    if code == NOT_FOUND:
        return NotFound()
    if code == FAILED:
        return Failed()
    return NoAnswer("refused", f"code {code}")


def _row_report(row: dict[str, Any] | None) -> Report:
    """One row of a list: SUCCESS, NOT_FOUND or FAILED. STATIC_QR is said of no code of ours."""
    status = None if row is None else row.get("status")
    if row is not None and status == "SUCCESS":
        return _paid(row.get("data") or row.get("transaction") or row)
    if status == "NOT_FOUND":
        return NotFound()
    return Failed() if status == "FAILED" else NoAnswer("garbage", f"a list's row with status {status!r}")


def _paid(row: object) -> Report:
    """A transaction, where it can be stored as it stands; else garbage, which is asked for again."""
    if not isinstance(row, dict):
        return NoAnswer("garbage", "success without a transaction")
    digest, to_account, done_ms = row.get("hash"), row.get("toAccountId"), row.get("createdDateMs")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        return NoAnswer("garbage", "a transaction whose hash is not 64 hex digits")
    if not isinstance(to_account, str) or not _ACCOUNT.fullmatch(to_account):
        return NoAnswer("garbage", "a transaction without the account that it went to")
    try:
        raw = orjson.dumps(row)
    except orjson.JSONEncodeError:
        return NoAnswer("garbage", "a transaction nested too deeply")
    return Paid(
        digest.lower(),
        _money(row.get("amount"), row.get("currency")),
        to_account,
        done_ms=done_ms if isinstance(done_ms, int) and 0 < done_ms < MAX_MS else None,
        raw=raw,
    )


def _money(number: object, currency: object) -> Money | None:
    """The amount; None for what no payment of ours can come to."""
    if not isinstance(number, int | float | str) or not isinstance(currency, str) or currency not in DECIMALS:
        return None
    try:
        amount = Decimal(str(number))
        return Money.of(amount, currency) if amount.adjusted() < MAX_DIGITS else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
