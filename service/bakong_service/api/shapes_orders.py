"""The answers of orders, payment methods, refunds, settlements and the audit log: money is exact text."""

from typing import Any

from bakong_contracts.service_api import PaymentStatus
from bakong_service.api.bodies_orders import SECRETS, SETTINGS, camel
from bakong_service.api.shapes import handoff_shown
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.events import iso
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.merchants import Merchant
from bakong_service.domain.methods import Method, Offer
from bakong_service.domain.money import Money
from bakong_service.domain.order_events import OrderEvent
from bakong_service.domain.orders import Item, Order
from bakong_service.domain.payments import Payment
from bakong_service.domain.rates import rate_text
from bakong_service.domain.refunds import Refund, RefundStatus
from bakong_service.domain.settlements import Entry, SettlementRow, date_of, postings
from bakong_service.domain.transactions import Transaction
from bakong_service.usecases.orders.checkout import CheckedOut
from bakong_service.usecases.orders.payment_status import PaymentState, Standing


def done(shown: object, status: int = 200) -> dict[str, Any]:
    """The form of every answer below /api/v1."""
    return {"success": True, "statusCode": status, "data": shown}


def page(rows: list[Any], limit: int, next_cursor: str | None) -> dict[str, Any]:
    meta = {"limit": limit, "nextCursor": next_cursor, "hasMore": next_cursor is not None}
    return done(rows) | {"meta": meta}


def order_shown(order: Order, now_ms: int) -> dict[str, Any]:
    """The whole order, line by line; one of an amount without lines."""
    if order.is_plain:
        given = {"customerEmail": order.buyer.email, "description": order.description, "metadata": order.metadata}
        return order_listed(order, now_ms) | given
    sums, currency = order.taxes, order.currency

    def text(amount_minor: int) -> str:
        return Money(amount_minor, currency).decimals

    lines = [
        {"totalPrice": text(line.money_minor), "base": text(line.base_minor), "vat": text(line.vat_minor)}
        for line in sums.lines
    ]
    return order_listed(order, now_ms) | {
        "priceMode": _mode(inclusive=order.inclusive),
        "buyer": {
            "type": "company" if order.buyer.is_company else "person",
            "taxId": order.buyer.tax_id,
            "name": order.buyer.name,
        },
        "customerEmail": order.buyer.email,
        "longTermContract": order.long_contract,
        "description": order.description,
        "metadata": order.metadata,
        "items": [_item_shown(item, currency) for item in order.items],
        "lines": lines,
        "vatGroups": [
            {
                "vatRate": rate_text(group.rate),
                "priceMode": _mode(inclusive=group.inclusive),
                "base": text(group.base_minor),
                "vat": text(group.vat_minor),
            }
            for group in sums.vat_groups
        ],
        "withholdingGroups": [
            {
                "withholdingRate": rate_text(group.rate),
                "base": text(group.base_minor),
                "amount": text(group.amount_minor),
            }
            for group in sums.withholding_groups
        ],
    }


def _item_shown(item: Item, currency: str) -> dict[str, Any]:
    line = item.line
    return {
        "id": item.id,
        "name": item.name,
        "sku": item.sku,
        "quantity": rate_text(line.quantity),
        "unitPrice": Money(line.unit_price_minor, currency).decimals,
        "discount": Money(line.discount_minor, currency).decimals,
        "vatRate": None if line.vat_rate is None else rate_text(line.vat_rate),
        "withholdingRate": None if line.withholding_rate is None else rate_text(line.withholding_rate),
        "priceMode": _mode(inclusive=line.inclusive),
    }


def _mode(*, inclusive: bool) -> str:
    return "inclusive" if inclusive else "exclusive"


def order_listed(order: Order, now_ms: int) -> dict[str, Any]:
    """An order's row in a list: its sums, without its lines; of one of an amount, numbers."""
    if order.is_plain:
        return _plain_listed(order, now_ms)
    text = order.currency

    def money(amount_minor: int) -> str:
        return Money(amount_minor, text).decimals

    return {
        "id": order.id,
        "merchantId": order.merchant_id,
        "reference": order.reference,
        "status": order.status_at(now_ms).value,
        "currency": order.currency,
        "subtotal": money(order.subtotal_minor),
        "vatAmount": money(order.vat_minor),
        "taxAmount": money(order.vat_minor),
        "total": money(order.total_minor),
        "withholdingTaxAmount": money(order.withholding_minor),
        "payable": order.payable.decimals,
        "refundedAmount": money(order.refunded_minor),
        "paymentId": order.payment_id,
        "createdAt": iso(order.created_ms),
        "updatedAt": iso(order.updated_ms),
        "expiresAt": None if order.expires_ms is None else iso(order.expires_ms),
    }


