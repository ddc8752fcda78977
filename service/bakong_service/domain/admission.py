"""Who may ask how often: the rule's figures, and the answer to one request."""

from typing import NamedTuple

SECOND_US = 1_000_000
WINDOW_US = 60 * SECOND_US
# An address with so many wrong keys in so long a time is shut out for the block's time.
FAILURES = 10
FAILURE_WINDOW_US = 300 * SECOND_US
BLOCK_US = 900 * SECOND_US


class Verdict(NamedTuple):
    """What becomes of a request. wait_us: until the block ends, or until the oldest request leaves the window."""

    admitted: bool
    blocked: bool
    remaining: int
    wait_us: int

    @property
    def wait_s(self) -> int:
        """Whole seconds, at least one, after which trying again is worth it.

        >>> Verdict(False, False, 0, 1).wait_s, Verdict(False, False, 0, 2_000_001).wait_s
        (1, 3)
        """
        return max(1, -(-self.wait_us // SECOND_US))
