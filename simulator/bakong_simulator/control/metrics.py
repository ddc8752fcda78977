"""What Prometheus reads: counted from the worlds when asked, so that a call costs nothing for it."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bakong_simulator.kernel.worlds import Worlds

MEDIA_TYPE = CONTENT_TYPE_LATEST


class _Worlds(Collector):
    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    def collect(self) -> Iterator[Metric]:
        """Calls, payments and transactions of every world, and how many worlds there are."""
        calls = CounterMetricFamily("bakong_sandbox_calls", "Calls of the Open API.", labels=["world"])
        payments = GaugeMetricFamily("bakong_sandbox_payments", "Payments by state.", labels=["world", "state"])
        kept = GaugeMetricFamily("bakong_sandbox_journal_entries", "Calls in the journal.", labels=["world"])
        for name, world in self._worlds.by_name.items():
            calls.add_metric([name], world.journal.total)
            kept.add_metric([name], len(world.journal))
            states = [payment.state.value for payment in world.payments.values()]
            for state in sorted(set(states)):
                payments.add_metric([name, state], states.count(state))
        yield GaugeMetricFamily("bakong_sandbox_worlds", "Worlds.", value=len(self._worlds.by_name))
        yield from (calls, kept, payments)


def exposition(worlds: Worlds) -> bytes:
    """The metrics as text."""
    registry = CollectorRegistry()
    registry.register(_Worlds(worlds))
    return generate_latest(registry)
