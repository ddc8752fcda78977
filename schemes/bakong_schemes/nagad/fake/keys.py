"""The keys of a world: set by somebody, else two of the sandbox's pool, by the world's seed.

No library makes RSA keys from a seed, and a search for primes of our own would be own cryptography; so eight keys that
a library made are part of the sandbox, and the seed chooses. They are public: nothing real may be sealed with them.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bakong_schemes.nagad.fake.records import Keys, NagadState
from bakong_simulator.kernel.world import World

if TYPE_CHECKING:  # a sandbox starts without cryptography
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

POOL = Path(__file__).with_name("sandbox_keys.txt")


class Pair(NamedTuple):
    """What Nagad works with: its own private key, and the merchant's public one."""

    own: "RSAPrivateKey"
    merchant: "RSAPublicKey"


@cache
def pool() -> tuple[str, ...]:
    """The sandbox's private keys, a line of base64 each."""
    rows = POOL.read_text(encoding="ascii").splitlines()
    return tuple(row for row in rows if not row.startswith("#"))


def keys_of(world: World, state: NagadState) -> Keys:
    return state.keys or of_seed(world.seed)


@cache
def of_seed(seed: int) -> Keys:
    """Two different keys of the pool."""
    from bakong_schemes.nagad.sealing import public_half  # noqa: PLC0415  the first call of Nagad loads cryptography

    drawn, keys = int.from_bytes(hashlib.blake2b(f"{seed}/nagad/keys".encode()).digest()), pool()
    first = drawn % len(keys)
    second = (first + 1 + (drawn >> 64) % (len(keys) - 1)) % len(keys)
    return Keys(keys[first], public_half(keys[second], is_ours=True), keys[second])


def pair_of(world: World, state: NagadState) -> Pair:
    from bakong_schemes.nagad.sealing import private_key, public_key  # noqa: PLC0415  as above

    keys = keys_of(world, state)
    return Pair(private_key(keys.nagad_private, is_ours=state.keys is None), public_key(keys.merchant_public))
