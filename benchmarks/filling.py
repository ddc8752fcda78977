"""A database with a history: payments that are over, made by a few statements, and the same few that are open."""

DAY_MS = 86_400_000
NOW_MS = 1_770_768_000_000
HISTORY_MS = 365 * DAY_MS
USERS = 10  # payments a user
CODE = '["***@sand","' + "0" * 250 + '","bakong://qr?qr=' + "0" * 250 + '"]'

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}) "
# Of ten payments that are over, seven were paid.
_AT = "({now} - CAST({span} AS BIGINT) / {count} * ({count} - i) - 3600000)"
_STATEMENTS = (
    (
        "INSERT INTO payment_transactions (id, user_id, plan, amount_minor, currency, account_id, bill_number, md5,"
        " reference, qr, deep_link, status, late, created_ms, expires_ms, updated_ms, paid_ms, asked_ms) "
        "SELECT 'p' || i, 'u' || (i / {users}), 'PREMIUM', 50, 'USD', '***@sand', 'b' || i, 'm' || i, 'm' || i,"
        " '{code}', '',"
        " CASE WHEN i % 10 < 7 THEN 'PAID' WHEN i % 10 < 9 THEN 'EXPIRED' ELSE 'FAILED' END, FALSE,"
        " {at}, {at} + 900000, {at} + 900000, CASE WHEN i % 10 < 7 THEN {at} + 60000 END, {at} + 900000 FROM n"
    ),
    "INSERT INTO payment_status_history (payment_id, to_status, why, at_ms) SELECT 'p' || i, 'PAID', '', {at} FROM n",
    (
        "INSERT INTO webhook_notifications (id, event, url, host, body, created_ms, attempts, delivered_ms) "
        "SELECT 'w' || i, 'payment.paid', 'https://shop.test/', 'shop.test', CAST('{{}}' AS {bytes}), {at}, 1,"
        " {at} FROM n"
    ),
    "INSERT INTO webhook_attempts (notification_id, number, at_ms, status) SELECT 'w' || i, 1, {at}, 200 FROM n",
    (
        "INSERT INTO audit_logs (at_ms, actor, action, resource, address, user_agent, request_id) "
        "SELECT {at}, 'key', 'payment.status', 'payment/p' || i, '', '', '' FROM n"
    ),
    (
        "INSERT INTO subscriptions (id, user_id, plan, status, start_ms, last_billing_ms, next_billing_ms, created_ms,"
        " updated_ms, due_ms) SELECT 's' || i, 'u' || i, 'PREMIUM',"
        " CASE WHEN i % 20 = 0 THEN 'ACTIVE' ELSE 'CANCELLED' END, {at}, {at}, {at}, {at}, {at},"
        " CASE WHEN i % 20 = 0 THEN {now} + 2592000000 + i END FROM n WHERE i % {users} = 0"
    ),
    (
        "INSERT INTO idempotency_keys (scope, fingerprint, status, body, created_ms, expires_ms) "
        "SELECT 's' || i, 'f', 200, CAST('{{}}' AS {bytes}), {now}, {now} + 86400000 + i FROM n WHERE i < 1000"
    ),
)
_OPEN = (
    (
        "INSERT INTO payment_transactions (id, user_id, plan, amount_minor, currency, account_id, bill_number, md5,"
        " reference, qr, deep_link, status, late, created_ms, expires_ms, updated_ms, next_poll_ms) "
        "SELECT 'o' || i, 'open' || i, 'PREMIUM', 50, 'USD', '***@sand', 'ob' || i, 'om' || i, 'om' || i,"
        " '{code}', '', 'PENDING',"
        " FALSE, {now}, {now} + 900000 + i, {now}, {now} + i FROM n"
    ),
    (
        "INSERT INTO webhook_notifications (id, event, url, host, body, created_ms, attempts, next_try_ms) "
        "SELECT 'ow' || i, 'payment.paid', 'https://shop.test/', 'shop.test', CAST('{{}}' AS {bytes}), {now}, 1,"
        " {now} + i FROM n"
    ),
    (
        "INSERT INTO webhook_notifications (id, event, url, host, body, created_ms, attempts) "
        "SELECT 'gw' || i, 'payment.paid', 'https://shop.test/', 'shop.test', CAST('{{}}' AS {bytes}), {now}, 10 FROM n"
    ),
)


def fill(connection, *, over, under_way=50, span_ms=HISTORY_MS, now_ms=NOW_MS):
    """So many payments that are over, with what belongs to them, and so many that are open, with their webhooks."""
    for statements, count in ((_STATEMENTS, over), (_OPEN, under_way)):
        words = {
            "count": count,
            "now": now_ms,
            "span": span_ms,
            "users": USERS,
            "code": CODE,
            "bytes": "BYTEA" if connection.dialect.name == "postgresql" else "BLOB",
        }
        words["at"] = _AT.format(**words)
        for statement in statements if count else ():
            connection.exec_driver_sql((_NUMBERS + statement).format(**words))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")
