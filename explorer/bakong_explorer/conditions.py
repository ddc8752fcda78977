"""What is broken at a moment of a life: between whom, and how. Decides nothing about who is in it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from bakong_explorer.chance import Chance

FLAKY = 0.3
# How long a way takes, in seconds: each as often as its weight says.
NETWORK_S = (0.0,) * 2 + (0.005,) * 4 + (0.08,) * 3 + (0.7,)
DATABASE_S = (0.0,) * 8 + (0.002,) * 3 + (0.04,)


class Next(NamedTuple):
    """What befalls the next call to a provider whose path has this part: one of a call's words, or one of these.

    dies_before, dies_after: who asks has a power cut, before it arrives or once it is done; unwritten: it is answered,
    and for some seconds nothing of it can be written. then: what waits from then on.
    """

    provider: str
    part: str
    word: str
    then: "tuple[Next, ...]" = ()


@dataclass(slots=True)
class Conditions:
    """The faults that last, or that wait for whom they meet.

    calls: by provider; receiver: the main backend; stores: by process, "" for all of them. shut: so many hold the door
    shut to the providers' webhooks. limiters: the ways to Redis, as stores. next_calls, next_posts: what befalls one
    call, or one webhook, each.

    Each is "" for well, or a word: down, hangs, lost (what was asked is done, the answer is not heard), flaky (now and
    then one of these), error (an answer that is an error). is_full: the disk takes nothing more, and is read.
    """

    chance: Chance
    slow: float = 1.0
    calls: dict[str, str] = field(default_factory=dict)
    receiver: str = ""
    stores: dict[str, str] = field(default_factory=dict)
    is_full: bool = False
    shut: int = 0
    limiters: dict[str, str] = field(default_factory=dict)
    next_calls: list[Next] = field(default_factory=list)
    next_posts: list[str] = field(default_factory=list)
    met: set[str] = field(default_factory=set)

    def network_s(self) -> float:
        return self.chance.pick(NETWORK_S) * self.slow

    def database_s(self) -> float:
        return self.chance.pick(DATABASE_S) * self.slow

    def call(self, provider: str, path: str = "") -> str:
        """What befalls a call to a provider."""
        for waiting in self.next_calls:
            if waiting.provider == provider and waiting.part in path:
                self.next_calls.remove(waiting)
                self.next_calls += waiting.then
                return waiting.word
        return self._now(self.calls.get(provider, ""), ("down", "hangs", "lost", "error"))

    def post(self) -> str:
        """What befalls a webhook on its way to the main backend."""
        if self.next_posts:
            return self.next_posts.pop(0)
        return self._now(self.receiver, ("down", "hangs", "lost", "error"))

    def database(self, process: str) -> str:
        """What befalls a transaction before it begins; loses_commit is what befalls it after."""
        fault = self.stores.get(process) or self.stores.get("", "")
        fault = self._now(fault, ("down", "down", "hangs", ""))
        return "" if fault == "lost" else fault

    def loses_commit(self, process: str) -> bool:
        fault = self.stores.get(process) or self.stores.get("", "")
        return self.chance.happens(FLAKY if fault == "lost" else FLAKY / 3 if fault == "flaky" else 0)

    def redis(self, process: str) -> str:
        """What befalls a script of the limiter."""
        fault = self.limiters.get(process) or self.limiters.get("", "")
        return self._now(fault, ("down", "hangs", "lost", "error"))

    def heal(self) -> None:
        self.limiters.clear()
        self.next_calls.clear()
        self.next_posts.clear()
        self.calls.clear()
        self.stores.clear()
        self.receiver = ""
        self.is_full = False
        self.shut = 0

    def _now(self, word: str, among: tuple[str, ...]) -> str:
        if word == "flaky":
            word = self.chance.pick(among) if self.chance.happens(FLAKY) else ""
        return word
