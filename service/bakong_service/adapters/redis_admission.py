"""Limits and blocks in Redis, exact across processes: one script each, on Redis's clock.

A try whose answer did not come in time may have been counted all the same: the second one looks for its entry first,
so no request counts twice. While Redis does not answer, each process counts in its own memory (so at most the limit
times the processes), and Redis is tried again every second.
"""

import itertools
import secrets  # noqa: TID251  an adapter: a process's part of the entries' names
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bakong_service.domain.admission import BLOCK_US, FAILURE_WINDOW_US, FAILURES, WINDOW_US, Verdict
from bakong_service.ports import Admission

TIMEOUT_S = 0.5
RETRY_US = 1_000_000

# A log is a list of instants, each with the name of its request, oldest first. Redis's clock may step: instants a whole
# window ahead are of another time. The last two of ARGV: the request's name, and whether it was asked before.
_TRIMMED = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local name, again = ARGV[#ARGV - 1], ARGV[#ARGV] == '1'
local function instant(entry) return entry and tonumber(string.match(entry, '^%d+')) end
local function trimmed(key, window)
  local newest = instant(redis.call('LINDEX', key, -1)) or 0
  if newest - now > window then redis.call('DEL', key) elseif newest > now then now = newest end
  local oldest = instant(redis.call('LINDEX', key, 0))
  while oldest and oldest <= now - window do
    redis.call('LPOP', key)
    oldest = instant(redis.call('LINDEX', key, 0))
  end
  return oldest or now
end
local function counted(key)
  for _, entry in ipairs(again and redis.call('LRANGE', key, 0, -1) or {}) do
    if string.match(entry, ' (.*)$') == name then return true end
  end
  return false
end
local function append(key, window)
  redis.call('RPUSH', key, string.format('%.0f ', now) .. name)
  redis.call('PEXPIRE', key, window / 1000)
end
"""
# KEYS: the caller's log, the address's block. ARGV: limit, window.
# Out: kind (0 refused, 1 admitted, 2 blocked), remaining, us.
_ADMIT = (
    _TRIMMED
    + """
local shut = redis.call('PTTL', KEYS[2])
if shut > 0 then return {2, 0, shut * 1000} end
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
if limit == 0 then return {1, 0, 0} end
local oldest = trimmed(KEYS[1], window)
local count = redis.call('LLEN', KEYS[1])
if counted(KEYS[1]) then return {1, limit - count, oldest + window - now} end
if count >= limit then return {0, 0, oldest + window - now} end
append(KEYS[1], window)
return {1, limit - count - 1, oldest + window - now}
"""
)
# KEYS: the address's failures, its block. ARGV: failures, window, block. Out: whether the address is now shut out.
_FAILED = (
    _TRIMMED
    + """
local window = tonumber(ARGV[2])
trimmed(KEYS[1], window)
if not counted(KEYS[1]) then append(KEYS[1], window) end
if redis.call('LLEN', KEYS[1]) < tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[3] / 1000)
return 1
"""
)


class RedisAdmission:
    """See ports.Admission. local: counts while Redis is down; ticks_us: for the pause between two tries."""

    def __init__(
        self, client: Redis, limit: int, *, prefix: str, local: Admission, ticks_us: Callable[[], int]
    ) -> None:
        self._client = client
        self._limit = limit
        self._prefix = prefix
        self._local = local
        self._ticks_us = ticks_us
        self._admit = client.register_script(_ADMIT)
        self._failed = client.register_script(_FAILED)
        self._retry_us: int | None = None
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count()

    async def admit(self, who: str, address: str) -> Verdict:
        keys = [f"{self._prefix}:log:{who}", f"{self._prefix}:block:{address}"]
        name = self._name()
        answer = await self._ask(lambda again: self._admit(keys=keys, args=[self._limit, WINDOW_US, name, again]))
        if answer is None:
            return await self._local.admit(who, address)
        kind, remaining, wait_us = answer
        return Verdict(admitted=kind == 1, blocked=kind == 2, remaining=remaining, wait_us=wait_us)

    async def failed(self, address: str) -> bool:
        keys = [f"{self._prefix}:failures:{address}", f"{self._prefix}:block:{address}"]
        rule, name = (FAILURES, FAILURE_WINDOW_US, BLOCK_US), self._name()
        answer = await self._ask(lambda again: self._failed(keys=keys, args=[*rule, name, again]))
        return await self._local.failed(address) if answer is None else bool(answer)

    async def state(self) -> str | None:
        """What is wrong with Redis; empty: nothing."""
        answer = await self._ask(lambda _again: self._client.ping(), at_once=True)
        return "" if answer else "Redis does not answer: each process limits by itself"

    async def close(self) -> None:
        await self._client.aclose()

    def _name(self) -> str:
        """A name that no other request has, of this process or another."""
        return f"{self._process}-{next(self._numbers)}"

    async def _ask(self, call: Callable[[int], Awaitable[Any]], *, at_once: bool = False) -> Any:
        """Redis's answer, or None where it gives none to two tries, or was found silent less than a second ago.

        call: a try, with 0 or, where it was tried before, 1.
        """
        if self._retry_us is not None and not at_once and self._ticks_us() < self._retry_us:
            return None
        for again in (0, 1):
            try:
                answer = await call(again)
            except (RedisError, OSError, TimeoutError):
                continue
            self._retry_us = None
            return answer
        self._retry_us = self._ticks_us() + RETRY_US
        return None


def connect(url: str) -> Redis:
    """A client that never waits long: half a second; whoever asks tries again. Raises ValueError."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        max_connections=64,
    )
