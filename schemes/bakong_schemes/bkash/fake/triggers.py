"""The events of `bakong-sandbox trigger`: a payment that is made, approved and executed by the API; a confirmation."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import pages, payments, sns
from bakong_schemes.bkash.fake.errors import ApiError
from bakong_schemes.bkash.fake.records import BkashState, PaymentRow
from bakong_schemes.bkash.fake.requests import Answer, Ask
from bakong_schemes.bkash.fake.wallets import ISSUER, USUAL_WALLET, account_of
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.kernel.world import World, WorldError

AMOUNT = "100.00"
CALLBACK = "https://shop.test/back"
EVENTS = (
    EventType(
        wire.NOTIFICATION,
        "A payment is made, approved by its customer, and executed: the topic's notification.",
        {
            "amount": f"taka, {AMOUNT} by default",
            "merchantInvoiceNumber": "the shop's own number",
            "payerReference": "the shop's word for the payer",
            "callbackURL": "where the customer is led",
            "intent": "sale by default; authorization is captured too",
            "wallet": f"the customer's number, {USUAL_WALLET} or a new one by default",
        },
    ),
    EventType(wire.CONFIRMATION, "The topic asks to be confirmed, by a GET of its SubscribeURL."),
)


class _Calls(NamedTuple):
    """The tokenized API as the trigger calls it, under its script."""

    world: World
    state: BkashState
    asked: Trigger

    def ask(self, fields: Mapping[str, Any]) -> Ask:
        base = urlsplit(self.asked.base_url)
        headers = ((b"host", base.netloc.encode()), (b"x-forwarded-proto", base.scheme.encode()))
        call = Call("tokenized/checkout", "POST", "", b"", headers=headers)
        return Ask(self.world, self.state, call, wire.TOKENIZED, dict(fields), "", self.asked.script)


def trigger(world: World, state: BkashState, asked: Trigger) -> dict[str, str]:
    """Raises BodyError for what the API refuses, in its words."""
    if asked.event == wire.CONFIRMATION:
        return {"token": sns.ask_to_confirm(world, state)}
    try:
        row = _paid(_Calls(world, state, asked), dict(asked.fields))
    except ApiError as error:
        text = error.message or wire.CODES.get(error.code, "it is not to be had now")
        raise BodyError(f"override: {wire.NAME} refuses it ({error.code}): {text.strip()}") from None
    except (WorldError, LedgerError) as error:
        raise BodyError(f"override: {error}") from None
    return {"payment": row.id, "transaction": row.trx}


def _paid(calls: _Calls, given: dict[str, Any]) -> PaymentRow:
    wallet = given.pop("wallet", None)
    row = _created(calls, given)
    number = _wallet(calls, row) if wallet is None else wallet
    outcome = pages.decide(calls.world, calls.state, row, "confirm", number) if isinstance(number, str) else ""
    if outcome != "success":
        raise BodyError(f"override: wallet: {wire.NAME} refuses {number!r:.40} on its page ({row.failure or '2057'})")
    _cover(calls.world, number, row.minor)
    payments.execute(calls.ask({"paymentID": row.id}))
    if not row.trx:
        raise BodyError(f"override: wallet: {number} executes nothing the first time")
    if row.intent == wire.AUTHORIZATION:
        payments.capture(calls.ask({"paymentID": row.id}))
    return row


def _created(calls: _Calls, given: Mapping[str, Any]) -> PaymentRow:
    fields = {
        "mode": wire.MODES["without"],
        "payerReference": "sandbox",
        "callbackURL": CALLBACK,
        "amount": AMOUNT,
        "currency": wire.CURRENCY,
        "intent": wire.SALE,
        "merchantInvoiceNumber": f"TRIGGER-{calls.world.rng.digits('bkash/trigger', 12)}",
        **given,
    }
    answer: Answer = payments.create(calls.ask(fields))
    assert isinstance(answer, dict)  # noqa: S101  no payment hangs at its creation
    return calls.state.payments[answer["paymentID"]]


def _wallet(calls: _Calls, row: PaymentRow) -> str:
    """The usual wallet; where it has just paid the same amount, which bKash refuses, a new one."""
    row.wallet = USUAL_WALLET
    if not payments.is_repeated(calls.world, calls.state, row):
        return USUAL_WALLET
    number = f"0139{calls.world.rng.digits('bkash/wallet', 7)}"
    _cover(calls.world, number, row.minor)
    return number


def _cover(world: World, number: str, minor: int) -> None:
    """Let a wallet be there, and hold what it pays."""
    account = account_of(number)
    lacking = minor - (world.ledger.balance(account, wire.CURRENCY) if world.ledger.holds(account) else 0)
    if lacking > 0:
        world.ledger.open(account, balances={wire.CURRENCY: lacking}, issuer=ISSUER)
