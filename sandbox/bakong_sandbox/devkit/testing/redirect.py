"""Sends calls to NBC's host names to a world of the sandbox, whatever client makes them and whatever proxy it has.

Covers http.client and urllib.request, urllib3 and requests, httpx and aiohttp, by their own seams. A call that is
redirected uses no connection, pool or proxy of its client, so that neither an earlier connection nor a proxy gets it.
"""

import http.client
import ssl
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary, WeakSet

import pytest

from bakong_sandbox.devkit.testing import patience
from bakong_sandbox.stack.tls import HOSTS

POOLED = 16  # connections that threads share


class Redirect:
    """From an address of NBC to the same path of a world. closing: what is closed when the redirect ends."""

    def __init__(self, base_url: str) -> None:
        self.base = urlsplit(base_url)
        self.closing = ExitStack()

    def moves(self, host: str | None) -> bool:
        """Whether a host, in any spelling that resolves to it, is one of NBC's."""
        return host is not None and host.lower().removesuffix(".") in HOSTS

    def moves_request(self, url: str, connected_to: str | None) -> bool:
        """Whether a request is for NBC: by its URL, where it names a host as requests to a proxy do."""
        return self.moves(connected_to if url.startswith("/") else urlsplit(url).hostname or connected_to)

    def url(self, url: str) -> str:
        """Where a call to the URL goes: itself, or the world's."""
        parts = urlsplit(url)
        if not self.moves(parts.hostname):
            return url
        return urlunsplit((self.base.scheme, self.base.netloc, self.base.path + parts.path, parts.query, ""))

    def target(self, url: str) -> str:
        """The path and query of a world for those of NBC; a path that is the world's already stays."""
        path = url if url.startswith("/") else urlunsplit(("", "", *urlsplit(url)[2:4], "")) or "/"
        return path if path.startswith(self.base.path + "/") else self.base.path + path


@contextmanager
def redirected(patch: pytest.MonkeyPatch, base_url: str) -> Iterator[None]:
    """Redirect until the patch is undone; connections to the world are closed when the context ends."""
    redirect = Redirect(base_url)
    _http_client(patch, redirect)
    libraries = (("urllib3", _urllib3), ("requests", _requests), ("httpx", _httpx), ("aiohttp", _aiohttp))
    for library, install_for in libraries:
        if find_spec(library):
            install_for(patch, redirect)
    with redirect.closing:
        yield


def _close(connections: Iterable[Any]) -> None:
    for connection in list(connections):
        connection.close()


