"""The suites: rules that hold any codec, any Bakong and any payment service to the contract.

They know commands and URLs, and may not know who answers: neither the simulator nor our service.
"""

from bakong_conformance.case import Case, Step
from bakong_conformance.engine import Options, run
from bakong_conformance.rules import (
    CannotRunError,
    NotCheckedError,
    Outcome,
    PreconditionError,
    Report,
    Rule,
    RuleBrokenError,
    Suite,
    Verdict,
)

__all__ = [
    "CannotRunError",
    "Case",
    "NotCheckedError",
    "Options",
    "Outcome",
    "PreconditionError",
    "Report",
    "Rule",
    "RuleBrokenError",
    "Step",
    "Suite",
    "Verdict",
    "run",
]
