"""What is broken at a moment of a life: between whom, and how. Decides nothing about who is in it."""

from dataclasses import dataclass, field

from bakong_explorer.chance import Chance

FLAKY = 0.3
# How long a way takes, in seconds: each as often as its weight says.
NETWORK_S = (0.0,) * 2 + (0.005,) * 4 + (0.08,) * 3 + (0.7,)
DATABASE_S = (0.0,) * 8 + (0.002,) * 3 + (0.04,)


@dataclass(slots=True)
class Conditions:
    """The faults that last. calls: by provider; receiver: the main backend; stores: by process, "" for all of them.

    limiters: the ways to Redis, as stores.

    Each is "" for well, or a word: down, hangs, lost (what was asked is done, the answer is not heard), flaky (now and
    then one of these), error (an answer that is an error). is_full: the disk takes nothing more, and is read.
    """

    chance: Chance
    slow: float = 1.0
    calls: dict[str, str] = field(default_factory=dict)
    receiver: str = ""
    stores: dict[str, str] = field(default_factory=dict)
    is_full: bool = False
    limiters: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def network_s(self) -> float:
        return self.chance.pick(NETWORK_S) * self.slow

    def database_s(self) -> float:
        return self.chance.pick(DATABASE_S) * self.slow

    def call(self, provider: str) -> str:
        """What befalls a call to a provider."""
        return self._now(self.calls.get(provider, ""), ("down", "hangs", "lost", "error"))

    def post(self) -> str:
        """What befalls a webhook on its way to the main backend."""
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
        self.calls.clear()
        self.stores.clear()
        self.receiver = ""
        self.is_full = False

    def _now(self, word: str, among: tuple[str, ...]) -> str:
        if word == "flaky":
            word = self.chance.pick(among) if self.chance.happens(FLAKY) else ""
        return word
