"""The patches of `shop_faults.py` with the rule that names each, and those that no rule names, with the reason."""

from tests.mutants.shop_faults import CARD_FAULTS, ESCROW_FAULTS, THAI_FAULTS

NAMED_THAI = {
    "half-down": "service.tax.line",
    "inclusive-discount-after-tax": "service.tax.inclusive",
    "rates-by-their-text": "service.tax.rate.written",
    "modes-pooled": "service.tax.group",
    "zero-rate-is-no-group": "service.tax.none",
    "at-least-one-piece": "service.tax.line",
    "withholding-in-whole-baht": "service.tax.withholding",
    "threshold-in-whole-baht": "service.tax.withholding.from",
    "free-line-dropped": "service.tax.line",
    "claim-compared-with-payable": "service.tax.claimed",
    "tolerance-of-a-thousandth": "service.order.mismatch",
    "polls-for-five-minutes": "service.order.last-second",
    "late-by-hook-alone": "service.order.late",
    "refund-named-by-amount": "service.refund.equal",
    "refund-sent-before-checks": "service.refund.over",
    "refund-of-whole-baht": "service.refund.exact",
    "reserved-is-the-last": "service.refund.sum",
    "refund-of-the-total": "service.refund.withheld",
    "keys-of-all-merchants": "service.order.key.tenants",
    "paid-again-forgets-refunds": "service.card.refund.told",
    "seen-by-charge": "service.inbound.alone",
    "ids-cut": "service.inbound.raw",
    "paid-in-whole-baht": "service.order.mismatch",
}
NAMED_ESCROW = {
    "waits-for-any-refund": "service.escrow.auto.refund-failed",
    "surplus-of-the-first": "service.escrow.surplus.refund",
    "surplus-unbooked": "service.escrow.books.surplus",
    "equal-refund-found-twice": "service.escrow.refund.equal",
    "refunded-by-one": "service.escrow.refund.whole",
    "limit-counts-failed": "service.escrow.refund.failed-limit",
    "watched-for-15-minutes": "service.escrow.bkash.processing",
    "last-attempt-alone": "service.escrow.attempts.first",
    "whole-taka-compared": "service.escrow.bkash.mismatch",
    "overpaid-is-paid": "service.escrow.bkash.mismatch",
    "token-for-ever": "service.escrow.bkash.tokens",
    "token-for-each-call": "service.escrow.bkash.tokens",
    "page-clamped": "service.escrow.list.beyond",
    "total-without-filter": "service.escrow.list.filters",
    "late-dropped-when-paid-anew": "service.escrow.late.anew",
    "keys-of-all-people": "service.escrow.key.people",
    "keys-of-all-payments": "service.escrow.key.payments",
    "fee-at-least-a-poisha": "service.escrow.release.shares",
    "fee-by-floats": "service.escrow.release.shares",
    "underway-is-refunded": "service.escrow.refund.failed",
    "fee-shown-of-the-gross": "service.escrow.shown.remaining",
    "agency-refunds": "service.escrow.refund.role",
    "agency-releases": "service.escrow.release.role",
    "stranger-sees-refunds": "service.escrow.read.strangers",
    "quick-job-released-late": "service.escrow.auto.edge",
    "refund-forgets-its-attempts": "service.escrow.refund.silent",
    "twice-lost-refund-fails": "service.escrow.refund.silent",
    "second-attempt-executed": "service.escrow.attempts.second",
}
NAMED_CARDS = {
    "refund-named-by-amount": "service.refund.equal",
    "charge-named-by-order": "service.card.doubled",
    "double-from-the-first": "service.card.doubled.refund",
    "double-counts-as-refund": "service.card.doubled",
    "retry-of-all-that-is-left": "service.card.refund.unanswered",
    "done-at-the-next-turn": "service.card.refund.refused.later",
    "one-early-event": "service.card.disputed.first",
    "early-dispute-dropped": "service.card.disputed.first",
    "unanswered-capture-is-paid": "service.card.capture.silent",
    "declined-by-poll-ends": "service.card.declined.paid",
    "older-charge-overlooked": "service.card.older",
    "looked-for-ten-minutes": "service.order.late",
    "refund-by-floats": "service.refund.exact",
    "underway-is-refunded": "service.card.refund.silent",
    "dispute-after-refund-forgotten": "service.card.disputed.refunded",
    "checkout-of-refunded": "service.card.refund.checkout",
    "cancelled-is-the-end": "service.card.cancelled",
    "cancelled-unasked": "service.card.cancelled",
}
NOT_HELD = {
    "captured-is-set": "what a shop calls captured of an order that was paid twice, and is looked at, is its own",
    "expired-a-second-after": "a sweep may come some seconds after the end",
    "keys-of-all-calls": "a key that serves one call of all may be refused in another",
    "nagad-order-unread": "Nagad's answer is found by its own reference; no page tells of one with another's order",
}


def rows(named, faults):
    """Bug to rule and what it does, as the catalogues have them."""
    return {bug: (rule, faults[bug][-1]) for bug, rule in named.items()}


THAI_ROWS, ESCROW_ROWS = rows(NAMED_THAI, THAI_FAULTS), rows(NAMED_ESCROW, ESCROW_FAULTS)
CARD_ROWS = rows(NAMED_CARDS, CARD_FAULTS)
