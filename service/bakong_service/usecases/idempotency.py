"""A request with an Idempotency-Key: worked on once, answered the same for a day. Must not depend on HTTP or SQL.

The answer is written in the transaction of the change itself, so that no crash leaves one without the other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bakong_service.domain.errors import InFlightError
from bakong_service.domain.idempotency import Answer, Keyed
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

T = TypeVar("T")


class Commit(Protocol):
    """The last transaction of a use case. Work that returns None has changed nothing, and is not the last."""

    async def __call__(self, work: Callable[[UnitOfWork], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to send. replayed: it is the answer to an earlier request."""

    status: int
    body: bytes
    replayed: bool = False


class _TakenError(Exception):
    """Another transaction has answered this key meanwhile."""


async def idempotent(
    core: Core,
    key: Keyed | None,
    run: Callable[[Commit], Awaitable[T]],
    render: Callable[[T], bytes],
    status: Callable[[T], int] = lambda _made: 200,
) -> Outcome:
    """Run a use case, or repeat what was answered. Raises InFlightError, KeyReusedError, and what the use case does.

    render, status: the answer's body, and its HTTP status.

    An error is not kept: the same key may be tried again.
    """
    if key is None:
        made = await run(_plain(core))
        return Outcome(status(made), render(made))
    if earlier := await _stored_answer(core, key):
        return earlier
    if key.scope in core.in_flight:
        raise InFlightError("the first request with this Idempotency-Key is not yet answered")
    core.in_flight.add(key.scope)
    try:
        made = await run(_store_answer(core, key, render, status))
        return Outcome(status(made), render(made))
    except _TakenError:
        taken = await _stored_answer(core, key)
        if taken is None:
            raise InFlightError("another request with this Idempotency-Key came between") from None
        return taken
    finally:
        core.in_flight.discard(key.scope)


def _plain(core: Core) -> Commit:
    async def commit(work: Callable[[UnitOfWork], T], /) -> T:
        return await transact(core, work)

    return commit


def _store_answer(core: Core, key: Keyed, render: Callable[..., bytes], status: Callable[..., int]) -> Commit:
    async def commit(work: Callable[[UnitOfWork], T], /) -> T:
        def stored(unit: UnitOfWork) -> T:
            result = work(unit)
            if result is None:
                return result
            if not unit.records.add_answer(key.answered(status(result), render(result), unit.at_ms)):
                raise _TakenError
            return result

        return await transact(core, stored)

    return commit


async def _stored_answer(core: Core, key: Keyed) -> Outcome | None:
    now_ms = core.timers.now_ms()
    answer: Answer | None = await core.store.read(lambda records: records.answer_to(key.scope, now_ms))
    if answer is None:
        return None
    key.check(answer)
    return Outcome(answer.status, answer.body, replayed=True)
