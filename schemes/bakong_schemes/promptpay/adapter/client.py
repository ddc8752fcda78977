"""Asking the bank: the transfers under a reference, and whether a slip is genuine. Never raises."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import orjson

from bakong_schemes.promptpay import wire
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer

MAX_NAMED = 64  # of an identity that a table keeps


class Transfer(NamedTuple):
    """One transfer, as the bank shows it. hash: bank and number, which are never those of another.

    reference: under which it paid a bill; None where it names none.
    """

    hash: str
    money: Money
    payee: str
    at_ms: int
    returned: bool
    raw: bytes
    reference: str | None = None


class Refused(NamedTuple):
    """The bank's word against a slip: unknown, or used for another order."""

    why: str


class HttpBank:
    """The calls, see wire."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def transfers(self, reference: str) -> list[Transfer] | NoAnswer:
        """Those that came in under a reference, and those whose slip was used for it; the oldest first."""
        answer = await self._send("GET", f"/transfers/{quote(reference, safe=':@=')}")
        if isinstance(answer, NoAnswer | Refused):
            return answer if isinstance(answer, NoAnswer) else NoAnswer("refused", answer.why)
        match answer:
            case {"reference": named, "transfers": list(rows)} if named == reference:
                transfers = [_transfer(row) for row in rows]
                read = [transfer for transfer in transfers if transfer is not None]
                if len(read) == len(transfers):
                    return sorted(read, key=lambda transfer: transfer.at_ms)
        return NoAnswer("garbage", "no list of transfers under that reference")

    async def slip(self, slip: str) -> Transfer | Refused | NoAnswer:
        """The transfer that a slip names."""
        return await self._check({"slip": slip})

    async def use_slip(self, slip: str, order: str) -> Transfer | Refused | NoAnswer:
        """Take a slip for an order, for ever; the transfer that it names."""
        return await self._check({"slip": slip, "use_for": order})

    async def _check(self, asked: Mapping[str, str]) -> Transfer | Refused | NoAnswer:
        answer = await self._send("POST", "/slips", orjson.dumps(asked))
        if isinstance(answer, NoAnswer | Refused):
            return answer
        return _transfer(answer) or NoAnswer("garbage", "no transfer")

    async def _send(self, method: str, path: str, body: bytes | None = None) -> Mapping[str, Any] | Refused | NoAnswer:
        """The object of an answer, or why there is none."""
        try:
            answer = await self._client.request(method, wire.PREFIX + path, content=body, headers=self._headers)
        except httpx.TimeoutException:
            return NoAnswer("timeout", path)
        except (httpx.HTTPError, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        content = _object(answer.content[: wire.MAX_BODY])
        if answer.status_code >= 400:
            return _refused(answer.status_code, content)
        if answer.status_code != 200 or content is None:
            return NoAnswer("garbage", f"HTTP {answer.status_code}, no object")
        return content


def _refused(status: int, content: Mapping[str, Any] | None) -> Refused | NoAnswer:
    """What the API itself refuses, in its own words; any other page is no answer."""
    error = None if content is None else content.get("error")
    for name in ("not-found", "slip-used", "invalid"):
        if (status, error) == wire.REFUSALS[name]:
            return Refused(name)
    why = "unauthorized" if (status, error) == wire.REFUSALS["unauthorized"] else "refused"
    return NoAnswer(why, f"HTTP {status}")


def _transfer(row: Any) -> Transfer | None:
    match row:
        case {
            "bank": str(bank),
            "ref": str(ref),
            "amount": str(amount),
            "currency": wire.CURRENCY,
            "payee": str(payee),
            "at_ms": int(at_ms),
            "returned": bool(returned),
        }:
            satang = satang_of(amount)
            named = f"{bank}-{ref}"
            if satang is not None and len(bank) > 0 and len(ref) > 0 and len(named) <= MAX_NAMED:
                paid, billed = Money(satang, wire.CURRENCY), row.get("reference")
                reference = billed if isinstance(billed, str) else None
                return Transfer(named, paid, payee, at_ms, returned, orjson.dumps(row), reference)
    return None


def satang_of(amount: str) -> int | None:
    """Satang of an amount as the API writes it, with exactly two decimals."""
    whole, point, part = amount.partition(".")
    is_written = point and len(part) == 2 and amount.isascii() and whole.isdigit() and part.isdigit()
    return int(whole + part) if is_written and len(whole) <= 10 else None


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
