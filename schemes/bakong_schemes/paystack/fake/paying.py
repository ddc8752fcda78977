"""The payer's side: attempts with an instrument, what it asks for, and what came of the money."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from bakong_scenarios import State
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import events, ids, refunds
from bakong_schemes.paystack.fake.records import Authorization, Customer, PaystackState, Step, Transaction
from bakong_schemes.paystack.fake.status import payment_of, status_of
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.world import World, WorldError

CUSTOMER, BALANCE, FEES = "paystack_customer", "paystack_balance", "paystack_fees"
EXPIRY = ("12", "2030")
WRONG = {"pin": "Incorrect PIN", "otp": "Incorrect OTP"}


class Given(NamedTuple):
    """What a payer has typed. number: of a card or a phone, "" is the one before. answers: by what was asked."""

    number: str = ""
    cvv: str = ""
    expiry: str = ""
    answers: Mapping[str, str] = {}


class Attempt(NamedTuple):
    """What came of an attempt. status: the transaction's. asks: what the payer has to give next. warning: for a log."""

    status: str
    asks: str | None = None
    warning: str | None = None


def order_of(world: World, row: Transaction) -> Order:
    order = payment_of(world, row).order
    if order is None:
        raise WorldError(f"transaction {row.reference} has no order")
    return order


def attempt(world: World, state: PaystackState, row: Transaction, given: Given) -> Attempt:
    """A payer tries to pay. Raises WorldError where nobody can any more, BodyError for what is no instrument."""
    check_payable(world, state, row)
    number = _digits(given.number) or (row.instrument if row.asking else "") or wire.GOOD_CARD
    instrument = wire.INSTRUMENTS.get(number, wire.UNKNOWN_CARD)
    warning = None
    if not (row.asking and number == row.instrument):
        _check(row, instrument, number)
        expiry = _expiry(world, given.expiry)
        _begin(world, row, instrument, number)
        warning = None if number in wire.INSTRUMENTS else "not a test card of Paystack's: it is taken for a good one"
        if instrument.cvv and given.cvv not in ("", instrument.cvv):
            return _fail(world, state, row, wire.DECLINED)
        row.authorization = _authorization(world, state, row, number, expiry)
    for kind, right in instrument.asks[row.given :]:
        answer = given.answers.get(kind, "")
        if not answer:
            row.asking = True
            return Attempt("ongoing", kind)
        if right and answer != right:
            return _fail(world, state, row, WRONG.get(kind, wire.DECLINED))
        row.given += 1
    row.asking = False
    if instrument.fails:
        return _fail(world, state, row, instrument.fails)
    settle(world, row)
    return Attempt(status_of(world, state, row).status, None, warning)


def check_payable(world: World, state: PaystackState, row: Transaction) -> None:
    """Raises WorldError where nobody can pay it any more."""
    now = status_of(world, state, row)
    if not now.payable:
        raise WorldError(f"the transaction is {now.status}: nobody can pay it any more")


def abandon(world: World, state: PaystackState, row: Transaction) -> None:
    """The payer goes away, and may come back. Raises WorldError for what is paid."""
    check_payable(world, state, row)
    row.asking, row.given = False, 0


def settle(world: World, row: Transaction) -> None:
    """Pay as the script has it; a customer of the test mode has enough."""
    scheme = world.scheme(wire.NAME)
    lacking = row.amount - world.ledger.balance(CUSTOMER, row.currency)
    if lacking > 0:
        world.ledger.open(CUSTOMER, balances={row.currency: lacking}, issuer=scheme.issuer)
    world.pay(scheme, order_of(world, row))


