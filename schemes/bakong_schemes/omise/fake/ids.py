"""Identities in the API's form, from the world's clock and seed: those made later sort later."""

from bakong_schemes.omise.wire import TAIL
from bakong_simulator.kernel.world import World

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME = 9  # characters of base 36 that hold every moment of a world


def new_id(world: World, prefix: str) -> str:
    """Such as chrg_test_0mlh4kz9c2x7v1q0d3a: the time in ms, then what the seed draws."""
    drawn = int.from_bytes(world.rng.draw(f"omise/{prefix}"))
    return f"{prefix}_test_{_base36(world.clock.now_ms(), _TIME)}{_base36(drawn, TAIL - _TIME)}"


def _base36(number: int, length: int) -> str:
    return "".join(_DIGITS[number // 36**place % 36] for place in reversed(range(length)))
