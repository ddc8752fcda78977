"""Agreements: a customer's word that later payments need the PIN alone. They move no money."""

from bakong_schemes.bkash.fake import ids, shapes
from bakong_schemes.bkash.fake.errors import ApiError
from bakong_schemes.bkash.fake.records import Agreement, Json, PaymentRow
from bakong_schemes.bkash.fake.requests import Ask, base_of
from bakong_schemes.bkash.fake.standing import is_too_old
from bakong_schemes.bkash.fake.wallets import USUAL_WALLET


def request(ask: Ask, row: PaymentRow) -> Json:
    """Mode 0000 of create: the customer is asked."""
    ask.state.payments[row.id] = row
    return shapes.created(row, shapes.page_of(row, base_of(ask.call, ask.world.name)))


def execute(ask: Ask, row: PaymentRow) -> Json:
    """Raises ApiError."""
    world, state = ask.world, ask.state
    if row.executed_ms:
        raise ApiError("2116")
    if is_too_old(world, row):
        raise ApiError("2002")
    if row.outcome != "success":
        raise ApiError("2054")
    now_ms = world.clock.now_ms()
    made = Agreement(
        ids.agreement_id(world), row.id, row.wallet or USUAL_WALLET, row.payer_reference, row.created_ms, now_ms
    )
    state.agreements[made.id] = made
    row.executed_ms, row.agreement = now_ms, made.id
    return shapes.agreement_executed(made)


def queried(ask: Ask, row: PaymentRow) -> Json:
    return shapes.agreement_queried(row, ask.state.agreements.get(row.agreement))


def find(ask: Ask) -> Agreement:
    """Raises ApiError."""
    known = ask.state.agreements.get(ask.needed("agreementID")[0])
    if known is None:
        raise ApiError("2051")
    return known


def good(ask: Ask) -> Agreement:
    """One that can be paid with. Raises ApiError."""
    known = find(ask)
    if known.voided_ms:
        raise ApiError("2053")
    return known


def status(ask: Ask) -> Json:
    return shapes.agreement_shown(find(ask))


def cancel(ask: Ask) -> Json:
    """Raises ApiError."""
    known = good(ask)
    known.voided_ms = ask.world.clock.now_ms()
    return shapes.agreement_cancelled(known)