def _digits(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _check(row: Transaction, instrument: wire.Instrument, number: str) -> None:
    plain = number.removeprefix("+")
    if number not in wire.INSTRUMENTS and not (plain == number and plain.isascii() and plain.isdigit()):
        raise BodyError("card: expected a card's number, or a phone's of the test mode")
    if number not in wire.INSTRUMENTS and not 12 <= len(plain) <= 19:
        raise BodyError(f"card: read {len(plain)} digits, expected 12 to 19")
    if row.channels and instrument.channel not in row.channels:
        raise WorldError(f"the transaction is not paid by {instrument.channel}: its channels are {row.channels}")


def _expiry(world: World, text: str) -> tuple[str, str]:
    """Month and year of MM/YY or MM/YYYY, in the future. Raises BodyError."""
    if not text:
        return EXPIRY
    month, _, year = text.replace(" ", "").partition("/")
    good = month.isascii() and month.isdigit() and year.isascii() and year.isdigit() and len(year) in (2, 4)
    if not good or not 1 <= int(month) <= 12:
        raise BodyError("expiry: expected a month such as 12/30")
    ends = int(year) + (2000 if len(year) == 2 else 0), int(month)
    now = _month(world.clock.now_ms())
    if ends < now:
        raise BodyError("expiry: the card has expired")
    return f"{ends[1]:02d}", str(ends[0])


def _month(at_ms: int) -> tuple[int, int]:
    now = datetime.fromtimestamp(at_ms // 1000, UTC)
    return now.year, now.month


def _begin(world: World, row: Transaction, instrument: wire.Instrument, number: str) -> None:
    row.instrument = number if number in wire.INSTRUMENTS else ""
    row.given, row.asking = 0, False
    _log(world, row, "action", f"Attempted to pay with {instrument.channel.replace('_', ' ')}")
    row.attempts += 1


def _log(world: World, row: Transaction, kind: str, message: str) -> None:
    now_ms = world.clock.now_ms()
    row.started_ms = row.started_ms or now_ms
    row.history.append(Step(kind, message, now_ms))


def _fail(world: World, state: PaystackState, row: Transaction, response: str) -> Attempt:
    row.asking, row.given, row.response = False, 0, response
    world.pay(world.scheme(wire.NAME), order_of(world, row), outcome=State.FAILED)
    return Attempt(status_of(world, state, row).status)


# Customers and their cards


def customer_of(world: World, state: PaystackState, email: str) -> Customer:
    """Whom an e-mail address stands for; new where it is."""
    key = email.lower()
    if key not in state.customers:
        code = f"CUS_{ids.derived(world, 'customer', key, length=15)}"
        state.customers[key] = Customer(state.next_customer, code, email)
        state.next_customer += 1
    return state.customers[key]


def _authorization(
    world: World, state: PaystackState, row: Transaction, number: str, expiry: tuple[str, str] = EXPIRY
) -> str:
    """The code of a card that a customer uses: the same each time, or a new one, as the switch has it."""
    known = wire.INSTRUMENTS.get(number, wire.UNKNOWN_CARD)
    email, is_card = row.email.lower(), known.channel == "card"
    code = f"AUTH_{ids.derived(world, 'authorization', email, number, *expiry, length=10)}"
    if state.settings.new_authorization:
        code = f"AUTH_{ids.token(world, 'authorization', 10)}"
    signature = f"SIG_{ids.derived(world, 'signature', number, length=20, mixed=True)}"
    if code not in state.authorizations:
        state.authorizations[code] = Authorization(
            code=code,
            email=email,
            number=number if number in wire.INSTRUMENTS else "",
            bin=number[:6] if is_card else number.removeprefix("+")[:3] + "XXX",
            last4=number[-4:],
            exp_month=expiry[0],
            exp_year=expiry[1],
            channel=known.channel,
            brand=known.brand,
            bank=known.bank,
            country=known.country,
            reusable=known.reusable,
            signature=signature if known.reusable else None,
        )
    return code


# What the kernel says of the money


def moved(world: World, state: PaystackState, row: Transaction, payment: Payment, at: int) -> None:
    """Money came, was refused, or went back; a script may have let it."""
    settlement = payment.settlements[at]
    if settlement.returned_minor:
        refunds.returned(world, state, row, settlement)
    elif settlement.failed:
        _failed(world, row)
    elif all(other.failed for other in payment.settlements[:at]):
        _paid(world, state, row, payment, at)


def _failed(world: World, row: Transaction) -> None:
    row.asking = False
    row.response = row.response if row.response not in (None, wire.SUCCESSFUL, wire.APPROVED) else wire.DECLINED
    row.errors += 1
    _log(world, row, "error", f"Error: {row.response}")


def _paid(world: World, state: PaystackState, row: Transaction, payment: Payment, at: int) -> None:
    settlement = payment.settlements[at]
    row.asking = False
    if row.authorization is None:
        row.authorization = _authorization(world, state, row, wire.GOOD_CARD)
    row.response = wire.APPROVED if row.response == wire.APPROVED else wire.SUCCESSFUL
    row.fee = wire.fee(settlement.minor, settlement.currency) if state.settings.fees == "standard" else 0
    world.ledger.post(settlement.to_account, FEES, settlement.currency, row.fee)
    state.paid_count += 1
    state.paid[settlement.currency] = state.paid.get(settlement.currency, 0) + settlement.minor
    channel = state.authorizations[row.authorization].channel.replace("_", " ")
    _log(world, row, "success", f"Successfully paid with {channel}")
    events.of_charge(world, state, row)


# Where the payer goes afterwards


def callback_of(state: PaystackState, row: Transaction) -> str | None:
    """The callback with the reference, twice, as Paystack appends it; None where there is none."""
    url = row.callback_url or state.callback_url
    if url is None:
        return None
    parts = urlsplit(url)
    added = urlencode({"trxref": row.reference, "reference": row.reference})
    return parts._replace(query=f"{parts.query}&{added}" if parts.query else added).geturl()


def cancel_url_of(row: Transaction) -> str | None:
    """What metadata names for a payer who gives up."""
    url = row.metadata.get("cancel_action") if isinstance(row.metadata, dict) else None
    return url if isinstance(url, str) and is_url(url) else None


def is_url(text: str) -> bool:
    """Whether a text is an address that can stand in a Location header."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and "://" in text and text.isascii() and text.isprintable() and " " not in text
