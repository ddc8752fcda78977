"""Merchants: the facts of one tenant. Its id is the owner of its keys."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bakong_service.domain.merchants import Merchant
from bakong_service.domain.orders import check_tax_id
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork


async def find_merchant(core: Core, merchant_id: str) -> Merchant:
    """A merchant of whom nothing is stored is an active one without facts."""
    stored = await core.store.read(lambda records: records.merchant(merchant_id))
    return stored or Merchant(id=merchant_id, name=merchant_id, created_ms=0, updated_ms=0)


def change_merchant(unit: UnitOfWork, merchant_id: str, given: Mapping[str, Any]) -> Merchant:
    """The merchant with the given facts. Raises InvalidError."""
    before = unit.records.merchant(merchant_id)
    known = before or Merchant(id=merchant_id, name=merchant_id, created_ms=unit.at_ms, updated_ms=unit.at_ms)
    after = replace(known, **dict(given), updated_ms=unit.at_ms)
    if after.tax_id is not None:
        check_tax_id("taxId", after.tax_id, test_ids=unit.core.shop.test_tax_ids)
    unit.records.save_merchant(after)
    unit.audit(
        "merchant.change", f"merchant/{merchant_id}", None if before is None else _audited(before), _audited(after)
    )
    return after


def _audited(merchant: Merchant) -> dict[str, Any]:
    return {
        "name": merchant.name,
        "taxId": merchant.tax_id,
        "branch": merchant.branch,
        "status": merchant.status.value,
        "defaultMethods": list(merchant.default_methods),
    }
