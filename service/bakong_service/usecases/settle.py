"""What a provider reports becomes a change, with history, subscription and webhook, in one transaction. No network."""

from collections.abc import Sequence
from dataclasses import replace

from bakong_contracts.service_api import PaymentStatus
from bakong_contracts.webhooks import EventType
from bakong_service.domain.events import payment_facts
from bakong_service.domain.payments import (
    OVERPAID,
    REFUNDED,
    Failed,
    NotFound,
    Paid,
    Payment,
    Purpose,
    Receipt,
    Refunded,
    Report,
)
from bakong_service.domain.subscriptions import Subscription, extended, start, tick, upgraded
from bakong_service.usecases.escrow import outcome as escrow
from bakong_service.usecases.orders import outcome
from bakong_service.usecases.orders.refunds_seen import see_refund
from bakong_service.usecases.unit_of_work import UnitOfWork

EVENTS = {
    PaymentStatus.PAID: EventType.PAYMENT_PAID,
    PaymentStatus.FAILED: EventType.PAYMENT_FAILED,
    PaymentStatus.EXPIRED: EventType.PAYMENT_EXPIRED,
    PaymentStatus.TIMEOUT: EventType.PAYMENT_TIMEOUT,
}


def apply(unit: UnitOfWork, payment: Payment, report: Report) -> Payment:
    """The payment after a report. What comes twice, or too late to matter, changes nothing."""
    if isinstance(report, Paid):
        return _shown_with(unit, _paid(unit, payment, report), report)
    if isinstance(report, NotFound | Failed) and payment.purpose is Purpose.ORDER:
        ends = outcome.declined(unit, payment, report)
        report = Failed() if ends else report
    if isinstance(report, Failed):
        return move(unit, payment, PaymentStatus.FAILED, f"{payment.provider}: failed")
    if isinstance(report, Refunded):
        return _refunded(unit, payment, report)
    return payment


def move(unit: UnitOfWork, payment: Payment, status: PaymentStatus, why: str) -> Payment:
    """The payment in another state than PAID, where its state allows it; of many that try at once, one does it."""
    if not payment.may_become(status):
        return payment
    return _store(unit, payment, payment.become(status, unit.at_ms), why)


def _paid(unit: UnitOfWork, payment: Payment, report: Paid) -> Payment:
    mismatch = report.mismatch(payment)
    second = payment.status is PaymentStatus.PAID and payment.hash != report.hash
    verdict = mismatch or (OVERPAID if second else "accepted")
    is_new = unit.records.add_receipt(
        Receipt(
            payment_id=payment.id,
            hash=report.hash,
            verdict=verdict,
            money=report.money,
            to_account=report.to_account,
            raw=report.raw,
            at_ms=unit.at_ms,
        )
    )
    if verdict != "accepted":
        return _misfit(unit, payment, verdict) if is_new else payment
    if payment.status is PaymentStatus.PAID:
        return payment
    if _ended_first(unit, payment, report):
        payment = move(unit, payment, PaymentStatus.EXPIRED, f"{payment.life} passed before it was paid")
    if not payment.may_become(PaymentStatus.PAID):
        return payment
    changed = payment.paid(report, unit.at_ms)
    why = f"{payment.provider}: paid{', late' if changed.late else ''}, {report.hash[:8]}"
    stored = _store(unit, payment, changed, why)
    if stored is changed:
        unit.records.plan_poll(payment.id, None, asked_ms=None)
        return _grant(unit, changed)
    return stored


def _shown_with(unit: UnitOfWork, payment: Payment, report: Paid) -> Payment:
    """The payment after what the provider shows beside it: its refunds, and its dispute."""
    if payment.purpose is not Purpose.ORDER or payment.status is not PaymentStatus.PAID or payment.hash != report.hash:
        return payment
    for shown in report.refunds:
        if see_refund(unit, payment, shown):
            payment = flag(unit, payment, payment.flag or REFUNDED, f"{payment.provider}: refunded by itself")
    if report.dispute:
        outcome.disputed(unit, payment, report.dispute)
    return payment


def _misfit(unit: UnitOfWork, payment: Payment, verdict: str) -> Payment:
    if payment.purpose is Purpose.ORDER and payment.status is not PaymentStatus.PAID:
        outcome.mismatched(unit, payment, verdict)
    if payment.purpose is Purpose.ESCROW:
        escrow.mismatched(unit, payment, verdict)
    return flag(unit, payment, verdict, f"{payment.provider} reports {verdict}: needs refund")


def _refunded(unit: UnitOfWork, payment: Payment, report: Refunded) -> Payment:
    """The payment with its refund recorded and flagged; what it bought is the caller's to end."""
    receipt = Receipt(
        payment_id=payment.id,
        hash=report.parts[-1].hash if report.parts else report.hash,  # the payment's own has a receipt already
        verdict=REFUNDED,
        money=report.money,
        to_account="",
        raw=report.raw,
        at_ms=unit.at_ms,
    )
    if payment.purpose is Purpose.ORDER and report.parts:
        shown = report.done_ms, report.raw, report.parts, report.dispute
        return apply(unit, payment, Paid(report.hash, report.money, payment.account_id, *shown))
    if payment.purpose is Purpose.ORDER:
        if not see_refund(unit, payment, report):
            return payment
    elif not unit.records.add_receipt(receipt):
        return payment
    amount = "" if report.money is None else f" {report.money}"
    return flag(unit, payment, REFUNDED, f"{payment.provider}: refunded{amount}")


