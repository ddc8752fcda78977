"""Limits and blocks in Redis, exact across processes: one script each, on Redis's clock.

A try whose answer did not come in time may have been counted all the same: the second one looks for its entry first,
so no request counts twice. While Redis does not answer, or does not let the scripts write, each process counts in its
own memory (so at most the limit times the processes). Once a second Redis is then asked again, by the same scripts on
entries of their own: what answers PING may refuse writes.
"""

import asyncio
import itertools
import re
import secrets  # noqa: TID251  an adapter: a process's part of the entries' names
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from bakong_service.domain.admission import (
    BLOCK_US,
    FAILURE_WINDOW_US,
    FAILURES,
    WINDOW_US,
    Policy,
    Quota,
    Room,
    Verdict,
)
from bakong_service.ports import Admission

TIMEOUT_S = 0.5
RETRY_US = 1_000_000
CONNECTIONS = 64  # a request beyond them waits for its turn; the probe has one more

NO_ANSWER = "unreachable"
_CLUSTER = "is a cluster, and the limiter needs a Redis by itself"
_LOGIN = "does not accept the user and password of REDIS_URL"
# What Redis's own words for an error mean to whoever runs the service.
_MEANINGS = {
    "OOM": "has no memory left for writes",
    "READONLY": "is a replica that takes no writes",
    "MISCONF": "takes no writes, because it cannot save to its disk",
    "NOREPLICAS": "takes no writes, because it has too few replicas",
    "MASTERDOWN": "is a replica that has lost its master",
    "LOADING": "is still loading its data",
    "BUSY": "is busy with a script of somebody else's",
    "NOPERM": "does not allow its user what the limiter does (EVALSHA, SCRIPT LOAD, reads and writes under its prefix)",
    "NOAUTH": _LOGIN,
    "WRONGPASS": _LOGIN,
    "MOVED": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    "CLUSTERDOWN": _CLUSTER,
    "TRYAGAIN": _CLUSTER,
}
_KNOWN = re.compile(rf"\b({'|'.join(_MEANINGS)})\b")

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
# KEYS: the address's block, then the log of each policy. ARGV: limit and window of each.
# Out: kind as above, then for each policy what is left of it, us until its oldest leaves, us until it has room.
_ADMIT_ALL = (
    _TRIMMED
    + """
local shut = redis.call('PTTL', KEYS[1])
if shut > 0 then return {2, shut * 1000} end
local oldest, kind = {}, 1
for at = 2, #KEYS do oldest[at] = trimmed(KEYS[at], tonumber(ARGV[2 * at - 2])) end
local before = counted(KEYS[2])
for at = 2, #KEYS do
  if not before and redis.call('LLEN', KEYS[at]) >= tonumber(ARGV[2 * at - 3]) then kind = 0 end
end
local answer = {kind}
for at = 2, #KEYS do
  local limit, window = tonumber(ARGV[2 * at - 3]), tonumber(ARGV[2 * at - 2])
  local room = 0
  if kind == 1 and not before then append(KEYS[at], window) end
  local count = redis.call('LLEN', KEYS[at])
  if kind == 0 and count >= limit then
    room = instant(redis.call('LINDEX', KEYS[at], -limit)) + window - now
  end
  answer[#answer + 1] = math.max(limit - count, 0)
  answer[#answer + 1] = oldest[at] + window - now
  answer[#answer + 1] = room
end
return answer
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


# The probe's own entries are gone after a millisecond, and so is its limit, which nobody reaches.
_PROBE = "health"
_PROBE_LIMIT, _PROBE_US = 1_000_000, 1_000

# Called when the limiter falls back to each process's memory, with a word and a sentence that say why; and when Redis
# counts again, with two empty ones.
OnChange = Callable[[str, str], object]


class RedisAdmission:
    """See ports.Admission. local: counts while Redis does not; ticks_us: for the pause between two tries.

    failures: so many wrong keys block; 0: none do.
    """

    def __init__(
        self,
        client: Redis,
        limit: int,
        *,
        prefix: str,
        local: Admission,
        ticks_us: Callable[[], int],
        failures: int = FAILURES,
        on_change: OnChange = lambda _code, _message: None,
    ) -> None:
        self._client = client
        self._limit = limit
        self._prefix = prefix
        self._local = local
        self._ticks_us = ticks_us
        self._most_failures = failures
        self._on_change = on_change
        self._admit = client.register_script(_ADMIT)
        self._failed = client.register_script(_FAILED)
        self._admit_all = client.register_script(_ADMIT_ALL)
        self._wrong = ""
        self._retry_us = 0
        self._probing: asyncio.Future[None] | None = None
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count()

    async def admit(self, who: str, address: str, quotas: Sequence[Quota] = ()) -> Verdict:
        if quotas and self._limit:
            own = Quota(Policy("default", self._limit, WINDOW_US), who)
            answer = await self._ask(self._call_all(("block", address), (own, *quotas)))
            return await self._local.admit(who, address, quotas) if answer is None else _verdict(answer, (own, *quotas))
        rule = (self._limit, WINDOW_US)
        answer = await self._ask(self._call(self._admit, ("log", who), ("block", address), *rule))
        if answer is None:
            return await self._local.admit(who, address)
        kind, remaining, wait_us = answer
        return Verdict(admitted=kind == 1, blocked=kind == 2, remaining=remaining, wait_us=wait_us)

    async def take(self, quotas: Sequence[Quota]) -> Verdict:
        if not self._limit or not quotas:
            return Verdict(admitted=True, blocked=False, remaining=0, wait_us=0)
        answer = await self._ask(self._call_all(("block", "nobody"), quotas))
        return await self._local.take(quotas) if answer is None else _verdict(answer, quotas)

    async def failed(self, address: str) -> bool:
        if not self._most_failures:
            return False
        rule = (self._most_failures, FAILURE_WINDOW_US, BLOCK_US)
        answer = await self._ask(self._call(self._failed, ("failures", address), ("block", address), *rule))
        return await self._local.failed(address) if answer is None else bool(answer)

    @property
    def is_degraded(self) -> bool:
        return bool(self._wrong)

    async def state(self) -> str | None:
        """What is wrong with Redis; empty: nothing. Asked anew, but once a second where something is."""
        if not self._wrong or self._is_due():
            await self._probe()
        return self._wrong

    async def close(self) -> None:
        if self._probing is not None:
            await self._probing
        await self._client.aclose()

    def _call(self, script: Any, log: tuple[str, str], block: tuple[str, str], *rule: int) -> Callable[[int], Any]:
        """A try of a script, given 0 or, where it was tried before, 1; under a name that no other request has."""
        keys = [":".join((self._prefix, *key)) for key in (log, block)]
        name = f"{self._process}-{next(self._numbers)}"
        return lambda again: script(keys=keys, args=[*rule, name, again])

    def _call_all(self, block: tuple[str, str], quotas: Sequence[Quota]) -> Callable[[int], Any]:
        """As _call, for a log of each quota; that of the limit of a minute is the one that every request has."""
        logs = [("log" if one.policy.name == "default" else f"log-{one.policy.name}", one.who) for one in quotas]
        keys = [":".join((self._prefix, *key)) for key in (block, *logs)]
        rules = [figure for one in quotas for figure in (one.policy.limit, one.policy.window_us)]
        name = f"{self._process}-{next(self._numbers)}"
        return lambda again: self._admit_all(keys=keys, args=[*rules, name, again])

    async def _ask(self, call: Callable[[int], Awaitable[Any]]) -> Any:
        """Redis's answer, or None where each process counts by itself."""
        if self._wrong and not await self._is_back():
            return None
        async with self._turns:
            if self._wrong:  # seen while this one waited
                return None
            try:
                return await _tried(call, 2)
            except (RedisError, OSError, TimeoutError) as error:
                self._lost(error)
                return None

    async def _is_back(self) -> bool:
        """Whether Redis counts again; one request a second finds out, while the others do not wait."""
        if not self._is_due():
            return False
        await self._probe()
        return not self._wrong

    def _is_due(self) -> bool:
        return self._ticks_us() >= self._retry_us

    async def _probe(self) -> None:
        """Do what the limiter does; all who ask meanwhile wait for the same answer."""
        if self._probing is None or self._probing.done():
            self._retry_us = self._ticks_us() + RETRY_US
            self._probing = asyncio.ensure_future(self._try_scripts())
        await asyncio.shield(self._probing)

    async def _try_scripts(self) -> None:
        tries = 1 if self._wrong else 2
        rules = ((self._admit, "log", (_PROBE_LIMIT, _PROBE_US)), (self._failed, "failures", (1, _PROBE_US, _PROBE_US)))
        try:
            for script, log, rule in rules:
                await _tried(self._call(script, (log, _PROBE), ("block", f"{_PROBE}:{log}"), *rule), tries)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
        else:
            self._set_wrong("", "")

    def _lost(self, error: Exception) -> None:
        code, meaning = explained(error)
        self._retry_us = self._ticks_us() + RETRY_US
        self._set_wrong(code, f"Redis {meaning}: each process limits by itself")

    def _set_wrong(self, code: str, message: str) -> None:
        if message != self._wrong:
            self._wrong = message
            self._on_change(code, message)


def _verdict(answer: Sequence[int], quotas: Sequence[Quota]) -> Verdict:
    """What the script for several policies says."""
    kind, *figures = answer
    if kind == 2:
        return Verdict(admitted=False, blocked=True, remaining=0, wait_us=figures[0])
    lefts, ends_us, waits_us = figures[::3], figures[1::3], figures[2::3]
    policies = [one.policy for one in quotas]
    rooms = tuple(Room(*room) for room in zip(policies, lefts, ends_us, strict=True))
    wait_us = ends_us[0] if kind == 1 else max(waits_us)
    tight = None if kind == 1 else policies[waits_us.index(wait_us)]
    return Verdict(kind == 1, blocked=False, remaining=lefts[0], wait_us=wait_us, rooms=rooms, tight=tight)


async def _tried(call: Callable[[int], Awaitable[Any]], tries: int) -> Any:
    """The answer to one of so many tries. What Redis refuses it is not asked again. Raises what the last try raised."""
    for again in range(tries - 1):
        try:
            return await call(again)
        except ResponseError:
            raise
        except (RedisError, OSError, TimeoutError):
            continue
    return await call(tries - 1)


def explained(error: Exception) -> tuple[str, str]:
    """Redis's word for an error, in lowercase, and what it means; scripts of old ones have the word inside the text.

    >>> explained(ResponseError("MISCONF Redis is configured to save RDB snapshots"))
    ('misconf', 'takes no writes, because it cannot save to its disk (MISCONF)')
    """
    code = getattr(error, "status_code", None) or ""
    if known := _KNOWN.search(f"{code} {error}"):
        return known[0].lower(), f"{_MEANINGS[known[0]]} ({known[0]})"
    if code or isinstance(error, ResponseError):
        return "refused", "refuses what the limiter does"
    return NO_ANSWER, "does not answer"


def connect(url: str, timeout_s: float = TIMEOUT_S) -> Redis:
    """A client that never waits long; whoever asks tries again. Raises ValueError."""
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        max_connections=CONNECTIONS + 1,
    )
