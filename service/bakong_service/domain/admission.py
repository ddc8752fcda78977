"""Who may ask how often: the rule's figures, and the answer to one request."""

from typing import NamedTuple

SECOND_US = 1_000_000
WINDOW_US = 60 * SECOND_US
# An address with so many wrong keys (MAX_WRONG_KEYS) in so long a time is shut out for the block's time.
FAILURES = 10
FAILURE_WINDOW_US = 300 * SECOND_US
BLOCK_US = 900 * SECOND_US
_KEY = "key:"


# Of orders, for each key or token, besides the limit of a minute; and of what costs a provider's call.
PER_SECOND, PER_HOUR = 20, 1_000
CHECKOUT = ("checkout", 10)
REFUND = ("refund", 30)
REFRESH = ("refresh", 12)  # of one order's payment
# Of webhooks: what a provider has signed, and what of one address nobody has.
SIGNED, UNSIGNED = 1_200, 60


def by_key(name: str) -> str:
    """Who is limited where the request has a good API key or a token of ours: by its short name."""
    return _KEY + name


def by_address(network: str) -> str:
    """Who is limited where it has none: the address."""
    return f"address:{network}"


def by_subject(name: str) -> str:
    """Who is limited where somebody else has made the token: whom it speaks for, of whom there may be any number."""
    return f"subject:{name}"


def is_key(who: str) -> bool:
    """Whether a limited caller is an API key, a user or a client of ours: as many as were made.

    >>> is_key(by_key("shop 1a2b3c4d")), is_key(by_address("192.0.2.1"))
    (True, False)
    """
    return who.startswith(_KEY)


class Policy(NamedTuple):
    """So many requests in any window of so long; name: as the RateLimit header has it."""

    name: str
    limit: int
    window_us: int

    @property
    def shown(self) -> str:
        """As RateLimit-Policy has it.

        >>> Policy("second", 20, SECOND_US).shown
        '"second";q=20;w=1'
        """
        return f'"{self.name}";q={self.limit};w={self.window_us // SECOND_US}'


class Quota(NamedTuple):
    """What a request counts against besides its caller's limit of a minute. who: whose it is."""

    policy: Policy
    who: str


class Room(NamedTuple):
    """What is left of a policy, and until when its oldest request is in the window."""

    policy: Policy
    remaining: int
    wait_us: int

    @property
    def shown(self) -> str:
        """As RateLimit has it."""
        return f'"{self.policy.name}";r={self.remaining};t={max(1, -(-self.wait_us // SECOND_US))}'


class Verdict(NamedTuple):
    """What becomes of a request. wait_us: until the block ends, or until there is room in all.

    remaining: of the limit of a minute. rooms: of every other policy, in order; tight: the first that had no room.
    """

    admitted: bool
    blocked: bool
    remaining: int
    wait_us: int
    rooms: tuple[Room, ...] = ()
    tight: Policy | None = None

    @property
    def wait_s(self) -> int:
        """Whole seconds, at least one, after which trying again is worth it.

        >>> Verdict(False, False, 0, 1).wait_s, Verdict(False, False, 0, 2_000_001).wait_s
        (1, 3)
        """
        return max(1, -(-self.wait_us // SECOND_US))
