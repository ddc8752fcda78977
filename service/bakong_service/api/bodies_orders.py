"""The bodies of orders, payment methods, refunds and merchants, and what the use cases make of them: money is exact."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from bakong_contracts.money import EXPONENTS, exponent
from bakong_service.api.shapes import Body, HttpUrl
from bakong_service.domain.errors import InvalidError
from bakong_service.domain.fees import FeeRule
from bakong_service.domain.merchants import MerchantStatus
from bakong_service.domain.methods import MethodType
from bakong_service.domain.orders import Buyer, Item
from bakong_service.domain.rates import rate_text
from bakong_service.domain.refunds import Returned, Wish
from bakong_service.domain.taxes import Line
from bakong_service.usecases.orders.checkout import CheckoutWish
from bakong_service.usecases.orders.make_order import Wanted


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
        sums={camel(name): minor(camel(name), value, places) for name, value in sums.items()},
    )


_OF_ITEMS = {"price_mode", "long_term_contract", "buyer", *_SUMS} - {"amount"}


def _plain_order(body: CreateOrder, places: int) -> Wanted:
    """An order of an amount: one item without taxes. Raises InvalidError."""
    if body.amount is None or not body.amount:
        raise InvalidError("amount", "expected items, or an amount above 0")
    if "currency" not in body.model_fields_set:
        raise InvalidError("currency", "expected the currency of the amount")
    for name in sorted(_OF_ITEMS & body.model_fields_set):
        raise InvalidError(camel(name), "belongs to an order of items, read one of an amount")
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


SETTINGS = ("merchant_id", "terminal_id", "endpoint", "webhook_url", "qr_code_format", "supported_banks")
SECRETS = ("api_key", "api_secret")
_AS_IT_IS = ("type", "name", "enabled", "experimental", "priority")


def method_fields(body: ChangeMethod, currency: str, rule: FeeRule | None = None) -> dict[str, Any]:
    """The fields of a method that a body gives; rule: what the price was. Raises InvalidError."""
    given, places = body.model_fields_set, places_of(currency)
    for name in given & {*_AS_IT_IS, "processing_time", "fee_percentage", "fixed_fee", "fee_vat_rate"}:
        if getattr(body, name) is None:
            raise InvalidError(camel(name), "expected a value, read null")
    made: dict[str, Any] = {name: getattr(body, name) for name in _AS_IT_IS if name in given}
    if "processing_time" in given:
        made["lasts_s"] = body.processing_time
    for name, field in (("min_amount", "minimum_minor"), ("max_amount", "maximum_minor")):
        if name in given:
            value: Decimal | None = getattr(body, name)
            made[field] = None if value is None else minor(camel(name), value, places)
    before = rule or FeeRule()
    fixed = None if body.fixed_fee is None else minor("fixedFee", body.fixed_fee, places)
    made["rule"] = FeeRule(
        before.percentage if body.fee_percentage is None else body.fee_percentage,
        before.fixed_minor if fixed is None else fixed,
        before.vat_rate if body.fee_vat_rate is None else body.fee_vat_rate,
    )
    made["settings"] = {camel(name): getattr(body, name) for name in SETTINGS if name in given}
    made["secrets"] = {camel(name): getattr(body, name) for name in SECRETS if name in given}
    return made


def merchant_fields(body: ChangeMerchant) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "default_methods" in given:
        given["default_methods"] = tuple(given["default_methods"] or ())
    for name in given.keys() - {"tax_id"}:
        if given[name] is None:
            raise InvalidError(camel(name), "expected a value, read null")
    return given


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
