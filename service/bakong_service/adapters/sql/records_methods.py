"""Payment methods and merchants, in their tables."""

from typing import Any

import orjson
from sqlalchemy import Row, Table, select, update

from bakong_contracts.money import exponent
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows, Seal
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.fees import FeeRule
from bakong_service.domain.merchants import Merchant, MerchantStatus
from bakong_service.domain.methods import Method, MethodType
from bakong_service.domain.money import Money
from bakong_service.domain.rates import rate_of, rate_text

METHODS = "thai_payment_methods"
_M, _R = t.thai_payment_methods.c, t.merchants.c

_all = prepared(lambda: select(t.thai_payment_methods).where(_M.deleted_ms.is_(None)))
_merchant_by_id = prepared(lambda merchant_id: select(t.merchants).where(_R.id == merchant_id))


@prepared
def _method_by_id(method_id: Value, *, held: bool) -> Statement:
    named = select(t.thai_payment_methods).where(_M.id == method_id)
    return named.with_for_update() if held else named


@prepared
def _change(row_id: Value, row: Value, *, table: Any) -> Statement:
    return update(table).where(table.c.id == row_id).values(row)


class MethodRows(Rows):
    """See bakong_service.ports.MethodRecords."""

    def methods(self) -> list[Method]:
        """All that are not deleted."""
        return self._readable("method", self._rows(_all()), self._method)

    def method_by_id(self, method_id: str, *, held: bool = False) -> Method | None:
        """Also a deleted one; held until the transaction ends, where the database can."""
        return self._first("method", _method_by_id(method_id, held=held), self._method)

    def save_method(self, method: Method) -> None:
        """Store it, new or changed."""
        self._save(t.thai_payment_methods, _method_row(method, self._seal))

    def merchant(self, merchant_id: str) -> Merchant | None:
        return self._first("merchant", _merchant_by_id(merchant_id), _merchant)

    def save_merchant(self, merchant: Merchant) -> None:
        """Store it, new or changed."""
        row: dict[str, Any] = {
            "id": merchant.id,
            "name": merchant.name,
            "tax_id": merchant.tax_id,
            "branch": merchant.branch,
            "status": merchant.status.value,
            "default_methods": orjson.dumps(merchant.default_methods).decode(),
            "created_ms": merchant.created_ms,
            "updated_ms": merchant.updated_ms,
        }
        self._save(t.merchants, row)

    def _save(self, table: Table, row: dict[str, Any]) -> None:
        if not self._run(_change(row["id"], row, table=table)).rowcount:
            self._insert(table, row)

    def _method(self, row: Row[Any]) -> Method:
        checked(row, t.thai_payment_methods)
        return Method(
            id=row.id,
            provider=row.provider,
            type=MethodType(row.type),
            name=row.name,
            currency=row.currency,
            enabled=bool(row.enabled),
            experimental=bool(row.experimental),
            priority=row.priority,
            minimum_minor=_minor(row.min_amount, row.currency),
            maximum_minor=_minor(row.max_amount, row.currency),
            rule=FeeRule(
                rate_of(row.fee_percentage), _minor(row.fixed_fee, row.currency) or 0, rate_of(row.fee_vat_rate)
            ),
            lasts_s=row.processing_s,
            settings=dict(orjson.loads(row.settings)),
            secrets=dict(orjson.loads(self._seal.open(row.secrets, METHODS, "secrets", row.id))),
            created_ms=row.created_ms,
            updated_ms=row.updated_ms,
            deleted_ms=row.deleted_ms,
        )


def _method_row(method: Method, seal: Seal) -> dict[str, Any]:
    return {
        "id": method.id,
        "provider": method.provider,
        "type": method.type.value,
        "name": method.name,
        "currency": method.currency,
        "enabled": method.enabled,
        "experimental": method.experimental,
        "priority": method.priority,
        "min_amount": _text(method.minimum_minor, method.currency),
        "max_amount": _text(method.maximum_minor, method.currency),
        "fee_percentage": rate_text(method.rule.percentage),
        "fixed_fee": _text(method.rule.fixed_minor, method.currency),
        "fee_vat_rate": rate_text(method.rule.vat_rate),
        "processing_s": method.lasts_s,
        "settings": orjson.dumps(method.settings).decode(),
        "secrets": seal.seal(orjson.dumps(method.secrets).decode(), METHODS, "secrets", method.id),
        "created_ms": method.created_ms,
        "updated_ms": method.updated_ms,
        "deleted_ms": method.deleted_ms,
    }


def _merchant(row: Row[Any]) -> Merchant:
    checked(row, t.merchants)
    return Merchant(
        id=row.id,
        name=row.name,
        tax_id=row.tax_id,
        branch=row.branch,
        status=MerchantStatus(row.status),
        default_methods=tuple(orjson.loads(row.default_methods)),
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _text(minor: int | None, currency: str) -> str | None:
    return None if minor is None else Money(minor, currency).decimals


def _minor(text: str | None, currency: str) -> int | None:
    return None if text is None else int(rate_of(text).scaleb(exponent(currency)))
