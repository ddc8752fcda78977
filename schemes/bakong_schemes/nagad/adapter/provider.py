"""Nagad as the service's core sees it: a page to pay on, verify asked for again and again, and refunds."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from bakong_schemes.nagad import times, wire
from bakong_schemes.nagad.adapter.client import UNSURE, Answer, HttpNagad
from bakong_schemes.nagad.adapter.refunds import Refunds
from bakong_schemes.nagad.adapter.remembering import Remembered
from bakong_schemes.nagad.adapter.verified import Verified, read, report
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.payments import NoAnswer, NotFound, Report
from bakong_service.ports import Checkout, Created, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

LIFE_MS = 15 * 60_000
SILENCE_MS = 60_000  # nobody waits longer to learn whether his money moved
_NOT_IN_ORDER = re.compile(r"[^0-9A-Za-z]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkouts:
    """How a payer is asked. return_url: where the browser goes, where the checkout does not say.

    page_url: where pay pages begin, which complete says; needed after a complete whose answer was lost, and guessed
    where nobody says. trust_reference_no: whether the same referenceNo again gives back once: see Refunds.
    """

    return_url: str = ""
    page_url: str = ""
    trust_reference_no: bool = False


@dataclass(frozen=True, slots=True)
class _Begun:
    """A payment that was initialized: what complete needs, so that a repeat is no second payment."""

    reference: str
    challenge: str


def provider(
    client: HttpNagad,
    *,
    now_ms: Callable[[], int],
    checkouts: Checkouts = Checkouts(),
    life_ms: int = LIFE_MS,
) -> Provider:
    """Nagad, asked through a client. It pushes no events: a browser's callback proves nothing, and verify does."""

    async def check(reference: str, /) -> Report:
        if not wire.REFERENCE.fullmatch(reference):
            return NotFound()
        return report(reference, await client.verify(reference))

    refunds = Refunds(client, trust_reference_no=checkouts.trust_reference_no)
    return Provider(
        name=wire.NAME,
        currencies=frozenset({wire.CURRENCY}),
        life_ms=life_ms,
        create=_Create(client, now_ms, checkouts),
        polling=Polling(check=check, pace=OwnPace(), silence_ms=SILENCE_MS),
        refund=refunds.refund,
        know_refunds=refunds.know,
    )


def order_id_of(bill_number: str) -> str:
    """A bill number as Nagad takes one: letters and digits alone.

    >>> order_id_of("INV-1770768000000-A1B2C3-2")
    'INV1770768000000A1B2C32'
    """
    return _NOT_IN_ORDER.sub("", bill_number)


