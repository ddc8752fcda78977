"""Refunds at Nagad, which has no query for them: what verify shows of the newest one is the only trace."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

import orjson

from bakong_schemes.nagad import times, wire
from bakong_schemes.nagad.adapter.client import UNSURE, HttpNagad
from bakong_schemes.nagad.adapter.remembering import Remembered
from bakong_schemes.nagad.adapter.verified import Verified, read
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Refunded, Report


class _Lock(asyncio.Lock):
    """A lock that can be referred to weakly."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """A refund that was asked for, and whose answer is not known. before: cancelIssuerRefNo as it was."""

    key: str
    money: Money
    before: str


class Refunds:
    """Sends amounts back, one at a time for each payment, and looks for its own refund before it repeats.

    A refund whose answer is lost is found where cancelIssuerRefNo has changed since. Another process, or one that was
    started anew, knows those that are on our books. Whether another cancelIssuerRefNo is of this refund it cannot know;
    it then says so and sends nothing, unless trust_reference_no: that Nagad gives back once for each referenceNo is a
    guess.
    """

    def __init__(self, client: HttpNagad, *, trust_reference_no: bool = False) -> None:
        self._client = client
        self._trusts = trust_reference_no
        self._tried: Remembered[_Tried] = Remembered()  # by payment: at most one is not known
        self._made: Remembered[Refunded] = Remembered()  # by key
        self._own: Remembered[frozenset[str]] = Remembered()  # by payment: each cancelIssuerRefNo that is accounted for
        self._locks: WeakValueDictionary[str, _Lock] = WeakValueDictionary()

    def know(self, reference: str, names: Sequence[str], /) -> None:
        """See ports.Provider.know_refunds."""
        self._own.put(reference, frozenset(names) | (self._own.get(reference) or frozenset()))

    async def refund(self, reference: str, money: Money, key: str, /) -> Report:
        """See ports.ChangeMoney; key is Nagad's referenceNo."""
        if money.currency != wire.CURRENCY or money.minor <= 0:
            return NoAnswer("refused", f"read {money.minor} of {money.currency}, expected an amount in {wire.CURRENCY}")
        if not wire.REFERENCE.fullmatch(reference) or not 0 < len(key) <= 64:
            return NoAnswer("refused", "the reference or the key is not of a form that Nagad takes")
        lock = self._locks.setdefault(reference, _Lock())
        async with lock:
            if (made := self._made.get(key)) is not None:
                return made
            return await self._refund(reference, money, key)

    async def _refund(self, reference: str, money: Money, key: str) -> Report:
        now = await self._look(reference)
        if isinstance(now, NoAnswer):
            return now
        tried = self._tried.get(reference)
        if tried is not None and now.cancel_reference != tried.before:
            return self._found(reference, tried, now, key)
        if tried is not None and tried.key != key:
            return NoAnswer("timeout", "another refund of this payment has had no answer yet")
        if not now.was_paid or now.minor is None:
            return NoAnswer("refused", f"the payment is {now.status}: nothing was paid")
        if tried is None and (unsure := self._unknown(reference, now, money)) is not None:
            return unsure
        return await self._send(reference, money, key, now)

    async def _look(self, reference: str) -> Verified | NoAnswer:
        answer = await self._client.verify(reference)
        return answer if isinstance(answer, NoAnswer) else read(reference, answer)

    def _found(self, reference: str, tried: _Tried, now: Verified, key: str) -> Report:
        """The refund whose answer was lost has been made."""
        made = Refunded(now.cancel_reference, tried.money, now.raw)
        self._settle(reference, tried.key, made)
        return made if tried.key == key else NoAnswer("timeout", "another refund of this payment has just become known")

    def _settle(self, reference: str, key: str, made: Refunded) -> None:
        self._tried.drop(reference)
        self.know(reference, [made.hash])
        self._made.put(key, made)

    def _unknown(self, reference: str, now: Verified, money: Money) -> Report | None:
        """What to say where money went back that this process has not sent; None where that keeps nothing back."""
        if not now.cancel_reference or now.cancel_reference in (self._own.get(reference) or ()):
            return None
        if now.is_refunded:
            return Refunded(now.cancel_reference, money, now.raw)
        if self._trusts:
            return None
        seen = f"Nagad shows the refund {now.cancel_reference}, and this process does not know whose it is"
        return NoAnswer("timeout", f"{seen}: look into the merchant's portal, or set NAGAD_TRUST_REFERENCE_NO")

    async def _send(self, reference: str, money: Money, key: str, now: Verified) -> Report:
        fields = {
            "originalRequestDate": times.day(now.paid_ms or 0),
            "originalAmount": now.amount,
            "cancelAmount": wire.text_of(money.minor),
            "referenceNo": key,
            "referenceMessage": "Refund",
        }
        tried = _Tried(key, money, now.cancel_reference)
        self._tried.put(reference, tried)
        answer = await self._client.cancel(reference, now.order_id, fields)
        if isinstance(answer, NoAnswer):
            return await self._after(reference, tried, answer)
        id_ = answer.get("cancelTrxId")
        if not isinstance(id_, str) or not 0 < len(id_) <= 64:
            return await self._after(reference, tried, NoAnswer("garbage", "a refund without cancelTrxId"))
        made = Refunded(id_, money, orjson.dumps(answer))
        self._settle(reference, key, made)
        return made

    async def _after(self, reference: str, tried: _Tried, answer: NoAnswer) -> Report:
        """No good answer: verify tells whether the refund was made; a refusal may be of one that was made before."""
        now = await self._look(reference)
        if isinstance(now, NoAnswer):
            return now
        if now.cancel_reference != tried.before:
            return self._found(reference, tried, now, tried.key)
        if answer.why not in UNSURE:
            self._tried.drop(reference)
        return answer
