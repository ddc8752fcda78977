"""Who asks, carried along by context and not by argument: the facts of every audit row."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """actor: the API key's short name, whom a token speaks for, or "system" for what the service does by itself.

    merchant: whom a token works for; None: it is told by the key.
    """

    actor: str = "system"
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    merchant: str | None = None

    @property
    def owner(self) -> str:
        """Whose the key is: its label, which keys of one rotation share. An actor is a label and a short digest.

        >>> Caller("main backend 1a2b3c4d").owner
        'main backend'
        """
        return self.merchant or self.actor.rpartition(" ")[0] or self.actor


_SYSTEM = Caller()
_caller: ContextVar[Caller] = ContextVar("caller", default=_SYSTEM)


def caller() -> Caller:
    """Who asks for what is being done now."""
    return _caller.get()


@contextmanager
def asked_by(who: Caller) -> Iterator[None]:
    token = _caller.set(who)
    try:
        yield
    finally:
        _caller.reset(token)
