"""Forbids the real network: whatever is not loopback raises. Sees Python's sockets, not those of compiled loops."""

import ipaddress
import socket
from typing import Any

import pytest

ALLOWED = frozenset({"localhost", "", "0.0.0.0", "::"})  # noqa: S104  names of this machine


class RealNetworkError(RuntimeError):
    """The code under test wanted to leave this machine. No OSError, so that no retry hides it."""


def install(patch: pytest.MonkeyPatch) -> None:
    """Forbid, until the patch is undone."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        _check(self, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return connect_ex(self, address)

    def resolved(host: Any, *rest: Any, **options: Any) -> Any:
        _check_host(host)
        return resolve(host, *rest, **options)

    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(socket.socket, "connect_ex", guarded_ex)
    patch.setattr(socket, "getaddrinfo", resolved)


def _check(opened: socket.socket, address: Any) -> None:
    if opened.family in (socket.AF_INET, socket.AF_INET6):
        _check_host(address[0])


def _check_host(host: Any) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if name in ALLOWED or name.endswith(".localhost"):
        return
    try:
        if ipaddress.ip_address(name.partition("%")[0]).is_loopback:
            return
    except ValueError:
        pass
    raise RealNetworkError(f"the test forbids the real network, and something wanted to reach {name!r}")
