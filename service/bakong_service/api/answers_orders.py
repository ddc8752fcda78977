"""The shapes of what the routes below /api/v1 answer, for the OpenAPI document alone; see answers.py.

Amounts are text in the currency's major unit; those of an order of one amount, without lines, are numbers.
"""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from bakong_service.api.answers import Handoff, Instant, Url
from bakong_service.domain.merchants import MerchantStatus
from bakong_service.domain.methods import MethodType

OrderWord = str
Mode = Literal["inclusive", "exclusive"]
PaymentWord = Literal["pending", "processing", "completed", "failed", "expired", "cancelled", "needs_review"]


class Secret(TypedDict):
    """Whether a secret is there, and its end."""

    set: bool
    last4: str


class _MethodHead(TypedDict):
    id: str
    provider: str
    type: MethodType
    name: str
    currency: str
    minAmount: str | None
    maxAmount: str | None
    processingTime: int
    experimental: bool
    priority: int


class PaymentMethod(_MethodHead):
    """A payment method as it is configured."""

    enabled: bool
    feePercentage: str
    fixedFee: str
    feeVatRate: str
    merchantId: str | None
    terminalId: str | None
    endpoint: str | None
    webhookUrl: str | None
    qrCodeFormat: str | None
    supportedBanks: list[str] | None
    apiKey: Secret
    apiSecret: Secret
    createdAt: Instant
    updatedAt: Instant


class OfferedMethod(_MethodHead):
    """A payment method as a shop offers it; its fee where an amount is asked about."""

    fee: NotRequired[str]
    feeVat: NotRequired[str]
    net: NotRequired[str]
    offered: NotRequired[bool]
    code: NotRequired[str | None]


class Merchant(TypedDict):
    """A merchant."""

    id: str
    name: str
    taxId: str | None
    branch: str
    status: MerchantStatus
    defaultMethods: list[str]


class Buyer(TypedDict):
    """Who buys."""

    type: Literal["company", "person"]
    taxId: str | None
    name: str | None


class OrderedItem(TypedDict):
    """A line as it was ordered."""

    id: str | None
    name: str | None
    sku: str | None
    quantity: str
    unitPrice: str
    discount: str
    vatRate: str | None
    withholdingRate: str | None
    priceMode: Mode


class OrderLine(TypedDict):
    """A line as it was counted."""

    totalPrice: str
    base: str
    vat: str


class VatGroup(TypedDict):
    """The lines of one rate of VAT."""

    vatRate: str | None
    priceMode: Mode
    base: str
    vat: str


class WithholdingGroup(TypedDict):
    """The lines of one rate of withholding tax."""

    withholdingRate: str
    base: str
    amount: str


class _OrderHead(TypedDict):
    id: str
    merchantId: str
    reference: str | None
    status: OrderWord
    currency: str
    paymentId: str | None
    createdAt: Instant
    updatedAt: Instant
    expiresAt: Instant | None


class ListedOrder(_OrderHead):
    """An order of lines, in a list."""

    subtotal: str
    vatAmount: str
    taxAmount: str
    total: str
    withholdingTaxAmount: str
    payable: str
    refundedAmount: str


class ListedPlainOrder(_OrderHead):
    """An order of one amount, in a list."""

    amount: float
    refundedAmount: float


class Order(ListedOrder):
    """An order of lines."""

    priceMode: Mode
    buyer: Buyer
    customerEmail: str | None
    longTermContract: bool
    description: str | None
    metadata: dict[str, Any]
    items: list[OrderedItem]
    lines: list[OrderLine]
    vatGroups: list[VatGroup]
    withholdingGroups: list[WithholdingGroup]


class PlainOrder(ListedPlainOrder):
    """An order of one amount."""

    customerEmail: str | None
    description: str | None
    metadata: dict[str, Any]


class Checkout(TypedDict):
    """What the payer pays by."""

    id: str
    orderId: str
    amount: str | float
    currency: str
    status: PaymentWord
    provider: str
    methodId: NotRequired[str]
    checkoutUrl: Url | None
    handoff: Handoff | None
    providerReference: str | None
    expiresAt: Instant


class _OrderPaymentHead(TypedDict):
    id: str
    status: PaymentWord
    provider: str
    providerReference: str | None
    currency: str
    late: bool
    flag: str | None
    failureCode: str | None
    failureMessage: str | None
    createdAt: Instant
    updatedAt: Instant
    expiresAt: Instant
    paidAt: Instant | None


class OrderPayment(_OrderPaymentHead):
    """A payment of an order of lines."""

    methodId: str
    amount: str
    refundedAmount: str


class PlainOrderPayment(_OrderPaymentHead):
    """A payment of an order of one amount."""

    amount: float
    refundedAmount: float
    disputed: bool
    dispute: str | None


class PaymentOfOrder(PlainOrderPayment):
    """A payment, and the order that it is of."""

    orderId: str


class Refund(TypedDict):
    """A refund."""

    id: str
    paymentId: str
    orderId: str
    amount: str | float
    currency: str
    status: str
    reason: str | None
    note: str | None
    providerReference: str | None
    external: bool
    createdAt: Instant
    updatedAt: Instant


class OrderState(TypedDict):
    """What has become of an order's payments: the present one, the others, and the refunds."""

    orderId: str
    orderStatus: OrderWord
    payment: OrderPayment | PlainOrderPayment | None
    payments: list[OrderPayment | PlainOrderPayment]
    refunds: list[Refund]


class Posting(TypedDict):
    """A line of the double entry."""

    account: str
    debit: str
    credit: str


class Settlement(TypedDict):
    """What a provider pays out for a day."""

    id: str
    merchantId: str
    methodId: str
    currency: str
    date: str
    number: int
    status: str
    gross: str
    fee: str
    feeVat: str
    refunds: str
    net: str
    carriedIn: str
    payout: str
    carriedForward: bool
    postings: list[Posting]
    createdAt: Instant
    updatedAt: Instant


class OrderEvent(TypedDict):
    """What has happened: number counts an order's events, sequence a payment's."""

    id: str
    type: str
    orderId: str
    paymentId: str | None
    number: int
    sequence: int | None
    occurredAt: Instant
    data: dict[str, Any]
    causation: str | None


class Transaction(TypedDict):
    """A payment or a refund, as a line of a list."""

    id: str
    type: str
    paymentId: str
    orderId: str
    amount: float
    currency: str
    status: str
    provider: str
    providerId: str | None
    fee: float | None
    actor: str | None
    requestId: str | None
    createdAt: Instant
