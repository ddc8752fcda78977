"""Identities in the API's form, from the world's seed."""

from bakong_simulator.kernel.world import World

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [left + right for left in _DIGITS for right in _DIGITS]


def new_id(world: World, prefix: str, length: int = 24) -> str:
    """Such as pi_ and 24 letters and digits."""
    drawn = b"".join(world.rng.draw(f"stripe/{prefix}") for _ in range(-(-length // 30)))
    return prefix + text_of(drawn, length)


def text_of(drawn: bytes, length: int) -> str:
    """So many letters and digits of drawn bytes, one of each byte or two of four.

    >>> text_of(bytes(range(8)), 4)
    '0H0x'
    """
    pairs = (int.from_bytes(drawn[at : at + 2]) % 3844 for at in range(0, length + length % 2, 2))
    return "".join([_PAIRS[pair] for pair in pairs])[:length]
