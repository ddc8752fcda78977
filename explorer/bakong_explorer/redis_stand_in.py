"""A Redis in line: the limiter's own scripts, run by Lua 5.1 as Redis does, on a life's time, without a socket.

It has the commands that the scripts call, and no others. Raises LookupError for one that it does not have.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import lupa.lua51 as lua  # type: ignore[import-untyped]
from redis.exceptions import ConnectionError as GoneError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as SlowError

from bakong_explorer.conditions import Conditions
from bakong_explorer.loop import passes
from bakong_service.adapters.redis_admission import TIMEOUT_S

_RUN = "function(text, keys, argv) KEYS, ARGV = keys, argv; local f = loadstring(text); return f() end"
LOADING = "LOADING Redis is loading the dataset in memory"


class RedisStandIn:
    """The server. now_us: its clock. on_run: hears of every script that ran: its keys, arguments, answer."""

    def __init__(
        self, now_us: Callable[[], int], on_run: Callable[[list[str], list[str], object], object] = lambda *_: None
    ) -> None:
        self._now_us, self._on_run = now_us, on_run
        self._values: dict[str, list[str] | str] = {}
        self._ends_us: dict[str, int] = {}
        self._lua = lua.LuaRuntime(unpack_returned_tuples=True)
        self._lua.globals().redis = self._lua.table_from({"call": self._call})
        self._run = self._lua.eval(_RUN)

    def flush(self) -> None:
        """What it held is gone, as after a restart of one that keeps nothing."""
        self._values.clear()
        self._ends_us.clear()

    def run(self, text: str, keys: list[str], args: list[str]) -> object:
        """What a script answers, as the client has it."""
        answer = self._python(self._run(text, self._lua.table_from(keys), self._lua.table_from(args)))
        self._on_run(keys, args, answer)
        return answer

    def _call(self, name: str, *given: Any) -> Any:
        command = getattr(self, f"_{name.lower()}", None)
        if command is None:
            raise LookupError(f"the stand-in of Redis has no {name}")
        for key in [key for key, end_us in self._ends_us.items() if end_us <= self._now_us()]:
            self._del(key)
        return command(*given)

    def _python(self, value: Any) -> object:
        if lua.lua_type(value) == "table":
            return [self._python(one) for one in value.values()]
        if isinstance(value, float):
            return int(value)
        return 1 if value is True else None if value is False else value

    def _list(self, key: str) -> list[str]:
        value = self._values.get(key, [])
        if isinstance(value, str):
            raise TypeError(f"{key} holds a text")
        return value

    # The commands; what is not there is false to Lua, as in Redis

    def _time(self) -> Any:
        seconds, us = divmod(self._now_us(), 1_000_000)
        return self._lua.table_from([str(seconds), str(us)])

    def _lindex(self, key: str, at: float) -> str | bool:
        values = self._list(key)
        at = int(at)
        return values[at] if -len(values) <= at < len(values) else False

    def _llen(self, key: str) -> int:
        return len(self._list(key))

    def _lrange(self, key: str, first: float, last: float) -> Any:
        values = self._list(key)
        return self._lua.table_from(values[int(first) : int(last) + 1 or None])

    def _lpop(self, key: str) -> str | bool:
        values = self._list(key)
        popped = values.pop(0) if values else False
        if not values:
            self._del(key)
        return popped

    def _rpush(self, key: str, value: str) -> int:
        values = [*self._list(key), value]
        self._values[key] = values
        return len(values)

    def _del(self, key: str) -> int:
        self._ends_us.pop(key, None)
        return int(self._values.pop(key, None) is not None)

    def _set(self, key: str, value: str, unit: str, ms: float) -> bool:
        if unit != "PX":
            raise LookupError(f"the stand-in of Redis has no SET {unit}")
        self._values[key] = value
        self._pexpire(key, ms)
        return True

    def _pexpire(self, key: str, ms: float) -> int:
        if key in self._values:
            self._ends_us[key] = self._now_us() + int(ms) * 1000
        return int(key in self._values)

    def _pttl(self, key: str) -> int:
        if key not in self._values:
            return -2
        return (self._ends_us[key] - self._now_us()) // 1000 if key in self._ends_us else -1


class ProcessRedis:
    """See redis.asyncio.Redis, as far as the limiter uses it: one process's way there, and what befalls on it."""

    def __init__(self, server: RedisStandIn, process: str, conditions: Conditions) -> None:
        self._server, self._process, self._conditions = server, process, conditions

    def register_script(self, text: str) -> Callable[..., Awaitable[object]]:
        async def script(*, keys: list[str], args: list[object]) -> object:
            return await self._asked(text, keys, [str(one) for one in args])

        return script

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _asked(self, text: str, keys: list[str], args: list[str]) -> object:
        fault = self._conditions.redis(self._process)
        way_s = min(self._conditions.network_s(), TIMEOUT_S)
        await passes(way_s)
        if fault == "down":
            raise GoneError("Connection refused")
        if fault == "error":
            raise ResponseError(LOADING)
        if fault == "hangs" or way_s >= TIMEOUT_S:
            await passes(TIMEOUT_S - way_s)
            raise SlowError("Timeout reading from redis")
        answer = self._server.run(text, keys, args)
        if fault == "lost":
            await passes(TIMEOUT_S - way_s)
            raise SlowError("Timeout reading from redis")
        return answer
