"""PromptPay as the service's core sees it: a code is made here, and only a bank's word says that it was paid.

A biller's code carries the order's reference: the bank is asked what came in under it. A proxy's code carries none:
such an order is paid by the payer's slip alone, sent to /api/providers/promptpay/events, which the bank has to confirm.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.adapter.client import HttpBank, Refused, Transfer, satang_of
from bakong_schemes.promptpay.codec import BillPayment, CreditTransfer, encode
from bakong_service.domain.errors import ForgedEventError, UnavailableError
from bakong_service.domain.handoff import Code
from bakong_service.domain.payments import NoAnswer, NotFound, Paid, Refunded, Report
from bakong_service.ports import Checkout, Created, Event, Polling, Provider
from bakong_service.usecases.own_pace import OwnPace

LIFE_MS = 900_000
MAX_REFERENCE = 20  # of a bill's references; of A-Z and 0-9
MAX_ORDER = 128  # of what an event calls a payment
_NOT_ALLOWED = re.compile(r"[^A-Z0-9]")
_PROXY_KINDS = {"mobile": wire.MOBILE, "national_id": wire.ID, "tax_id": wire.ID, "ewallet": wire.EWALLET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Who is paid: a biller, or a proxy of one of the codec's kinds and its id."""

    biller_id: str = ""
    proxy: str = ""
    id: str = ""
    layout: str = "ascending"

    @property
    def account(self) -> str:
        """The account as the bank names it."""
        return f"{self.biller_id}@{wire.BILLER}" if self.biller_id else f"{self.id}@{_PROXY_KINDS[self.proxy]}"


def provider(bank: HttpBank, payee: Payee, *, life_ms: int = LIFE_MS) -> Provider:
    """PromptPay, whose bank is asked through a client. It takes nothing back: a refund is a transfer of its own."""
    orders = _Orders(bank, payee)
    return Provider(
        name=wire.NAME,
        currencies=frozenset({wire.CURRENCY}),
        life_ms=life_ms,
        create=orders.create,
        polling=Polling(check=orders.check, pace=OwnPace()),
        read_event=orders.read_event,
    )


class _Orders:
    """The orders of one payee."""

    def __init__(self, bank: HttpBank, payee: Payee) -> None:
        self._bank = bank
        self._payee = payee
        begins = f"{payee.account}:" if payee.biller_id else ""
        self._form = re.compile(rf"{re.escape(begins)}[A-Z0-9]{{1,20}}:[A-Z0-9]{{1,20}}=[0-9]+\.[0-9]{{2}}", re.ASCII)

    async def create(self, checkout: Checkout, /) -> Created:
        """The code, and the reference under which the bank is asked."""
        payee, money = self._payee, checkout.money
        amount = f"{money.minor // 100}.{money.minor % 100:02d}"
        ref1, ref2 = _reference(checkout.bill_number), _reference(checkout.payment_id)
        if payee.biller_id:
            asked = BillPayment(biller_id=payee.biller_id, ref1=ref1, ref2=ref2, amount=amount)
            code, name = encode(asked, layout=payee.layout), f"{payee.account}:{ref1}:{ref2}"
        else:
            code = encode(CreditTransfer(proxy=payee.proxy, id=payee.id, amount=amount), layout=payee.layout)
            name = f"{ref1}:{ref2}"
        return Created(f"{name}={amount}", payee.account, Code(code.text))

    async def check(self, reference: str, /) -> Report:
        """Of several transfers the newest that fits the order, so that a second payment is seen; else the newest."""
        transfers = await self._bank.transfers(reference)
        if isinstance(transfers, NoAnswer):
            return transfers
        if not transfers:
            return NotFound()
        return _report(self._chosen(transfers, reference))

    def _chosen(self, transfers: Sequence[Transfer], reference: str) -> Transfer:
        satang = satang_of(reference.rpartition("=")[2])
        fitting = [row for row in transfers if (row.money.minor, row.payee) == (satang, self._payee.account)]
        kept = [row for row in fitting if not row.returned]
        return (kept or fitting or transfers)[-1]

    async def read_event(self, _headers: Mapping[str, str], body: bytes, /) -> Event:
        """The payer's slip for a payment: {"slip": its mini QR, "reference": the payment's}.

        The bank's word is its signature. Raises ForgedEventError where the bank does not know it, or it is another
        order's; UnavailableError where the bank cannot be asked, so that it is sent again.
        """
        slip, reference = _event(body)
        if not self._form.fullmatch(reference):  # the bank would keep the slip for it for ever
            raise ForgedEventError(f"read the reference {reference[:64]!r}, which no payment here has")
        answer = await self._bank.slip(slip)
        if isinstance(answer, Transfer) and answer.reference in (None, reference):
            answer = await self._bank.use_slip(slip, reference)
        elif isinstance(answer, Transfer):
            raise ForgedEventError("slip: it has paid another bill")
        if isinstance(answer, Refused):
            raise ForgedEventError(f"slip: {_WHY[answer.why]}")
        if isinstance(answer, NoAnswer):
            raise UnavailableError(f"the slip could not be checked: {answer.why} {answer.detail}".rstrip())
        return Event(reference)


_WHY = {
    "not-found": "no bank knows a transfer of this slip",
    "slip-used": "it was used for another order",
    "invalid": "read no mini QR of a slip",
}


def _event(body: bytes) -> tuple[str, str]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        given = None
    match given:
        case {"slip": str(slip), "reference": str(reference)} if 0 < len(reference) <= MAX_ORDER:
            return slip, reference
    raise ForgedEventError('read no slip, expected {"slip": its mini QR, "reference": the payment\'s}')


def _report(transfer: Transfer) -> Report:
    if transfer.returned:
        return Refunded(transfer.hash, transfer.money, transfer.raw)
    return Paid(transfer.hash, transfer.money, transfer.payee, transfer.at_ms, transfer.raw)


def _reference(text: str) -> str:
    """A bill's reference out of a name of ours: the last 20 of its letters and digits."""
    return _NOT_ALLOWED.sub("", text.upper())[-MAX_REFERENCE:]
