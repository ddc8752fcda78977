"""The API's objects as JSON values, each with its keys in the API's order; nulls are sent."""

from datetime import UTC, datetime
from typing import NamedTuple

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake.charged import charged, is_settled, refundable
from bakong_schemes.omise.fake.records import (
    Card,
    Charge,
    Customer,
    Event,
    Json,
    OmiseState,
    Place,
    Refund,
    Source,
    Token,
)
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.world import World


class View(NamedTuple):
    """A world as one client sees it."""

    world: World
    state: OmiseState
    place: Place

    def path(self, *parts: str) -> str:
        return "/".join((self.place.prefix, *parts))


def moment(at_ms: int | None) -> str | None:
    """A time as the API writes it: UTC, whole seconds.

    >>> moment(1_770_768_000_123)
    '2026-02-11T00:00:00Z'
    """
    if at_ms is None:
        return None
    return f"{datetime.fromtimestamp(min(at_ms, MAX_MS) // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def card(view: View, row: Card) -> Json:
    location = None if row.customer is None else view.path("customers", row.customer, "cards", row.id)
    address = {name: row.address.get(name) for name in ("street1", "street2", "city", "state", "phone_number")}
    return {
        "object": "card",
        "id": row.id,
        "livemode": False,
        "location": location,
        "deleted": row.deleted,
        **address,
        "postal_code": row.address.get("postal_code"),
        "country": row.address.get("country"),
        "financing": "credit",
        "bank": "SANDBOX BANK",
        "brand": row.brand,
        "fingerprint": row.fingerprint,
        "first_digits": None,
        "last_digits": row.last_digits,
        "name": row.name,
        "expiration_month": row.expiration_month,
        "expiration_year": row.expiration_year,
        "security_code_check": row.has_code,
        "tokenization_method": None,
        "created_at": moment(row.created_ms),
    }


def token(view: View, row: Token) -> Json:
    return {
        "object": "token",
        "id": row.id,
        "livemode": False,
        "location": view.path("tokens", row.id),
        "used": row.used,
        "charge_status": "unknown",
        "card": card(view, row.card),
        "created_at": moment(row.created_ms),
    }


def customer(view: View, row: Customer) -> Json:
    location = view.path("customers", row.id)
    cards = [card(view, one) for one in view.state.cards_of(row)]
    return {
        "object": "customer",
        "id": row.id,
        "livemode": False,
        "location": location,
        "deleted": row.deleted,
        "default_card": row.default_card,
        "email": row.email,
        "description": row.description,
        "metadata": row.metadata,
        "cards": _list_of(cards, f"{location}/cards", row.created_ms),
        "created_at": moment(row.created_ms),
    }


def _list_of(rows: list[Json], location: str, from_ms: int) -> Json:
    """A list within another object: its first rows."""
    return {
        "object": "list",
        "data": rows[: wire.PAGE_SIZE],
        "limit": wire.PAGE_SIZE,
        "offset": 0,
        "total": len(rows),
        "location": location,
        "order": "chronological",
        "from": moment(0),
        "to": moment(max(from_ms, 0)),
    }


def source(view: View, row: Source) -> Json:
    charge = None if row.charge is None else view.state.charges[row.charge]
    status = "unknown" if charge is None else charged(view.world, view.state, charge).status
    nulls = ("absorption_type", "name", "mobile_number", "phone_number", "platform_type")
    return {
        "object": "source",
        "id": row.id,
        "livemode": False,
        "location": view.path("sources", row.id),
        "amount": row.amount,
        "barcode": None,
        "bank": row.fields.get("bank"),
        "created_at": moment(row.created_ms),
        "currency": wire.CURRENCY,
        "email": row.fields.get("email"),
        "flow": wire.METHODS[row.type].flow,
        "installment_term": None,
        "ip": None,
        **{name: row.fields.get(name) for name in nulls},
        "scannable_code": None if charge is None or charge.document is None else _scannable(view, charge),
        "qr_settings": None,
        "billing": None,
        "shipping": None,
        "items": [],
        "references": None,
        "provider_references": {
            "reference_number_1": row.reference,
            "reference_number_2": None,
            "payment_channel": None,
        },
        "store_id": None,
        "store_name": None,
        "terminal_id": None,
        "type": row.type,
        "zero_interest_installments": None,
        "charge_status": status,
        "receipt_amount": None,
        "discounts": [],
        "promotion_code": None,
        "supplier_id": None,
    }


