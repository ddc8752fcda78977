"""Stripe as the service's core sees it: a Checkout Session, retrieved again and again, and signed events."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bakong_contracts.webhook_guard import STRIPE, Guard, RejectedError
from bakong_schemes.stripe.adapter import facts
from bakong_schemes.stripe.adapter.client import HttpStripe, Json, Refusal, parsed, segment
from bakong_schemes.stripe.adapter.reports import ACCOUNT, disputed_intent, of_refund, of_session, word_of
from bakong_service.domain.errors import ForgedEventError, UnavailableError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded, Report
from bakong_service.ports import Checkout, Created, Event, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

T = TypeVar("T")
LIFE_MS = 15 * 60_000
MAX_ID = 36  # characters of our ids
OURS = ("payment_intent", "charge")  # what bears our id in its metadata
MAX_EVENTS = 10_000  # ids of events, and intents with their sessions, that are remembered
A_PAGE, MAX_PAGES = 100, 50
EXPANDED = {"expand": ["payment_intent.latest_charge.refunds"]}
SESSIONS = "/checkout/sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """return_url: where payers go whose checkout names no such page."""

    return_url: str | None = None


def provider(
    client: HttpStripe, webhook_secrets: tuple[str, ...], *, now_ms: Callable[[], int], pages: Pages = Pages()
) -> Provider:
    """Stripe, asked through a client. Without a webhook secret no event is read, and polling alone tells."""
    sessions = Sessions(client)
    return Provider(
        name=facts.NAME,
        currencies=facts.CURRENCIES,
        life_ms=LIFE_MS,
        create=_Create(client, pages),
        polling=Polling(check=sessions.check, pace=OwnPace()),
        refund=sessions.refund,
        cancel=sessions.cancel,
        probe=_Probe(client),
        read_event=_ReadEvent(Guard(STRIPE, webhook_secrets), sessions, now_ms) if webhook_secrets else None,
    )


class _Probe:
    """The balance, which a key may always ask for."""

    def __init__(self, client: HttpStripe) -> None:
        self._client = client

    async def __call__(self) -> NoAnswer | None:
        answer = await self._client.get("/balance")
        if isinstance(answer, Refusal):
            return NoAnswer("refused", f"HTTP {answer.status}, {answer.code}")
        return answer if isinstance(answer, NoAnswer) else None


class _Create:
    """Makes a session under the payment's own idempotency key, so that a repeat is answered with the first session.

    What is sent depends on the checkout alone: with the same key Stripe refuses other parameters.
    """

    def __init__(self, client: HttpStripe, pages: Pages) -> None:
        self._client = client
        self._pages = pages

    async def __call__(self, checkout: Checkout, /) -> Created | NoAnswer:
        url = checkout.return_url or self._pages.return_url
        money = checkout.money
        if money.currency not in facts.CURRENCIES or not 0 < facts.to_stripe(money) <= facts.MAX_AMOUNT:
            return NoAnswer("refused", f"read {money.minor} minor units of {money.currency}")
        if not url:
            return NoAnswer("refused", "Stripe sends the payer back: give a return URL, or STRIPE_RETURN_URL")
        key = f"{checkout.payment_id}:checkout"
        session = await self._client.post(SESSIONS, fields_of(checkout, url), key=key)
        if isinstance(session, Refusal):
            return NoAnswer("refused", f"HTTP {session.status}, {session.code}: {session.message}")
        return session if isinstance(session, NoAnswer) else _created(session, url)


def fields_of(checkout: Checkout, return_url: str) -> Json:
    """The fields of a checkout's session. It ends by itself an hour after the payment, should nobody end it before."""
    metadata = {"paymentId": checkout.payment_id, "orderId": checkout.bill_number}
    ends_s = max(checkout.expires_ms, checkout.created_ms) // 1000 + facts.LIFE_S
    price = {
        "currency": checkout.money.currency.lower(),
        "unit_amount": facts.to_stripe(checkout.money),
        "product_data": {"name": checkout.bill_number or checkout.payment_id},
    }
    fields: Json = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": return_url,
        "client_reference_id": checkout.bill_number or checkout.payment_id,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "expires_at": min(ends_s, checkout.created_ms // 1000 + facts.LONGEST_S),
    }
    further = {"cancel_url": checkout.cancel_url, "customer_email": checkout.email}
    return fields | {name: value for name, value in further.items() if value}


