"""A deterministic event loop: time is virtual, no thread and no socket, and whose turn it is comes from the seed.

Whatever runs belongs to an owner, such as one process of the service: a task to the one that was running when it was
made, a callback to its task's, else to the one that was running. What belongs to a dead owner never runs again, as
after a power cut: nothing is cancelled, no finally is entered.
"""

import asyncio
import heapq
import sys
import threading
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
_PICK_AMONG = 8


class Draws(Protocol):
    """What the loop needs of chance."""

    def below(self, bound: int, /) -> int: ...
    def happens(self, probability: float, /) -> bool: ...


class Owner:
    """Whose tasks, timers and callbacks these are. fuse: so many turns more until on_fuse is called; None: for ever."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.fuse: int | None = None
        self.on_fuse: Callable[[], object] = str

    def __repr__(self) -> str:
        return f"<{self.name}{', dead' if self.dead else ''}>"


class StuckError(RuntimeError):
    """Nothing is ready and no timer is set, although somebody waits."""


class ThreadError(RuntimeError):
    """Something runs on a thread, whose turns no seed decides."""


class RestlessError(RuntimeError):
    """More turns than any life takes: something asks itself again and again."""


class OwnedTask(asyncio.Task[Any]):
    """A task that knows its owner, and its number: the order in which tasks were made."""

    owner: Owner
    number: int

    def __hash__(self) -> int:
        """So that sets of tasks have the same order in every process."""
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


def _fill(handle: Any, callback: Any, args: tuple[Any, ...], loop: Any, context: Context | None, owner: Owner) -> None:
    """What asyncio's own handles are made with, but for what only its debug mode asks for."""
    handle._context = copy_context() if context is None else context  # noqa: SLF001
    handle._loop = loop  # noqa: SLF001
    handle._callback = callback  # noqa: SLF001
    handle._args = args  # noqa: SLF001
    handle._cancelled = False  # noqa: SLF001
    handle._repr = handle._source_traceback = None  # noqa: SLF001
    handle.owner = owner


class _Handle(events.Handle):
    """A callback that knows its owner."""

    __slots__ = ("owner",)
    owner: Owner

    def __init__(self, callback: Any, args: tuple[Any, ...], loop: Any, context: Context | None, owner: Owner) -> None:
        _fill(self, callback, args, loop, context, owner)


class _Timer(events.TimerHandle):
    """A timer that knows its owner."""

    __slots__ = ("owner",)
    owner: Owner

    def __init__(
        self, when: float, callback: Any, args: tuple[Any, ...], loop: Any, context: Context | None, owner: Owner
    ) -> None:
        _fill(self, callback, args, loop, context, owner)
        self._when = when
        self._scheduled = True


