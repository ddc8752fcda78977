"""What every use case is given."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from bakong_service.domain.breaker import Breaker
from bakong_service.domain.escrow import EscrowRules
from bakong_service.domain.orders import ShopRules
from bakong_service.domain.plans import Prices
from bakong_service.domain.retention import Retention
from bakong_service.domain.subscriptions import GRACE_MS
from bakong_service.domain.tracing import NO_TRACING, Tracing
from bakong_service.ports import Archive, Ids, Patience, Post, Provider, ReportRow, Store, Timers, unreported

SET_BACK_MS = 60_000  # numbers run before the clock by less


class ProviderError(ValueError):
    """A provider that the core cannot work with: which, and why."""


@dataclass(slots=True)
class UpstreamState:
    """What this process has learnt of one provider: whether it answers, and how it wants to be asked.

    quiet_until_ms: it has said that it answers nothing before then. one_by_one_until_ms: nor questions about many.
    success_ms: when it answered last. longest_ms: it is left alone for no longer.
    """

    breaker: Breaker = field(default_factory=Breaker)
    quiet_until_ms: int = 0
    one_by_one_until_ms: int = 0
    success_ms: int | None = None
    longest_ms: int = Breaker.LONGEST_MS

    @property
    def silent_until_ms(self) -> int:
        """Until when the provider is left alone."""
        return max(self.breaker.open_until_ms, self.quiet_until_ms)

    def answered(self, at_ms: int) -> None:
        self.breaker = self.breaker.succeeded()
        self.success_ms = at_ms

    def was_silent(self, at_ms: int, jitter: float) -> None:
        self.breaker = self.breaker.failed(at_ms, jitter, self.longest_ms)

    def may_ask(self, at_ms: int) -> bool:
        return at_ms >= self.quiet_until_ms and self.breaker.admits(at_ms)


@dataclass(slots=True, kw_only=True)
class Core:
    """The ports and the settings of the core; one for each process.

    providers: by name; see check_providers. fresh_ms: an answer so young is not asked for again by a caller.
    look_ms: how often the worker looks for what other processes have left; None where there are none.
    wake: there is an event; wake_polling: this provider has a payment to be asked about. stopping: the worker begins
    nothing new. report: where a row goes that stops nothing but itself; on_unknown_event: the provider and the
    reference of an event about no payment of ours. archive: where audit rows go before they are deleted; without one,
    none is. audit_seal: a keyed hash of the audit log's newest entry; on_audit_sealed: its number and hash, for the
    operator's log. shop: the rules of orders; escrow: those of jobs' payments. count: a metric's name, its labels, and
    by how much it grows. checkouts: of one order, or of one job's payment, there is one at a time. watchers: who waits
    for news of an order; streams: how many of them a key has. last_number_ms: the latest number of an escrow payment.
    """

    store: Store
    timers: Timers
    ids: Ids
    providers: Mapping[str, Provider]
    post: Post
    patience: Patience
    prices: Prices
    webhook_secrets: tuple[str, ...]
    webhook_url: str | None = None
    grace_ms: int = GRACE_MS
    fresh_ms: int = 0
    look_ms: int | None = None
    private_callbacks: bool = False
    wake: Callable[[], object] = str
    wake_polling: Callable[[str], object] = str
    stopping: bool = False
    report: ReportRow = unreported
    on_unknown_event: Callable[[str, str], object] = lambda _provider, _reference: None
    retention: Retention = field(default_factory=Retention)
    archive: Archive | None = None
    audit_seal: Callable[[str], str] | None = None
    on_audit_sealed: Callable[[int, str], object] = lambda _number, _hash: None
    shop: ShopRules = field(default_factory=ShopRules)
    escrow: EscrowRules = field(default_factory=EscrowRules)
    count: Callable[[str, tuple[str, ...], int], object] = lambda _name, _labels, _by: None
    upstreams: dict[str, UpstreamState] = field(default_factory=dict)
    in_flight: set[str] = field(default_factory=set)
    checkouts: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    watchers: dict[str, set[asyncio.Event]] = field(default_factory=dict)
    streams: Counter[str] = field(default_factory=Counter)
    last_number_ms: int = 0
    tracing: Tracing = NO_TRACING

    def next_number_ms(self, at_ms: int) -> int:
        """The number of a payment of escrow: its time, or the first ms after it that this process has not given away.

        A clock that was set back counts anew; the database has the last word.
        """
        is_behind = at_ms + SET_BACK_MS < self.last_number_ms
        self.last_number_ms = at_ms if is_behind else max(at_ms, self.last_number_ms + 1)
        return self.last_number_ms

    def order_changed(self, order_id: str) -> None:
        """Wake whoever waits for news of an order."""
        for news in self.watchers.get(order_id, ()):
            news.set()

    def upstream(self, provider: str) -> UpstreamState:
        known = self.providers.get(provider)
        polling = None if known is None else known.polling
        longest_ms = Breaker.LONGEST_MS if polling is None else polling.silence_ms
        return self.upstreams.setdefault(provider, UpstreamState(longest_ms=longest_ms))


def check_providers(providers: Mapping[str, Provider]) -> None:
    """Raises ProviderError for one that brings what the core does not do, or lacks what it cannot do without."""
    for name, provider in providers.items():
        if name != provider.name:
            raise ProviderError(f"provider {name!r} calls itself {provider.name!r}")
        if provider.polling is None:
            raise ProviderError(f"provider {name!r} has no polling; what became of a payment is learnt by asking alone")
        if provider.capture is not None:
            raise ProviderError(f"provider {name!r} brings capture, which the core does not do yet: leave it None")