def hold_orders_of(unit: UnitOfWork, payments: Sequence[Payment]) -> None:
    """Hold the orders of several payments before any of them changes: their settlement is held after the first."""
    of_orders = [payment.id for payment in payments if payment.purpose is Purpose.ORDER]
    if of_orders:
        unit.records.hold_orders(of_orders)


def give_way(unit: UnitOfWork, payment: Payment) -> bool:
    """Whether a code that has ended makes room for another; the payment itself stays open until its provider answers.

    Its money counts whenever it is found.
    """
    if payment.is_live(unit.at_ms):
        return False
    if unit.records.replace_payment(payment.id, unit.at_ms):
        why = {"why": "its code has ended, and nobody has said what became of it"}
        unit.audit("payment.replace", f"payment/{payment.id}", None, why)
    return True


def expire(unit: UnitOfWork, payment: Payment) -> Payment:
    """The payment after its time has passed."""
    return move(unit, payment, PaymentStatus.EXPIRED, f"{payment.life} passed unpaid")


def _ended_first(unit: UnitOfWork, payment: Payment, report: Paid) -> bool:
    """Whether its time had passed when the money went, by the provider's clock and by ours."""
    is_over = not payment.is_live(unit.at_ms)
    return is_over and report.done_ms is not None and report.done_ms >= payment.expires_ms


def _store(unit: UnitOfWork, payment: Payment, changed: Payment, why: str) -> Payment:
    if not unit.records.change_payment(changed, payment.status, why):
        return unit.records.payment_by_id(payment.id) or payment
    unit.follow(payment.id)
    before, after = {"status": payment.status.value}, {"status": changed.status.value, "why": why}
    unit.audit("payment.status", f"payment/{payment.id}", before, after)
    unit.count("payment_changes_total", payment.provider, changed.status.value)
    if changed.purpose.sells_plan:
        unit.notify(EVENTS[changed.status], payment_facts(changed), changed.callback)
    elif changed.status is not PaymentStatus.PAID:
        (escrow if changed.purpose is Purpose.ESCROW else outcome).ended(unit, changed)
    return changed


def flag(unit: UnitOfWork, payment: Payment, value: str | None, why: str) -> Payment:
    """The payment with its flag set or cleared, once."""
    if unit.records.flag_payment(payment.id, value, why, unit.at_ms):
        unit.audit("payment.flag", f"payment/{payment.id}", {"flag": payment.flag}, {"flag": value, "why": why})
    return replace(payment, flag=value)


def _grant(unit: UnitOfWork, payment: Payment) -> Payment:
    """What a paid payment buys; what cannot be had any more is flagged, and waits for a refund or a renewal."""
    if payment.purpose is Purpose.ORDER:
        flagged = outcome.paid(unit, payment)
        return flag(unit, payment, flagged, "its order was paid before") if flagged else payment
    if payment.purpose is Purpose.ESCROW:
        flagged = escrow.paid(unit, payment)
        return flag(unit, payment, flagged, "it was captured before") if flagged else payment
    running = current(unit, payment.user_id)
    if payment.purpose is Purpose.UPGRADE:
        return _upgrade(unit, payment, running)
    if running is None:
        begun = start(unit.core.ids.new_id(), payment.user_id, payment.sold, payment.money, unit.at_ms)
        event = EventType.SUBSCRIPTION_ACTIVATED
        unit.save(None, begun, f"paid by {payment.id}", event=event, callback=payment.callback)
        return payment
    if payment.purpose is Purpose.RENEWAL and payment.bill_ms != running.next_billing_ms:
        return flag(unit, payment, OVERPAID, "the bill was paid before: needs refund, or renews the next")
    extend(unit, running, payment)
    return payment


def extend(unit: UnitOfWork, running: Subscription, payment: Payment) -> Subscription:
    """One cycle more."""
    longer = extended(running, payment.sold, payment.money, unit.core.prices, unit.at_ms)
    why = f"renewed by {payment.id}"
    return unit.save(running, longer, why, event=EventType.SUBSCRIPTION_RENEWED, callback=payment.callback)


def _upgrade(unit: UnitOfWork, payment: Payment, running: Subscription | None) -> Payment:
    until_ms = payment.bill_ms or 0
    has_it = running is not None and running.plan is payment.plan and running.pending_plan is None
    if running is None or has_it or unit.at_ms >= until_ms:
        return flag(unit, payment, OVERPAID, "there is nothing left to upgrade: needs refund")
    if running.next_billing_ms != until_ms and running.pending_plan is not None:
        return flag(unit, payment, OVERPAID, "cycles of both plans were paid since it was priced: needs refund")
    better = upgraded(running, payment.money.minor, until_ms, unit.at_ms)
    event = EventType.SUBSCRIPTION_UPGRADED
    unit.save(running, better, f"upgraded by {payment.id}", event=event, callback=payment.callback)
    return payment


def current(unit: UnitOfWork, user_id: str) -> Subscription | None:
    """The user's running subscription, after all that time has changed in it."""
    subscription = unit.records.active_subscription(user_id)
    return None if subscription is None else bring_up_to_date(unit, subscription)


def bring_up_to_date(unit: UnitOfWork, subscription: Subscription) -> Subscription | None:
    """The subscription after each change that fell due by now; None where it has ended."""
    while step := tick(subscription, unit.at_ms, unit.core.grace_ms, unit.core.prices):
        subscription = unit.save(subscription, step.subscription, step.why, event=step.event)
    return subscription if subscription.is_running else None
