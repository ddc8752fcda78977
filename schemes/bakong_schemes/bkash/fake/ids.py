"""Identities in the API's forms, from the world's clock and seed."""

from bakong_schemes.bkash import wire
from bakong_simulator.kernel.world import World

_UPPER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ANY = _UPPER + "abcdefghijklmnopqrstuvwxyz"


def payment_id(world: World, family: str, mode: str) -> str:
    """TR0011, seven characters and the moment of its creation; without the prefix in the checkout family."""
    now_ms = f"{world.clock.now_ms():013d}"
    if family == wire.CHECKOUT:
        return _letters(world, "payment", _UPPER, 7) + now_ms
    return f"TR{mode}{_letters(world, 'payment', _ANY, 7)}{now_ms}"


def transaction_id(world: World) -> str:
    """Ten characters, the first three of which are the date."""
    return wire.date_letters(world.clock.now_ms()) + _letters(world, "transaction", _UPPER, 7)


def agreement_id(world: World) -> str:
    return f"TokenizedMerchant01{_letters(world, 'agreement', _UPPER, 7)}{world.clock.now_ms():013d}"


def page_hash(world: World) -> str:
    return _letters(world, "hash", _ANY, 32)


def signature(world: World) -> str:
    """What the three callbacks of one payment bear: it names the payment, and proves nothing."""
    return _letters(world, "signature", _ANY, 10)


def _letters(world: World, kind: str, alphabet: str, length: int) -> str:
    drawn = int.from_bytes(world.rng.draw(f"bkash/{kind}"))
    return "".join(alphabet[drawn // len(alphabet) ** place % len(alphabet)] for place in range(length))
