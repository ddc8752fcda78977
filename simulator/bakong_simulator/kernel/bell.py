"""A bell that wakes those who follow something: rung when there is more, waited for with patience. No cost unheard."""

import asyncio


class Bell:
    """Futures of those who wait. Whoever rings looks at `waiting` first, which is empty while nobody follows."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for one in self.waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self, patience_s: float) -> None:
        """Return when it is rung, or when patience (real seconds) has ended."""
        one = asyncio.get_running_loop().create_future()
        self.waiting.add(one)
        try:
            await asyncio.wait({one}, timeout=patience_s)
        finally:
            self.waiting.discard(one)
