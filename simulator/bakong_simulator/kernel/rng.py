"""Everything random in a world, from its seed: named streams that do not disturb each other."""

import hashlib
from collections.abc import Mapping

LUCK = "fault"  # the streams that faults draw from: this name, and those below it


class Rng:
    """Named streams of bytes: the nth draw of a name depends on the seed, the name and n alone."""

    def __init__(self, seed: int, drawn: Mapping[str, int] | None = None) -> None:
        self.seed = seed
        self.drawn: dict[str, int] = dict(drawn or {})

    def after_reset(self) -> "Rng":
        """The streams of a world that begins anew: the same luck once more, and no id that was issued before.

        A provider issues an id once; who has kept one, such as a shop that counts an event once, takes it for the old.
        """
        issued = {name: count for name, count in self.drawn.items() if name.partition("/")[0] != LUCK}
        return Rng(self.seed, issued)

    def draw(self, name: str) -> bytes:
        """The next 32 bytes of a stream."""
        count = self.drawn.get(name, 0)
        self.drawn[name] = count + 1
        return hashlib.blake2b(f"{self.seed}/{name}/{count}".encode(), digest_size=32).digest()

    def hex(self, name: str, length: int) -> str:
        return self.draw(name).hex()[:length]

    def digits(self, name: str, length: int) -> str:
        return f"{int.from_bytes(self.draw(name)) % 10**length:0{length}d}"

    def between(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int.from_bytes(self.draw(name)) % (high - low + 1)

    def fraction(self, name: str) -> float:
        """A number from 0 to below 1."""
        return int.from_bytes(self.draw(name)[:6]) / 2**48