def _plain_listed(order: Order, now_ms: int) -> dict[str, Any]:
    return {
        "id": order.id,
        "merchantId": order.merchant_id,
        "reference": order.reference,
        "status": order.status_at(now_ms).value,
        "amount": order.payable.number,
        "currency": order.currency,
        "refundedAmount": Money(order.refunded_minor, order.currency).number,
        "paymentId": order.payment_id,
        "createdAt": iso(order.created_ms),
        "updatedAt": iso(order.updated_ms),
        "expiresAt": None if order.expires_ms is None else iso(order.expires_ms),
    }


_MISFITS = ("wrong_amount", "wrong_currency", "wrong_account")
_WORDS = {
    PaymentStatus.PENDING: "processing",
    PaymentStatus.TIMEOUT: "processing",
    PaymentStatus.PAID: "completed",
    PaymentStatus.FAILED: "failed",
    PaymentStatus.EXPIRED: "expired",
    PaymentStatus.CANCELLED: "cancelled",
}


def payment_word(state: PaymentState) -> str:
    """A payment's status in the words of orders."""
    payment = state.payment
    if payment.flag in _MISFITS and payment.status is not PaymentStatus.PAID:
        return "needs_review"
    if payment.is_open and not payment.reference:
        return "pending"
    return _WORDS[payment.status]


def checkout_shown(out: CheckedOut) -> dict[str, Any]:
    """What the payer pays by; of an order of an amount, its provider by its name, and numbers."""
    payment = out.payment
    if out.order.is_plain:
        return {
            "id": payment.id,
            "orderId": out.order.id,
            "amount": payment.money.number,
            "currency": payment.money.currency,
            "status": payment_word(PaymentState(out.made, payment)),
            "provider": payment.provider,
            "checkoutUrl": payment.handoff.url if isinstance(payment.handoff, Redirect) else None,
            "handoff": handoff_shown(payment.handoff),
            "providerReference": payment.reference or None,
            "expiresAt": iso(payment.expires_ms),
        }
    return {
        "id": payment.id,
        "orderId": out.order.id,
        "amount": payment.money.decimals,
        "currency": payment.money.currency,
        "status": payment_word(PaymentState(out.made, payment)),
        "provider": out.made.method,
        "methodId": out.made.method_id,
        "checkoutUrl": payment.handoff.url if isinstance(payment.handoff, Redirect) else None,
        "handoff": handoff_shown(payment.handoff),
        "providerReference": payment.reference or None,
        "expiresAt": iso(payment.expires_ms),
    }


def standing_shown(standing: Standing, now_ms: int) -> dict[str, Any]:
    """An order's payments and refunds: the present payment, the others, oldest first."""
    present, shown = standing.present, plain_state_shown if standing.order.is_plain else _state_shown
    others = [one for one in standing.payments if present is None or one.payment.id != present.payment.id]
    return {
        "orderId": standing.order.id,
        "orderStatus": standing.order.status_at(now_ms).value,
        "payment": None if present is None else shown(present, standing.refunds),
        "payments": [shown(one, standing.refunds) for one in others],
        "refunds": [refund_shown(one, is_plain=standing.order.is_plain) for one in standing.refunds],
    }


def plain_state_shown(state: PaymentState, refunds: list[Refund]) -> dict[str, Any]:
    """A payment of an order of an amount."""
    made, payment, text = state.made, state.payment, _state_shown(state, refunds)
    same = ("id", "status", "providerReference", "currency", "late", "flag")
    times = ("createdAt", "updatedAt", "expiresAt", "paidAt")
    return {
        **{name: text[name] for name in same},
        "provider": payment.provider,
        "amount": payment.money.number,
        "refundedAmount": _back(payment, refunds).number,
        "disputed": made.disputed,
        "dispute": made.dispute or None,
        "failureCode": text["failureCode"] or made.failure_code,
        "failureMessage": text["failureMessage"] or made.failure_message,
        **{name: text[name] for name in times},
    }


