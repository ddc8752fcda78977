"""Who asks, carried along by context and not by argument: the facts of every audit row."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """actor: the API key's short name, or "system" for what the service does by itself."""

    actor: str = "system"
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


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
