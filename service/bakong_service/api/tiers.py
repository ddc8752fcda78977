"""Which limits a request of an order meets besides its caller's limit of a minute. Knows no storage."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bakong_service.domain.admission import (
    CHECKOUT,
    PER_HOUR,
    PER_SECOND,
    REFRESH,
    REFUND,
    SECOND_US,
    SIGNED,
    UNSIGNED,
    WINDOW_US,
    Policy,
    Quota,
)

WEBHOOKS = re.compile(r"/api/v1/webhooks/[^/]+")  # of providers: they have limits of their own
_ORDERS = re.compile(r"/api/v1/(orders|payments|transactions)(/.*)?")
_ORDER = re.compile(r"/api/v1/orders/([^/]+)/payment-status")
_ASKS = re.compile(r"(^|&)refresh=(?!(false|0|off|no|f|n)(&|$))", re.IGNORECASE)


class _Action(NamedTuple):
    """What has a limit of its own."""

    method: str
    path: re.Pattern[str]
    policy: Policy


def _policy(named: tuple[str, int]) -> Policy:
    return Policy(*named, WINDOW_US)


_ACTIONS = (
    _Action("POST", re.compile(r"/api/v1/orders/[^/]+/checkout"), _policy(CHECKOUT)),
    _Action("POST", re.compile(r"/api/v1/payments/[^/]+/refund"), _policy(REFUND)),
)
_REFRESH = _policy(REFRESH)


@dataclass(frozen=True, slots=True)
class Tiers:
    """The limits of all that is about orders, for each key or token. 0 is off."""

    per_second: int = PER_SECOND
    per_hour: int = PER_HOUR

    def of(self, who: str, method: str, path: str, query: str) -> tuple[Quota, ...]:
        """What a request counts against; nothing where it is about no order."""
        return tuple(self._quotas(who, method, path, query)) if _ORDERS.fullmatch(path) else ()

    def _quotas(self, who: str, method: str, path: str, query: str) -> Iterator[Quota]:
        if self.per_second:
            yield Quota(Policy("second", self.per_second, SECOND_US), who)
        if self.per_hour:
            yield Quota(Policy("hour", self.per_hour, 60 * WINDOW_US), who)
        for action in _ACTIONS:
            if method == action.method and action.path.fullmatch(path):
                yield Quota(action.policy, who)
        order = _ORDER.fullmatch(path)
        if order and method == "GET" and _ASKS.search(query):
            yield Quota(_REFRESH, f"{who} {order[1].lower()}")


def of_webhook(provider: str) -> Quota:
    """What a provider's signed webhooks count against."""
    return Quota(Policy("webhooks", SIGNED, WINDOW_US), f"key:provider {provider}")


def of_forgery(address: str) -> Quota:
    """What webhooks that nobody has signed count against."""
    return Quota(Policy("unsigned", UNSIGNED, WINDOW_US), f"address:{address}")
