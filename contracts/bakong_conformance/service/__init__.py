"""The rules of a payment service, in any language, behind a mapping of our operations to its HTTP. Knows only URLs."""

from dataclasses import replace

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Rule, Suite
from bakong_conformance.service import (
    boundaries,
    budget,
    cancellations,
    card_endings,
    changes,
    cycles,
    discretion,
    entitlements,
    errors_and_idempotency,
    escrow_create,
    escrow_endings,
    escrow_providers,
    escrow_reading,
    escrow_refunds,
    escrow_release,
    escrow_webhooks,
    hooks,
    idempotency_scope,
    identities,
    inbound_webhooks,
    keys,
    limit_families,
    limiting,
    lists,
    monitor,
    order_cards,
    order_limits,
    order_payments,
    order_refunds,
    order_repeats,
    order_totals,
    orders,
    outage_views,
    outages,
    payments,
    purchases,
    quotes,
    restarts,
    stateful,
    webhook_contents,
    webhook_delivery,
)
from bakong_conformance.service.causes import CAUSES
from bakong_conformance.service.config import Config, load
from bakong_conformance.service.subject import Service

MODULES = (
    payments,
    orders,
    outages,
    outage_views,
    budget,
    monitor,
    entitlements,
    changes,
    cancellations,
    quotes,
    cycles,
    purchases,
    boundaries,
    hooks,
    webhook_delivery,
    webhook_contents,
    errors_and_idempotency,
    idempotency_scope,
    identities,
    discretion,
    lists,
    stateful,
    restarts,
)
LAST = (limiting, limit_families, keys)  # a limit that was reached and wrong keys may shut an address out for a while
OF_ORDERS = (order_totals, order_limits, order_payments, order_refunds, order_repeats, inbound_webhooks)
OF_ESCROW = (
    escrow_create,
    escrow_providers,
    escrow_release,
    escrow_refunds,
    escrow_endings,
    escrow_webhooks,
    escrow_reading,
)
OF_CARDS = (order_cards, card_endings)


def _of_payments(rule: Rule) -> Rule:
    """The rule, not checked where the configuration maps no payments but orders alone."""

    def check(service: Service, case: Case) -> None:
        service.need("create", "status")
        rule.check(service, case)

    return replace(rule, check=check)


SUITE = Suite(
    "service",
    [
        *(_of_payments(rule) for module in MODULES for rule in module.SUITE.rules),
        *(rule for module in (*OF_ORDERS, *OF_ESCROW, *OF_CARDS) for rule in module.SUITE.rules),
        *(_of_payments(rule) for module in LAST for rule in module.SUITE.rules),
    ],
    CAUSES,
)

__all__ = ["SUITE", "Config", "NotCheckedError", "Service", "load"]
