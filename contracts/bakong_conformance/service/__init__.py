"""The rules of a payment service, in any language, behind a mapping of our operations to its HTTP. Knows only URLs."""

from bakong_conformance.rules import Suite
from bakong_conformance.service import (
    budget,
    changes,
    cycles,
    entitlements,
    errors_and_idempotency,
    hooks,
    keys,
    limiting,
    lists,
    monitor,
    orders,
    outages,
    payments,
    quotes,
    stateful,
    webhook_delivery,
)
from bakong_conformance.service.config import Config, load
from bakong_conformance.service.subject import Service

MODULES = (
    payments,
    orders,
    outages,
    budget,
    monitor,
    entitlements,
    changes,
    quotes,
    cycles,
    hooks,
    webhook_delivery,
    errors_and_idempotency,
    lists,
    stateful,
    limiting,
    keys,
)

SUITE = Suite(
    "service",
    [rule for module in MODULES for rule in module.SUITE.rules],
)

__all__ = ["SUITE", "Config", "Service", "load"]