def _scannable(view: View, charge: Charge) -> Json:
    """The QR's picture, which needs no key; its text is in the picture alone, unless the world's settings show it."""
    below = f"charges/{charge.id}/documents/{charge.document}"
    return {
        "object": "barcode",
        "type": "qr",
        "image": {
            "object": "document",
            "livemode": False,
            "id": charge.document,
            "deleted": False,
            "filename": "qrcode.svg",
            "location": view.path(*below.split("/")),
            "kind": "qr",
            "download_uri": f"{view.place.api}/{below}/downloads/{charge.download}",
            "created_at": moment(charge.created_ms),
        },
        "raw_data": charge.code if view.state.settings.raw_data else None,
    }


def charge(view: View, row: Charge) -> Json:  # one entry for each key of the API
    now = charged(view.world, view.state, row)
    back = refundable(view.world, view.state, row, now)
    basis = now.captured or now.amount
    fee, vat, net = wire.fees(basis, row.rate)
    location = view.path("charges", row.id)
    refunds = [refund(view, one) for one in view.state.refunds_of(row.id)]
    is_paid, is_card = now.status == "successful", row.method == "card"
    known_source = None if row.source is None else view.state.sources[row.source]
    shown = {
        "object": "charge",
        "id": row.id,
        "location": location,
        "amount": now.amount,
        "acquirer_reference_number": None,
        "net": net,
        "fee": fee,
        "fee_vat": vat,
        "interest": 0,
        "interest_vat": 0,
        "funding_amount": now.amount,
        "refunded_amount": now.refunded,
        "transaction_fees": {"fee_flat": "0.0", "fee_rate": row.rate, "vat_rate": wire.VAT_RATE},
        "platform_fee": {"fixed": None, "amount": None, "percentage": None},
        "currency": wire.CURRENCY,
        "funding_currency": wire.CURRENCY,
        "ip": row.ip,
        "refunds": _list_of(refunds, f"{location}/refunds", row.created_ms),
        "link": None,
        "description": row.description,
        "metadata": row.metadata,
        "card": None if row.card is None else card(view, row.card),
        "source": None if known_source is None else source(view, known_source),
        "schedule": None,
        "linked_account": None,
        "customer": row.customer,
        "dispute": None,
        "transaction": row.transaction if is_paid else None,
        "failure_code": now.failure,
        "failure_message": None if now.failure is None else wire.FAILURES.get(now.failure, now.failure),
        "merchant_advice": None,
        "status": now.status,
        "authorize_uri": None if row.page is None else f"{view.place.pay}/payments/{row.page}/authorize",
        "return_uri": row.return_uri,
        "created_at": moment(row.created_ms),
        "paid_at": moment(now.paid_ms),
        "authorized_at": moment(now.authorized_ms),
        "expires_at": moment(row.expires_ms),
        "expired_at": moment(now.expired_ms),
        "reversed_at": moment(now.reversed_ms),
        "multi_capture": False,
        "zero_interest_installments": None if is_card else False,
        "branch": None,
        "terminal": None,
        "device": None,
        "authorized": now.is_authorized,
        "capturable": now.is_held,
        "capture": row.capture,
        "disputable": is_paid and is_card,
        "livemode": False,
        "refundable": back.rest > 0,
        "partially_refundable": back.partially,
        "reversed": now.status == "reversed",
        "reversible": now.is_held,
        "voided": any(one.voided for one in view.state.refunds_of(row.id)),
        "paid": is_paid,
        "expired": now.status == "expired",
        "can_perform_void": back.rest > 0 and now.paid_ms is not None and not is_settled(view.world, now.paid_ms),
        "approval_code": None,
    }
    if is_card:
        shown |= {
            "authorization_type": row.authorization_type,
            "authorized_amount": row.amount if now.is_authorized else 0,
            "captured_amount": now.captured,
            "authenticated_by": "3DS" if row.page is not None and now.is_authorized else None,
            "missing_3ds_fields": [],
        }
    return shown


def refund(view: View, row: Refund) -> Json:
    return {
        "object": "refund",
        "id": row.id,
        "livemode": False,
        "location": view.path("charges", row.charge, "refunds", row.id),
        "amount": row.amount,
        "currency": wire.CURRENCY,
        "charge": row.charge,
        "voided": row.voided,
        "funding_amount": row.amount,
        "funding_currency": wire.CURRENCY,
        "transaction": row.transaction,
        "metadata": row.metadata,
        "status": row.status,
        "created_at": moment(row.created_ms),
        "acquirer_reference_number": None,
        "approval_code": None,
    }


def event(view: View, row: Event) -> Json:
    return {
        "object": "event",
        "id": row.id,
        "livemode": False,
        "location": view.path("events", row.id),
        "webhook_deliveries": [],
        "data": row.data,
        "key": row.key,
        "created_at": moment(row.created_ms),
    }
