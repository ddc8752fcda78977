"""The bodies and answers of orders, payment methods, refunds, settlements and the audit log: money is exact text."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from bakong_contracts.money import EXPONENTS, exponent
from bakong_contracts.service_api import PaymentStatus
from bakong_service.api.shapes import Body, HttpUrl, handoff_shown
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.errors import InvalidError
from bakong_service.domain.events import iso
from bakong_service.domain.fees import FeeRule
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.merchants import Merchant, MerchantStatus
from bakong_service.domain.methods import Method, MethodType, Offer
from bakong_service.domain.money import Money
from bakong_service.domain.order_events import OrderEvent
from bakong_service.domain.orders import Buyer, Item, Order
from bakong_service.domain.payments import Payment
from bakong_service.domain.rates import rate_text
from bakong_service.domain.refunds import Refund, RefundStatus, Returned, Wish
from bakong_service.domain.settlements import Entry, SettlementRow, date_of, postings
from bakong_service.domain.taxes import Line
from bakong_service.domain.transactions import Transaction
from bakong_service.usecases.orders.checkout import CheckedOut, CheckoutWish
from bakong_service.usecases.orders.make_order import Wanted
from bakong_service.usecases.orders.payment_status import PaymentState, Standing


def _decimal(value: object) -> object:
    """A text of digits, or a JSON number, exactly: no exponent, no sign but one, no NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("expected a decimal as text or number")  # noqa: TRY004  pydantic turns ValueError into a message
    text = value if isinstance(value, str) else f"{Decimal(str(value)):f}"
    if isinstance(value, str) and not _is_plain(value):
        raise ValueError("expected a decimal such as 10.50")
    return Decimal(text)


def _is_plain(text: str) -> bool:
    whole, point, part = text.removeprefix("-").partition(".")
    return text.isascii() and whole.isdigit() and (part.isdigit() if point else not part)


def _object(value: object) -> object:
    """A buyer may be given by its type alone."""
    return {"type": value} if isinstance(value, str) else value


Decimals = Annotated[Decimal, BeforeValidator(_decimal)]
Amount = Annotated[Decimals, Field(ge=0, max_digits=15, decimal_places=2)]
PositiveAmount = Annotated[Decimals, Field(gt=0, max_digits=15, decimal_places=2)]
Rate = Annotated[Decimals, Field(ge=0, le=100, decimal_places=4)]
Quantity = Annotated[Decimals, Field(gt=0, max_digits=15, decimal_places=3)]
_PLAIN = r"^[^\x00-\x1f\x7f]+$"
Short = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=_PLAIN)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128, pattern=_PLAIN)]
Text = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Reference = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ProviderWord = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z0-9][A-Z0-9_]{1,31}$")]
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
Email = Annotated[str, StringConstraints(strict=True, max_length=254, pattern=r"^[!-?A-~]+@[!-?A-~]+$")]
Mode = Literal["exclusive", "inclusive"]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class OrderItem(Body):
    """taxRate is another name of withholdingRate; totalPrice is checked, not trusted. vatRate null is exempt."""

    id: Short | None = None
    name: Name | None = None
    sku: Short | None = None
    quantity: Quantity
    unit_price: Amount
    discount: Amount | None = None
    vat_rate: Rate | None = None
    withholding_rate: Rate | None = None
    tax_rate: Rate | None = None
    price_mode: Mode | None = None
    total_price: Amount | None = None


class OrderBuyer(Body):
    type: Literal["person", "company"] = "person"
    tax_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=32, pattern=_PLAIN)] | None = None
    name: Name | None = None


class CreateOrder(Body):
    """Items, whose sums are checked where they are given, and never trusted; or an amount and its currency alone."""

    reference: Reference | None = None
    currency: Currency = "THB"
    price_mode: Mode = "exclusive"
    buyer: Annotated[OrderBuyer, BeforeValidator(_object)] = Field(default_factory=OrderBuyer)
    long_term_contract: Flag = False
    items: Annotated[list[OrderItem], Field(min_length=1, max_length=200)] | None = None
    customer_email: Email | None = None
    description: Text | None = None
    metadata: Annotated[dict[Short, Text], Field(max_length=50)] = Field(default_factory=dict)
    expires_in_seconds: Annotated[int, Field(strict=True, ge=60, le=31_536_000)] | None = None
    subtotal: Amount | None = None
    vat_amount: Amount | None = None
    tax_amount: Amount | None = None
    total: Amount | None = None
    total_price: Amount | None = None
    withholding_tax_amount: Amount | None = None
    payable: Amount | None = None
    amount: Amount | None = None


