"""Refunds by v2: sent once for each key. bKash has no idempotency keys, and its status names amounts and times."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.adapter.client import UNSURE, HttpBkash, code_of
from bakong_schemes.bkash.adapter.reading import is_id, minor_of, ms_of, raw_of
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Refunded, Report

MAX_KEPT = 10_000  # keys that are remembered
AGAIN_MS = 60_000  # so long after a lost answer the refund may still come about
DOUBTFUL_MS = 86_400_000
SKU = "refund"


class _Row(NamedTuple):
    """A refund as bKash lists it. at_ms: when it was completed; None where that could not be read. charge: its cost."""

    id: str
    minor: int
    at_ms: int | None
    charge: int = 0

    @property
    def report(self) -> Refunded:
        return Refunded(self.id, Money(self.minor, wire.CURRENCY), raw_of(self._asdict()), charge_minor=self.charge)


@dataclass(slots=True)
class _Sent:
    """A refund that was sent: which there were before, when it was sent last, and which one it turned out to be."""

    before: frozenset[str]
    at_ms: int
    done: Refunded | None = None


class Refunds:
    """Gives amounts back. What this process sent, it knows; of what another one sent, it can be in doubt."""

    def __init__(self, client: HttpBkash, now_ms: Callable[[], int]) -> None:
        self._client = client
        self._now_ms = now_ms
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._ours: OrderedDict[str, str] = OrderedDict()  # the key of each refund
        self._listed: OrderedDict[str, frozenset[str]] = OrderedDict()  # what a caller was shown of each payment

    async def refund(self, reference: str, money: Money, key: str, /) -> Report:
        """Refunded; NoAnswer("refused") where it will never be; else NoAnswer: ask with the same key again."""
        if money.currency != wire.CURRENCY or money.minor < 1 or not is_id(reference):
            return NoAnswer("refused", f"read {money.minor} of {money.currency} for {reference[:80]!r}")
        lock = self._locks.setdefault(reference, asyncio.Lock())
        async with lock:
            return await self._given_back(reference, money, key)

    async def listed(self, reference: str, /) -> Sequence[Refunded] | NoAnswer:
        """See ports.ListRefunds. Whoever was shown the list knows which are his: they hold up no other refund."""
        if not is_id(reference):
            return NoAnswer("refused", f"read {reference[:80]!r}, expected a paymentID")
        trx = await self._transaction(reference)
        rows = trx if isinstance(trx, NoAnswer) else await self._rows(reference, trx)
        if isinstance(rows, NoAnswer):
            return rows
        self._listed[reference] = frozenset(row.id for row in rows)
        _bound(self._listed)
        return [row.report for row in rows]

    async def _given_back(self, reference: str, money: Money, key: str) -> Report:
        sent = self._sent.get(key)
        if sent is not None and sent.done is not None:
            return sent.done
        trx = await self._transaction(reference)
        if isinstance(trx, NoAnswer):
            return trx
        rows = await self._rows(reference, trx)
        if isinstance(rows, NoAnswer):
            return rows
        shown = self._listed.get(reference, frozenset())
        known = self._known([row for row in rows if sent or row.id not in shown], money, key, sent)
        if known is not None:
            return known
        self._sent[key] = _Sent(frozenset(row.id for row in rows) if sent is None else sent.before, self._now_ms())
        _bound(self._sent)
        return await self._send(reference, trx, money, key)

    def _known(self, rows: Iterable[_Row], money: Money, key: str, sent: _Sent | None) -> Report | None:
        """The refund of this key where it is there; NoAnswer where it may be, or may come yet; None: there is none."""
        alike = [row for row in rows if row.minor == money.minor and self._ours.get(row.id, key) == key]
        if sent is not None:
            made = next((row for row in alike if row.id not in sent.before), None)
            if made is not None:
                return self._done(key, made.report)
            if self._now_ms() < sent.at_ms + AGAIN_MS:
                return NoAnswer("timeout", "a refund was sent within the last minute, and is not there yet")
            return None
        recent = [row for row in alike if row.at_ms is None or self._now_ms() < row.at_ms + DOUBTFUL_MS]
        if recent:
            return NoAnswer("garbage", f"refund {recent[0].id} of this amount may be this one: somebody has to look")
        return None

    async def _send(self, reference: str, trx: str, money: Money, key: str) -> Report:
        named = {"paymentId": reference, "trxId": trx}
        body = {**named, "refundAmount": money.decimals, "sku": SKU, "reason": key[: wire.MAX_TEXT] or SKU}
        answer = await self._client.call("refund", body)
        if isinstance(answer, NoAnswer):
            return await self._after_silence(reference, trx, money, key, answer)
        code = code_of(answer)
        if code != wire.SUCCESS:
            # It was not made: the key may be sent again as if for the first time.
            del self._sent[key]
            return NoAnswer("unreachable" if code in wire.TRY_AGAIN else "refused", f"refund: {code}")
        made = answer.get("refundTrxId")
        status, minor = answer.get("refundTransactionStatus"), minor_of(answer.get("refundAmount"))
        if not isinstance(made, str) or not is_id(made) or minor != money.minor or status != wire.COMPLETED:
            return NoAnswer("garbage", "a refund without an id, of another amount, or not completed")
        charge = minor_of(answer.get("charge")) or 0
        return self._done(key, Refunded(made, money, raw_of(answer), charge_minor=charge))

    async def _after_silence(self, reference: str, trx: str, money: Money, key: str, silence: NoAnswer) -> Report:
        if silence.why not in UNSURE:
            del self._sent[key]  # it has not reached bKash
            return silence
        rows = await self._rows(reference, trx)
        known = None if isinstance(rows, NoAnswer) else self._known(rows, money, key, self._sent[key])
        return known if isinstance(known, Refunded) else silence

    def _done(self, key: str, made: Refunded) -> Refunded:
        self._sent.setdefault(key, _Sent(frozenset(), self._now_ms())).done = made
        self._ours[made.hash] = key
        _bound(self._ours)
        return made

    async def _transaction(self, reference: str) -> str | NoAnswer:
        """The trxID of a completed payment, which a refund has to name."""
        shown = await self._client.call("query", {"paymentID": reference}, id_=reference)
        if isinstance(shown, NoAnswer):
            return shown
        code, trx = code_of(shown), shown.get("trxID")
        if code in wire.TRY_AGAIN:
            return NoAnswer("unreachable", f"query: {code}")
        if code != wire.SUCCESS or shown.get("transactionStatus") != wire.COMPLETED:
            return NoAnswer("garbage", f"query: {code}, {str(shown.get('transactionStatus'))[:40]}")
        return (
            trx if isinstance(trx, str) and is_id(trx) else NoAnswer("garbage", "a completed payment without a trxID")
        )

    async def _rows(self, reference: str, trx: str) -> list[_Row] | NoAnswer:
        """The refunds that there are."""
        shown = await self._client.call("refund_status", {"paymentId": reference, "trxId": trx})
        if isinstance(shown, NoAnswer):
            return shown
        listed = shown.get("refundTransactions")
        if code_of(shown) != wire.SUCCESS or not isinstance(listed, list):
            return NoAnswer("garbage", f"refund status: {code_of(shown)}, no list")
        rows = [_row(one) for one in listed]
        if any(row is None for row in rows):
            return NoAnswer("garbage", "refund status: a refund without id or amount")
        return [row for row in rows if row is not None]


def _row(one: Any) -> _Row | None:
    if not isinstance(one, Mapping):
        return None
    id_, minor = one.get("refundTrxId"), minor_of(one.get("refundAmount"))
    if not isinstance(id_, str) or minor is None:
        return None
    return _Row(id_, minor, ms_of(one.get("completedTime")), minor_of(one.get("charge")) or 0)


def _bound(kept: OrderedDict[str, Any]) -> None:
    if len(kept) > MAX_KEPT:
        kept.popitem(last=False)
