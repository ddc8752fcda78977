"""Prometheus metrics of one service. Their registry is their own."""

import math
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


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
        self._remaining: dict[str, Gauge] = {}
        self._webhooks = self._counter("webhook_attempts_total", "Tries to deliver a webhook, by outcome.", "outcome")

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

    def tried_webhook(self, outcome: str) -> None:
        self._webhooks.labels(outcome).inc()

    def counts(self, name: str, about: str, read: Callable[[], float]) -> None:
        """A number that somebody else counts, asked for when it is read."""
        Gauge(name, about, registry=self._registry).set_function(read)

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._registry)
