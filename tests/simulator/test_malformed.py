"""Malformed requests, as many as MALFORMED says: no 500, no hang, always the right form, and no growth of memory."""

import asyncio
import gc
import os
from pathlib import Path
from random import Random

import pytest

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bakong.wire import ENDPOINTS
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

MALFORMED = int(os.environ.get("MALFORMED", "4000"))
WINDOWS = 10
STATM = Path("/proc/self/statm")
PATHS = [f"/v1/{endpoint.name}" for endpoint in ENDPOINTS]
CONTROL = ["worlds", "worlds/default", "worlds/default/payments", "worlds/default/qr", "worlds/default/accounts"]
CONTROL += [
    "worlds/default/clock",
    "worlds/default/scenario",
    "worlds/default/snapshot",
    "worlds/default/journal/verify",
]
CONTROL += ["worlds/default/tokens", "worlds/default/clock/advance", "worlds/default/journal", "scenarios", "health"]
PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"md5"', b'"hash"', b'"qr"', b'"email"', b'"amount"', b'"currency"', b"null",
    b"true", b"1e999", b"-0", b"NaN", b"99999999999999999999999", b"\xff", b"\x00", b'"\\ud800"', b" ",
    b'"\xed\xa0\x80"',
    b'"name"', b'"seconds"', b'"mode"', b'"frozen"', b'"limits"', b'"match"', b"- ", b"\n", b"&a ", b"*a",
    b"!!python/x ",
    b'"00020101021229"', b'"USD"', b'"' + b"a" * 300 + b'"', b"[" * 500, b'{"a":' * 200, b"1.50", b'"1.50"', b"'", b"%",
]  # fmt: skip


def request_of(draw):
    """One malformed request: method, path, query, headers, body."""
    path = draw.choice(PATHS) if draw.random() < 0.7 else f"/sandbox/{draw.choice(CONTROL)}"
    if draw.random() < 0.1:
        path += draw.choice(["/", "//", "/../..", "/%00", "/\x00", "/ÿ", "?", "/" + "a" * 500])
    method = draw.choice(["POST", "POST", "POST", "PUT", "PATCH", "GET", "DELETE", "OPTIONS", "HEAD", "TRACE", "X"])
    if method == "DELETE" and path == "/sandbox/worlds/default":
        method = "PUT"
    headers = [(b"content-type", draw.choice([b"application/json", b"text/plain", b"", b"\xff", b"a/b;charset=x"]))]
    headers.append(
        (b"authorization", draw.choice([b"", b"Bearer ", b"Bearer \xff", b"Basic x", b"Bearer " + b"a" * 900]))
    )
    headers.append((b"host", draw.choice([b"x", b"", b"default.localhost", b"nobody.localhost", b"\xff"])))
    if draw.random() < 0.2:
        headers.append((draw.choice([b"x-forwarded-for", b"x-sandbox-scenario"]), draw.randbytes(draw.randint(0, 9))))
    body = b"".join(draw.choices(PIECES, k=draw.randint(0, 12))) if draw.random() < 0.8 else draw.randbytes(20)
    return method, path, draw.choice([b"", b"token=x", b"\xff", b"limit=-1&after=x"]), headers, body


async def ask(app, method, path, query, headers, body):
    """The status and the body of the answer, in process."""
    sent = {"status": 0, "body": b"", "type": b""}
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            sent["status"] = message["status"]
            sent["type"] = dict(message["headers"]).get(b"content-type", b"")
        else:
            sent["body"] += message.get("body", b"")

    scope = {"type": "http", "method": method, "path": path, "raw_path": b"", "query_string": query, "headers": headers}
    scope |= {"client": ("127.0.0.1", 1), "server": ("x", 80), "scheme": "http", "root_path": "", "http_version": "1.1"}
    await app({**scope, "state": {}, "extensions": {}}, receive, send)
    return sent


def size():
    """What the process holds: objects that the collector counts, and memory in MB (0 where there is no /proc)."""
    gc.collect()
    pages = int(STATM.read_text().split()[1]) if STATM.exists() else 0
    return len(gc.get_objects()), pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def begin_again(worlds):
    worlds.default.reset()
    for name in [name for name in worlds.by_name if name != "default"]:
        worlds.drop(name)


@pytest.mark.timeout(3600)
async def test_malformed_requests_are_all_answered_and_memory_does_not_grow():
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    app = simulator_app.build(worlds)
    draw = Random(int(os.environ.get("SEED", "1")))
    seen = []
    for number in range(1, MALFORMED + 1):
        asked = request_of(draw)
        async with asyncio.timeout(60):
            sent = await ask(app, *asked)
        assert 200 <= sent["status"] < 500, asked
        if asked[1].startswith("/v1") and asked[0] != "HEAD":
            assert sent["body"].startswith(b'{"responseCode":'), asked
        if number % (MALFORMED // WINDOWS) == 0:
            begin_again(worlds)
            seen.append(size())
    print(*(f"{objects} objects, {megabytes:.1f} MB" for objects, megabytes in seen), sep="\n")
    (objects, megabytes), (more_objects, more_megabytes) = seen[WINDOWS // 2], seen[-1]
    assert more_objects - objects < 1000, seen
    assert more_megabytes - megabytes < 32, seen
