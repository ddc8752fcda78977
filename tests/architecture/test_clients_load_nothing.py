"""A client of HTTP that is under way loads nothing: a module that is missing is looked for through the whole path."""

import asyncio
import sys

import httpcore
import pytest

ANSWER = [b"HTTP/1.1 200 OK\r\n", b"content-length: 0\r\n\r\n"]


class Seekers:
    """A finder that finds nothing, and keeps what was looked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        self.names.append(name)


async def ask_once() -> None:
    async with httpcore.AsyncConnectionPool(network_backend=httpcore.AsyncMockBackend(ANSWER)) as pool:
        assert (await pool.request("GET", "http://bakong.example/")).status == 200


def test_requests_look_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(ask_once())  # the first one may
    seekers = Seekers()
    monkeypatch.setattr(sys, "meta_path", [seekers, *sys.meta_path])
    asyncio.run(ask_once())
    assert seekers.names == []
