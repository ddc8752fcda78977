"""Orders of goods: ways to pay, merchants, orders, their payments, events, refunds and settlements."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from bakong_service.adapters.sql.tables.columns import Flag, index, metadata
from bakong_service.adapters.sql.tables.conditions import OPEN_SETTLEMENT, PENDING_REFUND, TO_CLOSE

# Ways to pay: what a shop may offer. Money and percentages are texts, as the API has them; secrets is sealed.
thai_payment_methods = Table(
    "thai_payment_methods",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("type", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("enabled", Flag, nullable=False),
    Column("experimental", Flag, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("min_amount", String(20)),
    Column("max_amount", String(20)),
    Column("fee_percentage", String(20), nullable=False),
    Column("fixed_fee", String(20), nullable=False),
    Column("fee_vat_rate", String(20), nullable=False),
    Column("processing_s", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("deleted_ms", BigInteger),
)

merchants = Table(
    "merchants",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("tax_id", String(13)),
    Column("branch", String(5), nullable=False),
    Column("status", String(16), nullable=False),
    Column("default_methods", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

# Orders of goods. document: items and whatever else was given, as JSON; buyer: who pays, sealed.
orders = Table(
    "orders",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("merchant_id", String(128), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("status", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("document", Text, nullable=False),
    Column("buyer", Text, nullable=False),
    Column("subtotal_minor", BigInteger, nullable=False),
    Column("vat_minor", BigInteger, nullable=False),
    Column("withholding_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("payment_id", String(36)),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
)
_O = orders.c
index("uq_order_reference", _O.merchant_id, _O.reference, unique=True)
index("ix_order_merchant", _O.merchant_id, _O.created_ms, _O.id)

# What an order has of each of its payments: the method, and its price as it was then.
order_payments = Table(
    "order_payments",
    metadata,
    Column("payment_id", ForeignKey("payment_transactions.id"), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("merchant_id", String(128), nullable=False),
    Column("method_id", String(36), nullable=False),
    Column("method", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fee_percentage", String(20), nullable=False),
    Column("fixed_fee", String(20), nullable=False),
    Column("fee_vat_rate", String(20), nullable=False),
    Column("disputed", Flag, nullable=False),
    # Where the payer's browser goes and who pays, as the provider was given them, sealed; empty where nobody said.
    Column("handed", Text, nullable=False, default="", server_default=""),
    Column("failure_code", String(64)),
    Column("failure_message", String(200)),
    Column("dispute", String(8), nullable=False, default="", server_default=""),
    # When its provider is told to close it (NULL: never).
    Column("close_ms", BigInteger),
)
index("uq_order_attempt", order_payments.c.order_id, order_payments.c.attempt, unique=True)
index("ix_order_payment_close", order_payments.c.close_ms, where=TO_CLOSE)

# What has happened to each order, in its order; sequence: among the events of one payment.
order_events = Table(
    "order_events",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False),
    Column("payment_id", String(36)),
    Column("sequence", Integer),
    Column("type", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("causation", String(128), nullable=False),
)
index("uq_order_event_payment", order_events.c.payment_id, order_events.c.sequence, unique=True)

# Payments, refunds and disputes of orders as one list.
order_transactions = Table(
    "order_transactions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("type", String(16), nullable=False),
    Column("payment_id", String(36), nullable=False),
    Column("order_id", String(36), nullable=False),
    Column("merchant_id", String(128), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(20), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("provider_id", String(128)),
    Column("fee_minor", BigInteger),
    Column("actor", String(128), nullable=False),
    Column("request_id", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
_X = order_transactions.c
index("ix_transaction_created", _X.created_ms, _X.id)
index("ix_transaction_merchant", _X.merchant_id, _X.created_ms, _X.id)
index("ix_transaction_order", _X.order_id, _X.created_ms, _X.id)
index("ix_transaction_payment", _X.payment_id, _X.created_ms, _X.id)

refunds = Table(
    "refunds",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("payment_id", ForeignKey("payment_transactions.id"), nullable=False),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("merchant_id", String(128), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("wish", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("note", String(200)),
    Column("provider_reference", String(128)),
    Column("next_try_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
index("ix_refund_order", refunds.c.order_id, refunds.c.created_ms, refunds.c.id)
index("ix_refund_pending", refunds.c.next_try_ms, where=PENDING_REFUND)

settlements = Table(
    "settlements",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("merchant_id", String(128), nullable=False),
    Column("method_id", String(36), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("vat_minor", BigInteger, nullable=False),
    Column("refunds_minor", BigInteger, nullable=False),
    Column("debt_minor", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
_T = settlements.c
index("uq_settlement", _T.merchant_id, _T.method_id, _T.day, _T.number, unique=True)

# One row a method and day that still takes entries, whatever races.
index("uq_settlement_open", _T.day, _T.merchant_id, _T.method_id, where=OPEN_SETTLEMENT, unique=True)
index("ix_settlement_merchant", _T.merchant_id, _T.day, _T.id)

# Every captured payment and every completed refund is in one row, and in no other.
settlement_entries = Table(
    "settlement_entries",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject_id", String(40), primary_key=True),
    Column("settlement_id", ForeignKey("settlements.id"), nullable=False),
    Column("order_id", String(36), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("vat_minor", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
_E = settlement_entries.c
index("ix_settlement_entry", _E.settlement_id, _E.at_ms, _E.subject_id)
