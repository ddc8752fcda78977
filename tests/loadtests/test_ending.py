"""SIGINT and SIGTERM while a load test runs: its load is stopped once; at any other moment the run is cancelled."""

import asyncio
import os
import signal

import pytest

from bakong_sandbox.devkit.load.check import _Ending


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_the_load_and_a_second_one_cancels_the_run(number):
    ending, stopped = _Ending(), asyncio.Event()
    ending.stop = stopped.set

    async def run():
        async with ending.by_signals():
            os.kill(os.getpid(), number)
            await stopped.wait()
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()

    running = asyncio.ensure_future(run())
    await asyncio.wait([running])
    assert (stopped.is_set(), running.cancelled()) == (True, True)
