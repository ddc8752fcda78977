"""A merchant: one tenant. What it owns is seen by its own keys alone."""

from dataclasses import dataclass
from enum import StrEnum


class MerchantStatus(StrEnum):
    """A suspended one makes no orders and no payments; what it has goes on."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """branch: of the seller on tax invoices, 00000 is the head office. default_methods: providers' words, in order."""

    id: str
    name: str
    created_ms: int
    updated_ms: int
    tax_id: str | None = None
    branch: str = "00000"
    status: MerchantStatus = MerchantStatus.ACTIVE
    default_methods: tuple[str, ...] = ()
