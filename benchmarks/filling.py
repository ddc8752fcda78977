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
    "INSERT INTO traces (subject, traceparent, at_ms) SELECT 'p' || i, '00', {at} FROM n",
    "INSERT INTO audit_chain (number, audit_id, previous, hash) SELECT i + 1, i + 1, 'h' || i, 'h' || (i + 1) FROM n",
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
    # Orders of one merchant, each paid, and given back again; a settlement for each ten of them.
    (
        "INSERT INTO orders (id, merchant_id, reference, status, currency, document, buyer, subtotal_minor, vat_minor,"
        " withholding_minor, refunded_minor, payment_id, created_ms, updated_ms) SELECT 'or' || i, 'shop', 'ref' || i,"
        " 'paid', 'THB', '{{}}', '{{}}', 100, 7, 0, 0, 'p' || i, {at}, {at} FROM n"
    ),
    (
        "INSERT INTO order_payments (payment_id, order_id, merchant_id, method_id, method, attempt, fee_percentage,"
        " fixed_fee, fee_vat_rate, disputed) SELECT 'p' || i, 'or' || i, 'shop', 'river', 'RIVERPAY', 1, '1.65', '0',"
        " '7', FALSE FROM n"
    ),
    (
        "INSERT INTO refunds (id, payment_id, order_id, merchant_id, amount_minor, currency, wish, status, created_ms,"
        " updated_ms) SELECT 'rf' || i, 'p' || i, 'or' || i, 'shop', 7, 'THB', '{{}}', 'completed', {at}, {at} FROM n"
    ),
    (
        "INSERT INTO settlements (id, merchant_id, method_id, currency, day, number, status, gross_minor, fee_minor,"
        " vat_minor, refunds_minor, debt_minor, created_ms, updated_ms) SELECT 'st' || i, 'shop', 'river', 'THB', i, 0,"
        " 'PAID', 1, 0, 0, 0, 0, {at}, {at} FROM n WHERE i % {users} = 0"
    ),
    (
        "INSERT INTO settlement_entries (kind, subject_id, settlement_id, order_id, amount_minor, currency, fee_minor,"
        " vat_minor, at_ms) SELECT 'payment', 'p' || i, 'st' || (i - i % {users}), 'or' || i, 107, 'THB', 2, 0, {at}"
        " FROM n"
    ),
    # Payments of jobs, each captured and released, and a tenth given back before.
    (
        "INSERT INTO jobs (id, guardian_id, caregiver_id, agency_id, parties, status, created_ms, updated_ms) "
        "SELECT 'j' || i, 'g' || (i / {users}), 'c' || (i / {users}), 'a' || (i / {users}), '{{}}', 'COMPLETED', {at},"
        " {at} FROM n"
    ),
    (
        "INSERT INTO escrow_payments (id, job_id, payer_id, caregiver_id, agency_id, method, amount_minor, status,"
        " number_ms, invoice, gateway_id, attempt_id, attempt_count, late, escrow_id, escrow_status, fee_bps,"
        " caregiver_bps, captured_minor, refunded_minor, processing_minor, refund_count, released_minor, entries,"
        " created_ms, expires_ms, updated_ms, open_job_id) SELECT 'e' || i, 'j' || i, 'g' || (i / {users}),"
        " 'c' || (i / {users}), 'a' || (i / {users}), 'BKASH', 1000, 'COMPLETED', {now} - 100000000 + i, 'I' || i,"
        " 'T' || i, 'p' || i, 1, FALSE, 'x' || i, 'RELEASED', 500, 500, 1000, 0, 0, 0, 1000, 2, {at}, {at}, {at},"
        " 'j' || i FROM n"
    ),
    (
        "INSERT INTO escrow_attempts (payment_id, escrow_payment_id, number, return_url, executes, captured) "
        "SELECT 'p' || i, 'e' || i, 1, '', 1, TRUE FROM n"
    ),
    (
        "INSERT INTO escrow_refunds (id, payment_id, attempt_id, kind, amount_minor, status, reason, initiated_by,"
        " tries, provider_refund_id, created_ms, updated_ms) SELECT 'er' || i, 'e' || i, 'p' || i, 'request', 7,"
        " 'COMPLETED', 'r', 'a', 1, 'R' || i, {at}, {at} FROM n"
    ),
    (
        "INSERT INTO escrow_entries (payment_id, number, fact, subject, at_ms) "
        "SELECT 'e' || i, 1, 'captured', 'p' || i, {at} FROM n"
    ),
    (
        "INSERT INTO escrow_lines (payment_id, number, line, account, method, party, amount) SELECT 'e' || i, 1, 1,"
        " 'gateway_clearing', 'BKASH', '', 1000 FROM n"
    ),
    # What has happened to each order, the provider's event that it happened by, and its rows for bookkeepers.
    (
        "INSERT INTO order_events (order_id, number, id, payment_id, sequence, type, at_ms, data, causation) SELECT"
        " 'or' || i, 1, 'evt' || i, 'p' || i, 1, 'payment.completed', {at}, '{{}}', '' FROM n"
    ),
    (
        "INSERT INTO provider_events (id, provider, event_key, kind, reference, payment_id, digest, state, received_ms,"
        " deliveries, tries) SELECT 'in' || i, 'bakong', 'key' || i, 'paid', 'm' || i, 'p' || i, 'd', 'done', {at}, 1,"
        " 0 FROM n"
    ),
    (
        "INSERT INTO order_transactions (id, type, payment_id, order_id, merchant_id, amount_minor, currency, status,"
        " provider, actor, request_id, created_ms) SELECT 'tx' || i, 'payment', 'p' || i, 'or' || i, 'shop', 107,"
        " 'THB', 'completed', 'bakong', 'key', '', {at} FROM n"
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
