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
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context, copy_context
from itertools import islice
from types import coroutine
from typing import Any, ClassVar, Protocol, TypeVar

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


class _Handle(events.TimerHandle):
    """A callback, or a timer's, that knows its owner. turn: the number of the task whose turn it is; 0: of none.

    All that asyncio's own does without debugging, in fewer steps: a life has tens of thousands.
    """

    __slots__ = ("owner", "turn")

    def __init__(
        self, when: float, callback: Any, args: tuple[Any, ...], loop: "VirtualLoop", context: Context | None
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop, self._callback, self._args = loop, callback, args
        self._cancelled = self._scheduled = False
        self._repr = self._source_traceback = None
        self._when = when
        task = getattr(callback, "__self__", None)
        if isinstance(task, OwnedTask):
            self.owner, self.turn = task.owner, task.number
        else:
            self.owner, self.turn = loop.owner, 0

    def cancel(self) -> None:
        """The heap of timers, or the queue, drops it when its time comes."""
        self._cancelled = True
        self._callback, self._args = None, ()
        self.turn = 0


class _OwnedBy:
    """See VirtualLoop.owned_by; a generator's takes twice as long, at each timer that is set."""

    __slots__ = ("_before", "_loop", "_owner")

    def __init__(self, loop: "VirtualLoop", owner: Owner) -> None:
        self._loop, self._owner = loop, owner

    def __enter__(self) -> None:
        self._before, self._loop.owner = self._loop.owner, self._owner

    def __exit__(self, *_: object) -> None:
        self._loop.owner = self._before


class VirtualLoop(asyncio.BaseEventLoop):
    """See the module. draws: where turns come from. shuffle: how often a task is let go before its turn."""

    running: ClassVar["VirtualLoop | None"] = None

    def __init__(self, draws: Draws, shuffle: float = 0.5) -> None:
        super().__init__()
        self._draws = draws
        self._shuffle = shuffle
        self._now_s = 0.0
        self._queue: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []  # when; a number, which decides between those of one moment
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

    def run_forever(self) -> None:
        before, VirtualLoop.running = VirtualLoop.running, self
        try:
            super().run_forever()
        finally:
            VirtualLoop.running = before

    # Ownership

    def owned_by(self, owner: Owner) -> "_OwnedBy":
        """What is begun meanwhile belongs to the owner."""
        return _OwnedBy(self, owner)

    def spawn(self, owner: Owner, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that belongs to the owner."""
        with self.owned_by(owner):
            return self.create_task(work, context=Context())

    # What BaseEventLoop asks of a loop

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> _Handle:  # type: ignore[override]
        handle = _Handle(self._now_s, callback, args, self, context)
        self._queue.append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context | None = None) -> _Handle:  # type: ignore[override]
        """As call_soon. Raises ThreadError where another thread calls: no life with one is like another."""
        if threading.get_ident() != self._thread:
            self.called_by_thread = getattr(callback, "__qualname__", str(callback))
            raise ThreadError(f"a thread calls the loop: {self.called_by_thread}")
        return self.call_soon(callback, *args, context=context)

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> _Handle:  # type: ignore[override]
        return self.call_at(self._now_s + max(0.0, delay), callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> _Handle:  # type: ignore[override]
        timer = _Handle(when, callback, args, self, context)
        self._made += 1
        timer._scheduled = True  # noqa: SLF001  asyncio's own mark
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

    def _run_once(self) -> None:
        """Turn after turn, until the loop is to stop."""
        queue, timers = self._queue, self._timers
        while True:
            if not queue or (timers and timers[0][0] <= self._now_s):
                self._let_time_pass()
            self._turn(self._next() if len(queue) > 1 else queue.popleft())
            if self._stopping:  # type: ignore[attr-defined]  # asyncio's own mark
                return

    def _turn(self, handle: _Handle) -> None:
        if handle._cancelled or handle.owner.dead:  # noqa: SLF001
            if handle.owner.dead:
                self.graveyard.append(handle)
            return
        self.steps += 1
        if self.steps > self.most_steps:
            self.most_steps = 1 << 62
            raise RestlessError(f"{self.steps} turns by {self._now_s:.3f} s: {handle!r}")
        self.owner = owner = handle.owner
        handle._run()  # noqa: SLF001
        self.owner = self.world
        if owner.fuse is not None:
            owner.fuse -= 1
            if owner.fuse <= 0:
                owner.fuse = None
                owner.on_fuse()

    def _let_time_pass(self) -> None:
        """To the next timer, where nothing is ready; what is due by then gets ready."""
        queue, timers = self._queue, self._timers
        while timers and (timers[0][2]._cancelled or timers[0][2].owner.dead):  # noqa: SLF001
            dropped = heapq.heappop(timers)[2]
            if dropped.owner.dead:
                self.graveyard.append(dropped)
        if not queue:
            if not timers or self.called_by_thread:
                why = (
                    f"a thread calls the loop, {self.called_by_thread}" if self.called_by_thread else "no timer is set"
                )
                raise StuckError(f"nothing is ready and {why}, although somebody waits")
            self._now_s = max(self._now_s, timers[0][0])
        while timers and timers[0][0] <= self._now_s:
            due = heapq.heappop(timers)[2]
            due._scheduled = False  # noqa: SLF001
            queue.append(due)

    def _next(self) -> _Handle:
        """Of several that are ready the first; or a task's turn from among the next few, which others might have had.

        What is no task's turn keeps its place: asyncio's own parts rely on their order.
        """
        queue = self._queue
        if self._draws.happens(self._shuffle):
            turns = [(handle.turn, place) for place, handle in enumerate(islice(queue, _PICK_AMONG)) if handle.turn]
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


async def passes(seconds: float) -> None:
    """Wait for so much virtual time; others have their turns meanwhile. The turns of asyncio's sleep, in fewer steps.

    asyncio asks the system each time whose loop runs here, which can take as long as all the rest.
    """
    if seconds <= 0:
        await _once_more()
        return
    loop = VirtualLoop.running
    if loop is None:
        raise StuckError("virtual time passes in a VirtualLoop alone")
    over: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(seconds, _end, over)
    try:
        await over
    except BaseException:
        timer.cancel()
        raise


@coroutine
def _once_more() -> Iterator[None]:
    """A turn later."""
    yield


def _end(over: "asyncio.Future[None]") -> None:
    if not over.cancelled():
        over.set_result(None)


def swallow_unraisable() -> Any:
    """What comes of the dead when they are collected concerns nobody; what to call afterwards."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda _: None

    def restore() -> None:
        sys.unraisablehook = before

    return restore