def _http_client(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    """http.client, and urllib.request, which stands on it."""
    connect_tls, connect = http.client.HTTPSConnection.connect, http.client.HTTPConnection.connect
    put = http.client.HTTPConnection.putrequest
    ours: WeakSet[Any] = WeakSet()
    redirect.closing.callback(lambda: _close(ours))

    def connect_plainly(self: Any) -> None:
        named = self.host, self.port, self._tunnel_host
        self.host, self.port, self._tunnel_host = redirect.base.hostname or "", redirect.base.port or 80, None
        try:
            connect(self)
        finally:
            self.host, self.port, self._tunnel_host = named

    def is_moved(self: Any) -> bool:
        return self in ours or redirect.moves(self._tunnel_host or self.host)

    def connected(self: Any) -> None:
        connect_plainly(self) if is_moved(self) else connect(self)

    def connected_tls(self: Any) -> None:
        connect_plainly(self) if is_moved(self) else connect_tls(self)

    def putrequest(self: Any, method: str, url: str, *rest: Any, **options: Any) -> None:
        moved = redirect.moves_request(url, self._tunnel_host or self.host)
        if moved != (self in ours):
            self.close()  # what it is connected to is the proxy, or NBC, or the other way round the world
            (ours.add if moved else ours.discard)(self)
        put(self, method, redirect.target(url) if moved else url, *rest, **options)
        if moved or (self.host, self.port) == (redirect.base.hostname, redirect.base.port):
            self.putheader(*patience.HEADER)

    patience.http_client(patch)
    patch.setattr(http.client.HTTPConnection, "connect", connected)
    patch.setattr(http.client.HTTPSConnection, "connect", connected_tls)
    patch.setattr(http.client.HTTPConnection, "putrequest", putrequest)


def _urllib3(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    """urllib3, and requests, which stands on it: each pool's calls to NBC go through a pool of the world's."""
    from urllib3 import HTTPConnectionPool

    urlopen = HTTPConnectionPool.urlopen
    ours: WeakKeyDictionary[HTTPConnectionPool, HTTPConnectionPool] = WeakKeyDictionary()
    redirect.closing.callback(lambda: _close(ours.values()))

    class WorldPool(HTTPConnectionPool):
        def urlopen(self, method: str, url: str, *rest: Any, **options: Any) -> Any:
            return urlopen(self, method, redirect.target(url), *rest, **options)

        def is_same_host(self, url: str) -> bool:
            return url.startswith("/") or redirect.moves(urlsplit(url).hostname)

    def opened(self: HTTPConnectionPool, method: str, url: str, *rest: Any, **options: Any) -> Any:
        if not redirect.moves_request(url, self.host):
            return urlopen(self, method, url, *rest, **options)
        if self not in ours:
            host, port = redirect.base.hostname or "", redirect.base.port
            ours[self] = WorldPool(host, port, self.timeout, POOLED, headers=self.headers, retries=self.retries)
        return ours[self].urlopen(method, url, *rest, **options)

    patch.setattr(HTTPConnectionPool, "urlopen", opened)


def _requests(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    """Without a proxy, so that none has to be of a kind that is installed; the rest is urllib3's."""
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def sent(self: Any, request: Any, *rest: Any, **options: Any) -> Any:
        if redirect.moves(urlsplit(request.url).hostname):
            rest, options = rest[:4], options | {"proxies": {}}  # the fifth argument, where it is not by name
        return send(self, request, *rest, **options)

    patch.setattr(HTTPAdapter, "send", sent)


def _httpx(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    import httpx

    handle, handle_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading everybody's authorities takes 50 ms
    none_kept = httpx.Limits(max_keepalive_connections=0)  # so that no event loop outlives another's connection
    direct = httpx.HTTPTransport(verify=no_tls, trust_env=False, limits=none_kept)
    direct_async = httpx.AsyncHTTPTransport(verify=no_tls, trust_env=False, limits=none_kept)
    patience.httpx_transports(direct, direct_async)
    redirect.closing.callback(direct.close)

    def moved(request: httpx.Request) -> httpx.Request:
        return httpx.Request(
            request.method,
            redirect.url(str(request.url)),
            headers=[*request.headers.raw, patience.RAW_HEADER],
            stream=request.stream,
            extensions=request.extensions,
        )

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return handle(direct, moved(request)) if redirect.moves(request.url.host) else handle(self, request)

    async def handle_async_request(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if redirect.moves(request.url.host):
            return await handle_async(direct_async, moved(request))
        return await handle_async(self, request)

    patch.setattr(httpx.HTTPTransport, "handle_request", handle_request)
    patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request)


def _aiohttp(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    """Aiohttp picks a request's connection, proxy and path by what its ClientRequest says."""
    import aiohttp
    from yarl import URL

    init = aiohttp.ClientRequest.__init__
    plain = dict.fromkeys(("proxy", "proxy_auth", "proxy_headers", "server_hostname"))

    def made(self: Any, method: str, url: URL, **options: Any) -> None:
        if not redirect.moves(url.host):
            init(self, method, url, **options)
            return
        init(self, method, URL(redirect.url(str(url)), encoded=True), **options | plain)
        self.headers[patience.HEADER[0]] = patience.HEADER[1]
        self.original_url = url.with_query(self.url.query)  # as the answer shows it

    patience.aiohttp_protocol(patch)
    patch.setattr(aiohttp.ClientRequest, "__init__", made)
