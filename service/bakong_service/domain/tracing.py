"""Spans of a trace, as the core asks for them. Pure: what collects them is an adapter, and without one nothing is done.

A span is made only inside a trace: the API begins one for each request; what comes later (a question to the provider,
the try of a webhook) goes on with the one that is stored. So what was not sampled costs nothing later either.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Protocol

KEPT_MS = 7 * 86_400_000  # how long it is known in which trace a payment was made, or a webhook written
Attributes = Mapping[str, str | int | bool]


class Span(Protocol):
    """A span that is open. traceparent: as W3C writes it; None of one that nobody collects."""

    @property
    def traceparent(self) -> str | None: ...
    def note(self, attributes: Attributes, /) -> None: ...


class Tracing(Protocol):
    """What makes spans. is_on: somebody collects them."""

    @property
    def is_on(self) -> bool: ...

    def span(
        self, name: str, attributes: Attributes | None = None, *, parent: str | None = None, link: str | None = None
    ) -> AbstractContextManager[Span]:
        """A span below parent, else below the one that is open here; without either, none. link: a span beside it."""
        ...

    def here(self) -> str | None:
        """The span that is open here, as a traceparent; None where none is, or nobody collects it."""
        ...


class NoSpan:
    """A span that nobody collects."""

    traceparent: str | None = None

    def note(self, _attributes: Attributes, /) -> None:
        """Nothing."""


NO_SPAN = NoSpan()
_NOTHING = nullcontext(NO_SPAN)


class NoTracing:
    """Makes no spans."""

    is_on = False

    def span(
        self, _name: str, _attributes: Attributes | None = None, *, parent: str | None = None, link: str | None = None
    ) -> AbstractContextManager[Span]:
        del parent, link
        return _NOTHING

    def here(self) -> str | None:
        return None


NO_TRACING = NoTracing()


@contextmanager
def spans_of(
    tracing: Tracing, name: str, parents: Mapping[str, str], attributes: Mapping[str, Attributes]
) -> Iterator[dict[str, str]]:
    """A span in each trace of what is worked on together, by its id; yields their traceparents.

    What is called meanwhile belongs to the last of them, which has a link to the one before it, and so on.
    """
    made: dict[str, str] = {}
    before: str | None = None
    with ExitStack() as opened:
        for one, parent in parents.items():
            span = opened.enter_context(tracing.span(name, attributes[one], parent=parent, link=before))
            if span.traceparent:
                before = made[one] = span.traceparent
        yield made