def _created(session: Mapping[str, Any], return_url: str) -> Created | NoAnswer:
    id_, url = session.get("id"), session.get("url")
    if session.get("object") != "checkout.session" or not isinstance(id_, str) or not 0 < len(id_) <= 100:
        return NoAnswer("garbage", "an answer that is no session")
    if url is None and session.get("status") == "complete":
        return Created(id_, ACCOUNT, Redirect(return_url))  # the check will say that it is paid
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return NoAnswer("garbage", "a session without a page")
    return Created(id_, ACCOUNT, Redirect(url))


class Sessions:
    """What Stripe says of sessions, and what is done to them."""

    def __init__(self, client: HttpStripe) -> None:
        self._client = client

    async def check(self, reference: str, /) -> Report:
        session = await self._session(reference)
        if isinstance(session, NoAnswer | NotFound):
            return session
        report, intent = of_session(reference, session), disputed_intent(session)
        if intent is None or not isinstance(report, Paid | Refunded):
            return report
        dispute = await self._dispute_of(intent)
        return dispute if isinstance(dispute, NoAnswer) else replace(report, dispute=dispute)

    async def cancel(self, reference: str, /) -> Report:
        """Ends a session that is open: Failed, as nobody can pay it any more; else what has become of it before."""
        session = await self._client.post(f"{SESSIONS}/{segment(reference)}/expire", {})
        if isinstance(session, Refusal):
            return await self.check(reference)
        if isinstance(session, NoAnswer):
            return session
        is_over = session.get("id") == reference and session.get("status") == "expired"
        return Failed() if is_over else NoAnswer("garbage", "a session that was expired and is not")

    async def refund(self, reference: str, money: Money, key: str, /) -> Report:
        """Sends an amount back, once for each key: Stripe forgets keys after a day, so the metadata bear it too."""
        session = await self._session(reference)
        if isinstance(session, NoAnswer):
            return session
        intent = session.get("payment_intent") if isinstance(session, dict) else None
        id_ = intent.get("id") if isinstance(intent, dict) else None
        if not isinstance(id_, str):
            return NoAnswer("garbage", "a session that was paid has no intent")
        made = await self._made_before(id_, key)
        if made is None:
            made = await self._give_back(id_, money, key)
        return made if isinstance(made, NoAnswer) else of_refund(made)

    async def _dispute_of(self, intent: str) -> str | NoAnswer:
        """What has become of an intent's dispute, which its charge alone does not say."""
        answer = await self._client.get("/disputes", {"payment_intent": intent, "limit": A_PAGE})
        if isinstance(answer, NoAnswer):
            return answer
        rows = answer.get("data") if isinstance(answer, dict) else None  # a key may not be let to list them
        return word_of(rows if isinstance(rows, list) else ())

    async def session_of(self, intent: str) -> str | NoAnswer | None:
        """The session that an intent is of; None where there is none."""
        answer = await self._client.get(SESSIONS, {"payment_intent": intent, "limit": 1})
        if isinstance(answer, NoAnswer):
            return answer
        rows = answer.get("data") if isinstance(answer, dict) else None
        first = rows[0] if isinstance(rows, list) and rows else None
        id_ = first.get("id") if isinstance(first, dict) else None
        return id_ if isinstance(id_, str) else None

    async def _session(self, reference: str) -> Json | NotFound | NoAnswer:
        if not reference.isascii() or not reference.replace("_", "").isalnum():
            return NotFound()
        answer = await self._client.get(f"{SESSIONS}/{segment(reference)}", EXPANDED)
        if isinstance(answer, Refusal):
            is_unknown = answer.code == "resource_missing"
            return NotFound() if is_unknown else NoAnswer("refused", f"HTTP {answer.status}, {answer.code}")
        return answer

    async def _give_back(self, intent: str, money: Money, key: str) -> Json | NoAnswer:
        fields = {"payment_intent": intent, "amount": facts.to_stripe(money), "metadata": {"refundKey": key}}
        refund = await self._client.post("/refunds", fields, key=key)
        if isinstance(refund, Refusal):
            return NoAnswer("refused", f"HTTP {refund.status}, {refund.code}: {refund.message}")
        return refund

    async def _made_before(self, intent: str, key: str) -> Json | NoAnswer | None:
        """The refund of an intent that bears this key, as it is now."""
        query: Json = {"payment_intent": intent, "limit": A_PAGE}
        for _ in range(MAX_PAGES):
            answer = await self._client.get("/refunds", query)
            if isinstance(answer, NoAnswer):
                return answer
            rows = answer.get("data") if isinstance(answer, dict) else None
            if not isinstance(rows, list):
                return NoAnswer("garbage", "a list of refunds without rows")
            for row in rows:
                metadata = row.get("metadata") if isinstance(row, dict) else None
                if isinstance(metadata, dict) and metadata.get("refundKey") == key:
                    return dict(row)
            if isinstance(answer, Refusal) or answer.get("has_more") is not True or not rows:
                return None
            query["starting_after"] = rows[-1].get("id") if isinstance(rows[-1], dict) else ""
        return NoAnswer("garbage", f"more than {MAX_PAGES} pages of refunds")


