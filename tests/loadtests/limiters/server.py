"""A small HTTP server with one of seven limiters, for the limit check to judge.

    python server.py --limiter exact --limit 20 --window-ms 2000 --processes 2

Prints {"urls": [...]} when it answers. Every request is one admission or a 429 with Retry-After for its
Authorization, else its address. The wrong ones are wrong as they are in the wild; nothing is made worse than it is.
"""

import argparse
import asyncio
import json
import math
import os
import socket
import sys
import time
from collections import defaultdict, deque

from httptools import HttpRequestParser

SECOND = 1_000_000_000


class Exact:
    """The sliding log, in integer nanoseconds."""

    def __init__(self, limit, window_ns):
        self.limit, self.window_ns = limit, window_ns
        self.logs = defaultdict(deque)

    async def ask(self, key):
        now, log = time.monotonic_ns(), self.logs[key]
        while log and log[0] <= now - self.window_ns:
            log.popleft()
        if len(log) < self.limit:
            log.append(now)
            return 0
        return log[0] + self.window_ns - now


class ExactRedis:
    """The same log in Redis, on Redis's clock, one script for all processes."""

    SCRIPT = """
    local t = redis.call('TIME')
    local now, window, limit = t[1] * 1000000 + t[2], tonumber(ARGV[1]), tonumber(ARGV[2])
    local oldest = redis.call('LINDEX', KEYS[1], 0)
    while oldest and tonumber(oldest) <= now - window do
      redis.call('LPOP', KEYS[1])
      oldest = redis.call('LINDEX', KEYS[1], 0)
    end
    if redis.call('LLEN', KEYS[1]) < limit then
      redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
      return 0
    end
    return oldest + window - now
    """

    def __init__(self, limit, window_ns, url, prefix):
        from redis.asyncio import Redis

        self.redis, self.prefix = Redis.from_url(url), prefix
        self.script = self.redis.register_script(self.SCRIPT)
        self.args = [window_ns // 1000, limit]

    async def ask(self, key):
        return 1000 * await self.script(keys=[self.prefix + key], args=self.args)


class FixedWindow:
    """INCR on the number of the wall's window: twice the limit around an edge."""

    def __init__(self, limit, window_ns):
        self.limit, self.window_ns = limit, window_ns
        self.counts = defaultdict(int)

    async def ask(self, key):
        now = time.time_ns()
        self.counts[key, now // self.window_ns] += 1
        if self.counts[key, now // self.window_ns] <= self.limit:
            return 0
        return self.window_ns - now % self.window_ns


class SlidingCounter(FixedWindow):
    """Two fixed windows, the older one weighted by what of it is left."""

    async def ask(self, key):
        now = time.time_ns()
        number, gone = divmod(now, self.window_ns)
        before = self.counts[key, number - 1] * (1 - gone / self.window_ns)
        if before + self.counts[key, number] + 1 <= self.limit:
            self.counts[key, number] += 1
            return 0
        return self.window_ns - gone


class TokenBucket:
    """A bucket of limit tokens, refilled at limit a window."""

    def __init__(self, limit, window_ns):
        self.limit, self.window_ns = limit, window_ns
        self.buckets = {}

    async def ask(self, key):
        now = time.monotonic_ns()
        tokens, then = self.buckets.get(key, (float(self.limit), now))
        tokens = min(self.limit, tokens + (now - then) * self.limit / self.window_ns)
        admitted = tokens >= 1
        self.buckets[key] = (tokens - admitted, now)
        return 0 if admitted else (1 - tokens) * self.window_ns / self.limit


class Racy(Exact):
    """The sliding log, with a wait between the look and the entry, as a round trip to a store is."""

    async def ask(self, key):
        now, log = time.monotonic_ns(), self.logs[key]
        while log and log[0] <= now - self.window_ns:
            log.popleft()
        free = len(log) < self.limit
        oldest = log[0] if log else now
        await asyncio.sleep(0.001)
        if free:
            log.append(now)
            return 0
        return oldest + self.window_ns - now


class Protocol(asyncio.Protocol):
    def __init__(self, limiter):
        self.limiter = limiter
        self.begin()

    def begin(self):
        self.key = None
        self.parser = HttpRequestParser(self)

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_header(self, name, value):
        if name.lower() == b"authorization":
            self.key = value.decode()

    def on_message_complete(self):
        key = self.key or self.transport.get_extra_info("peername")[0]
        self.begin()
        self.task = asyncio.create_task(self.answer(key))

    async def answer(self, key):
        wait_ns = await self.limiter.ask(key)
        head = f"429 Too Many Requests\r\nretry-after: {max(1, math.ceil(wait_ns / SECOND))}" if wait_ns else "200 OK"
        self.transport.write(f"HTTP/1.1 {head}\r\ncontent-length: 2\r\n\r\n{{}}".encode())


LIMITERS = {
    "exact": Exact,
    "fixed-window": FixedWindow,
    "sliding-counter": SlidingCounter,
    "token-bucket": TokenBucket,
    "racy": Racy,
}


async def serve(opened, limiter):
    server = await asyncio.get_running_loop().create_server(lambda: Protocol(limiter), sock=opened, backlog=512)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limiter", choices=[*LIMITERS, "redis"], required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--window-ms", type=int, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0")
    options = parser.parse_args()
    sockets = [socket.create_server(("127.0.0.1", 0), backlog=512) for _ in range(options.processes)]
    print(json.dumps({"urls": [f"http://127.0.0.1:{one.getsockname()[1]}/" for one in sockets]}), flush=True)
    prefix = f"limit-check:{os.getpid()}:{time.monotonic_ns()}:"
    mine = sockets[-1]
    for one in sockets[:-1]:
        if not os.fork():
            mine = one
            break
    window_ns = options.window_ms * 1_000_000
    if options.limiter == "redis":
        limiter = ExactRedis(options.limit, window_ns, options.redis, prefix)
    else:
        limiter = LIMITERS[options.limiter](options.limit, window_ns)
    asyncio.run(serve(mine, limiter))


if __name__ == "__main__":
    sys.exit(main())
