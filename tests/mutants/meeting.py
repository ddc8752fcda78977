"""Where a bug that races waits until another call has come as far, so that it strikes on a busy machine too."""

import asyncio

PATIENCE_S = 2.0  # of a call that nobody races with


class Meeting:
    """Await it: it returns when two or more are inside, or alone after a while."""

    def __init__(self):
        self._inside, self._met = 0, asyncio.Event()

    async def __call__(self):
        self._inside += 1
        if self._inside > 1:
            self._met.set()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._met.wait()
        except TimeoutError:
            pass
        self._inside -= 1
        if not self._inside:
            self._met.clear()
