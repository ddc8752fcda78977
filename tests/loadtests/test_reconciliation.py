"""The books: what balances, and every way in which they may not."""

import pytest

from bakong_loadtests.reconciliation import Stored, Webhook, reconcile
from bakong_loadtests.recording import PaymentSeen


def seen(name):
    return PaymentSeen(md5=name, transaction_id=f"t-{name}", user_id=f"u-{name}", plan="PREMIUM", created_ns=1)


def paid(name, times=1):
    return [Webhook(f"w-{name}-{n}", "payment.paid", f"t-{name}") for n in range(times)]


def test_paid_pending_and_expired_payments_balance():
    books = reconcile(
        [seen("a"), seen("b"), seen("c")], {"a": 1}, {"a": "PAID", "b": "PENDING", "c": "EXPIRED"}, paid("a")
    )
    assert books.balances
    assert books.by_status == {"PAID": 1, "PENDING": 1, "FAILED": 0, "TIMEOUT": 0, "EXPIRED": 1}


def test_a_webhook_that_comes_again_under_its_id_is_one_webhook():
    books = reconcile([seen("a")], {"a": 1}, {"a": "PAID"}, paid("a") * 3)
    assert (books.balances, books.webhooks, books.webhook_ids) == (True, 3, 1)


@pytest.mark.parametrize(
    ("ledger", "service", "webhooks", "stored", "kind"),
    [
        pytest.param({"a": 1}, {"a": "PENDING"}, [], None, "lost", id="paid-and-not-granted"),
        pytest.param({"a": 1}, {"a": "EXPIRED"}, [], None, "lost", id="paid-late-and-dropped"),
        pytest.param({}, {"a": "PAID"}, paid("a"), None, "doubled", id="granted-without-money"),
        pytest.param({}, {}, [], None, "unknown", id="acknowledged-and-gone"),
        pytest.param({"a": 1}, {"a": "PAID"}, [], None, "untold", id="no-webhook"),
        pytest.param({"a": 1}, {"a": "PAID"}, paid("a", 2), None, "doubled", id="two-webhook-ids"),
        pytest.param({"a": 1}, {"a": "PAID"}, paid("a"), {"times_paid": {"t-a": 2}}, "doubled", id="two-transitions"),
        pytest.param({"a": 1}, {"a": "PAID"}, paid("a"), {"notices": {"t-a": 2}}, "doubled", id="two-notices"),
        pytest.param({"a": 1}, {"a": "PAID"}, paid("a"), {"subscriptions": {"u-a": 2}}, "doubled", id="two-periods"),
        pytest.param({"a": 1}, {"a": "PAID"}, paid("a"), {"statuses": {"t-a": "PENDING"}}, "unknown", id="api-lies"),
    ],
)
def test_what_does_not_add_up_is_named(ledger, service, webhooks, stored, kind):
    tables = Stored(**{"statuses": {"t-a": "PAID"}, **stored}) if stored else None
    books = reconcile([seen("a")], ledger, service, webhooks, tables)
    assert [problem.kind for problem in books.problems] == [kind]
    assert not books.balances


def test_without_a_backend_no_webhook_is_missed():
    assert reconcile([seen("a")], {"a": 1}, {"a": "PAID"}, None).balances
