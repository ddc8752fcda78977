"""The tables inside one transaction, for both databases, each group in a module of its own. Knows no database."""

from service.adapters.sql.records_keys import KeyRows
from service.adapters.sql.records_ledger import LedgerRows
from service.adapters.sql.records_payments import PaymentRows
from service.adapters.sql.records_polls import PollRows
from service.adapters.sql.records_subscriptions import SubscriptionRows
from service.adapters.sql.records_webhooks import WebhookRows


class SqlRecords(PaymentRows, PollRows, SubscriptionRows, WebhookRows, LedgerRows, KeyRows):
    """See service.ports.Records."""
