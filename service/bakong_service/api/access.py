"""Which paths a token opens, and what it must be good for. Knows no storage; API keys are not asked.

A path that is not in the table takes API keys alone, so that a new route is closed to tokens until it is entered.
"""

import re
from typing import NamedTuple

from bakong_service.domain.principals import Principal

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
# What the care platform's people may ask for; which of them may do what, each route's use case says. What has a digit
# in it is an id, of no payment perhaps; none of the other paths below /api/payments has one there.
_ESCROW = re.compile(
    r"/api/(payments(/(bkash/(create|execute)|nagad/(create|verify)|"
    r"(?=[^/]*[0-9])[^/]+(/(refund|refunds|release-escrow))?))?"
    r"|jobs/[^/]+|escrow/(review|reconciliation))"
)


class Need(NamedTuple):
    """The scope that paths with a beginning need; None: each route says so itself, by `require`."""

    prefix: str
    scope: str | None


NEEDS = (
    Need("/api/payments/", "orders"),
    Need("/api/subscriptions/", "orders"),
    Need("/api/providers/", "orders"),
    Need("/api/admin/", "admin:read"),
    Need("/api/webhooks/", "admin"),
    Need("/api/v1/orders", "orders"),
    Need("/api/v1/payments/", "refunds"),
    Need("/api/v1/transactions", "admin"),
    Need("/api/v1/payment-methods", "methods"),
    Need("/api/v1/merchants/", "admin"),
    Need("/api/v1/merchant", "orders"),
    Need("/api/v1/settlements", "orders"),
    Need("/api/v1/audit-logs", "admin"),
    Need("/metrics", "admin"),
)


def refusal(principal: Principal, method: str, path: str) -> tuple[str, str | None] | None:
    """Why a token's principal may not, and the scope that it lacks; None where it may."""
    if principal.is_of_platform:
        return None if _ESCROW.fullmatch(path) else ("this path is not for the care platform's people", None)
    need = next((need for need in NEEDS if path.startswith(need.prefix)), None)
    if need is None:
        return "this path takes API keys alone", None
    if need.scope is None or principal.may(need.scope, reads=method in SAFE):
        return None
    return f"expected a token that is good for {need.scope}", need.scope
