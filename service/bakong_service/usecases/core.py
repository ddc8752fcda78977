"""What every use case is given."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bakong_service.domain.breaker import Breaker
from bakong_service.domain.plans import Prices
from bakong_service.domain.polling_single import Forecast
from bakong_service.domain.retention import Retention
from bakong_service.domain.subscriptions import GRACE_MS
from bakong_service.ports import Archive, Bakong, Ids, Patience, Post, ReportRow, Store, Timers, unreported


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who is paid, as the codes say it."""

    account_id: str
    name: str
    city: str
    phone_number: str | None = None


@dataclass(slots=True)
class UpstreamState:
    """What this process has learnt: whether Bakong answers, since when it refuses lists, what a day usually sells.

    spent_until_ms: the end of the day whose calls are spent, as Bakong says.
    """

    breaker: Breaker = field(default_factory=Breaker)
    spent_until_ms: int = 0
    lists_refused_until_ms: int = 0
    forecast: Forecast | None = None
    forecast_day: int = 0

    @property
    def silent_until_ms(self) -> int:
        """Until when Bakong is left alone."""
        return max(self.breaker.open_until_ms, self.spent_until_ms)

    def may_ask(self, at_ms: int) -> bool:
        return at_ms >= self.spent_until_ms and self.breaker.admits(at_ms)


@dataclass(slots=True, kw_only=True)
class Core:
    """The ports and the settings of the core; one for each process.

    daily_calls: Bakong's calls a day, None without limit. lease_ms: longer than any question to Bakong takes.
    fresh_ms: an answer so young is not asked for again by a caller. look_ms: how often the worker looks for what other
    processes have left; None where there are none. wake: there is an event; wake_polling: there is a payment.
    stopping: the worker begins nothing new. report: where a row goes that stops nothing but itself.
    archive: where audit rows go before they are deleted; without one, none is.
    """

    store: Store
    timers: Timers
    ids: Ids
    bakong: Bakong
    post: Post
    patience: Patience
    prices: Prices
    merchant: Merchant
    webhook_secrets: tuple[str, ...]
    webhook_url: str | None = None
    short_links: bool = False
    daily_calls: int | None = None
    grace_ms: int = GRACE_MS
    lease_ms: int = 60_000
    fresh_ms: int = 0
    look_ms: int | None = None
    private_callbacks: bool = False
    wake: Callable[[], object] = str
    wake_polling: Callable[[], object] = str
    stopping: bool = False
    report: ReportRow = unreported
    retention: Retention = field(default_factory=Retention)
    archive: Archive | None = None
    upstream: UpstreamState = field(default_factory=UpstreamState)
    in_flight: set[str] = field(default_factory=set)
