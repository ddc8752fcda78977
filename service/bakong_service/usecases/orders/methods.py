"""Payment methods as configuration: made, changed, dropped and offered. Must not depend on HTTP or SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bakong_service.domain.errors import ShopError, ShopInvalidError
from bakong_service.domain.fees import FeeRule
from bakong_service.domain.methods import Method, Offer, in_order, is_known, offer, thai_methods
from bakong_service.domain.money import Money
from bakong_service.domain.rates import rate_text
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork


def add_method(unit: UnitOfWork, given: Mapping[str, Any]) -> Method:
    """A new method of the given fields. Raises ShopInvalidError."""
    secrets = _without_nulls(given.get("secrets", {}))
    times = {"created_ms": unit.at_ms, "updated_ms": unit.at_ms}
    method = Method(id=unit.core.ids.new_id(), **dict(given) | times | {"secrets": secrets})
    _check(unit.core.providers, method)
    unit.records.save_method(method)
    unit.audit("method.create", f"payment-method/{method.id}", None, audited(method))
    return method


def change_method(unit: UnitOfWork, method_id: str, given: Mapping[str, Any]) -> Method:
    """The method with the given fields changed. Raises ShopError, ShopInvalidError."""
    before = _kept(unit, method_id)
    merged = {
        "settings": before.settings | given.get("settings", {}),
        "secrets": _without_nulls(before.secrets | given.get("secrets", {})),
    }
    after = replace(before, **dict(given) | merged, updated_ms=unit.at_ms)
    _check(unit.core.providers, after)
    unit.records.save_method(after)
    unit.audit("method.change", f"payment-method/{method_id}", audited(before), audited(after, before))
    return after


def drop_method(unit: UnitOfWork, method_id: str) -> Method:
    """The method, offered no more; what was paid by it keeps its name. Raises ShopError."""
    before = _kept(unit, method_id)
    after = replace(before, enabled=False, deleted_ms=unit.at_ms, updated_ms=unit.at_ms)
    unit.records.save_method(after)
    unit.audit("method.delete", f"payment-method/{method_id}", audited(before), None)
    return after


def seed_thai_methods(unit: UnitOfWork) -> list[Method]:
    """The Thai methods that are not there yet, by provider."""
    known = {method.provider for method in unit.records.methods()}
    made = []
    for row in thai_methods():
        if row["provider"] in known:
            continue
        given = {name: row[name] for name in ("provider", "type", "name", "priority")}
        limits = {
            "minimum_minor": Money.of(row["minimum"], "THB").minor,
            "maximum_minor": Money.of(row["maximum"], "THB").minor,
        }
        made.append(add_method(unit, given | limits | {"currency": "THB", "rule": FeeRule(row["percentage"])}))
    return made


async def offers(core: Core, wanted: Money | None) -> list[Offer]:
    """Every method in order, with its fee and why it is not offered, where it is not."""
    return offers_of(core, await core.store.read(lambda records: records.methods()), wanted)


def offers_of(core: Core, methods: Iterable[Method], wanted: Money | None) -> list[Offer]:
    """See offers; a provider that does not take the currency refuses, too."""
    made = [offer(one, wanted, core.providers, experimental=core.shop.experimental) for one in in_order(methods)]
    return [replace(one, refusal=one.refusal or _currency_refusal(core, one.method)) for one in made]


async def find_method(core: Core, method_id: str) -> Method:
    """Raises ShopError."""
    method = await core.store.read(lambda records: records.method_by_id(method_id))
    if method is None or method.deleted_ms is not None:
        raise _unknown(method_id)
    return method


def audited(method: Method, before: Method | None = None) -> dict[str, Any]:
    """What the audit log has of a method; of a secret, whether it is there or has changed, and never more."""
    shown: dict[str, Any] = {
        "provider": method.provider,
        "type": method.type.value,
        "name": method.name,
        "currency": method.currency,
        "enabled": method.enabled,
        "experimental": method.experimental,
        "priority": method.priority,
        "minAmount": _decimals(method.minimum_minor, method.currency),
        "maxAmount": _decimals(method.maximum_minor, method.currency),
        "feePercentage": rate_text(method.rule.percentage),
        "fixedFee": _decimals(method.rule.fixed_minor, method.currency),
        "feeVatRate": rate_text(method.rule.vat_rate),
        "processingTime": method.lasts_s,
        **method.settings,
    }
    for name, value in method.secrets.items():
        changed = before is not None and before.secrets.get(name) != value
        shown[name] = "changed" if changed else "set"
    return shown


def _without_nulls(secrets: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in secrets.items() if value is not None}


def _decimals(minor: int | None, currency: str) -> str | None:
    return None if minor is None else Money(minor, currency).decimals


def _currency_refusal(core: Core, method: Method) -> str | None:
    provider = core.providers.get(method.adapter)
    return "currency_unsupported" if provider is not None and method.currency not in provider.currencies else None


def _check(adapters: Mapping[str, object], method: Method) -> None:
    if not is_known(method.provider, adapters):
        message = f"{method.provider!r} has no public interface, or there is no such provider; see docs/orders.md"
        raise ShopInvalidError("provider_unknown", "provider", message)
    low, high = method.minimum_minor, method.maximum_minor
    if low is not None and high is not None and low > high:
        shown = Money(high, method.currency).decimals
        raise ShopInvalidError("validation_failed", "minAmount", f"expected at most maxAmount, which is {shown}")


def _kept(unit: UnitOfWork, method_id: str) -> Method:
    method = unit.records.method_by_id(method_id, held=True)
    if method is None or method.deleted_ms is not None:
        raise _unknown(method_id)
    return method


def _unknown(method_id: str) -> ShopError:
    return ShopError("method_not_found", f"no payment method has the id {method_id}")