class _ReadEvent:
    """A webhook that Stripe signed. What has happened is asked for afterwards: the event names the session alone.

    However often it comes, the core asks once; its id with another body is not believed. An event about an intent or a
    charge carries our own id of the payment; one about a refund or a dispute names neither that nor a session: Stripe
    is asked for it, once for each intent. UnavailableError where it does not say, so that the event is sent again.
    """

    def __init__(self, guard: Guard, sessions: Sessions, now_ms: Callable[[], int]) -> None:
        self._guard = guard
        self._sessions = sessions
        self._now_ms = now_ms
        self._seen: OrderedDict[str, bytes] = OrderedDict()
        self._known: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, headers: Mapping[str, str], body: bytes, /) -> Event:
        try:
            self._guard.check(headers, body, now_s=self._now_ms() / 1000)
        except RejectedError as error:
            raise ForgedEventError(str(error)) from None
        event = parsed(body) or {}
        if isinstance(id_ := event.get("id"), str):
            self._check_id(id_, hashlib.sha256(body).digest())
        data = event.get("data")
        about = data.get("object") if isinstance(data, dict) else None
        if not isinstance(about, dict):
            return Event(None)
        is_session = about.get("object") == "checkout.session"
        if not is_session and (payment_id := _our_id(about)):
            return Event(None, payment_id=payment_id)
        return Event(await self._session(about))

    async def _session(self, about: Mapping[str, Any]) -> str | None:
        if about.get("object") == "checkout.session":
            id_ = about.get("id")
            if isinstance(id_, str) and isinstance(intent := about.get("payment_intent"), str):
                _remember(self._known, intent, id_)
            return id_ if isinstance(id_, str) and id_ else None
        intent = intent_of(about)
        if intent is None:
            return None
        if intent not in self._known:
            session = await self._sessions.session_of(intent)
            if isinstance(session, NoAnswer):
                raise UnavailableError(f"Stripe does not say which session {intent} is of: {session.why}")
            if session is not None:
                _remember(self._known, intent, session)
        return self._known.get(intent)

    def _check_id(self, id_: str, digest: bytes) -> None:
        if self._seen.get(id_, digest) != digest:
            raise ForgedEventError(f"the event {id_} came before with another body")
        _remember(self._seen, id_, digest)


def _our_id(about: Mapping[str, Any]) -> str:
    """Our id of the payment, which we gave its intent; Stripe writes it into the intent's charge, too."""
    metadata = about.get("metadata")
    named = metadata.get("paymentId") if isinstance(metadata, dict) else None
    return named if isinstance(named, str) and len(named) <= MAX_ID and about.get("object") in OURS else ""


def intent_of(about: Mapping[str, Any]) -> str | None:
    """The intent that an event's object is, or is of; None for one that is not a payment's.

    >>> intent_of({"object": "refund", "id": "re_1", "payment_intent": "pi_1"})
    'pi_1'
    """
    named = about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
    if isinstance(named, dict):
        named = named.get("id")
    return named if isinstance(named, str) and named else None


def _remember(kept: OrderedDict[str, T], name: str, value: T) -> None:
    """Keep a value, and not more than so many."""
    kept[name] = value
    if len(kept) > MAX_EVENTS:
        kept.popitem(last=False)
