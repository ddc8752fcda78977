"""The rules of a Stripe API: a fake of it, or a recording of the real one."""

from bakong_conformance.rules import Suite
from bakong_conformance.stripe import (
    disputed,
    errors,
    events,
    idempotency,
    intents,
    lists,
    outcomes,
    refunds,
    sessions,
)
from bakong_conformance.stripe.subject import Stripe

MODULES = (errors, idempotency, intents, outcomes, refunds, sessions, lists, events, disputed)
SUITE = Suite("stripe", [rule for module in MODULES for rule in module.SUITE.rules])

__all__ = ["SUITE", "Stripe"]
