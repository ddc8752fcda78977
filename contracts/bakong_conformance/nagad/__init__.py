"""The rules of a Nagad-like server: sealed initialize and complete, the pay page, verify, sealed refunds."""

from bakong_conformance.nagad import orders, refunds
from bakong_conformance.nagad.subject import Nagad
from bakong_conformance.rules import Suite

SUITE = Suite("nagad", [*orders.SUITE.rules, *refunds.SUITE.rules])

__all__ = ["SUITE", "Nagad"]
