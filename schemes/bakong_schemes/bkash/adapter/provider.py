"""bKash as the service's core sees it: made, approved on bKash's page, executed by us, asked for, given back.

Money moves at execute, so what nobody executes is never paid, and there is nothing to cancel.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.adapter.client import UNSURE, HttpBkash, code_of
from bakong_schemes.bkash.adapter.notifications import Certificates, ReadNotification
from bakong_schemes.bkash.adapter.reading import account_of, is_id, minor_of, report
from bakong_schemes.bkash.adapter.refunds import Refunds
from bakong_service.domain.handoff import ClientSecret, Handoff, Redirect
from bakong_service.domain.payments import Authorized, Failed, NoAnswer, NotFound, Report
from bakong_service.ports import Checkout, Created, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

LIFE_MS = 15 * 60_000
SILENCE_MS = 60_000  # nobody waits longer to learn whether his money moved
MAX_KEPT = 10_000  # payments that are remembered
EARLY = ("2002", "2056", "2060")  # not approved yet, or used up
MAX_EXECUTES = 3  # of one payment, of which none was answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkouts:
    """How a customer is asked. return_url: bKash's one callback, where the checkout names none.

    product: tokenized, whose page bKash hosts, or checkout, which the shop's page shows by bKash's script.
    """

    return_url: str = ""
    product: str = wire.TOKENIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Where the IPN comes from: the one topic that is believed, and where its certificates are."""

    arn: str
    certificates: Certificates


def provider(
    client: HttpBkash,
    *,
    now_ms: Callable[[], int],
    checkouts: Checkouts = Checkouts(),
    topic: Topic | None = None,
    life_ms: int = LIFE_MS,
) -> Provider:
    """bKash, asked through a client. Without a topic no IPN is read, and polling alone tells."""
    invoices: OrderedDict[str, str] = OrderedDict()
    tokenized = checkouts.product == wire.TOKENIZED
    payments = Payments(client, shows_approval=tokenized)
    refunds = Refunds(client, now_ms) if tokenized else None
    return Provider(
        name=wire.NAME,
        currencies=frozenset({wire.CURRENCY}),
        life_ms=life_ms,
        create=_Create(client, checkouts, invoices),
        polling=Polling(check=payments.check, pace=OwnPace(), silence_ms=SILENCE_MS),
        finalise=payments.execute,
        refund=None if refunds is None else refunds.refund,
        list_refunds=None if refunds is None else refunds.listed,
        read_event=None if topic is None else ReadNotification(topic.arn, topic.certificates, invoices, now_ms),
    )


class _Create:
    """Makes a payment. Where the answer is lost another one is made: the first moves nothing, as nobody executes it.

    invoices: the payment of each of ours, for notifications, which do not name it.
    """

    def __init__(self, client: HttpBkash, checkouts: Checkouts, invoices: OrderedDict[str, str]) -> None:
        self._client = client
        self._checkouts = checkouts
        self._invoices = invoices

    async def __call__(self, checkout: Checkout, /) -> Created | NoAnswer:
        money = checkout.money
        if money.currency != wire.CURRENCY or money.minor < 1:
            return NoAnswer("refused", f"read {money.minor} of {money.currency}, expected poisha")
        callback = checkout.return_url or self._checkouts.return_url
        if self._checkouts.product == wire.TOKENIZED and not callback:
            return NoAnswer("refused", "bKash sends the customer back to BKASH_RETURN_URL, which is missing")
        made = await self._client.call("create", self._body(checkout, callback))
        if isinstance(made, NoAnswer):
            return made
        if (code := code_of(made)) != wire.SUCCESS:
            return NoAnswer(
                "unreachable" if code in wire.TRY_AGAIN and code != "2029" else "refused", f"create: {code}"
            )
        return self._created(checkout, made)

    def _body(self, checkout: Checkout, callback: str) -> dict[str, Any]:
        body = {
            "amount": checkout.money.decimals,
            "currency": wire.CURRENCY,
            "intent": wire.SALE,
            "merchantInvoiceNumber": checkout.bill_number,
        }
        if self._checkouts.product == wire.CHECKOUT:
            return body
        address = {"payerReference": checkout.bill_number, "callbackURL": callback}
        return {"mode": wire.MODES["without"], **address, **body}

    def _created(self, checkout: Checkout, made: dict[str, Any]) -> Created | NoAnswer:
        reference = made.get("paymentID")
        handoff = _handoff(self._checkouts.product, made)
        if not isinstance(reference, str) or not is_id(reference) or handoff is None:
            return NoAnswer("garbage", "a payment without a paymentID, or without a page")
        asked = (checkout.money.minor, wire.CURRENCY, checkout.bill_number)
        if (minor_of(made.get("amount")), made.get("currency"), made.get("merchantInvoiceNumber")) != asked:
            return NoAnswer("garbage", "a payment of another amount, currency or invoice than was asked for")
        self._invoices[checkout.bill_number] = reference
        if len(self._invoices) > MAX_KEPT:
            self._invoices.popitem(last=False)
        return Created(reference, account_of(checkout.bill_number), handoff)


