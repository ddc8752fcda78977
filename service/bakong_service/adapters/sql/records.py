"""The tables inside one transaction, for both databases, each group in a module of its own. Knows no database."""

from bakong_service.adapters.sql.records_access import AccessRows
from bakong_service.adapters.sql.records_audit import AuditRows
from bakong_service.adapters.sql.records_escrow import EscrowRows
from bakong_service.adapters.sql.records_inbox import InboxRows
from bakong_service.adapters.sql.records_keys import KeyRows
from bakong_service.adapters.sql.records_methods import MethodRows
from bakong_service.adapters.sql.records_orders import OrderRows
from bakong_service.adapters.sql.records_overview import OverviewRows
from bakong_service.adapters.sql.records_retention import RetentionRows
from bakong_service.adapters.sql.records_review import ReviewRows
from bakong_service.adapters.sql.records_settlements import SettlementRows
from bakong_service.adapters.sql.records_traces import TraceRows
from bakong_service.adapters.sql.records_transactions import TransactionRows


class SqlRecords(
    ReviewRows,
    RetentionRows,
    KeyRows,
    AccessRows,
    MethodRows,
    OrderRows,
    TransactionRows,
    InboxRows,
    SettlementRows,
    EscrowRows,
    AuditRows,
    TraceRows,
    OverviewRows,
):
    """See bakong_service.ports.Records."""
