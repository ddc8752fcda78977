"""The limit check: no half-open interval of a window holds more than the limit. Proofs only, no tolerance.

>>> from bakong_loadtests.limits import Attempt, LimitVerdict, check
>>> tight = [Attempt(sent_ns=n, received_ns=n + 1) for n in range(3)]
>>> check(tight, limit=2, window_ns=1000).over[0].requests
3
"""

from bakong_loadtests.limits.intervals import Attempt, LimitVerdict, Proof, check, check_scopes
from bakong_loadtests.limits.journal import Decision, check_journal

__all__ = ["Attempt", "Decision", "LimitVerdict", "Proof", "check", "check_journal", "check_scopes"]
