"""Prometheus metrics of one service. Their registry is their own."""

import math
from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


# Of orders and what belongs to them: name, what it is, labels. No label is a caller's own text.
SHOP_COUNTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("payment_changes_total", "Changes of payments, by provider and the state that they came to.", ("provider", "to")),
    ("orders_total", "Orders that were made.", ("currency",)),
    ("payments_total", "Payments of orders and jobs, by what became of them.", ("provider", "method", "status")),
    ("refunds_total", "Refunds, by what became of them.", ("method", "status")),
    ("escrow_released_total", "Held payments that were released.", ("method",)),
    ("escrow_reviews_total", "Payments and refunds that a person has to look at, by reason.", ("reason",)),
    ("order_amount_satang_sum", "What orders in baht come to, with VAT.", ()),
    ("vat_satang_total", "VAT of orders in baht.", ()),
    ("withholding_satang_total", "Tax withheld from orders in baht.", ()),
)


class Metrics:
    """What is counted. Gauges are asked for their value when somebody reads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter(
            "http_requests_total", "Answers, by route and status.", "method", "route", "status"
        )
        self._seconds = Histogram(
            "http_request_seconds", "Time to an answer.", ["route"], buckets=_BUCKETS, registry=self._registry
        )
        self._refused = self._counter("http_refused_total", "Requests that no route saw, by reason.", "why")
        self._set_aside = Gauge(
            "rows_set_aside", "Stored rows that cannot be read, by kind.", ["kind"], registry=self._registry
        )
        self._remaining: dict[str, Gauge] = {}
        self._webhooks = self._counter("webhook_attempts_total", "Tries to deliver a webhook, by outcome.", "outcome")

        self._fallbacks = self._counter(
            "limiter_fallbacks_total",
            "Times that the limiter left Redis for each process's memory, by reason.",
            "reason",
        )

        self._settlements_open = Gauge(
            "settlement_open_rows", "Settlements that are not closed; -1: not known.", registry=self._registry
        )
        self._waiting = Gauge(
            "webhooks_waiting", "Webhooks that are to be tried, all processes'; -1: not known.", registry=self._registry
        )
        self._overdue = Gauge(
            "webhook_overdue_seconds", "How long the one that is due longest has been due.", registry=self._registry
        )
        self._reviews = Gauge(
            "reviews_open",
            "Webhooks that were given up, by what a person has to do.",
            ["kind"],
            registry=self._registry,
        )
        self._beat = Gauge(
            "worker_beat_timestamp_seconds",
            "When this process's worker last looked; 0: it has none.",
            registry=self._registry,
        )
        self._disk = Gauge(
            "disk_free_bytes", "Room where data and logs are kept, by folder.", ["folder"], registry=self._registry
        )
        self._shop: dict[str, Counter | Gauge] = {
            name: Counter(name, about, labels, registry=self._registry)
            if name.endswith("_total")
            else Gauge(name, about, labels, registry=self._registry)
            for name, about, labels in SHOP_COUNTERS
        }

    def count(self, name: str, labels: tuple[str, ...], by: int) -> None:
        """Add to one of SHOP_COUNTERS."""
        counter = self._shop[name]
        (counter.labels(*labels) if labels else counter).inc(by)

    def answered(self, method: str, route: str, status: int, seconds: float, why: str | None) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if why:
            self._refused.labels(why).inc()

    def calls_to(self, provider: str) -> Callable[[str, str], None]:
        """What counts the calls to a provider: endpoint and outcome."""
        about = f"Requests of this process to the provider {provider}, by outcome."
        calls = self._counter(f"{provider}_calls_total", about, "endpoint", "outcome")
        return lambda endpoint, outcome: calls.labels(endpoint, outcome).inc()

    def calls_remain(self, provider: str, calls: int | None) -> None:
        """None: without limit."""
        self._calls_left(provider).set(math.inf if calls is None else calls)

    def calls_unknown(self, provider: str) -> None:
        self._calls_left(provider).set(math.nan)

    def _calls_left(self, provider: str) -> Gauge:
        if provider not in self._remaining:
            self._remaining[provider] = Gauge(
                f"{provider}_calls_remaining",
                "What all processes together have left of the day's calls; +Inf: no limit, NaN: not known.",
                registry=self._registry,
            )
        return self._remaining[provider]

    def set_aside(self, counts: Mapping[str, int]) -> None:
        """How many rows of each kind cannot be read now, for all processes."""
        self._set_aside.clear()
        for kind, rows in counts.items():
            self._set_aside.labels(kind).set(rows)

    def tried_webhook(self, outcome: str) -> None:
        self._webhooks.labels(outcome).inc()

    def limiter_fell_back(self, reason: str) -> None:
        self._fallbacks.labels(reason).inc()

    def settlements_open(self, rows: int) -> None:
        self._settlements_open.set(rows)

    def outbox(self, waiting: int, overdue_s: float, given_up: int) -> None:
        """Waiting -1: the database does not answer."""
        self._waiting.set(waiting)
        self._overdue.set(overdue_s)
        self._reviews.labels("webhook_given_up").set(given_up)

    def beat(self, at_s: float) -> None:
        self._beat.set(at_s)

    def disk_free(self, folder: str, free: float) -> None:
        self._disk.labels(folder).set(free)

    def counts(self, name: str, about: str, read: Callable[[], float]) -> None:
        """A number that somebody else counts, asked for when it is read."""
        Gauge(name, about, registry=self._registry).set_function(read)

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._registry)
