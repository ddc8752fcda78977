"""Webhooks: ours, with their tries, and the providers', with what became of them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from bakong_service.adapters.sql.tables.columns import Bytes, index, metadata
from bakong_service.adapters.sql.tables.conditions import (
    DEAD_EVENT,
    DELIVERED,
    GIVEN_UP,
    HANDLED_EVENT,
    UNDELIVERED,
    UNMATCHED_EVENT,
    WITHOUT_URL,
)

webhook_notifications = Table(
    "webhook_notifications",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("event", String(64), nullable=False),
    Column("url", Text),
    Column("host", String(255), nullable=False, default="", server_default=""),
    Column("body", Bytes, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_ms", BigInteger),
    Column("delivered_ms", BigInteger),
    Column("last_status", Integer),
    Column("last_error", Text),
)
_W = webhook_notifications.c
index("ix_webhook_given_up", _W.created_ms, _W.id, where=GIVEN_UP)
index("ix_webhook_delivered", _W.delivered_ms, where=DELIVERED)
index("ix_webhook_without_url", _W.created_ms, where=WITHOUT_URL)
index("ix_webhook_host", _W.host, _W.next_try_ms, _W.created_ms, _W.id, where=UNDELIVERED)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("notification_id", ForeignKey("webhook_notifications.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    # How the receiver's answer begins, sealed: it may hold what is the receiver's alone. Empty where it said nothing.
    Column("answer", Text, nullable=False, default="", server_default=""),
)

# Providers' webhooks: which came, what they are about, what has become of them. Never a body.
provider_events = Table(
    "provider_events",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("event_key", String(128), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("reference", String(128), nullable=False),
    Column("payment_id", String(36), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_ms", BigInteger),
)
_V = provider_events.c

# One row an event, however often it comes and whatever races.
index("uq_provider_event", _V.provider, _V.event_key, unique=True)
index("ix_provider_event_unmatched", _V.next_try_ms, where=UNMATCHED_EVENT)
index("ix_provider_event_dead", _V.received_ms, _V.id, where=DEAD_EVENT)
index("ix_provider_event_handled", _V.received_ms, where=HANDLED_EVENT)
