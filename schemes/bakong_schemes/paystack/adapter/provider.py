"""Paystack as the service's core sees it: a hosted page, a reference that is verified again, signed events."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from bakong_contracts.webhook_guard import PAYSTACK, Guard, RejectedError
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.adapter.client import Good, HttpPaystack, Refusal, parsed
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded, Report
from bakong_service.ports import Checkout, Created, Event, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

LIFE_MS = 15 * 60_000
ACCOUNT = "paystack"
MAX_ATTEMPTS = 9  # references of one payment: the first, then .2 to .9
REFUNDS_A_PAGE = 100
CHARGED_BACK = "-charged-back"  # our name of what no refund tells of
MAX_PAGES = 50
UNKNOWN, DUPLICATE = "transaction_not_found", "duplicate_reference"
_REFERENCE = re.compile(r"[A-Za-z0-9.=\-_]{1,100}", re.ASCII)
_OPEN = ("abandoned", "failed", "ongoing", "pending", "processing", "queued")
_ON_ITS_WAY = ("pending", "processing", "needs-attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """return_url: where payers go whose checkout names no such page."""

    return_url: str | None = None


def provider(
    client: HttpPaystack, secret_keys: tuple[str, ...], *, now_ms: Callable[[], int], pages: Pages = Pages()
) -> Provider:
    """Paystack, asked through a client. secret_keys: they sign its events; the one in use, then the one before."""
    transactions = Transactions(client)
    return Provider(
        name=wire.NAME,
        currencies=frozenset(wire.CURRENCIES),
        life_ms=LIFE_MS,
        create=_Create(client, transactions, pages),
        polling=Polling(check=transactions.check, pace=OwnPace()),
        refund=transactions.refund,
        read_event=_ReadEvent(Guard(PAYSTACK, secret_keys), now_ms),
        needs_email=True,
        probe=_Probe(client),
    )


class _Probe:
    """One transaction of the list, which has no effect."""

    def __init__(self, client: HttpPaystack) -> None:
        self._client = client

    async def __call__(self) -> NoAnswer | None:
        answer = await self._client.get("/transaction", {"perPage": "1"})
        if isinstance(answer, Refusal):
            return NoAnswer("refused", f"HTTP {answer.status}, {answer.code}")
        return answer if isinstance(answer, NoAnswer) else None


def reference_of(payment_id: str, attempt: int = 1) -> str:
    """The reference of a payment's attempt, in the characters that Paystack allows.

    >>> reference_of("pay_1"), reference_of("pay_1", 2)
    ('pay-1', 'pay-1.2')
    """
    name = payment_id.replace("_", "-")
    return name if attempt == 1 else f"{name}.{attempt}"


class _Create:
    """Initialises a transaction under the payment's own reference, which is the only key that Paystack knows.

    Where the reference is used already, an answer was lost, and with it the page: nobody can pay there, unless verify
    says that somebody has. Then the next attempt has a reference of its own, and the checks look at those before it.
    """

    def __init__(self, client: HttpPaystack, transactions: "Transactions", pages: Pages) -> None:
        self._client = client
        self._transactions = transactions
        self._pages = pages

    async def __call__(self, checkout: Checkout, /) -> Created | NoAnswer:
        if (why := _refused(checkout)) is not None:
            return NoAnswer("refused", why)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            reference = reference_of(checkout.payment_id, attempt)
            answer = await self._client.post("/transaction/initialize", self._body(checkout, reference))
            if isinstance(answer, Good):
                return _created(reference, answer.data)
            if isinstance(answer, NoAnswer):
                return answer
            if answer.code != DUPLICATE:
                return _no(answer)
            if (begun := await self._begun(checkout, reference)) is not None:
                return begun
        return NoAnswer("refused", f"{MAX_ATTEMPTS} references of this payment are used")

    async def _begun(self, checkout: Checkout, reference: str) -> Created | NoAnswer | None:
        """What has become of a transaction whose page is lost; None where nobody has paid it."""
        report = await self._transactions.check(reference)
        if isinstance(report, Paid | Refunded):
            return Created(reference, ACCOUNT, Redirect(self._return_url(checkout) or f"https://{wire.PAY_HOST}/"))
        return report if isinstance(report, NoAnswer) else None

    def _return_url(self, checkout: Checkout) -> str | None:
        return checkout.return_url or self._pages.return_url

    def _body(self, checkout: Checkout, reference: str) -> dict[str, Any]:
        metadata = {"paymentId": checkout.payment_id, "orderId": checkout.bill_number}
        if checkout.cancel_url:
            metadata["cancel_action"] = checkout.cancel_url
        body = {
            "email": checkout.email,
            "amount": checkout.money.minor,
            "currency": checkout.money.currency,
            "reference": reference,
            "metadata": metadata,
        }
        url = self._return_url(checkout)
        return body | ({"callback_url": url} if url else {})


def _refused(checkout: Checkout) -> str | None:
    """Why Paystack would refuse it; None where it would not."""
    money = checkout.money
    if money.currency not in wire.CURRENCIES:
        return f"read {money.currency}, expected one of {', '.join(wire.CURRENCIES)}"
    if not wire.MINIMUMS[money.currency] <= money.minor <= wire.MAX_AMOUNT:
        return f"read {money.minor} minor units of {money.currency}, expected {wire.MINIMUMS[money.currency]} or more"
    return None if "@" in checkout.email else "Paystack needs the payer's e-mail address"


def _created(reference: str, data: Any) -> Created | NoAnswer:
    url = data.get("authorization_url") if isinstance(data, dict) else None
    is_ours = isinstance(data, dict) and data.get("reference") == reference
    if not is_ours or not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return NoAnswer("garbage", "a transaction of another reference, or without a page")
    return Created(reference, ACCOUNT, Redirect(url))


class Transactions:
    """What Paystack says of transactions. What is not paid stays open there, a declined one too."""

    def __init__(self, client: HttpPaystack) -> None:
        self._client = client

    async def check(self, reference: str, /) -> Report:
        """The report of a reference; of a later attempt's, that of an earlier one which was paid after all."""
        first, _, attempt = reference.partition(".")
        report = await self._check_one(reference)
        is_repeat = attempt.isascii() and attempt.isdigit() and 2 <= int(attempt[:2]) <= MAX_ATTEMPTS
        for number in range(1, int(attempt[:2])) if is_repeat and isinstance(report, NotFound) else ():
            earlier = await self._check_one(reference_of(first, number))
            if not isinstance(earlier, NotFound):
                return earlier
        return report

    async def _check_one(self, reference: str) -> Report:
        data = await self._verify(reference)
        if isinstance(data, NoAnswer | NotFound):
            return data
        said = report(reference, data)
        if not isinstance(said, Paid | Refunded):
            return said
        rows = await self._refunds(data["id"])
        if isinstance(said, Paid):  # a verification tells of no part that went back; paid it is, whatever the list does
            return said if isinstance(rows, NoAnswer) else replace(said, refunds=_parts(rows))
        return rows if isinstance(rows, NoAnswer) else _gone_back(said, rows)

    async def _verify(self, reference: str) -> dict[str, Any] | NotFound | NoAnswer:
        if not _REFERENCE.fullmatch(reference):
            return NotFound()
        answer = await self._client.get(f"/transaction/verify/{reference}")
        if isinstance(answer, Refusal):
            is_unknown = answer.code == UNKNOWN
            return NotFound() if is_unknown else NoAnswer("refused", f"HTTP {answer.status}, {answer.code}")
        if isinstance(answer, NoAnswer):
            return answer
        return answer.data if isinstance(answer.data, dict) else NoAnswer("garbage", "a verification without data")

    async def refund(self, reference: str, money: Money, key: str, /) -> Report:
        """Sends an amount back, once for each key: there are no keys at Paystack, so the merchant's note bears it."""
        paid = await self._verify(reference)
        if isinstance(paid, NoAnswer):
            return paid
        if isinstance(paid, NotFound) or not isinstance(paid.get("id"), int) or paid.get("reference") != reference:
            return NoAnswer("garbage", "a transaction that was paid is not known")
        made = await self._made_before(paid["id"], key)
        if isinstance(made, NoAnswer):
            return made
        if made is None:
            made = await self._give_back(paid, money, key)
        return made if isinstance(made, NoAnswer) else refund_report(made)

    async def _give_back(self, paid: Mapping[str, Any], money: Money, key: str) -> Any:
        """The refund that was made, or why there is none, as NoAnswer."""
        if paid.get("status") != "success":
            return NoAnswer("refused", f"the transaction is {str(paid.get('status'))[:40]}")
        body = {
            "transaction": paid["reference"],
            "amount": money.minor,
            "currency": money.currency,
            "merchant_note": note_of(key),
        }
        answer = await self._client.post("/refund", body)
        if isinstance(answer, Refusal):
            return _no(answer)
        return answer if isinstance(answer, NoAnswer) else answer.data

    async def _made_before(self, transaction: int, key: str) -> Mapping[str, Any] | NoAnswer | None:
        """The refund of a transaction that bears this key: its answer may have been lost."""
        rows = await self._refunds(transaction)
        if isinstance(rows, NoAnswer):
            return rows
        return next((row for row in rows if row.get("merchant_note") == note_of(key)), None)

    async def _refunds(self, transaction: int) -> list[Mapping[str, Any]] | NoAnswer:
        """The refunds of a transaction, ours and others'."""
        rows: list[Mapping[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            query = {"transaction": str(transaction), "perPage": str(REFUNDS_A_PAGE), "page": str(page)}
            answer = await self._client.get("/refund", query)
            if isinstance(answer, Refusal):
                return NoAnswer("garbage", f"refunds are not listed: HTTP {answer.status}, {answer.code}")
            if isinstance(answer, NoAnswer):
                return answer
            if not isinstance(answer.data, list):
                return NoAnswer("garbage", "a list of refunds without rows")
            rows += [row for row in answer.data if isinstance(row, dict)]
            if len(answer.data) < REFUNDS_A_PAGE:
                return rows
        return NoAnswer("garbage", f"more than {MAX_PAGES} pages of refunds")


def _no(refusal: Refusal) -> NoAnswer:
    return NoAnswer("refused", f"HTTP {refusal.status}, {refusal.code}: {refusal.message}")


def note_of(key: str) -> str:
    """The merchant's note of a refund with this key."""
    return f"refund {key}"


def _parts(rows: Sequence[Mapping[str, Any]]) -> tuple[Refunded, ...]:
    """The refunds that are done, each with our key of it; "" where it is not ours."""
    made = [(row, refund_report(row)) for row in rows]
    return tuple(replace(one, key=_key_of(row)) for row, one in made if isinstance(one, Refunded))


def _gone_back(said: Refunded, rows: Sequence[Mapping[str, Any]]) -> Report:
    """A reversed transaction by its refunds: paid, while they are on their way; charged back, what none covers."""
    parts = _parts(rows)
    under_way = sum(row["amount"] for row in rows if isinstance(refund_report(row), NotFound))
    covered = under_way + sum(part.money.minor for part in parts if part.money)
    if said.money is not None and covered < said.money.minor:
        rest = Money(said.money.minor - covered, said.money.currency)
        parts += (Refunded(f"{said.hash}{CHARGED_BACK}", rest, said.raw),)
    if not parts:
        return Paid(said.hash, said.money, ACCOUNT, done_ms=said.done_ms, raw=said.raw)
    return replace(said, parts=parts)


def _key_of(row: Mapping[str, Any]) -> str:
    note = row.get("merchant_note")
    return note.removeprefix(note_of("")) if isinstance(note, str) and note.startswith(note_of("")) else ""


def refund_report(refund: Any) -> Report:
    """What a refund has come to; NotFound while its money is on its way."""
    match refund:
        case {"id": int(id_), "amount": int(amount), "currency": str(currency), "status": str(status)}:
            if status in _ON_ITS_WAY:
                return NotFound()
            if status == "failed":
                return Failed()
            if status == "processed" and currency in wire.CURRENCIES and not isinstance(amount, bool):
                return Refunded(str(id_), Money(amount, currency), orjson.dumps(refund))
            return NoAnswer("garbage", f"a refund with status {status[:80]!r}")
    return NoAnswer("garbage", "a refund without id, amount, currency and status")


def report(reference: str, data: Mapping[str, Any]) -> Report:
    """What a verification says; what it does not say clearly is no answer."""
    if data.get("reference") != reference:
        return NoAnswer("garbage", "an answer that is not of the transaction")
    status = data.get("status")
    if status in _OPEN:
        return NotFound()
    if status not in ("success", "reversed"):
        return NoAnswer("garbage", f"a transaction with status {str(status)[:80]!r}")
    return _paid(data, is_reversed=status == "reversed")


def _paid(data: Mapping[str, Any], *, is_reversed: bool) -> Report:
    id_, amount, currency = data.get("id"), data.get("amount"), data.get("currency")
    if type(id_) is not int or type(amount) is not int or not isinstance(currency, str):
        return NoAnswer("garbage", "a transaction without id, amount and currency")
    money = Money(amount, currency) if currency in wire.CURRENCIES and 0 < amount < 10**15 else None
    try:
        raw = orjson.dumps(data)
    except orjson.JSONEncodeError:
        return NoAnswer("garbage", "a transaction nested too deeply")
    done_ms = _ms(data.get("paid_at"))
    if is_reversed:
        return Refunded(str(id_), money, raw, done_ms=done_ms)
    return Paid(str(id_), money, ACCOUNT, done_ms=done_ms, raw=raw)


class _ReadEvent:
    """A webhook that Paystack signed. What has happened is asked for afterwards: the event names the reference alone.

    No time is signed, and no id: a replay is a genuine event, and brings no more than one question.
    """

    def __init__(self, guard: Guard, now_ms: Callable[[], int]) -> None:
        self._guard = guard
        self._now_ms = now_ms

    async def __call__(self, headers: Mapping[str, str], body: bytes, /) -> Event:
        try:
            self._guard.check(headers, body, now_s=self._now_ms() / 1000)
        except RejectedError as error:
            raise ForgedEventError(str(error)) from None
        data = (parsed(body) or {}).get("data")
        if not isinstance(data, dict):
            return Event(None)
        inner = data.get("transaction")
        named = (
            data.get("reference"),
            data.get("transaction_reference"),
            inner.get("reference") if isinstance(inner, dict) else None,
        )
        return Event(next((one for one in named if isinstance(one, str) and _REFERENCE.fullmatch(one)), None))


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
