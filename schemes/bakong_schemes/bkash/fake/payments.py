"""Payments: created, executed, asked for, captured, voided, searched. The money is the kernel's."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from bakong_scenarios import State
from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import agreements, ids, shapes, sns
from bakong_schemes.bkash.fake.errors import ApiError
from bakong_schemes.bkash.fake.records import BkashState, Json, PaymentRow, Refund
from bakong_schemes.bkash.fake.requests import Answer, Ask, base_of
from bakong_schemes.bkash.fake.standing import Standing, payment_of, standing
from bakong_schemes.bkash.fake.wallets import (
    HANG_AFTER,
    HANG_BEFORE,
    HELD,
    MAINTENANCE,
    MERCHANT,
    USUAL_WALLET,
    account_of,
    fate_of,
    msisdn_of,
)
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.wire.reply import JSON, Reply

HANGS = Reply(0, b"", JSON, delay_ms=wire.HANG_MS, silent=True)
INTENTS = (wire.SALE, wire.AUTHORIZATION)
_FORBIDDEN = re.compile(r"[<>&]")


# Create


def create(ask: Ask) -> Answer:
    """Raises ApiError, before anything has changed, and ScenarioError where no script fits."""
    if ask.family == wire.TOKENIZED and ask.fields.get("mode") == wire.MODES["agreement"]:
        return agreements.request(ask, _new_row(ask, *_addressed(ask), wire.MODES["agreement"]))
    row = _checked(ask)
    is_held = row.intent == wire.AUTHORIZATION
    expires_ms = row.created_ms + wire.PAYMENT_LIFE_MS
    order = Order(row.id, HELD if is_held else MERCHANT, wire.CURRENCY, row.minor, row.invoice[:99], expires_ms)
    ask.world.player.choose(wire.NAME, order, ask.named)
    ask.state.payments[row.id] = row
    ask.world.register(ask.world.scheme(wire.NAME), order, None, ask.named)
    base = base_of(ask.call, ask.world.name)
    if ask.family == wire.CHECKOUT:
        return shapes.checkout_created(row, f"{base}/logo.png" if base else f"https://{wire.PAGE_HOST}/logo.png")
    page = shapes.page_of(row, base)
    if ask.family == wire.V2:
        return shapes.v2_created(row, page)
    has_page = row.mode != wire.MODES["with_agreement"] or ask.state.settings.agreement_url
    return shapes.created(row, page if has_page else None)


def _checked(ask: Ask) -> PaymentRow:
    """Raises ApiError."""
    mode = _mode(ask)
    reference, callback = ("", "") if ask.family == wire.CHECKOUT else _addressed(ask)
    agreement = agreements.good(ask).id if mode == wire.MODES["with_agreement"] else ""
    amount, currency, intent = ask.needed("amount", "currency", "intent")
    invoice = _invoice(ask)
    minor = wire.minor_of(amount)
    if minor is None:
        raise ApiError("2006")
    if currency != wire.CURRENCY:
        raise ApiError("2007")
    if intent not in INTENTS:
        raise ApiError("2008")
    row = _new_row(ask, reference, callback, mode)
    row.amount, row.minor, row.intent, row.invoice, row.agreement = amount, minor, intent, invoice, agreement
    return row


def _mode(ask: Ask) -> str:
    """What tokenized alone has; "" elsewhere. Raises ApiError."""
    if ask.family != wire.TOKENIZED:
        return ""
    (mode,) = ask.needed("mode")
    if mode not in wire.MODES.values():
        raise ApiError("2063")
    return mode


def _invoice(ask: Ask) -> str:
    """Raises ApiError."""
    (invoice,) = ask.needed("merchantInvoiceNumber")
    if len(invoice) > wire.MAX_TEXT or _FORBIDDEN.search(invoice):
        raise ApiError("2031")
    if ask.state.settings.invoice_rule and invoice in ask.state.invoices:
        raise ApiError("2029")
    return invoice


def _addressed(ask: Ask) -> tuple[str, str]:
    """The payer's reference and the callback. Raises ApiError."""
    callback, reference = ask.needed("callbackURL", "payerReference")
    if len(reference) > wire.MAX_TEXT or _FORBIDDEN.search(reference):
        raise ApiError("2048")
    if not is_callback(callback):
        raise ApiError("2049")
    return reference, callback


