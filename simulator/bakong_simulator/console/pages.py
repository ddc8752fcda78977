"""The console's pages in the order of its menu: for each its template, and what makes its values."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from bakong_simulator.console import (
    clock,
    codes,
    journal,
    payments,
    reports,
    scripts,
    service,
    start,
    wallet,
    webhooks,
    worlds,
)
from bakong_simulator.console.page import Page

FIRST = "start"


class Kind(NamedTuple):
    """One page. title: in the menu. values: what its template is filled with."""

    name: str
    title: str
    values: Callable[[Page], Awaitable[dict[str, Any]]]

    @property
    def template(self) -> str:
        return f"{self.name}.html"


_KINDS = (
    Kind("start", "Start", start.values),
    Kind("journal", "Journal", journal.values),
    Kind("payments", "Payments", payments.values),
    Kind("wallet", "Wallet", wallet.values),
    Kind("scripts", "Scripts", scripts.values),
    Kind("clock", "Clock", clock.values),
    Kind("codes", "Codes", codes.values),
    Kind("worlds", "Worlds", worlds.values),
    Kind("webhooks", "Webhooks", webhooks.values),
    Kind("service", "Service", service.values),
    Kind("reports", "Reports", reports.values),
)
PAGES = {kind.name: kind for kind in _KINDS}
