"""Sending a webhook over HTTP: no redirects, bounded time and answer, the body untouched.

Names are looked up on threads of its own: a lookup cannot be broken off, and one that hangs would keep a thread that
the rest of the process waits for, such as the lookup of a provider's name.

Where private networks are closed, each address that the host resolves to is judged at the moment of connecting, and the
connection goes to the very address that was judged: a name that resolves to another one next time gains nothing.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpcore

from bakong_contracts.addresses import host_and_port
from bakong_contracts.trust import ssl_context
from bakong_service.domain.callbacks import is_public
from bakong_service.domain.receivers import PROVEN_SLOTS, SLOTS
from bakong_service.ports import Answered

TIMEOUT_S = 15.0
MAX_ANSWER_BYTES = 64 * 1024
KEPT_BYTES = 500  # of an answer, for who asks why it was refused
MAX_CONNECTIONS = SLOTS + PROVEN_SLOTS
PRIVATE = "private_address"
Resolve = Callable[[str, int], Awaitable[list[str]]]
Result = str | Answered


class PrivateAddressError(OSError):
    """The host resolves to an address outside the public internet."""


class SystemResolver:
    """The system's addresses of a name. A name whose lookup is still under way is not looked up a second time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="receivers")
        self._under_way: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        key = (host, port)
        lookup = self._under_way.get(key)
        if lookup is None:
            lookup = asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port)
            self._under_way[key] = lookup
            lookup.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(lookup)

    def close(self) -> None:
        """Look nothing more up; a lookup that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ended(self, key: tuple[str, int], lookup: asyncio.Future[list[str]]) -> None:
        del self._under_way[key]
        if not lookup.cancelled():
            lookup.exception()  # whoever asked has it, or has left


def _addresses(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


class ReceiverBackend(httpcore.AsyncNetworkBackend):
    """Connections to receivers: to public addresses alone, where private ones are not allowed.

    A host with one private address is then refused whole.
    """

    def __init__(self, resolver: Resolve, *, private_allowed: bool) -> None:
        self._resolve = resolver
        self._private_allowed = private_allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await asyncio.wait_for(self._resolve(host, port), timeout)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{type(error).__name__}: the host has no address") from error
        if not addresses or not (self._private_allowed or all(map(_is_public, addresses))):
            raise PrivateAddressError(PRIVATE)
        return await self._connect(addresses, port, timeout, local_address, socket_options)

    async def _connect(self, addresses: list[str], port: int, *rest: Any) -> httpcore.AsyncNetworkStream:
        """To the first address; where private ones are allowed, to the first that answers, such as localhost's."""
        tried = addresses if self._private_allowed else addresses[:1]
        for address in tried[:-1]:
            with suppress(httpcore.ConnectError):
                return await self._inner.connect_tcp(address, port, *rest)
        return await self._inner.connect_tcp(tried[-1], port, *rest)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise PrivateAddressError(PRIVATE)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class HttpPost:
    """See bakong_service.ports.Post. private_allowed: the sandbox's flag, for main backends on the same machine.

    ca_file: authorities that are trusted beside the public ones (and beside those of SSL_CERT_FILE).
    on_attempt is given the outcome of each try: 2xx, 4xx and so on, or the word for what went wrong.
    """

    def __init__(
        self,
        *,
        private_allowed: bool,
        resolver: Resolve | None = None,
        timeout_s: float = TIMEOUT_S,
        on_attempt: Callable[[str], object] = str,
        ca_file: Path | None = None,
    ) -> None:
        self._resolver = SystemResolver()
        self._pool = httpcore.AsyncConnectionPool(
            _trust(ca_file),
            network_backend=ReceiverBackend(resolver or self._resolver, private_allowed=private_allowed),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=8,
            keepalive_expiry=20,
        )
        self._timeout_s = timeout_s
        self._on_attempt = on_attempt

    async def __call__(self, url: str, body: bytes, headers: dict[str, str], /) -> Result:
        result = await self._tried(url, body, headers)
        self._on_attempt(_outcome(result))
        return result

    async def _tried(self, url: str, body: bytes, headers: dict[str, str]) -> Result:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, body, headers)
        except PrivateAddressError:
            return PRIVATE
        except (TimeoutError, httpcore.TimeoutException):
            return "timeout"
        except Exception as error:  # noqa: BLE001  whatever a resolver or a guard of sockets raises, it is a failed try
            return type(error).__name__

    async def close(self) -> None:
        self._resolver.close()
        await self._pool.aclose()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Answered:
        sent = {"host": _host(url), "content-type": "application/json", "content-length": str(len(body)), **headers}
        bounds = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        async with self._pool.stream(
            "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": bounds}
        ) as answer:
            seen, words = 0, b""
            async for part in answer.aiter_stream():
                seen += len(part)
                words = (words + part[:KEPT_BYTES])[:KEPT_BYTES]
                if seen > MAX_ANSWER_BYTES:
                    break
            later = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
            return Answered(int(answer.status), min(int(later), 86_400) if later.isdigit() else None, words)


def _is_public(address: str) -> bool:
    return is_public(ipaddress.ip_address(address.partition("%")[0]))


def _trust(ca_file: Path | None) -> ssl.SSLContext | None:
    """Whose certificates count; None: the public authorities', read when the first https:// URL is met."""
    return None if ca_file is None else ssl_context(ca_file)


def _outcome(result: Result) -> str:
    """A word out of a few, for metrics."""
    return result if isinstance(result, str) else f"{result.status // 100}xx"


def _host(url: str) -> str:
    parts = httpcore.URL(url)
    return host_and_port(parts.host.decode(), parts.port)