def is_callback(url: str) -> bool:
    """Whether a browser can be sent there."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii() and url.isprintable()


def _new_row(ask: Ask, reference: str, callback: str, mode: str) -> PaymentRow:
    world = ask.world
    known_mode = mode or wire.MODES["without"]
    return PaymentRow(
        id=ids.payment_id(world, ask.family, known_mode),
        family=ask.family,
        mode=mode,
        intent=wire.SALE,
        amount="0",
        minor=0,
        invoice="",
        payer_reference=reference,
        callback=callback,
        agreement="",
        created_ms=world.clock.now_ms(),
        hash=ids.page_hash(world),
        signature=ids.signature(world),
    )


# Finding


def id_of(ask: Ask) -> str:
    """The payment's id in a call's path or body."""
    return ask.id or ask.text("paymentId" if ask.family == wire.V2 else "paymentID")


def find(ask: Ask) -> PaymentRow:
    """Raises ApiError."""
    id_ = id_of(ask)
    if not id_:
        raise ApiError("2065")
    row = ask.state.payments.get(id_)
    if row is None:
        raise ApiError("2002")
    return row


# Execute


def execute(ask: Ask) -> Answer:
    """The money moves. Raises ApiError."""
    row = find(ask)
    if row.is_agreement:
        return agreements.execute(ask, row)
    _check_executable(ask, row)
    payment = payment_of(ask.world, row)
    if payment.pending is None:
        hung = _executed(ask, row, payment)
        if hung is not None:
            return hung
    return _shown(ask, row, payment)


def _check_executable(ask: Ask, row: PaymentRow) -> None:
    settings = ask.state.settings
    now = standing(ask.world, ask.state, row)
    payment = payment_of(ask.world, row)
    if now.moved:
        raise ApiError(settings.execute_twice)
    if now.dead:
        raise ApiError("2002")
    if payment.settlements and settings.refused_uses_up:
        raise ApiError("2056")
    if payment.has_ended or not now.approved:
        raise ApiError(settings.execute_early)


def _executed(ask: Ask, row: PaymentRow, payment: Payment) -> Reply | None:
    """Let the wallet pay; the reply that hangs, where its fate is one. Raises ApiError."""
    world, state = ask.world, ask.state
    row.wallet = row.wallet or USUAL_WALLET
    fate = fate_of(row.wallet)
    once = "" if fate.once in row.struck else fate.once
    if once:
        row.struck.append(once)
    if once == MAINTENANCE:
        raise ApiError("503")
    if once == HANG_BEFORE:
        return HANGS
    if code := fate.execute or ("2029" if is_repeated(world, state, row) else ""):
        _refuse(world, state, row, payment, code)
    order = payment.order
    if order is None:
        raise ApiError("2002")
    try:
        world.pay(world.scheme(wire.NAME), order, from_account=account_of(row.wallet))
    except LedgerError:
        _refuse(world, state, row, payment, "2023")
    except WorldError:
        raise ApiError("2056") from None
    if payment.settlements and payment.settlements[-1].failed:
        raise ApiError(row.failure or "2003")
    return HANGS if once == HANG_AFTER else None


def _shown(ask: Ask, row: PaymentRow, payment: Payment) -> Json:
    now = standing(ask.world, ask.state, row)
    if payment.pending is not None:
        now = now._replace(status=wire.PENDING)
    elif now.at is None and payment.settlements:  # the script hides what has happened from queries, not from this
        settlement = next(one for one in payment.settlements if not one.failed)
        at = payment.settlements.index(settlement)
        status = wire.AUTHORIZED if row.intent == wire.AUTHORIZATION else wire.COMPLETED
        now = now._replace(status=status, at=at, minor=settlement.minor)
    if ask.family == wire.CHECKOUT:
        return shapes.checkout_executed(row, now, shapes.amount_of(row, now))
    return shapes.v2_payment(row, now) if ask.family == wire.V2 else shapes.executed(row, now)


def is_repeated(world: World, state: BkashState, row: PaymentRow) -> bool:
    """Whether the wallet has just paid the same amount, and that is refused."""
    at_ms = state.recent.get(_recent_key(row))
    is_recent = at_ms is not None and world.clock.now_ms() < at_ms + wire.DUPLICATE_MS
    return is_recent and state.settings.duplicate_rule


def _recent_key(row: PaymentRow) -> str:
    return f"{row.wallet}/{row.minor}"


def _refuse(world: World, state: BkashState, row: PaymentRow, payment: Payment, code: str) -> None:
    """Raises ApiError, always."""
    row.failure = code
    if state.settings.refused_uses_up and payment.order is not None:
        world.pay(world.scheme(wire.NAME), payment.order, from_account=account_of(row.wallet), outcome=State.FAILED)
    raise ApiError(code)


# What comes after


def query(ask: Ask) -> Json:
    row = find(ask)
    if row.is_agreement:
        return agreements.queried(ask, row)
    now = standing(ask.world, ask.state, row)
    if now.dead:
        raise ApiError("2002")
    if ask.family == wire.CHECKOUT:
        return shapes.checkout_queried(row, now)
    return shapes.v2_queried(row, now) if ask.family == wire.V2 else shapes.queried(row, now)


def search(ask: Ask) -> Json:
    trx = ask.id or ask.needed("trxID")[0]
    row = ask.state.payments.get(ask.state.transactions.get(trx, ""))
    if row is None:
        raise ApiError("2033")
    return shapes.transaction(ask.world, ask.state, row, trx, with_status=ask.family == wire.TOKENIZED)


def capture(ask: Ask) -> Json:
    """The held money goes to the merchant. Raises ApiError."""
    row, payment, at = _held(ask)
    settlement = payment.settlements[at]
    ask.world.ledger.post(settlement.to_account, MERCHANT, settlement.currency, settlement.minor)
    payment.settlements[at] = replace(settlement, to_account=MERCHANT)
    row.decided_ms = ask.world.clock.now_ms()
    now = standing(ask.world, ask.state, row)
    sns.notify(ask.world, row, now)
    return shapes.decided(row, now, with_status=ask.family == wire.TOKENIZED)


def void(ask: Ask) -> Json:
    """The held money goes back to the wallet. Raises ApiError."""
    row, payment, at = _held(ask)
    row.voided, row.decided_ms = True, ask.world.clock.now_ms()
    ask.world.send_back(payment, at)
    now = standing(ask.world, ask.state, row)
    return shapes.decided(row, now, with_status=ask.family == wire.TOKENIZED)


def _held(ask: Ask) -> tuple[PaymentRow, Payment, int]:
    """An authorized payment that waits to be decided. Raises ApiError."""
    row = find(ask)
    if row.is_agreement or row.intent != wire.AUTHORIZATION:
        raise ApiError("2056")
    if row.decided_ms:
        raise ApiError("2119")
    payment = payment_of(ask.world, row)
    at = payment.shown
    if at is None or payment.settlements[at].failed or payment.settlements[at].returned_minor:
        raise ApiError("2056")
    return row, payment, at


# The kernel's word


def moved(world: World, state: BkashState, row: PaymentRow, payment: Payment, at: int) -> None:
    """Money came, was refused, or went back; a call, a script or somebody at the control API may have let it."""
    settlement = payment.settlements[at]
    now_ms = world.clock.now_ms()
    if settlement.returned_minor:
        _returned(world, state, row, payment, at)
        return
    row.updated_ms = now_ms
    row.wallet = row.wallet or msisdn_of(settlement.from_account)
    row.outcome = "success"
    if settlement.failed:
        row.failure = row.failure or "2003"
        return
    if any(not one.failed for one in payment.settlements[:at]):
        return  # paid twice, which a script alone can do: the first counts
    row.trx, row.executed_ms = ids.transaction_id(world), now_ms
    state.transactions[row.trx] = row.id
    state.recent[_recent_key(row)] = now_ms
    if row.invoice != wire.NO_INVOICE:
        state.invoices[row.invoice] = row.id
    now = Standing(wire.COMPLETED, at, settlement.minor, approved=True, moved=True, dead=False)
    if row.intent == wire.SALE:
        sns.notify(world, row, now)


def _returned(world: World, state: BkashState, row: PaymentRow, payment: Payment, at: int) -> None:
    """What went back without a call of the API is a refund all the same."""
    first = next(number for number, one in enumerate(payment.settlements) if not one.failed)
    missing = payment.settlements[at].returned_minor - row.refunded
    if at == first and missing > 0 and not row.voided:
        add_refund(world, state, row, missing, "", "")


def add_refund(world: World, state: BkashState, row: PaymentRow, minor: int, sku: str, reason: str) -> Refund:
    """The record of a refund, whoever made it."""
    made = Refund(ids.transaction_id(world), minor, world.clock.now_ms(), sku, reason)
    row.refunds.append(made)
    state.transactions[made.trx] = row.id
    return made
