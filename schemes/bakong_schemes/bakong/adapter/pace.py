"""When Bakong is asked about what: a day's calls, planned; or each payment's own interval, where there is no limit.

The plan for a day's calls is planning's while Bakong answers lists, and planning_single's while it refuses them.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from bakong_schemes.bakong.adapter import planning, planning_single
from bakong_schemes.bakong.adapter.planning_single import Forecast
from bakong_service.domain.payments import NoAnswer, Payment, Report
from bakong_service.domain.polling import GIVE_UP_MS, Budget, PollPlan
from bakong_service.ports import PollRecords
from bakong_service.usecases.own_pace import OwnPace

FRESH_MS = 15_000  # with a daily limit, an answer so young is not asked for again
PAUSE_MS = 1_000  # between two plans
WATCHED = 400  # more than a day's calls reach at once


class BakongPace(OwnPace):
    """See bakong_service.ports.Pace. daily: the calls of a day, None without limit."""

    def __init__(self, daily: int | None) -> None:
        self.daily = daily
        self._forecast: Forecast | None = None
        self._forecast_day = 0

    @property
    def is_scarce(self) -> bool:
        return self.daily is not None

    @property
    def fresh_ms(self) -> int:
        return FRESH_MS if self.is_scarce else 0

    def preparation(self, provider: str, at_ms: int, *, one_by_one: bool) -> Callable[[PollRecords], object] | None:
        """Learns what a day usually sells, anew each day, where lists are refused."""
        day, daily = planning.day_of(at_ms), self.daily
        if daily is None or not one_by_one or (self._forecast is not None and self._forecast_day == day):
            return None
        until_ms = planning.day_end_ms(at_ms) - planning.DAY_MS
        from_ms = until_ms - planning_single.HISTORY_DAYS * planning.DAY_MS

        def learn(records: PollRecords) -> None:
            self._forecast = Forecast.from_history(records.sold(provider, from_ms, until_ms), daily)
            self._forecast_day = day

        return learn

    def plan(self, records: PollRecords, provider: str, at_ms: int, *, one_by_one: bool) -> PollPlan:
        """With a limit, what the day's calls are worth now; the ends of codes are ends of waits, too."""
        if self.daily is None:
            return super().plan(records, provider, at_ms, one_by_one=one_by_one)
        watched = records.watched(provider, WATCHED)
        spent = records.calls_spent(provider, planning.day_of(at_ms))
        if one_by_one and self._forecast is not None:
            made = planning_single.plan(watched, at_ms, spent, self.daily, self._forecast)
        else:
            made = planning.plan(watched, at_ms, spent, self.daily)
        ends_ms = (one.expires_ms for one in watched if one.is_open and one.expires_ms > at_ms)
        return replace(made, pause_ms=PAUSE_MS, end_ms=min(ends_ms, default=None))

    def spares_call(self, records: PollRecords, provider: str, at_ms: int) -> bool:
        """Whether so many calls are in hand that a customer may have one."""
        left = self.budget(records, provider, at_ms)
        in_reserve = planning.calls_in_reserve(at_ms, left.spent, left.daily or 0)
        return bool(left.remaining) and in_reserve >= planning.INTERACTIVE_RESERVE

    def next_ms(self, payment: Payment, at_ms: int, *, answered: bool) -> int | None:
        """With a limit, the plan chooses from all that Bakong has not been asked about long after their end."""
        if self.daily is None:
            return super().next_ms(payment, at_ms, answered=answered)
        is_over = at_ms >= payment.expires_ms + GIVE_UP_MS
        return None if answered and is_over else at_ms

    def note(self, records: PollRecords, provider: str, reports: Collection[Report], at_ms: int) -> None:
        """Code 17: the day's calls are spent, whatever our count."""
        if any(isinstance(report, NoAnswer) and report.why == "quota" for report in reports):
            records.stop_calls(provider, planning.day_of(at_ms))

    def tidy(self, records: PollRecords, provider: str, at_ms: int) -> None:
        """Ask no more about codes that ended a day ago and were answered since, or a week ago."""
        settled_ms = planning.SETTLEMENT_LAG_S * 1000
        records.forget_polls(provider, at_ms - GIVE_UP_MS, settled_ms, at_ms - planning.FORGET_MS)

    def budget(self, records: PollRecords, provider: str, at_ms: int) -> Budget:
        spent = records.calls_spent(provider, planning.day_of(at_ms))
        return Budget(self.daily, spent.calls, spent.stopped, planning.day_end_ms(at_ms))
