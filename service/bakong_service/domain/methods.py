"""Payment methods as configuration: which there can be, what each is offered for, and what it costs the shop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bakong_service.domain.fees import Fee, FeeRule, fee, refusal
from bakong_service.domain.money import Money

# Words for providers, and the core's provider that collects for each. Source: docs/orders.md, with the grade of each.
ADAPTERS = {
    "PROMPTPAY": "promptpay",
    "OMISE_PROMPTPAY": "omise",
    "OMISE_CARD": "omise",
    "OMISE_TRUEMONEY": "omise",
    "OMISE_MOBILE_BANKING": "omise",
    "OMISE_INTERNET_BANKING": "omise",
}
SKETCHED = frozenset({"SCB", "KBANK", "2C2P", "LINEPAY", "GBPRIMEPAY"})  # known in part: experimental alone
DEFAULT_SECONDS = 900


class MethodType(StrEnum):
    """The four kinds of the seed."""

    QR = "QR"
    BANK = "BANK"
    EWALLET = "EWALLET"
    GATEWAY = "GATEWAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to pay. Limits are minor units, both included; None is none. rule: what it costs the shop.

    settings: what the API shows as it was given (merchantId, endpoint, supportedBanks and so on). secrets: apiKey and
    apiSecret, which no answer, log or audit row shows. lasts_s: how long a payer may take.
    """

    id: str
    provider: str
    type: MethodType
    name: str
    currency: str
    created_ms: int
    updated_ms: int
    enabled: bool = True
    priority: int = 0
    experimental: bool = False
    minimum_minor: int | None = None
    maximum_minor: int | None = None
    rule: FeeRule = field(default_factory=FeeRule)
    lasts_s: int = DEFAULT_SECONDS
    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    deleted_ms: int | None = None

    @property
    def adapter(self) -> str:
        """The core's provider that collects for it."""
        return adapter_of(self.provider)

    def fee(self, amount_minor: int) -> Fee:
        return fee(amount_minor, self.rule)


def adapter_of(provider: str) -> str:
    """The name in the core of a provider's word.

    >>> adapter_of("OMISE_PROMPTPAY"), adapter_of("BAKONG")
    ('omise', 'bakong')
    """
    return ADAPTERS.get(provider, provider.lower())


def is_known(provider: str, adapters: Iterable[str]) -> bool:
    """Whether a method may name this provider: it is described, sketched, or one of the core's."""
    return provider in ADAPTERS or provider in SKETCHED or adapter_of(provider) in adapters


@dataclass(frozen=True, slots=True)
class Offer:
    """A method with its fee for an amount; why it is not offered, as a problem's code, or None where it is."""

    method: Method
    fee: Fee | None
    refusal: str | None


def offer(method: Method, wanted: Money | None, adapters: Iterable[str], *, experimental: bool) -> Offer:
    """Whether a method is offered for what is to be paid; wanted None: for any amount of its own currency."""
    usable = method.enabled and method.deleted_ms is None and method.adapter in adapters
    code: str | None = None
    is_sketch = method.experimental or method.provider in SKETCHED
    if not usable or (is_sketch and not experimental):
        code = "method_unavailable"
    elif wanted is not None and wanted.currency != method.currency:
        code = "currency_unsupported"
    elif wanted is not None:
        code = refusal(wanted.minor, method.minimum_minor, method.maximum_minor)
    cost = method.fee(wanted.minor) if wanted is not None and wanted.currency == method.currency else None
    return Offer(method, cost, code)


def in_order(methods: Iterable[Method]) -> Sequence[Method]:
    """By priority, the smallest number first, then by name."""
    return sorted(methods, key=lambda method: (method.priority, method.name, method.id))


def thai_methods() -> tuple[dict[str, Any], ...]:
    """What `service seed thai-methods` makes. Fees: the page of docs/orders.md; limits: a sandbox's."""
    rows = (
        ("PROMPTPAY", MethodType.QR, "PromptPay QR", "1.00", "50000.00", "0"),
        ("OMISE_PROMPTPAY", MethodType.GATEWAY, "PromptPay (Omise)", "20.00", "150000.00", "1.65"),
        ("OMISE_CARD", MethodType.GATEWAY, "Card (Omise)", "20.00", "150000.00", "3.65"),
        ("OMISE_TRUEMONEY", MethodType.EWALLET, "TrueMoney (Omise)", "20.00", "50000.00", "3.65"),
        ("OMISE_MOBILE_BANKING", MethodType.BANK, "Mobile banking (Omise)", "20.00", "150000.00", "1.65"),
        ("OMISE_INTERNET_BANKING", MethodType.BANK, "Internet banking (Omise)", "20.00", "150000.00", "1.65"),
    )
    return tuple(
        {
            "provider": provider,
            "type": kind,
            "name": name,
            "priority": number * 10,
            "minimum": Decimal(minimum),
            "maximum": Decimal(maximum),
            "percentage": Decimal(percentage),
        }
        for number, (provider, kind, name, minimum, maximum, percentage) in enumerate(rows, 1)
    )