def _handoff(product: str, made: dict[str, Any]) -> Handoff | None:
    """BKash's page; in the checkout family the paymentID, which its script is given."""
    if product == wire.CHECKOUT:
        id_ = made.get("paymentID")
        return ClientSecret(id_) if isinstance(id_, str) else None
    url = made.get("bkashURL")
    return Redirect(url) if isinstance(url, str) and url.startswith(("http://", "https://")) else None


class Payments:
    """What bKash says of payments, and their execution: one call at a time, and after the first one asked first.

    shows_approval: whether a query does, as in the tokenized family; else an execution finds out.
    """

    def __init__(self, client: HttpBkash, *, shows_approval: bool = True) -> None:
        self._client = client
        self._may_be_executed = Authorized if shows_approval else NotFound
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unanswered: OrderedDict[str, int] = OrderedDict()  # executions of each payment

    async def check(self, reference: str, /) -> Report:
        """What a query says. Initiated and Complete is approved: the money moves when it is executed."""
        if not is_id(reference):
            return NotFound()
        shown = await self._client.call("query", {"paymentID": reference}, id_=reference)
        if isinstance(shown, NoAnswer):
            return shown
        code = code_of(shown)
        if code == "2002":
            return NotFound()
        return report(reference, shown) if code == wire.SUCCESS else NoAnswer("refused", f"query: {code}")

    async def execute(self, reference: str, /) -> Report:
        """Moves the money of an approved payment, once. A lost answer says nothing: the payment is asked for."""
        if not is_id(reference):
            return NotFound()
        lock = self._locks.setdefault(reference, asyncio.Lock())
        async with lock:
            return await self._executed(reference)

    async def _executed(self, reference: str) -> Report:
        tries = self._unanswered.get(reference, 0)
        if tries:
            known = await self.check(reference)
            if not isinstance(known, self._may_be_executed):  # nothing else is executed again
                return known
        if tries >= MAX_EXECUTES:
            return NoAnswer("timeout", f"{tries} executions without an answer: somebody has to look")
        self._note(reference, tries + 1)
        answer = await self._client.call("execute", {"paymentID": reference}, id_=reference)
        if isinstance(answer, NoAnswer):
            return await self._after_silence(reference, answer)
        code = code_of(answer)
        made = report(reference, answer) if code == wire.SUCCESS else await self._after_refusal(reference, code)
        if not isinstance(made, NoAnswer):
            self._note(reference, 1)  # the next one, should there be one, asks first
        return made

    def _note(self, reference: str, tries: int) -> None:
        self._unanswered[reference] = tries
        self._unanswered.move_to_end(reference)
        if len(self._unanswered) > MAX_KEPT:
            self._unanswered.popitem(last=False)

    async def _after_silence(self, reference: str, silence: NoAnswer) -> Report:
        if silence.why not in UNSURE:
            self._note(reference, self._unanswered.get(reference, 1) - 1)  # it has not reached bKash
            return silence
        known = await self.check(reference)
        return silence if isinstance(known, Authorized | NotFound | NoAnswer) else known

    async def _after_refusal(self, reference: str, code: str) -> Report:
        """A code says what the API thinks of the call; of the money a query tells."""
        known = await self.check(reference)
        if not isinstance(known, self._may_be_executed):
            return known
        if code in EARLY and self._may_be_executed is NotFound:
            return known
        if code in wire.DONE_ALREADY:
            return NoAnswer("garbage", f"execute says {code}, a query says that it was not executed")
        if code in wire.TRY_AGAIN:
            return NoAnswer("unreachable", f"execute: {code}")
        return Failed()
