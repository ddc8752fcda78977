"""The rules of a payment service, in any language, behind a mapping of our operations to its HTTP. Knows only URLs."""

from bakong_conformance.rules import Suite
from bakong_conformance.service import (
    budget,
    changes,
    cycles,
    forms,
    granting,
    hooks,
    keys,
    limiting,
    lists,
    orders,
    outages,
    payments,
    quotes,
    stories,
    telling,
    waiting,
)
from bakong_conformance.service.config import Config, load
from bakong_conformance.service.subject import Service

MODULES = (
    payments,
    orders,
    outages,
    budget,
    waiting,
    granting,
    changes,
    quotes,
    cycles,
    hooks,
    telling,
    forms,
    lists,
    stories,
    limiting,
    keys,
)

SUITE = Suite(
    "service",
    [rule for module in MODULES for rule in module.SUITE.rules],
)

__all__ = ["SUITE", "Config", "Service", "load"]
