"""Omise as the service's core sees it: a charge of a PromptPay source, asked for again and again, and signed events."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from bakong_contracts.webhook_guard import OMISE, Guard, RejectedError
from bakong_schemes.omise import wire
from bakong_schemes.omise.adapter.client import UNSURE, HttpOmise, parsed
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Code, Handoff, Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded, Report
from bakong_service.ports import Checkout, Created, Event, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

LIFE_MS = 15 * 60_000
ACCOUNT = "omise"
MAX_EVENTS = 10_000  # ids of events that are remembered


# The source of each payment method of the service that a source is enough for. A card wants a token, which the payer's
# browser makes. Of the banks' methods these are the first that Omise lists; OMISE_METHOD names another.
SOURCES = {
    "OMISE_PROMPTPAY": "promptpay",
    "OMISE_TRUEMONEY": "truemoney_qr",
    "OMISE_MOBILE_BANKING": "mobile_banking_bay",
    "OMISE_INTERNET_BANKING": "internet_banking_bay",
}
CARD = "OMISE_CARD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkouts:
    """How a payer is asked. method: the type of its sources, where the checkout names no method of the service.

    return_uri: where the payer goes after a pay page.
    """

    method: str = "promptpay"
    return_uri: str | None = None


def provider(
    client: HttpOmise,
    webhook_secrets: tuple[str, ...],
    *,
    now_ms: Callable[[], int],
    checkouts: Checkouts = Checkouts(),
    life_ms: int = LIFE_MS,
) -> Provider:
    """Omise, asked through a client. Without a webhook secret no event is read, and polling alone tells."""
    charges = Charges(client)
    return Provider(
        name=wire.NAME,
        currencies=frozenset({wire.CURRENCY}),
        life_ms=life_ms,
        create=_Create(client, checkouts),
        polling=Polling(check=charges.check, pace=OwnPace()),
        refund=charges.refund,
        read_event=_ReadEvent(Guard(OMISE, webhook_secrets), now_ms) if webhook_secrets else None,
    )


class _Create:
    """Makes a charge, its source inside of it. Where an answer may have been lost, the charge is looked for first.

    There are no idempotency keys at Omise: what tells a charge of ours is metadata.paymentId.
    """

    def __init__(self, client: HttpOmise, checkouts: Checkouts) -> None:
        self._client = client
        self._checkouts = checkouts
        self._unsure: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, checkout: Checkout, /) -> Created | NoAnswer:
        money = checkout.money
        if money.currency != wire.CURRENCY or not wire.MIN_AMOUNT <= money.minor <= wire.MAX_AMOUNT:
            limits = f"{wire.MIN_AMOUNT} to {wire.MAX_AMOUNT} satang"
            return NoAnswer("refused", f"read {money.minor} of {money.currency}, expected {limits}")
        source = self._source(checkout)
        if isinstance(source, NoAnswer):
            return source
        if checkout.is_repeat or checkout.payment_id in self._unsure:
            known = await self._search(checkout)
            if known is not None:
                return known
        charge = await self._client.post("/charges", self._body(checkout, source))
        if not isinstance(charge, NoAnswer):
            return _created(charge)
        if charge.why not in UNSURE:
            return charge
        self._remember(checkout.payment_id)
        known = await self._search(checkout)
        return charge if known is None or isinstance(known, NoAnswer) else known

    def _source(self, checkout: Checkout) -> str | NoAnswer:
        """The type of the source that is paid by."""
        if checkout.method == CARD:
            return NoAnswer("refused", "a card wants a token, which orders do not take")
        source = SOURCES.get(checkout.method, self._checkouts.method)
        if wire.METHODS[source].flow != "offline" and not self._checkouts.return_uri:
            return NoAnswer("refused", f"{source} sends the payer back to OMISE_RETURN_URI, which is missing")
        return source

    def _body(self, checkout: Checkout, source: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "amount": checkout.money.minor,
            "currency": checkout.money.currency,
            "source": {"type": source},
            "expires_at": _moment(checkout.expires_ms),
            "description": checkout.bill_number,
            "metadata": {"paymentId": checkout.payment_id, "orderId": checkout.bill_number},
        }
        return body | ({"return_uri": self._checkouts.return_uri} if self._checkouts.return_uri else {})

    def _remember(self, payment_id: str) -> None:
        self._unsure[payment_id] = None
        if len(self._unsure) > MAX_EVENTS:
            self._unsure.popitem(last=False)

    async def _search(self, checkout: Checkout) -> Created | NoAnswer | None:
        """The charge of a payment; None where Omise says that there is none, NoAnswer where it says nothing."""
        found = await self._client.get("/search", {"scope": "charge", "query": checkout.payment_id})
        if isinstance(found, NoAnswer):
            return found
        rows = found.get("data")
        if not isinstance(rows, list):
            return NoAnswer("garbage", "a search without data")
        for row in rows:
            metadata = row.get("metadata") if isinstance(row, dict) else None
            if isinstance(metadata, dict) and metadata.get("paymentId") == checkout.payment_id:
                return _created(row)
        return None


def _created(charge: Mapping[str, Any]) -> Created | NoAnswer:
    reference = charge.get("id")
    handoff = _handoff(charge)
    if not isinstance(reference, str) or not reference or len(reference) > 100 or handoff is None:
        return NoAnswer("garbage", "a charge without an id, or without a code or a page to pay by")
    return Created(reference, ACCOUNT, handoff)


def _handoff(charge: Mapping[str, Any]) -> Handoff | None:
    """The code's text where Omise gives it, else the address of its picture, or of a page."""
    uri = charge.get("authorize_uri")
    source = charge.get("source")
    scannable = source.get("scannable_code") if isinstance(source, dict) else None
    text = scannable.get("raw_data") if isinstance(scannable, dict) else None
    if isinstance(text, str) and text:
        return Code(text)
    image = scannable.get("image") if isinstance(scannable, dict) else None
    picture = image.get("download_uri") if isinstance(image, dict) else None
    url = next(
        (one for one in (picture, uri) if isinstance(one, str) and one.startswith(("http://", "https://"))), None
    )
    return None if url is None else Redirect(url)


