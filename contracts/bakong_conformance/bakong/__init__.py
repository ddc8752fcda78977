"""The rules of a Bakong Open API: the fake, a recording or NBC's own."""

from bakong_conformance.bakong import checks, edges, envelope, lists, tokens
from bakong_conformance.bakong.subject import Bakong
from bakong_conformance.rules import Suite

SUITE = Suite(
    "bakong", [*envelope.SUITE.rules, *tokens.SUITE.rules, *checks.SUITE.rules, *lists.SUITE.rules, *edges.SUITE.rules]
)

__all__ = ["SUITE", "Bakong"]
