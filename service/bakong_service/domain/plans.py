"""The plans on sale and their prices."""

from dataclasses import dataclass
from decimal import Decimal

from bakong_contracts.service_api import Plan
from bakong_service.domain.errors import InvalidError
from bakong_service.domain.money import Money, rounded


@dataclass(frozen=True, slots=True)
class Prices:
    """USD cents of each plan, and the riel that a dollar costs."""

    premium_cents: int = 50
    family_premium_cents: int = 100
    khr_per_usd: int = 4000

    def of(self, plan: Plan, currency: str) -> Money:
        """The price of a plan. KHR by the configured rate, rounded once to whole riel."""
        cents = self.premium_cents if plan is Plan.PREMIUM else self.family_premium_cents
        if currency == "USD":
            return Money(cents, "USD")
        return Money(rounded(cents * self.khr_per_usd, 100), "KHR")

    def check(self, plan: Plan, amount: Decimal, currency: str) -> Money:
        """The price, where the amount is exactly it. Raises InvalidError."""
        price = self.of(plan, currency)
        try:
            offered = Money.of(amount, currency)
        except ValueError as error:
            raise InvalidError("amount", str(error)) from None
        if offered != price:
            raise InvalidError("amount", f"read {offered}, the price of {plan.value} is {price}")
        return price
