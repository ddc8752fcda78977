"""The rules of a Bakong Open API: the fake, a recording or NBC's own. May not know who serves it."""

from contracts.suites.bakong import checks, edges, envelope, lists, tokens
from contracts.suites.bakong.subject import Bakong
from contracts.suites.rules import Suite

SUITE = Suite(
    "bakong", [*envelope.SUITE.rules, *tokens.SUITE.rules, *checks.SUITE.rules, *lists.SUITE.rules, *edges.SUITE.rules]
)

__all__ = ["SUITE", "Bakong"]