def _back(payment: Payment, refunds: list[Refund]) -> Money:
    """What has gone back of a payment."""
    theirs = (one for one in refunds if one.payment_id == payment.id and one.status is RefundStatus.COMPLETED)
    return Money(sum(one.money.minor for one in theirs), payment.money.currency)


def _state_shown(state: PaymentState, refunds: list[Refund]) -> dict[str, Any]:
    payment = state.payment
    misfit = payment.flag if payment.flag in _MISFITS else None
    return {
        "id": payment.id,
        "status": payment_word(state),
        "provider": state.made.method,
        "methodId": state.made.method_id,
        "providerReference": payment.reference or None,
        "amount": payment.money.decimals,
        "currency": payment.money.currency,
        "refundedAmount": _back(payment, refunds).decimals,
        "late": payment.late,
        "flag": payment.flag,
        "failureCode": None if misfit is None else "amount_mismatch",
        "failureMessage": None if misfit is None else f"somebody has paid what does not fit: {misfit}",
        "createdAt": iso(payment.created_ms),
        "updatedAt": iso(payment.updated_ms),
        "expiresAt": iso(payment.expires_ms),
        "paidAt": None if payment.paid_ms is None else iso(payment.paid_ms),
    }


def event_shown(event: OrderEvent) -> dict[str, Any]:
    """A domain event: number is its place among the order's, sequence among its payment's."""
    return {
        "id": event.id,
        "type": event.type.value,
        "orderId": event.order_id,
        "paymentId": event.payment_id,
        "number": event.number,
        "sequence": event.sequence,
        "occurredAt": iso(event.at_ms),
        "data": event.data,
        "causation": event.causation or None,
    }


TRANSACTION_COLUMNS = (
    *("id", "type", "paymentId", "orderId", "amount", "currency", "status", "provider", "providerId", "fee"),
    *("actor", "requestId", "createdAt"),
)


def transaction_shown(row: Transaction) -> dict[str, Any]:
    fee = None if row.fee_minor is None else Money(row.fee_minor, row.money.currency).number
    return {
        "id": row.id,
        "type": row.type.value,
        "paymentId": row.payment_id,
        "orderId": row.order_id,
        "amount": row.money.number,
        "currency": row.money.currency,
        "status": row.status,
        "provider": row.provider,
        "providerId": row.provider_id,
        "fee": fee,
        "actor": row.actor,
        "requestId": row.request_id or None,
        "createdAt": iso(row.created_ms),
    }


def refund_shown(refund: Refund, *, is_plain: bool = False) -> dict[str, Any]:
    """A refund; of an order of an amount with a number."""
    if is_plain:
        return refund_shown(refund) | {"amount": refund.money.number}
    return {
        "id": refund.id,
        "paymentId": refund.payment_id,
        "orderId": refund.order_id,
        "amount": refund.money.decimals,
        "currency": refund.money.currency,
        "status": refund.status.value,
        "reason": refund.reason,
        "note": refund.note,
        "providerReference": refund.provider_reference,
        "external": refund.reason == "external",
        "createdAt": iso(refund.created_ms),
        "updatedAt": iso(refund.updated_ms),
    }


def method_shown(method: Method) -> dict[str, Any]:
    """A method as it is configured; of a secret, that it is there, and its last 4 characters."""
    secrets = {
        name: {"set": True, "last4": value[-4:] if len(value) > 8 else ""} for name, value in method.secrets.items()
    }
    none = {camel(name): None for name in SETTINGS}
    unset = {camel(name): {"set": False, "last4": ""} for name in SECRETS}
    return {
        "id": method.id,
        "provider": method.provider,
        "type": method.type.value,
        "name": method.name,
        "currency": method.currency,
        "enabled": method.enabled,
        "experimental": method.experimental,
        "priority": method.priority,
        "minAmount": _limit(method.minimum_minor, method.currency),
        "maxAmount": _limit(method.maximum_minor, method.currency),
        "processingTime": method.lasts_s,
        "feePercentage": rate_text(method.rule.percentage),
        "fixedFee": Money(method.rule.fixed_minor, method.currency).decimals,
        "feeVatRate": rate_text(method.rule.vat_rate),
        **(none | method.settings),
        **(unset | secrets),
        "createdAt": iso(method.created_ms),
        "updatedAt": iso(method.updated_ms),
    }


