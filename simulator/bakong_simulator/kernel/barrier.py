"""A barrier at which answers wait for each other, so that callers who race have all asked before one is answered."""

import asyncio


class Barrier:
    """Await it: it returns for all at once when `callers` are there, or `within_s` (real seconds) after the first.

    Once open it holds nobody any more. held: how many have come before it opened.
    """

    __slots__ = ("_opened", "callers", "held", "within_s")

    def __init__(self, callers: int, within_s: float) -> None:
        self.callers, self.within_s, self.held = callers, within_s, 0
        self._opened = asyncio.Event()

    @property
    def is_open(self) -> bool:
        return self._opened.is_set()

    def open(self) -> None:
        """Let all go on."""
        self._opened.set()

    async def wait(self) -> None:
        """Wait for the others. Whoever comes first opens it when the time has passed."""
        if self.is_open:
            return
        self.held += 1
        if self.held >= self.callers:
            self.open()
        elif self.held == 1:
            asyncio.get_running_loop().call_later(self.within_s, self.open)
        await self._opened.wait()
