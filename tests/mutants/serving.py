"""Programs of the seeded bugs on real ports, in one thread of their own, while a test is judged in its own thread."""

import asyncio
import threading
from contextlib import contextmanager

from bakong_sandbox.stack.serving import listen, serve, url_of


class Loop:
    """An event loop in a thread, for ASGI apps on ports."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, work):
        """What the coroutine returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @contextmanager
    def serving(self, app, port=0):
        """The app on a port; its URL."""
        with listen(port) as opened:
            end = asyncio.Event()
            ready = asyncio.Event()

            async def work():
                async with serve(app, opened):
                    ready.set()
                    await end.wait()

            async def begin():
                task = asyncio.ensure_future(work())
                await asyncio.wait({task, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
                return task

            task = self.call(begin())
            try:
                yield url_of(opened)
            finally:

                async def finish():
                    end.set()
                    await task

                self.call(finish())