def _limit(amount_minor: int | None, currency: str) -> str | None:
    return None if amount_minor is None else Money(amount_minor, currency).decimals


def offer_shown(one: Offer, *, reasons: bool) -> dict[str, Any]:
    """A method as a shop offers it, with its fee for the amount; reasons: and why it is not offered."""
    method, cost = one.method, one.fee
    shown: dict[str, Any] = {
        "id": method.id,
        "provider": method.provider,
        "type": method.type.value,
        "name": method.name,
        "currency": method.currency,
        "minAmount": _limit(method.minimum_minor, method.currency),
        "maxAmount": _limit(method.maximum_minor, method.currency),
        "processingTime": method.lasts_s,
        "experimental": method.experimental,
        "priority": method.priority,
    }
    if cost is not None:
        shown |= {
            "fee": Money(cost.fee_minor, method.currency).decimals,
            "feeVat": Money(cost.vat_minor, method.currency).decimals,
            "net": Money(cost.net_minor, method.currency).decimals,
        }
    return shown | {"offered": one.refusal is None, "code": one.refusal} if reasons else shown


def merchant_shown(merchant: Merchant) -> dict[str, Any]:
    return {
        "id": merchant.id,
        "name": merchant.name,
        "taxId": merchant.tax_id,
        "branch": merchant.branch,
        "status": merchant.status.value,
        "defaultMethods": list(merchant.default_methods),
    }


def settlement_shown(row: SettlementRow) -> dict[str, Any]:
    def text(amount_minor: int) -> str:
        return Money(amount_minor, row.currency).decimals

    sums = row.sums
    return {
        "id": row.id,
        "merchantId": row.merchant_id,
        "methodId": row.method_id,
        "currency": row.currency,
        "date": date_of(row.day),
        "number": row.number,
        "status": row.status.value,
        "gross": text(sums.gross_minor),
        "fee": text(sums.fee_minor),
        "feeVat": text(sums.vat_minor),
        "refunds": text(sums.refunds_minor),
        "net": text(sums.net_minor),
        "carriedIn": text(-row.debt_minor),
        "payout": text(max(row.balance_minor, 0)),
        "carriedForward": row.balance_minor < 0,
        "postings": [
            {"account": one.account, "debit": text(one.debit_minor), "credit": text(one.credit_minor)}
            for one in postings(sums)
        ],
        "createdAt": iso(row.created_ms),
        "updatedAt": iso(row.updated_ms),
    }


ENTRY_COLUMNS = ("type", "id", "orderId", "amount", "currency", "fee", "feeVat", "net", "at")


def entry_shown(entry: Entry) -> dict[str, Any]:
    """An entry: of a refund the net is below zero."""

    def text(amount_minor: int) -> str:
        return Money(amount_minor, entry.money.currency).decimals

    sign = 1 if entry.kind.value == "payment" else -1
    return {
        "type": entry.kind.value,
        "id": entry.subject_id,
        "orderId": entry.order_id,
        "amount": entry.money.decimals,
        "currency": entry.money.currency,
        "fee": text(entry.fee_minor),
        "feeVat": text(entry.vat_minor),
        "net": text(sign * entry.money.minor - entry.fee_minor - entry.vat_minor),
        "at": iso(entry.at_ms),
    }


AUDIT_COLUMNS = ("id", "userId", "action", "resource", "details", "ipAddress", "userAgent", "createdAt")


def audit_shown(row: AuditRow) -> dict[str, Any]:
    """The seven names of the seed, and the id."""
    return {
        "id": row.id,
        "userId": row.by.actor,
        "action": row.action,
        "resource": row.resource,
        "details": {"before": row.before, "after": row.after, "requestId": row.by.request_id},
        "ipAddress": row.by.address,
        "userAgent": row.by.user_agent,
        "createdAt": iso(row.at_ms),
    }
