"""The API's objects as JSON values, each with its keys in the API's order; nulls are sent."""

from datetime import UTC, datetime
from typing import Any

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake.ids import INTEGRATION
from bakong_schemes.paystack.fake.records import Authorization, Customer, Json, PaystackState, Refund, Transaction
from bakong_schemes.paystack.fake.status import Status, status_of
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.world import World

DOMAIN = "test"


def moment(at_ms: int | None) -> str | None:
    """A time as the API writes it: UTC, with milliseconds.

    >>> moment(1_770_768_000_123)
    '2026-02-11T00:00:00.123Z'
    """
    if at_ms is None:
        return None
    whole, part = divmod(min(at_ms, MAX_MS), 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part:03d}Z"


def transaction(world: World, state: PaystackState, row: Transaction) -> Json:
    now = status_of(world, state, row)
    created, paid = moment(row.created_ms), moment(now.paid_ms)
    known = state.authorizations.get(row.authorization or "")
    return {
        "id": row.id,
        "domain": DOMAIN,
        "status": now.status,
        "reference": row.reference,
        "receipt_number": None,
        "amount": now.amount,
        "message": None,
        "gateway_response": _response(row, now),
        "paid_at": paid,
        "created_at": created,
        "channel": "card" if known is None else known.channel,
        "currency": now.currency,
        "ip_address": row.ip,
        "metadata": row.metadata,
        "log": log(row, now),
        "fees": row.fee if now.at is not None else None,
        "fees_split": None,
        "authorization": {} if known is None or now.at is None else authorization(known),
        "customer": customer(state.customers[row.email.lower()]),
        "plan": None,
        "split": {},
        "order_id": None,
        "paidAt": paid,
        "createdAt": created,
        "requested_amount": row.amount,
        "pos_transaction_data": None,
        "source": None,
        "fees_breakdown": None,
        "connect": None,
        "transaction_date": created,
        "plan_object": {},
        "subaccount": {},
    }


def _response(row: Transaction, now: Status) -> str | None:
    if now.status in ("success", "reversed", "failed"):
        return row.response
    return None if now.status == "ongoing" else wire.NOT_COMPLETED


def log(row: Transaction, now: Status) -> Json | None:
    """What the payer did on the page; None where nobody has done anything."""
    if row.started_ms is None:
        return None
    start = row.started_ms
    seconds = [(step.at_ms - start) // 1000 for step in row.history]
    return {
        "start_time": start // 1000,
        "time_spent": seconds[-1] if seconds else 0,
        "attempts": row.attempts,
        "errors": row.errors,
        "success": now.at is not None,
        "mobile": False,
        "input": [],
        "history": [
            {"type": step.kind, "message": step.message, "time": at}
            for step, at in zip(row.history, seconds, strict=True)
        ],
    }


def authorization(row: Authorization) -> Json:
    return {
        "authorization_code": row.code,
        "bin": row.bin,
        "last4": row.last4,
        "exp_month": row.exp_month,
        "exp_year": row.exp_year,
        "channel": row.channel,
        "card_type": f"{row.brand} " if row.channel == "card" else row.brand,
        "bank": row.bank,
        "country_code": row.country,
        "brand": row.brand,
        "reusable": row.reusable,
        "signature": row.signature,
        "account_name": None,
    }


def customer(row: Customer) -> Json:
    return {
        "id": row.id,
        "first_name": None,
        "last_name": None,
        "email": row.email,
        "customer_code": row.code,
        "phone": None,
        "metadata": None,
        "risk_action": "default",
        "international_format_phone": None,
    }


def refund_made(world: World, state: PaystackState, row: Refund) -> Json:
    """A refund as its creation shows it, with the transaction inside."""
    paid = state.transactions[row.reference]
    now = status_of(world, state, paid)
    known = state.authorizations.get(paid.authorization or "")
    return {
        "transaction": {
            "id": paid.id,
            "domain": DOMAIN,
            "reference": paid.reference,
            "amount": now.amount,
            "paid_at": moment(now.paid_ms),
            "channel": "card" if known is None else known.channel,
            "currency": now.currency,
            "authorization": {} if known is None else authorization(known),
            "customer": customer(state.customers[paid.email.lower()]),
            "plan": {},
            "subaccount": {"currency": None},
            "split": {},
            "order_id": None,
            "paidAt": moment(now.paid_ms),
            "pos_transaction_data": None,
            "source": None,
            "fees_breakdown": None,
        },
        "integration": INTEGRATION,
        "deducted_amount": 0,
        "channel": None,
        "merchant_note": row.merchant_note,
        "customer_note": row.customer_note,
        "status": row.status,
        "refunded_by": row.by,
        "expected_at": moment(row.created_ms + wire.REFUND_EXPECTED_MS),
        "currency": now.currency,
        "domain": DOMAIN,
        "amount": row.amount,
        "fully_deducted": False,
        "id": row.id,
        "createdAt": moment(row.created_ms),
        "updatedAt": moment(row.updated_ms),
    }


def refund(world: World, state: PaystackState, row: Refund) -> Json:
    """A refund as it is fetched and listed, with the transaction's id."""
    paid = state.transactions[row.reference]
    now = status_of(world, state, paid)
    is_done = row.status == "processed"
    return {
        "id": row.id,
        "integration": INTEGRATION,
        "domain": DOMAIN,
        "transaction": paid.id,
        "transaction_reference": paid.reference,
        "transaction_amount": now.amount,
        "dispute": None,
        "settlement": None,
        "amount": row.amount,
        "deducted_amount": row.amount if is_done else 0,
        "fully_deducted": is_done,
        "currency": now.currency,
        "channel": None,
        "refund_type": "full" if row.amount == now.amount else "partial",
        "refund_channel": None,
        "status": row.status,
        "refunded_by": row.by,
        "initiated_by": row.by,
        "refunded_at": moment(row.updated_ms) if is_done else None,
        "expected_at": moment(row.created_ms + wire.REFUND_EXPECTED_MS),
        "customer": customer(state.customers[paid.email.lower()]),
        "customer_note": row.customer_note,
        "merchant_note": row.merchant_note,
        "reason": row.merchant_note,
        "bank_reference": None,
        "session_id": None,
        "collect_account_number": False,
        "createdAt": moment(row.created_ms),
        "updatedAt": moment(row.updated_ms),
    }


def refund_event(world: World, state: PaystackState, row: Refund) -> Json:
    """What a refund's event holds."""
    paid = state.transactions[row.reference]
    now = status_of(world, state, paid)
    shown: dict[str, Any] = {
        "status": row.status,
        "transaction_reference": paid.reference,
        "refund_reference": f"RFD{row.id}" if row.status == "processed" else None,
        "amount": row.amount,
        "currency": now.currency,
        "processor": "sandbox",
        "customer": {"first_name": None, "last_name": None, "email": paid.email},
        "integration": INTEGRATION,
        "domain": DOMAIN,
    }
    return shown if state.settings.refund_event == "documented" else shown | {"id": row.id, "transaction": paid.id}
