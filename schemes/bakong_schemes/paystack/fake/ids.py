"""Identities in the API's forms, from the world's seed."""

import hashlib

from bakong_simulator.kernel.world import World

_LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
_MIXED = _LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIRST_ID = 4_000_000_001  # of transactions: ten digits
FIRST_REFUND = 3_000_001
FIRST_CUSTOMER = 180_000_001
INTEGRATION = 100_001


def token(world: World, kind: str, length: int) -> str:
    """So many characters of [0-9a-z], the next of a stream of this kind."""
    return _text(world.rng.draw(f"paystack/{kind}"), _LOWER, length)


def derived(world: World, kind: str, *parts: str, length: int, mixed: bool = False) -> str:
    """The same, always, for the same parts in a world of the same seed."""
    text = "\x1f".join((str(world.seed), kind, *parts))
    return _text(hashlib.blake2b(text.encode(), digest_size=32).digest(), _MIXED if mixed else _LOWER, length)


def _text(drawn: bytes, alphabet: str, length: int) -> str:
    number, size = int.from_bytes(drawn), len(alphabet)
    return "".join(alphabet[number // size**place % size] for place in range(length))
