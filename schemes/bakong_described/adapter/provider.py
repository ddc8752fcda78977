"""A provider of the service, made of a description."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from bakong_described import forms, signing
from bakong_described.adapter.exchange import Answered, Exchange, Refused, money_at
from bakong_described.description import Asked, Callback, Description, Operation, milliseconds
from bakong_described.forms import Money as Written
from bakong_described.templates import MismatchError, hole_of, match, text
from bakong_scenarios import State
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Code, Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Authorized, Failed, NoAnswer, NotFound, Paid, Refunded, Report
from bakong_service.ports import Checkout, Created, Event, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

DAY_MS = 86_400_000
NONE_YET = (State.UNPAID, State.EXPIRED)
FAILED = (State.FAILED, State.CANCELLED)


def provider(
    client: httpx.AsyncClient,
    description: Description,
    credentials: Mapping[str, str],
    now_ms: Callable[[], int],
    *,
    webhook_secret: str = "",
    callback_url: str = "",
    return_url: str = "",
    prefix: str = "",
) -> Provider:
    """The provider, asked through a client whose base is the API's. credentials: by the description's names for them.

    webhook_secret: what callbacks to registered endpoints are signed with; by default the description's own.

    Raises ValueError for an API that wants the amount again when a payment is finalised: the service does not say it.
    """
    for operation in description.doing("confirm").values():
        if any(asked.is_ == "amount" and not asked.optional for asked in operation.fields.values()):
            raise ValueError(f"{description.name}: its confirmation wants the amount, which the service does not say")
    exchange = Exchange(client, description, credentials, now_ms, prefix)
    shop = {"callback_url": callback_url, "return_url": return_url}
    api = _Api(exchange, description, shop)
    callback = description.callback
    events = callback and _Events(description, callback, exchange.secrets, webhook_secret, now_ms)
    return Provider(
        name=description.name,
        currencies=frozenset(description.currencies),
        life_ms=description.life_ms,
        create=api.create,
        polling=Polling(check=api.check, pace=OwnPace()),
        read_event=events.read if events else None,
        finalise=api.finalise if description.doing("confirm") else None,
        refund=api.refund if description.doing("refund") else None,
    )


class _Api:
    """The calls of a payment's life. shop: what every payment is given with."""

    def __init__(self, exchange: Exchange, description: Description, shop: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._is = description
        self._shop = shop

    async def create(self, checkout: Checkout, /) -> Created | NoAnswer:
        operation = self._doing("create")
        kind = "shop_reference" if self._is.reference.made else "reference"
        asked = next((asked for asked in operation.fields.values() if asked.is_ == kind), Asked())
        ours = shop_reference(checkout, asked)
        answer = await self._exchange.ask(
            operation,
            {
                **self._shop,
                "reference": ours,
                "shop_reference": ours,
                "amount": Written(checkout.money.minor, checkout.money.currency),
                "currency": checkout.money.currency,
                "description": checkout.bill_number,
                "expires": checkout.expires_ms,
            },
        )
        if not isinstance(answer, Answered):
            return _no_answer(answer)
        reference = answer.value("reference") if self._is.reference.made else ours
        code, page = answer.value("code"), answer.value("page")
        if isinstance(reference, int) and not isinstance(reference, bool):
            reference = str(reference)
        if not isinstance(reference, str) or not re.fullmatch(r"[!-~]{1,200}", reference):
            return NoAnswer("garbage", "a payment without its reference")
        handoff = Code(code) if isinstance(code, str) else Redirect(page) if isinstance(page, str) else None
        if handoff is None:
            return NoAnswer("garbage", "a payment without a code or a page")
        return Created(reference, self._is.merchant, handoff)

    async def check(self, reference: str, /) -> Report:
        """What the API says; where it wants the day of payment, today's and then the day's before."""
        now_ms = self._exchange.now_ms()
        report = await self._report("query", reference, {"paid_on": now_ms})
        by_day = any(asked.is_ == "paid_on" for asked in self._doing("query").fields.values())
        if by_day and isinstance(report, NotFound):
            return await self._report("query", reference, {"paid_on": now_ms - DAY_MS})
        return report

    async def finalise(self, reference: str, /) -> Report:
        """Let the money of a payment that the payer has agreed to move."""
        return await self._report("confirm", reference)

    async def refund(self, reference: str, money: Money, key: str, /) -> Report:  # noqa: ARG002  no API has a key here
        values = {"amount": Written(money.minor, money.currency), "currency": money.currency}
        return await self._report("refund", reference, values, Refunded(reference, money))

    async def _report(
        self, does: str, reference: str, values: Mapping[str, Any] | None = None, then: Report | None = None
    ) -> Report:
        named = {"reference": reference, "shop_reference": reference, **(values or {})}
        answer = await self._exchange.ask(self._doing(does), named)
        if isinstance(answer, Refused):
            return NotFound() if answer.name == "not-found" and does == "query" else _no_answer(answer)
        return answer if isinstance(answer, NoAnswer) else then or self._said(reference, answer)

    def _said(self, reference: str, answer: Answered) -> Report:
        """What an answer says; whatever it does not say clearly is no answer."""
        shown = answer.value("reference")
        if shown is not None and str(shown) != reference:
            return NoAnswer("garbage", f"asked about {reference}, read {str(shown)[:80]!r}")
        at = self._state(answer)
        if at in NONE_YET:
            return NotFound()
        if at in FAILED:
            return Failed()
        if at is State.AUTHORIZED:
            return Authorized()
        return self._moved(reference, answer, at)

    def _moved(self, reference: str, answer: Answered, at: State | None) -> Report:
        """The money of a payment that was paid, whatever has become of it since."""
        written = money_at(answer, self._currency)
        if at not in (State.PAID, State.DISPUTED, State.REFUNDED) or written is None:
            return NoAnswer("garbage", f"a payment in the state {str(answer.value('status'))[:80]!r}")
        money = Money(*written)
        if at is State.REFUNDED:
            return Refunded(reference, money)
        slip = answer.value("slip")
        name = slip if isinstance(slip, str) and 0 < len(slip) <= 64 else reference[:64]
        return Paid(name, money, self._payee(answer), dispute="open" if at is State.DISPUTED else "")

    def _payee(self, answer: Answered) -> str:
        payee = answer.value("payee")
        return payee if isinstance(payee, str) else self._is.merchant

    def _state(self, answer: Answered) -> State | None:
        """By the API's word for it; where the answer has none, by which of the answers it is."""
        word = answer.value("status")
        if any(hole.name == "status" for hole in answer.at):
            return next((state for state, known in self._is.states.items() if known == word), None)
        return answer.said.when[0] if answer.said.when else None

    @property
    def _currency(self) -> str | None:
        """The only currency there is, for answers that name none."""
        return next(iter(self._is.currencies)) if len(self._is.currencies) == 1 else None

    def _doing(self, does: Any) -> Operation:
        return next(iter(self._is.doing(does).values()))


def shop_reference(checkout: Checkout, asked: Asked) -> str:
    """Our own name for a payment, as the API takes it: the first of these that has the right form."""
    plain = checkout.payment_id.replace("-", "")
    tries = (checkout.payment_id, plain, plain[-20:].upper(), plain[-15:].upper(), plain[-10:].upper())
    fits = (
        one for one in tries if len(one) <= asked.longest and (not asked.matches or re.fullmatch(asked.matches, one))
    )
    return next(fits, checkout.bill_number)


def _no_answer(answer: Refused | NoAnswer) -> NoAnswer:
    return NoAnswer("refused", f"HTTP {answer.status}, {answer.name}") if isinstance(answer, Refused) else answer


class _Events:
    """Callbacks, read and held against their signature."""

    def __init__(
        self,
        description: Description,
        callback: Callback,
        secrets: Mapping[str, Any],
        webhook_secret: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._is = description
        self._callback = callback
        self._secrets = secrets
        self._secret = webhook_secret or text(callback.secret, secrets)
        self._now_ms = now_ms

    async def read(self, headers: Mapping[str, str], body: bytes, /) -> Event:
        """The payment that a callback is about. One that no signature covers says only that it is time to ask."""
        self._verify(headers, body)
        try:
            at = match(_names_alone(self._callback.json), self._values(body))
        except MismatchError:
            return Event(None)
        names = {hole.name: value for hole, value in at.items()}
        reference = names.get("reference", names.get("shop_reference"))
        return Event(str(reference) if isinstance(reference, (str, int)) else None)

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        callback = self._callback
        if callback.signature is None:
            return
        values = {**self._secrets, "secret": self._secret, "body": body.decode("utf-8", signing.RAW)}
        shown = ""
        for name, template in callback.headers.items():
            read = headers.get(name, "")
            values[f"header.{name}"] = read
            hole = hole_of(template)
            if "<signature" in template:
                shown = read
            elif hole:
                values[hole.name] = read
                if hole.name == "now" and callback.tolerance:
                    self._fresh(name, read, hole.form)
        if not signing.same(shown, signing.sign(callback.signature, values)):
            raise ForgedEventError(f"read the signature {shown[:80]!r}, expected that of this body")

    def _fresh(self, name: str, read: str, form: str) -> None:
        assert self._callback.tolerance is not None  # noqa: S101  its caller's
        try:
            is_fresh = abs(forms.moment_of(read, form) - self._now_ms()) <= milliseconds(self._callback.tolerance)
        except (ValueError, OverflowError):
            is_fresh = False
        if not is_fresh:
            raise ForgedEventError(f"{name}: read {read[:80]!r}, expected a time within {self._callback.tolerance}")

    def _values(self, body: bytes) -> Any:
        if self._callback.sends == "form":
            return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if self._is.sealing and self._callback.sealed:
            try:
                body = signing.unseal(self._is.sealing, self._secret, body)
            except signing.SealError as error:
                raise ForgedEventError(str(error)) from None
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return None


def _names_alone(template: Any) -> Any:
    """The part of a callback's template that names the payment."""
    if not isinstance(template, Mapping):
        return template
    kept = {name: part for name, part in template.items() if isinstance(part, Mapping) or _names(part)}
    return {name: _names_alone(part) for name, part in kept.items()}


def _names(template: Any) -> bool:
    hole = hole_of(template)
    return hole is not None and hole.name in ("reference", "shop_reference")
