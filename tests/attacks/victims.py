"""A sandbox to be attacked, in a thread of its own on either event loop; and its ports, as attacks name them."""

import asyncio
import ssl
import threading
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvloop

from bakong_sandbox.stack.sandbox import run

LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


class Port(NamedTuple):
    """A port: where it is, with what else to connect, and a call that it answers."""

    name: str
    host: str
    port: int
    how: dict[str, Any]
    method: str
    path: str
    answers: int

    @property
    def at(self) -> tuple[str, int]:
        return self.host, self.port


def ports_of(bakong_url: str, tls_url: str, ca_file: str, service_url: str) -> list[Port]:
    """The three ports of a sandbox."""
    ports = [int(url.rpartition(":")[2]) for url in (bakong_url, tls_url, service_url)]
    call = ("POST", "/v1/check_transaction_by_md5", 401)
    trust = {"tls": ssl.create_default_context(cafile=ca_file)}
    return [
        Port("simulator", "127.0.0.1", ports[0], {}, *call),
        Port("tls", "127.0.0.1", ports[1], trust, *call),
        Port("service", "127.0.0.1", ports[2], {}, "GET", "/api/health/live", 200),
    ]


@contextmanager
def victim(loop, options):
    """The stack of a sandbox that runs on the loop of that name while the context lasts."""
    with_stack: list[Any] = []
    ready = threading.Event()

    async def serve():
        stop = asyncio.Event()
        async with run(options) as stack:
            with_stack[:] = [stack, asyncio.get_running_loop(), stop]
            ready.set()
            await stop.wait()

    def work():
        try:
            with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
                runner.run(serve())
        finally:
            ready.set()

    thread = threading.Thread(target=work, name=f"victim on {loop}")
    thread.start()
    ready.wait()
    assert with_stack, "the sandbox did not start"
    try:
        yield with_stack[0]
    finally:
        with_stack[1].call_soon_threadsafe(with_stack[2].set)
        thread.join()
