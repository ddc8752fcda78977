"""The plain policy: each payment is asked about by its own interval, and calls cost nothing."""

from collections.abc import Callable, Collection

from bakong_service.domain import polling
from bakong_service.domain.payments import Payment, Report
from bakong_service.domain.polling import Budget, PollPlan
from bakong_service.ports import PollRecords


class OwnPace:
    """See bakong_service.ports.Pace; a base for policies that differ in a few answers."""

    @property
    def is_scarce(self) -> bool:
        return False

    @property
    def fresh_ms(self) -> int:
        return 0

    def preparation(self, _provider: str, _at_ms: int, *, one_by_one: bool) -> Callable[[PollRecords], object] | None:  # noqa: ARG002  nothing has to be known before
        return None

    def plan(self, records: PollRecords, provider: str, at_ms: int, *, one_by_one: bool) -> PollPlan:  # noqa: ARG002
        """Whatever is due, and when the next one is."""
        next_ms = records.next_poll_ms(provider)
        is_due = next_ms is not None and next_ms <= at_ms
        return PollPlan(None if is_due else (), next_ms)

    def spares_call(self, _records: PollRecords, _provider: str, _at_ms: int) -> bool:
        return True

    def next_ms(self, payment: Payment, at_ms: int, *, answered: bool) -> int | None:  # noqa: ARG002
        return polling.next_poll_ms(payment, at_ms)

    def note(self, records: PollRecords, provider: str, reports: Collection[Report], at_ms: int) -> None:
        """Nothing is kept of what was said."""

    def tidy(self, records: PollRecords, provider: str, at_ms: int) -> None:
        """Each payment's own interval comes to its end by itself."""

    def budget(self, _records: PollRecords, _provider: str, _at_ms: int) -> Budget | None:
        return None