class VirtualLoop(asyncio.BaseEventLoop):
    """See the module. draws: where turns come from. shuffle: how often a task is let go before its turn."""

    running: "VirtualLoop"

    def __init__(self, draws: Draws, shuffle: float = 0.5) -> None:
        super().__init__()
        VirtualLoop.running = self
        self._draws = draws
        self._shuffle = shuffle
        self._now_s = 0.0
        self._queue: deque[_Handle | _Timer] = deque()
        self._timers: list[tuple[float, int, _Timer]] = []  # when; a number, which decides between those of one moment
        self._made = 0
        self._thread = threading.get_ident()
        self.called_by_thread = ""
        self.steps = 0
        self.most_steps = 1 << 62
        self.world = Owner("world")
        self.owner = self.world
        self.graveyard: list[object] = []
        self.tasks: list[OwnedTask] = []

    # Time

    def time(self) -> float:
        """Seconds since the life began."""
        return self._now_s

    # Ownership

    @contextmanager
    def owned_by(self, owner: Owner) -> Iterator[None]:
        """What is begun meanwhile belongs to the owner."""
        before, self.owner = self.owner, owner
        try:
            yield
        finally:
            self.owner = before

    def spawn(self, owner: Owner, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that belongs to the owner."""
        with self.owned_by(owner):
            return self.create_task(work, context=Context())

    # What BaseEventLoop asks of a loop

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> _Handle:  # type: ignore[override]
        handle = _Handle(callback, args, self, context, self._owner_of(callback))
        self._queue.append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context | None = None) -> _Handle:  # type: ignore[override]
        """As call_soon. Raises ThreadError where another thread calls: no life with one is like another."""
        if threading.get_ident() != self._thread:
            self.called_by_thread = getattr(callback, "__qualname__", str(callback))
            raise ThreadError(f"a thread calls the loop: {self.called_by_thread}")
        return self.call_soon(callback, *args, context=context)

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> _Timer:  # type: ignore[override]
        return self.call_at(self._now_s + delay if delay > 0 else self._now_s, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> _Timer:  # type: ignore[override]
        timer = _Timer(when, callback, args, self, context, self._owner_of(callback))
        self._made += 1
        heapq.heappush(self._timers, (when, self._made, timer))
        return timer

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None, **_: Any) -> OwnedTask:  # type: ignore[override]
        task = OwnedTask.__new__(OwnedTask)
        self._made += 1
        task.owner, task.number = self.owner, self._made
        # A name of its own counts the tasks of a whole process, and would differ from life to life.
        OwnedTask.__init__(task, coro, loop=self, name=name or f"task-{self._made}", context=context)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001  the dead leave many
        self.tasks.append(task)
        if len(self.tasks) > 512:
            self.tasks = [one for one in self.tasks if not one.done()]
        return task

    def run_in_executor(self, _executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """At once, in this thread: what another loop gives to threads takes no time here."""
        outcome: asyncio.Future[T] = self.create_future()
        try:
            outcome.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  it goes to whoever awaits it
            outcome.set_exception(error)
        return outcome

    def _owner_of(self, callback: Any) -> Owner:
        task = getattr(callback, "__self__", None)
        return task.owner if isinstance(task, OwnedTask) else self.owner

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """The heap drops it when its time comes."""

    def _run_once(self) -> None:
        """Turn after turn, until the loop is to stop."""
        queue, timers, world = self._queue, self._timers, self.world
        while True:
            while timers and ((head := timers[0][2])._cancelled or head.owner.dead):  # noqa: SLF001
                heapq.heappop(timers)
                if head.owner.dead:
                    self.graveyard.append(head)
            if not queue:
                self._idle()
            while timers and timers[0][0] <= self._now_s:
                due = heapq.heappop(timers)[2]
                due._scheduled = False  # noqa: SLF001  asyncio's own mark
                queue.append(due)
            handle = self._next() if len(queue) > 1 else queue.popleft()
            owner = handle.owner
            if handle._cancelled or owner.dead:  # noqa: SLF001
                if owner.dead:
                    self.graveyard.append(handle)
            else:
                self._count(handle)
                self.owner = owner
                handle._run()  # noqa: SLF001
                self.owner = world
                if owner.fuse is not None:
                    _burn(owner)
            if self._stopping:  # type: ignore[attr-defined]  # asyncio's own mark
                return

    def _count(self, handle: "_Handle | _Timer") -> None:
        self.steps += 1
        if self.steps > self.most_steps:
            self.most_steps = 1 << 62
            raise RestlessError(f"{self.steps} turns by {self._now_s:.3f} s: {handle!r}")

    def _idle(self) -> None:
        """Nothing is ready: time passes to the first timer."""
        if not self._timers or self.called_by_thread:
            why = f"a thread calls the loop, {self.called_by_thread}" if self.called_by_thread else "no timer is set"
            raise StuckError(f"nothing is ready and {why}, although somebody waits")
        self._now_s = max(self._now_s, self._timers[0][0])

    def _next(self) -> "_Handle | _Timer":
        """Of several, the first that is ready; or a task's turn from among the next few, which others might have had.

        What is no task's turn keeps its place: asyncio's own parts rely on their order.
        """
        queue = self._queue
        if self._draws.happens(self._shuffle):
            turns = [
                (task.number, place)
                for place in range(min(len(queue), _PICK_AMONG))
                if isinstance(task := getattr(queue[place]._callback, "__self__", None), OwnedTask)  # type: ignore[union-attr]  # noqa: SLF001
            ]
            if len(turns) > 1:
                turns.sort()
                place = turns[self._draws.below(len(turns))][1]
                chosen = queue[place]
                del queue[place]
                return chosen
        return queue.popleft()

    def _write_to_self(self) -> None:
        """Nobody waits in a selector."""

    def _process_events(self, event_list: Any) -> None:
        """There are no sockets."""

    def bury(self, owner: Owner) -> None:
        """The owner's tasks never run again, and are kept, so that the collector does not run their ends."""
        owner.dead = True
        self.graveyard.extend(task for task in self.tasks if task.owner is owner)

    def close(self) -> None:
        for kept in (self._queue, self._timers, self.graveyard, self.tasks):
            kept.clear()
        super().close()


def _burn(owner: Owner) -> None:
    """One turn less until the owner's fuse is at its end."""
    owner.fuse = (owner.fuse or 0) - 1
    if owner.fuse <= 0:
        owner.fuse = None
        owner.on_fuse()


class _Turn:
    """Awaited, it lets the others have a turn."""

    def __await__(self) -> Generator[None, None, None]:
        yield


_TURN = _Turn()


async def passes(seconds: float) -> None:
    """Wait for so much virtual time; others have their turns. asyncio's sleep looks for its loop each time."""
    if seconds <= 0:
        await _TURN
        return
    loop = VirtualLoop.running
    over: asyncio.Future[None] = asyncio.Future(loop=loop)
    timer = loop.call_later(seconds, _set_result, over)
    try:
        await over
    finally:
        timer.cancel()


def _set_result(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)


def swallow_unraisable() -> Any:
    """What comes of the dead when they are collected concerns nobody; what to call afterwards."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda _: None

    def restore() -> None:
        sys.unraisablehook = before

    return restore
