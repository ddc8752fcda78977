"""Sending a webhook over HTTP: no redirects, bounded time and answer, the body untouched.

Where private networks are closed, each address that the host resolves to is judged at the moment of connecting, and the
connection goes to the very address that was judged: a name that resolves to another one next time gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from bakong_contracts.addresses import host_and_port
from bakong_service.domain.callbacks import is_public

TIMEOUT_S = 15.0
MAX_ANSWER_BYTES = 64 * 1024
PRIVATE = "private_address"
Resolve = Callable[[str, int], Awaitable[list[str]]]
Result = int | str | tuple[int, int | None]


class PrivateAddressError(OSError):
    """The host resolves to an address outside the public internet."""


async def resolve(host: str, port: int) -> list[str]:
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


class PublicBackend(httpcore.AsyncNetworkBackend):
    """Connections to public addresses alone; a host with one private address is refused whole."""

    def __init__(self, resolver: Resolve = resolve) -> None:
        self._resolve = resolver
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
        if not addresses or not all(
            is_public(ipaddress.ip_address(address.partition("%")[0])) for address in addresses
        ):
            raise PrivateAddressError(PRIVATE)
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise PrivateAddressError(PRIVATE)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class HttpPost:
    """See bakong_service.ports.Post. private_allowed: the sandbox's flag, for main backends on the same machine.

    on_attempt is given the outcome of each try: 2xx, 4xx and so on, or the word for what went wrong.
    """

    def __init__(
        self,
        *,
        private_allowed: bool,
        resolver: Resolve = resolve,
        timeout_s: float = TIMEOUT_S,
        on_attempt: Callable[[str], object] = str,
    ) -> None:
        backend = httpcore.AnyIOBackend() if private_allowed else PublicBackend(resolver)
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=backend, max_connections=32, max_keepalive_connections=8, keepalive_expiry=20
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
        except TimeoutError:
            return "timeout"
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            OSError,
            ValueError,
        ) as error:
            return type(error).__name__

    async def close(self) -> None:
        await self._pool.aclose()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int | tuple[int, int | None]:
        sent = {"host": _host(url), "content-type": "application/json", "content-length": str(len(body)), **headers}
        bounds = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        async with self._pool.stream(
            "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": bounds}
        ) as answer:
            seen = 0
            async for part in answer.aiter_stream():
                seen += len(part)
                if seen > MAX_ANSWER_BYTES:
                    break
            later = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
            if not later.isdigit():
                return int(answer.status)
            return int(answer.status), min(int(later), 86_400)


def _outcome(result: Result) -> str:
    """A word out of a few, for metrics."""
    status = result[0] if isinstance(result, tuple) else result
    return f"{status // 100}xx" if isinstance(status, int) else status


def _host(url: str) -> str:
    parts = httpcore.URL(url)
    return host_and_port(parts.host.decode(), parts.port)
