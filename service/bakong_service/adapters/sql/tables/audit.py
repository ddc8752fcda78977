"""The audit log and its chain, rows that could not be read, traces, and which programs may use the schema."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from bakong_service.adapters.sql.tables.columns import index, metadata
from bakong_service.adapters.sql.tables.conditions import IN_LOG

# Append-only.
audit_logs = Table(
    "audit_logs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("resource", String(200), nullable=False, index=True),
    Column("before", Text),
    Column("after", Text),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(256), nullable=False),
    Column("request_id", String(128), nullable=False),
)

# The audit log's hash chain: entry by entry in the order of sealing, each with the hash of the one before. seal: of a
# batch's last entry. archived_ms: since when its row is in the archive, and not in the log.
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(64)),
    Column("archived_ms", BigInteger),
)
index("uq_audit_chain_row", audit_chain.c.audit_id, where=IN_LOG, unique=True)

# The oldest migration whose programs may go on with this database.
schema_compatibility = Table("schema_compatibility", metadata, Column("oldest", String(8), primary_key=True))

# Rows that could not be read: their kind, their id, why and since when. Nothing of what they hold.
set_aside_rows = Table(
    "set_aside_rows",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("row_id", String(160), primary_key=True),
    Column("why", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# In which trace a payment was made, or a webhook written: for what the worker does later. Empty where nobody asks.
traces = Table(
    "traces",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("traceparent", String(55), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
index("ix_trace_age", traces.c.at_ms)
