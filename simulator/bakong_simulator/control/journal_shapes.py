"""What the journal's pages and streams take and answer: rows of calls without bodies, one call with its reasons."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bakong_simulator.control.requests import Count, Text
from bakong_simulator.control.responses import EntryShown, Response
from bakong_simulator.kernel.journal import Entry


class Filter(BaseModel):
    """Which calls: all that is named has to fit."""

    model_config = ConfigDict(extra="forbid")

    scheme: Text = None
    endpoint: Text = None
    reference: Text = None
    md5: Text = None
    token: Text = None
    fault: Text = None
    scenario: Text = None
    status: Count | None = None

    def match(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in Filter.model_fields}
        named = {name: value for name, value in named.items() if value not in (None, "")}
        return named | ({"md5": self.md5.lower()} if self.md5 else {})


class StreamQuery(Filter):
    """Which calls of a stream, and whether to wait for more."""

    after: Annotated[Text, Field(description="An event's id, as Last-Event-ID; or `start` for all that is kept.")] = (
        None
    )
    latest: Annotated[
        int,
        Field(ge=1, le=10_000, description="So many rows at most in one event; it says how many older were skipped."),
    ] = 100
    follow: Annotated[bool, Field(description="false: end with what is there now.")] = True


class RowsQuery(Filter):
    """Which rows: so many from an offset on, counted from the newest."""

    upto: Annotated[Count | None, Field(description="Only calls up to this number: a window that stays.")] = None
    offset: Count = 0
    count: Annotated[int, Field(ge=1, le=500)] = 100


class RowShown(Response):
    """A call without its bodies."""

    number: int
    at_ms: int
    real_ms: int
    scheme: str
    endpoint: str
    method: str
    path: str
    reference: str | None
    poll: int
    scenario: str
    step: int | None
    status: int
    error_code: int | str | None
    fault: str | None
    delay_ms: int


class RowsShown(Response):
    """matching: how many of those that are kept fit. rows: newest first."""

    world: str
    total: int
    kept: int
    matching: int
    rows: list[RowShown]


class StepShown(Response):
    state: str
    begins: str
    lasts: str
    paid: str
    tracking: list[str]


class FaultShown(Response):
    """what: its parameters. on: the endpoints. polls, when: the conditions, "" for none."""

    fault: str
    what: str
    on: list[str]
    polls: str
    when: str


class WhyShown(Response):
    """Why a call was answered so.

    status: of its payment now. step: where its script stood then. rule: the fault that struck. near_miss: what
    it nearly was, for a path that is no endpoint, the nearest that is, else in a sentence.
    error: of a script in which nothing fitted.
    """

    status: str | None
    about: str
    steps: int
    step: StepShown | None
    rule: FaultShown | None
    near_miss: str | None
    error: str | None


class CallShown(EntryShown):
    """One call, whole, and why it was answered so."""

    why: WhyShown


def of_row(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in RowShown.model_fields}
