"""The tables inside one transaction, for both databases, each group in a module of its own. Knows no database."""

from bakong_service.adapters.sql.records_keys import KeyRows
from bakong_service.adapters.sql.records_ledger import LedgerRows
from bakong_service.adapters.sql.records_polls import PollRows
from bakong_service.adapters.sql.records_retention import RetentionRows
from bakong_service.adapters.sql.records_subscriptions import SubscriptionRows
from bakong_service.adapters.sql.records_webhooks import WebhookRows


class SqlRecords(PollRows, SubscriptionRows, WebhookRows, LedgerRows, RetentionRows, KeyRows):
    """See bakong_service.ports.Records."""
