"""The token that all calls share: renewed once for those who wait, and never more often than bKash allows."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bakong_schemes.bkash import wire
from bakong_service.domain.payments import NoAnswer

EARLY_MS = 60_000  # so long before its end a token is renewed
PAUSES_MS = (2_000, 5_000, 15_000, 60_000)  # after token calls without an answer, one after another
UNANSWERED = ("timeout", "unreachable", "garbage")
LIMIT_REASON = "two token calls within an hour"
Answer = dict[str, Any] | NoAnswer
Renew = Callable[[str], Awaitable[Answer]]  # by a refresh token, or with "" by a grant


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    until_ms: int
    refresh: str


class Tokens:
    """Holds the token of one process. Several processes with one username count their calls apart.

    renew: makes the call. Of the rule of two those count that were answered. One that was not may have arrived, too,
    and is followed by a pause; were it counted, an outage of seconds would cost an hour.
    """

    def __init__(self, renew: Renew, now_ms: Callable[[], int]) -> None:
        self._renew = renew
        self._now_ms = now_ms
        self._token: Token | None = None
        self._calls: deque[int] = deque(maxlen=wire.TOKEN_CALLS)
        self._silences = 0
        self._silent_until_ms = 0
        self._lock = asyncio.Lock()

    async def get(self, refused: str = "") -> str | NoAnswer:
        """A token that is good. refused: one that bKash has just refused, and that is used no more."""
        async with self._lock:
            known = self._token
            if known is not None and known.text != refused and self._now_ms() < known.until_ms - EARLY_MS:
                return known.text
            renewed = await self._renewed("" if known is None else known.refresh)
            if isinstance(renewed, NoAnswer) and known is not None and self._is_good(known, refused):
                return known.text
            return renewed

    def _is_good(self, token: Token, refused: str) -> bool:
        return token.text != refused and self._now_ms() < token.until_ms

    async def _renewed(self, refresh: str) -> str | NoAnswer:
        answer = await self._counted(refresh)
        if refresh and isinstance(answer, NoAnswer) and answer.why in ("unauthorized", "refused"):
            answer = await self._counted("")
        if isinstance(answer, NoAnswer):
            return answer
        token = _token(answer, self._now_ms())
        if token is None:
            return NoAnswer("garbage", "a grant without id_token and expires_in")
        self._token = token
        return token.text

    async def _counted(self, refresh: str) -> Answer:
        now_ms = self._now_ms()
        if len(self._calls) == wire.TOKEN_CALLS and now_ms < (free_ms := self._calls[0] + wire.TOKEN_WINDOW_MS):
            return NoAnswer("blocked", LIMIT_REASON, until_ms=free_ms)
        if now_ms < self._silent_until_ms:
            return NoAnswer("unreachable", "a token call had no answer a moment ago", until_ms=self._silent_until_ms)
        answer = await self._renew(refresh)
        if isinstance(answer, NoAnswer) and answer.why in UNANSWERED:
            self._silent_until_ms = now_ms + PAUSES_MS[min(self._silences, len(PAUSES_MS) - 1)]
            self._silences += 1
            return answer
        self._silences = 0
        self._calls.append(now_ms)
        return answer


def _token(answer: dict[str, Any], now_ms: int) -> Token | None:
    match answer:
        case {"id_token": str(text), "expires_in": int(seconds)} if text and 0 < seconds <= 86_400:
            refresh = answer.get("refresh_token")
            return Token(text, now_ms + 1000 * seconds, refresh if isinstance(refresh, str) else "")
    return None
