"""Sends calls to NBC's host names to a world of the sandbox, whatever client makes them.

Covers http.client and urllib, requests, httpx and aiohttp, by their own seams; nothing leaves over TLS.
"""

import http.client
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from bakong_sandbox.stack.tls import HOSTS


class Redirect:
    """From an address of NBC to the same path of a world."""

    def __init__(self, base_url: str) -> None:
        self.base = urlsplit(base_url)

    def moves(self, host: str | None) -> bool:
        return host is not None and host.lower() in HOSTS

    def url(self, url: str) -> str:
        """Where a call to the URL goes: itself, or the world's."""
        parts = urlsplit(url)
        if not self.moves(parts.hostname):
            return url
        return urlunsplit((self.base.scheme, self.base.netloc, self.base.path + parts.path, parts.query, ""))


def install(patch: pytest.MonkeyPatch, base_url: str) -> None:
    """Redirect, until the patch is undone."""
    redirect = Redirect(base_url)
    _http_client(patch, redirect)
    for library, install_for in (("httpx", _httpx), ("requests", _requests), ("aiohttp", _aiohttp)):
        if find_spec(library):
            install_for(patch, redirect)


def _http_client(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    """http.client, and urllib.request, which stands on it."""
    connect_tls, connect = http.client.HTTPSConnection.connect, http.client.HTTPConnection.connect
    put = http.client.HTTPConnection.putrequest

    def connect_plainly(self: http.client.HTTPConnection) -> None:
        named = self.host, self.port
        self.host, self.port = redirect.base.hostname or "", redirect.base.port or 80
        try:
            connect(self)
        finally:
            self.host, self.port = named

    def connected(self: http.client.HTTPConnection) -> None:
        connect_plainly(self) if redirect.moves(self.host) else connect(self)

    def connected_tls(self: http.client.HTTPSConnection) -> None:
        connect_plainly(self) if redirect.moves(self.host) else connect_tls(self)

    def putrequest(self: http.client.HTTPConnection, method: str, url: str, *rest: Any, **options: Any) -> None:
        moved = redirect.base.path + url if redirect.moves(self.host) else url
        put(self, method, moved, *rest, **options)

    patch.setattr(http.client.HTTPConnection, "connect", connected)
    patch.setattr(http.client.HTTPSConnection, "connect", connected_tls)
    patch.setattr(http.client.HTTPConnection, "putrequest", putrequest)


def _httpx(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    import httpx

    handle, handle_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def moved(request: httpx.Request) -> httpx.Request:
        request.url = httpx.URL(redirect.url(str(request.url)))
        return request

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return handle(self, moved(request))

    async def handle_async_request(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await handle_async(self, moved(request))

    patch.setattr(httpx.HTTPTransport, "handle_request", handle_request)
    patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request)


def _requests(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def sent(self: Any, request: Any, *rest: Any, **options: Any) -> Any:
        moved = redirect.url(request.url)
        if moved != request.url:
            request.url, options["proxies"] = moved, {}
        return send(self, request, *rest, **options)

    patch.setattr(HTTPAdapter, "send", sent)


def _aiohttp(patch: pytest.MonkeyPatch, redirect: Redirect) -> None:
    import aiohttp

    request = aiohttp.ClientSession._request  # noqa: SLF001  aiohttp's one door for all verbs

    async def requested(self: Any, method: str, str_or_url: Any, **options: Any) -> Any:
        whole = str(self._build_url(str_or_url))
        moved = redirect.url(whole)
        if moved == whole:
            return await request(self, method, str_or_url, **options)
        base, self._base_url = self._base_url, None
        try:
            return await request(self, method, moved, **options)
        finally:
            self._base_url = base

    patch.setattr(aiohttp.ClientSession, "_request", requested)
