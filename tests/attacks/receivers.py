"""Receivers of webhooks that mean ill: each takes a connection, and does with it what its name says."""

import asyncio
import contextlib
import socket

BODY_LESS = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


async def hangs(_reader, _writer):
    await asyncio.Event().wait()


async def drips(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    await _for_ever(writer, b"x")


async def drips_its_head(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    await _for_ever(writer, b"x")


async def sends_headers_without_end(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _for_ever(writer, b"x-more: " + b"y" * 1_000 + b"\r\n", pause_s=0)


async def sends_a_body_without_end(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    await _for_ever(writer, b"400\r\n" + b"z" * 0x400 + b"\r\n", pause_s=0)


async def sends_interim_answers_without_end(_reader, writer):
    await _for_ever(writer, b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", pause_s=0)


async def redirects_to_itself(_reader, writer):
    port = writer.get_extra_info("sockname")[1]
    writer.write(f"HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n".encode())
    await writer.drain()
    writer.close()


async def closes(_reader, writer):
    writer.close()


async def resets(_reader, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


async def speaks_no_http(_reader, writer):
    writer.write(b"\x16\x03\x01\0\0" + b"\xff" * 200)
    await writer.drain()
    writer.close()


async def answers_before_it_reads(_reader, writer):
    writer.write(BODY_LESS)
    await writer.drain()
    writer.close()


async def is_good(reader, writer):
    """Reads the request, and answers 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    writer.write(BODY_LESS)
    await writer.drain()
    writer.close()


SLOW = (
    hangs,
    drips,
    drips_its_head,
    sends_interim_answers_without_end,
)
HOSTILE = (
    *SLOW,
    sends_headers_without_end,
    sends_a_body_without_end,
    redirects_to_itself,
    closes,
    resets,
    speaks_no_http,
)


async def _for_ever(writer, data, pause_s=0.02):
    """Send the same again and again, until the other side leaves."""
    while True:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(pause_s)


class Receiver:
    """A receiver on a free port of this machine: url, and how many connections it has had."""

    def __init__(self, behaviour):
        self._behaviour = behaviour
        self.calls = 0
        self.url = ""

    async def handle(self, reader, writer):
        self.calls += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._behaviour(reader, writer)
        writer.close()


@contextlib.asynccontextmanager
async def listening(*behaviours):
    """A receiver for each behaviour; at the end what they hold is let go."""
    tasks, writers = set(), []
    servers, receivers = [], []
    for behaviour in behaviours:
        receiver = Receiver(behaviour)

        def accept(reader, writer, receiver=receiver):
            writers.append(writer)
            task = asyncio.ensure_future(receiver.handle(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        servers.append(server)
        receivers.append(receiver)
    try:
        yield receivers
    finally:
        for server in servers:
            server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@contextlib.contextmanager
def full_backlog():
    """The URL of a port whose backlog is full: a connection to it is neither taken nor refused."""
    with socket.socket() as listener, contextlib.ExitStack() as held:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = held.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