class CheckOut(Body):
    """method: a payment method's id or its provider's word. provider: one of the core's. Neither: the first offered.

    successUrl, cancelUrl: where the payer's browser goes afterwards.
    """

    currency: Currency
    method: Short | None = None
    provider: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")] | None = None
    success_url: HttpUrl | None = None
    cancel_url: HttpUrl | None = None
    customer_email: Email | None = None


class ReturnedLine(Body):
    line: Annotated[int, Field(strict=True, ge=0, lt=200)]
    quantity: Quantity | None = None


class RefundPayment(Body):
    """Lines or an amount; without either, all that is left."""

    amount: PositiveAmount | None = None
    lines: Annotated[list[ReturnedLine], Field(min_length=1, max_length=200)] | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    note: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class ChangeMethod(Body):
    """What may change in a payment method; a secret is never shown, and null takes it away."""

    type: MethodType | None = None
    name: Short | None = None
    enabled: Flag | None = None
    experimental: Flag | None = None
    priority: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = None
    api_key: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=512)] | None = None
    api_secret: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=512)] | None = None
    merchant_id: Short | None = None
    terminal_id: Short | None = None
    endpoint: HttpUrl | None = None
    webhook_url: HttpUrl | None = None
    qr_code_format: Short | None = None
    supported_banks: (
        Annotated[list[Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{3}$")]], Field(max_length=100)]
        | None
    ) = None
    min_amount: Amount | None = None
    max_amount: Amount | None = None
    processing_time: Annotated[int, Field(strict=True, ge=30, le=604_800)] | None = None
    fee_percentage: Rate | None = None
    fixed_fee: Amount | None = None
    fee_vat_rate: Rate | None = None


class CreateMethod(ChangeMethod):
    provider: ProviderWord
    type: MethodType
    name: Short
    currency: Currency = "THB"


class ChangeMerchant(Body):
    name: Name | None = None
    tax_id: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{13}$")] | None = None
    branch: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{5}$")] | None = None
    status: MerchantStatus | None = None
    default_methods: Annotated[list[ProviderWord], Field(max_length=20)] | None = None


class MarkSettlement(Body):
    status: Literal["PAID", "FAILED"]


_SUMS = ("subtotal", "vat_amount", "tax_amount", "total", "total_price", "withholding_tax_amount", "payable", "amount")


def wanted_order(body: CreateOrder) -> Wanted:
    """The order that a body asks for, in minor units. Raises InvalidError."""
    places = places_of(body.currency)
    if body.items is None:
        return _plain_order(body, places)
    sums = {name: value for name in _SUMS if (value := getattr(body, name)) is not None}
    totals = [item.total_price for item in body.items]
    return Wanted(
        currency=body.currency,
        items=tuple(_item(f"items.{number}", item, body, places) for number, item in enumerate(body.items)),
        buyer=Buyer(
            is_company=body.buyer.type == "company",
            tax_id=body.buyer.tax_id,
            name=body.buyer.name,
            email=body.customer_email,
        ),
        inclusive=body.price_mode == "inclusive",
        long_contract=body.long_term_contract,
        reference=body.reference,
        description=body.description,
        metadata=dict(body.metadata),
        expires_s=body.expires_in_seconds,
        line_totals=tuple(
            None if total is None else minor(f"items.{number}.totalPrice", total, places)
            for number, total in enumerate(totals)
        ),
        sums={_camel(name): minor(_camel(name), value, places) for name, value in sums.items()},
    )


_OF_ITEMS = {"price_mode", "long_term_contract", "buyer", *_SUMS} - {"amount"}


def _plain_order(body: CreateOrder, places: int) -> Wanted:
    """An order of an amount: one item without taxes. Raises InvalidError."""
    if body.amount is None or not body.amount:
        raise InvalidError("amount", "expected items, or an amount above 0")
    if "currency" not in body.model_fields_set:
        raise InvalidError("currency", "expected the currency of the amount")
    for name in sorted(_OF_ITEMS & body.model_fields_set):
        raise InvalidError(_camel(name), "belongs to an order of items, read one of an amount")
    line = Line(quantity=Decimal(1), unit_price_minor=minor("amount", body.amount, places))
    return Wanted(
        currency=body.currency,
        items=(Item(line=line),),
        buyer=Buyer(email=body.customer_email),
        reference=body.reference,
        description=body.description,
        metadata=dict(body.metadata),
        expires_s=body.expires_in_seconds,
        is_plain=True,
    )


def wish_of_checkout(body: CheckOut) -> CheckoutWish:
    """What a checkout's body asks for."""
    return CheckoutWish(
        currency=body.currency,
        method=body.method,
        provider=body.provider,
        return_url=body.success_url or "",
        cancel_url=body.cancel_url or "",
        email=body.customer_email or "",
    )


def _item(where: str, item: OrderItem, order: CreateOrder, places: int) -> Item:
    if None not in (item.tax_rate, item.withholding_rate) and item.tax_rate != item.withholding_rate:
        message = f"is another name of withholdingRate, which is {item.withholding_rate}"
        raise InvalidError(f"{where}.taxRate", message)
    line = Line(
        quantity=item.quantity,
        unit_price_minor=minor(f"{where}.unitPrice", item.unit_price, places),
        discount_minor=minor(f"{where}.discount", item.discount or Decimal(0), places),
        vat_rate=_plain_rate(item.vat_rate),
        withholding_rate=_plain_rate(item.tax_rate if item.withholding_rate is None else item.withholding_rate),
        inclusive=(item.price_mode or order.price_mode) == "inclusive",
    )
    return Item(line=line, id=item.id, name=item.name, sku=item.sku)


def _plain_rate(rate: Decimal | None) -> Decimal | None:
    """7.00 and 7 are one rate, and one group."""
    return None if rate is None else Decimal(rate_text(rate))


def minor(field: str, amount: Decimal, places: int) -> int:
    """Minor units of an amount. Raises InvalidError for one with too many decimals."""
    scaled = amount.scaleb(places)
    if scaled != int(scaled):
        raise InvalidError(field, f"the currency has {places} decimals")
    return int(scaled)


def places_of(currency: str) -> int:
    """A currency's decimals. Raises InvalidError for one that is not in the table."""
    if currency not in EXPONENTS:
        raise InvalidError("currency", f"expected one of {', '.join(sorted(EXPONENTS))}, read {currency}")
    return exponent(currency)


def wish_of(body: RefundPayment, currency: str) -> Wish:
    """What a body wants back. Raises InvalidError."""
    if body.amount is not None and body.lines is not None:
        raise InvalidError("lines", "expected lines or an amount, read both")
    lines = tuple(Returned(one.line, one.quantity) for one in body.lines or ())
    if len({one.line for one in lines}) != len(lines):
        raise InvalidError("lines", "a line comes twice")
    amount = None if body.amount is None else minor("amount", body.amount, places_of(currency))
    return Wish(lines, amount)


_SETTINGS = ("merchant_id", "terminal_id", "endpoint", "webhook_url", "qr_code_format", "supported_banks")
_SECRETS = ("api_key", "api_secret")
_AS_IT_IS = ("type", "name", "enabled", "experimental", "priority")


def method_fields(body: ChangeMethod, currency: str, rule: FeeRule | None = None) -> dict[str, Any]:
    """The fields of a method that a body gives; rule: what the price was. Raises InvalidError."""
    given, places = body.model_fields_set, places_of(currency)
    for name in given & {*_AS_IT_IS, "processing_time", "fee_percentage", "fixed_fee", "fee_vat_rate"}:
        if getattr(body, name) is None:
            raise InvalidError(_camel(name), "expected a value, read null")
    made: dict[str, Any] = {name: getattr(body, name) for name in _AS_IT_IS if name in given}
    if "processing_time" in given:
        made["lasts_s"] = body.processing_time
    for name, field in (("min_amount", "minimum_minor"), ("max_amount", "maximum_minor")):
        if name in given:
            value: Decimal | None = getattr(body, name)
            made[field] = None if value is None else minor(_camel(name), value, places)
    before = rule or FeeRule()
    fixed = None if body.fixed_fee is None else minor("fixedFee", body.fixed_fee, places)
    made["rule"] = FeeRule(
        before.percentage if body.fee_percentage is None else body.fee_percentage,
        before.fixed_minor if fixed is None else fixed,
        before.vat_rate if body.fee_vat_rate is None else body.fee_vat_rate,
    )
    made["settings"] = {_camel(name): getattr(body, name) for name in _SETTINGS if name in given}
    made["secrets"] = {_camel(name): getattr(body, name) for name in _SECRETS if name in given}
    return made


def merchant_fields(body: ChangeMerchant) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "default_methods" in given:
        given["default_methods"] = tuple(given["default_methods"] or ())
    for name in given.keys() - {"tax_id"}:
        if given[name] is None:
            raise InvalidError(_camel(name), "expected a value, read null")
    return given


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


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
    none = {_camel(name): None for name in _SETTINGS}
    unset = {_camel(name): {"set": False, "last4": ""} for name in _SECRETS}
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