class Charges:
    """What Omise says of charges. What it calls pending stays so, whatever the time."""

    def __init__(self, client: HttpOmise) -> None:
        self._client = client

    async def check(self, reference: str, /) -> Report:
        if not reference.isascii() or not reference.replace("_", "").isalnum():
            return NotFound()
        charge = await self._client.get(f"/charges/{reference}")
        return charge if isinstance(charge, NoAnswer) else report(reference, charge)

    async def refund(self, reference: str, money: Money, key: str, /) -> Report:
        """Sends an amount back, once for each key, where the charge says that it can be."""
        before = await self._client.get(f"/charges/{reference}")
        if isinstance(before, NoAnswer):
            return before
        if (made := _made_before(before, key)) is not None:
            return _refunded(made, reference)
        if before.get("refundable") is not True:
            return NoAnswer("refused", "the charge is not refundable")
        body = {"amount": money.minor, "metadata": {"refundKey": key}}
        refund = await self._client.post(f"/charges/{reference}/refunds", body)
        return refund if isinstance(refund, NoAnswer) else _refunded(refund, reference)


def _made_before(charge: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """The refund of a charge that was made with this key: its answer may have been lost."""
    return next((row for row in _refund_rows(charge) if _key_of(row) == key), None)


def _refund_rows(charge: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    refunds = charge.get("refunds")
    rows = refunds.get("data") if isinstance(refunds, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _key_of(row: Mapping[str, Any]) -> str:
    """Our key of a refund; "" where it is not ours."""
    metadata = row.get("metadata")
    key = metadata.get("refundKey") if isinstance(metadata, dict) else None
    return key if isinstance(key, str) else ""


def _parts(reference: str, charge: Mapping[str, Any]) -> tuple[Refunded, ...]:
    """The refunds of a charge, ours and others'."""
    made = [(row, _refunded(row, reference)) for row in _refund_rows(charge)]
    return tuple(replace(one, key=_key_of(row)) for row, one in made if isinstance(one, Refunded))


def _refunded(refund: Mapping[str, Any], reference: str) -> Report:
    match refund:
        case {"object": "refund", "id": str(id_), "amount": int(amount), "charge": str(of)} if of == reference:
            return Refunded(id_, Money(amount, wire.CURRENCY), orjson.dumps(refund))
    return NoAnswer("garbage", "a refund without id and amount")


def report(reference: str, charge: Mapping[str, Any]) -> Report:
    """What a charge says; what it does not say clearly is no answer."""
    if charge.get("object") == "error":
        return NotFound()
    status = charge.get("status")
    if charge.get("object") != "charge" or charge.get("id") != reference:
        return NoAnswer("garbage", "an answer that is not the charge")
    if status in ("pending", "expired", "reversed"):
        return NotFound()
    if status == "failed":
        return Failed()
    if status != "successful":
        return NoAnswer("garbage", f"a charge with status {str(status)[:80]!r}")
    return _paid(reference, charge)


def _paid(reference: str, charge: Mapping[str, Any]) -> Report:
    """The money of a charge, or of the refunds that have sent all of it back."""
    amount, currency, back = charge.get("amount"), charge.get("currency"), charge.get("refunded_amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or not isinstance(currency, str):
        return NoAnswer("garbage", "a charge without amount and currency")
    is_ours = 0 < amount < 10**15 and currency.upper() == wire.CURRENCY
    money = Money(amount, wire.CURRENCY) if is_ours else None
    try:
        raw = orjson.dumps(charge)
    except orjson.JSONEncodeError:
        return NoAnswer("garbage", "a charge nested too deeply")
    done_ms, parts = _ms(charge.get("paid_at")), _parts(reference, charge)
    if isinstance(back, int) and back >= amount:
        return Refunded(reference, money, raw, parts=parts, done_ms=done_ms)
    return Paid(reference, money, ACCOUNT, done_ms=done_ms, raw=raw, refunds=parts)


class _ReadEvent:
    """A webhook that Omise signed. What has happened is asked for afterwards: the event names the charge alone.

    However often it comes, the core asks once; its id with another body is not believed.
    """

    def __init__(self, guard: Guard, now_ms: Callable[[], int]) -> None:
        self._guard = guard
        self._now_ms = now_ms
        self._seen: OrderedDict[str, bytes] = OrderedDict()

    async def __call__(self, headers: Mapping[str, str], body: bytes, /) -> Event:
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            self._guard.check(lowered, body, now_s=self._now_ms() / 1000)
        except RejectedError as error:
            raise ForgedEventError(str(error)) from None
        event = parsed(body) or {}
        id_, data = event.get("id"), event.get("data")
        if isinstance(id_, str):
            self._check_id(id_, hashlib.sha256(body).digest())
        if not isinstance(data, dict):
            return Event(None)
        reference = data.get("id") if data.get("object") == "charge" else data.get("charge")
        return Event(reference if isinstance(reference, str) and reference else None)

    def _check_id(self, id_: str, digest: bytes) -> None:
        if self._seen.get(id_, digest) != digest:
            raise ForgedEventError(f"the event {id_} came before with another body")
        self._seen[id_] = digest
        if len(self._seen) > MAX_EVENTS:
            self._seen.popitem(last=False)


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _ms(text: object) -> int | None:
    """Epoch ms of an instant; None for what is none."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if read is None or read.tzinfo is None:
        return None
    at_ms = round(read.timestamp() * 1000)
    return at_ms if at_ms > 0 else None