class _Create:
    """Initializes and completes. Where an answer may have been lost, the same reference is completed again.

    An order that Nagad knows as completed, and that this process has forgotten, is refused: its page is nobody's, and a
    new payment of the service's is another order.
    """

    def __init__(self, client: HttpNagad, now_ms: Callable[[], int], checkouts: Checkouts) -> None:
        self._client = client
        self._now_ms = now_ms
        self._checkouts = checkouts
        self._begun: Remembered[_Begun] = Remembered()
        self._page_url = checkouts.page_url.rstrip("/")

    async def __call__(self, checkout: Checkout, /) -> Created | NoAnswer:
        problem = self._problem(checkout)
        if problem:
            return NoAnswer("refused", problem)
        begun = self._begun.get(checkout.payment_id)
        if begun is not None:
            return await self._complete(checkout, begun)
        made = await self._initialize(checkout)
        if isinstance(made, NoAnswer):
            return made
        self._begun.put(checkout.payment_id, made)
        return await self._complete(checkout, made)

    def _problem(self, checkout: Checkout) -> str:
        """Why Nagad need not be asked; "" where it may be."""
        money, order_id = checkout.money, order_id_of(checkout.bill_number)
        if money.currency != wire.CURRENCY or money.minor <= 0:
            return f"read {money.minor} of {money.currency}, expected an amount in {wire.CURRENCY}"
        if not 0 < len(order_id) <= wire.MAX_ORDER_ID:
            return f"bill number {checkout.bill_number[:80]!r}: expected 1 to {wire.MAX_ORDER_ID} letters and digits"
        if not self._return_url(checkout):
            return "NAGAD_RETURN_URL is missing: Nagad sends the payer's browser back to it"
        return ""

    def _return_url(self, checkout: Checkout) -> str:
        return checkout.return_url or self._checkouts.return_url

    async def _initialize(self, checkout: Checkout) -> _Begun | NoAnswer:
        now_ms = self._now_ms()
        challenge = hashlib.sha256(f"{self._client.merchant_id}/{checkout.payment_id}/{now_ms}".encode()).hexdigest()
        answer = await self._client.initialize(order_id_of(checkout.bill_number), times.compact(now_ms), challenge[:40])
        if isinstance(answer, NoAnswer):
            return answer
        reference, given = answer.get("paymentReferenceId"), answer.get("challenge")
        is_reference = isinstance(reference, str) and wire.REFERENCE.fullmatch(reference) and len(reference) <= 255
        if not is_reference or not isinstance(reference, str) or not isinstance(given, str) or not given:
            return NoAnswer("garbage", "initialize without paymentReferenceId and challenge")
        return _Begun(reference, given)

    async def _complete(self, checkout: Checkout, begun: _Begun) -> Created | NoAnswer:
        answer = await self._ask_complete(checkout, begun)
        if not isinstance(answer, NoAnswer):
            return self._created(begun, answer)
        if answer.why not in UNSURE and answer.why != "refused":
            return answer
        known = await self._look(checkout, begun)
        if known is None and answer.why == "refused":
            self._begun.drop(checkout.payment_id)
        return answer if known is None or isinstance(known, NoAnswer) else known

    async def _ask_complete(self, checkout: Checkout, begun: _Begun) -> Answer:
        fields = {
            "orderId": order_id_of(checkout.bill_number),
            "currencyCode": wire.CURRENCY_CODE,
            "amount": wire.text_of(checkout.money.minor),
            "challenge": begun.challenge,
        }
        more = {"merchantCallbackURL": self._return_url(checkout), "additionalMerchantInfo": {}}
        return await self._client.complete(begun.reference, fields, more)

    def _created(self, begun: _Begun, answer: dict[str, object]) -> Created | NoAnswer:
        url = answer.get("callBackUrl")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")) or len(url) > 2_000:
            return NoAnswer("garbage", "complete without a callBackUrl")
        if url.endswith(f"/{begun.reference}"):
            self._page_url = self._checkouts.page_url.rstrip("/") or url.removesuffix(f"/{begun.reference}")
        return Created(begun.reference, self._client.merchant_id, Redirect(url))

    async def _look(self, checkout: Checkout, begun: _Begun) -> Created | NoAnswer | None:
        """What complete has made although its answer is lost; None where Nagad says that it has made nothing."""
        answer = await self._client.verify(begun.reference)
        if isinstance(answer, NoAnswer):
            return answer
        now = read(begun.reference, answer)
        is_ours = isinstance(now, Verified) and (now.order_id, now.minor) == (
            order_id_of(checkout.bill_number),
            checkout.money.minor,
        )
        if not is_ours:
            return None
        return Created(begun.reference, self._client.merchant_id, Redirect(self._page(begun.reference)))

    def _page(self, reference: str) -> str:
        """Where a page was seen before, or is said to be; else beside the API, which is a guess."""
        return f"{self._page_url or guessed_page_url(self._client.base_url)}/{reference}"


def guessed_page_url(base_url: str) -> str:
    """Where pay pages may begin, from where the API does.

    >>> guessed_page_url("http://127.0.0.1:8600/nagad/remote-payment-gateway-1.0/api/dfs")
    'http://127.0.0.1:8600/nagad/check-out'
    """
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/").removesuffix("/api/dfs").removesuffix("/remote-payment-gateway-1.0")
    return f"{parts.scheme}://{parts.netloc}{path}/check-out"
