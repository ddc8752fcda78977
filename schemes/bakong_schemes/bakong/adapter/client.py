"""The client of NBC's Open API. Every answer and every failure becomes a Report; nothing is raised."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
import orjson

from bakong_schemes.bakong.adapter.planning import DAY_MS, day_end_ms
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Report
from bakong_service.ports import OneByOne

CURRENCIES = frozenset({"KHR", "USD"})
MAX_MS = 253_402_300_800_000  # the year 10000
MAX_ANSWER_BYTES = 256 * 1024
MAX_DIGITS = 15  # of an amount, before the point
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_ACCOUNT = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_LINK = re.compile(r"https?://[!-~]{1,2000}")
NOT_FOUND, FAILED, UNAUTHORIZED, QUOTA = 1, 3, 6, 17
# After a renewal that did not help the next one waits a minute, doubled to six hours: each costs a call of the day's.
RENEW_AGAIN_MS, RENEW_LATEST_MS = 60_000, 6 * 3_600_000
# Where the list is refused, which production is said to do, it is tried again after a day: each try costs a call.
LIST_REFUSALS = ("blocked", "refused")
LISTS_REFUSED_MS = DAY_MS


async def _free() -> bool:
    return True


def _uncounted(_endpoint: str, _outcome: str) -> None:
    """Nobody counts."""


class HttpBakong:
    """A 401 renews the token by the registered e-mail, once for all who wait, and asks again.

    may_call is asked before every request that goes out, whatever it is for: NBC counts them all. on_call is given each
    that went out: its endpoint, and "answered" or why there is no answer.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        token: str,
        email: str | None,
        *,
        now_ms: Callable[[], int],
        may_call: Callable[[], Awaitable[bool]] = _free,
        on_call: Callable[[str, str], object] = _uncounted,
    ) -> None:
        self._client = client
        self._token = token
        self._email = email
        self._now_ms = now_ms
        self._renewing: asyncio.Future[bool] | None = None
        self._renewals_failed = 0
        self._renew_from_ms = 0
        self.may_call = may_call
        self._on_call = on_call

    async def check(self, md5: str) -> Report:
        answer = await self._authorized("check_transaction_by_md5", {"md5": md5})
        return answer if isinstance(answer, NoAnswer) else _report(answer)

    async def check_many(self, md5s: Sequence[str]) -> Mapping[str, Report] | NoAnswer | OneByOne:
        """A report for each md5, of at most 50; NoAnswer where the list as a whole was not answered."""
        answer = await self.check_list(md5s)
        if isinstance(answer, NoAnswer) and answer.why in LIST_REFUSALS:
            return OneByOne(self._now_ms() + LISTS_REFUSED_MS)
        return answer

    async def check_list(self, md5s: Sequence[str]) -> Mapping[str, Report] | NoAnswer:
        """As check_many, where a list that is refused is NoAnswer too."""
        answer = await self._authorized("check_transaction_by_md5_list", list(md5s))
        if isinstance(answer, NoAnswer):
            return answer
        if answer["responseCode"] != 0 or not isinstance(answer.get("data"), list):
            return NoAnswer("refused", f"list: code {answer.get('errorCode')}")
        rows = {str(row.get("md5")).lower(): row for row in answer["data"] if isinstance(row, dict)}
        return {md5: _row_report(rows.get(md5)) for md5 in md5s}

    async def reach(self) -> NoAnswer:
        """What Bakong says to a question without a token; "unauthorized" is well: it was reached, and read it.

        It is taken to spend no call, for the day's calls are a token's: that is a guess.
        """
        answer = await self._sent("check_transaction_by_md5", {"md5": "0" * 32}, "")
        return answer if isinstance(answer, NoAnswer) else NoAnswer("garbage", "an answer without a token")

    async def short_link(self, qr: str) -> str | None:
        answer = await self._post("generate_deeplink_by_qr", {"qr": qr})
        data = answer.get("data") if isinstance(answer, dict) else None
        link = data.get("shortLink") if isinstance(data, dict) else None
        return link if isinstance(link, str) and _LINK.fullmatch(link) else None

    async def _authorized(self, endpoint: str, body: object) -> dict[str, Any] | NoAnswer:
        """The answer, with a new token where the old one is refused."""
        token = self._token
        answer = await self._post(endpoint, body, token)
        if not _is_refused(answer) or (token == self._token and not await self._renewed()):
            return answer
        answer = await self._post(endpoint, body)
        if _is_refused(answer):
            self._put_off_renewal()
        elif not isinstance(answer, NoAnswer):
            self._renewals_failed = 0
        return answer

    async def _renewed(self) -> bool:
        """Whether there is a new token. Who comes while one is asked for waits for the same answer."""
        if self._renewing is None:
            if not self._email or self._now_ms() < self._renew_from_ms:
                return False
            self._renewing = asyncio.ensure_future(self._renew())
        return await asyncio.shield(self._renewing)

    async def _renew(self) -> bool:
        try:
            token = await self._new_token()
        finally:
            self._renewing = None
        if token is None:
            self._put_off_renewal()
            return False
        self._token = token
        return True

    def _put_off_renewal(self) -> None:
        """Let the next renewal wait; of those whom the same renewal did not help, the first one counts."""
        if self._now_ms() >= self._renew_from_ms:
            wait_ms = min(RENEW_AGAIN_MS << min(self._renewals_failed, 16), RENEW_LATEST_MS)
            self._renew_from_ms = self._now_ms() + wait_ms
            self._renewals_failed += 1

    async def _new_token(self) -> str | None:
        answer = await self._post("renew_token", {"email": self._email})
        data = answer.get("data") if isinstance(answer, dict) else None
        token = data.get("token") if isinstance(data, dict) else None
        return token if isinstance(token, str) and token else None

    async def _post(self, endpoint: str, body: object, token: str | None = None) -> dict[str, Any] | NoAnswer:
        """The envelope of an answer, or why there is none."""
        if not await self.may_call():
            return NoAnswer("budget", "the day's calls are spent")
        answer = await self._sent(endpoint, body, token or self._token)
        self._on_call(endpoint, answer.why if isinstance(answer, NoAnswer) else "answered")
        return answer

    async def _sent(self, endpoint: str, body: object, token: str) -> dict[str, Any] | NoAnswer:
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        try:
            async with self._client.stream(
                "POST",
                f"/v1/{endpoint}",
                content=orjson.dumps(body),
                headers=headers,
            ) as response:
                answered = await _read(response)
        except httpx.TimeoutException:
            return NoAnswer("timeout", endpoint)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        if answered is None:
            return NoAnswer("garbage", f"HTTP {response.status_code}, more than {MAX_ANSWER_BYTES} bytes")
        envelope = _envelope(response.status_code, answered)
        if isinstance(envelope, NoAnswer) and envelope.why == "quota":
            return replace(envelope, until_ms=day_end_ms(self._now_ms()))
        return envelope


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of NBC's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _is_refused(answer: dict[str, Any] | NoAnswer) -> bool:
    return isinstance(answer, NoAnswer) and answer.why == "unauthorized"


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
    if not isinstance(number, int | float | str) or not isinstance(currency, str) or currency not in CURRENCIES:
        return None
    try:
        amount = Decimal(str(number))
        return Money.of(amount, currency) if amount.adjusted() < MAX_DIGITS else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
