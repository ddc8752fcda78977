-- Made by `python scripts/newest_schema.py` from the migrations; do not edit it by hand.

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE api_keys (
	digest VARCHAR(64) NOT NULL,
	label VARCHAR(64) NOT NULL,
	created_ms BIGINT NOT NULL,
	revoked_ms BIGINT,
	PRIMARY KEY (digest)
)

CREATE TABLE payment_transactions (
	id VARCHAR(36) NOT NULL,
	user_id VARCHAR(128) NOT NULL,
	"plan" VARCHAR(32) NOT NULL,
	amount_minor BIGINT NOT NULL,
	currency VARCHAR(3) NOT NULL,
	account_id VARCHAR(64) NOT NULL,
	bill_number VARCHAR(25) NOT NULL,
	md5 VARCHAR(32) NOT NULL,
	qr TEXT NOT NULL,
	deep_link TEXT NOT NULL,
	short_link TEXT,
	callback TEXT,
	status VARCHAR(16) NOT NULL,
	late BOOLEAN NOT NULL,
	flag VARCHAR(32),
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	paid_ms BIGINT,
	next_poll_ms BIGINT,
	asked_ms BIGINT, leased_until_ms BIGINT, priority VARCHAR(8) DEFAULT 'normal' NOT NULL, purpose VARCHAR(16) DEFAULT 'plan' NOT NULL, bill_ms BIGINT, hash VARCHAR(64), provider VARCHAR(32) DEFAULT 'bakong' NOT NULL, reference VARCHAR(128) DEFAULT '' NOT NULL, event_ms BIGINT, set_aside_ms BIGINT, replaced_ms BIGINT,
	PRIMARY KEY (id),
	UNIQUE (bill_number),
	UNIQUE (md5)
)

CREATE TABLE subscriptions (
	id VARCHAR(36) NOT NULL,
	user_id VARCHAR(128) NOT NULL,
	"plan" VARCHAR(32) NOT NULL,
	status VARCHAR(16) NOT NULL,
	start_ms BIGINT NOT NULL,
	last_billing_ms BIGINT NOT NULL,
	next_billing_ms BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL, currency VARCHAR(3) DEFAULT 'USD' NOT NULL, period_start_ms BIGINT DEFAULT '0' NOT NULL, period_cycles INTEGER DEFAULT '1' NOT NULL, paid_minor BIGINT DEFAULT '0' NOT NULL, pending_plan VARCHAR(32), pending_at_ms BIGINT, cancel_at_ms BIGINT, due_ms BIGINT,
	PRIMARY KEY (id)
)

CREATE UNIQUE INDEX uq_subscription_running ON subscriptions (user_id) WHERE status IN ('ACTIVE', 'PAST_DUE')

CREATE TABLE webhook_notifications (
	id VARCHAR(64) NOT NULL,
	event VARCHAR(64) NOT NULL,
	url TEXT,
	body BLOB NOT NULL,
	created_ms BIGINT NOT NULL,
	attempts INTEGER NOT NULL,
	next_try_ms BIGINT,
	delivered_ms BIGINT,
	last_status INTEGER,
	last_error TEXT, host VARCHAR(255) DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE payment_status_history (
	id INTEGER NOT NULL,
	payment_id VARCHAR(36) NOT NULL,
	from_status VARCHAR(16),
	to_status VARCHAR(16) NOT NULL,
	why VARCHAR(200) NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(payment_id) REFERENCES payment_transactions (id)
)

CREATE INDEX ix_payment_status_history_payment_id ON payment_status_history (payment_id)

CREATE TABLE subscription_status_history (
	id INTEGER NOT NULL,
	subscription_id VARCHAR(36) NOT NULL,
	from_status VARCHAR(16),
	to_status VARCHAR(16) NOT NULL,
	"plan" VARCHAR(32) NOT NULL,
	why VARCHAR(200) NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(subscription_id) REFERENCES subscriptions (id)
)

CREATE INDEX ix_subscription_status_history_subscription_id ON subscription_status_history (subscription_id)

CREATE INDEX ix_subscription_due ON subscriptions (due_ms)

CREATE TABLE webhook_attempts (
	notification_id VARCHAR(64) NOT NULL,
	number INTEGER NOT NULL,
	at_ms BIGINT NOT NULL,
	status INTEGER,
	error TEXT, answer TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (notification_id, number),
	FOREIGN KEY(notification_id) REFERENCES webhook_notifications (id)
)

CREATE TABLE payment_receipts (
	payment_id VARCHAR(36) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	verdict VARCHAR(32) NOT NULL,
	amount_minor BIGINT,
	currency VARCHAR(3),
	to_account TEXT NOT NULL,
	raw BLOB NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (payment_id, hash),
	FOREIGN KEY(payment_id) REFERENCES payment_transactions (id)
)

CREATE TABLE bakong_calls (
	day INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	stopped BOOLEAN NOT NULL,
	PRIMARY KEY (day)
)

CREATE TABLE idempotency_keys (
	scope VARCHAR(64) NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	status INTEGER NOT NULL,
	body BLOB NOT NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	PRIMARY KEY (scope)
)

CREATE INDEX ix_idempotency_keys_expires_ms ON idempotency_keys (expires_ms)

CREATE TABLE audit_logs (
	id INTEGER NOT NULL,
	at_ms BIGINT NOT NULL,
	actor VARCHAR(128) NOT NULL,
	action VARCHAR(64) NOT NULL,
	resource VARCHAR(200) NOT NULL,
	"before" TEXT,
	"after" TEXT,
	address VARCHAR(64) NOT NULL,
	user_agent VARCHAR(256) NOT NULL,
	request_id VARCHAR(128) NOT NULL,
	PRIMARY KEY (id)
)

CREATE INDEX ix_audit_logs_resource ON audit_logs (resource)

CREATE INDEX ix_payment_waiting ON payment_transactions (user_id, paid_ms, id) WHERE purpose = 'renewal' AND status = 'PAID' AND flag = 'overpaid'

CREATE INDEX ix_payment_user ON payment_transactions (user_id, created_ms, id)

CREATE INDEX ix_payment_created ON payment_transactions (created_ms)

CREATE INDEX ix_subscription_user ON subscriptions (user_id, created_ms, id)

CREATE INDEX ix_webhook_given_up ON webhook_notifications (created_ms, id) WHERE next_try_ms IS NULL AND delivered_ms IS NULL AND url IS NOT NULL

CREATE INDEX ix_webhook_delivered ON webhook_notifications (delivered_ms) WHERE delivered_ms IS NOT NULL

CREATE INDEX ix_webhook_without_url ON webhook_notifications (created_ms) WHERE url IS NULL

CREATE TABLE payments_by_hour (
	hour BIGINT NOT NULL,
	payments INTEGER NOT NULL,
	PRIMARY KEY (hour)
)

CREATE INDEX ix_webhook_host ON webhook_notifications (host, next_try_ms, created_ms, id) WHERE next_try_ms IS NOT NULL

CREATE UNIQUE INDEX uq_payment_reference ON payment_transactions (provider, reference) WHERE reference <> ''

CREATE TABLE provider_calls (
	provider VARCHAR(32) NOT NULL,
	day INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	stopped BOOLEAN NOT NULL,
	PRIMARY KEY (provider, day)
)

CREATE INDEX ix_payment_polled ON payment_transactions (provider, next_poll_ms) WHERE next_poll_ms IS NOT NULL

CREATE INDEX ix_payment_leased ON payment_transactions (provider, leased_until_ms) WHERE next_poll_ms IS NOT NULL AND leased_until_ms IS NOT NULL

CREATE TABLE provider_hours (
	provider VARCHAR(32) NOT NULL,
	hour BIGINT NOT NULL,
	payments INTEGER NOT NULL,
	PRIMARY KEY (provider, hour)
)

CREATE TABLE set_aside_rows (
	kind VARCHAR(16) NOT NULL,
	row_id VARCHAR(160) NOT NULL,
	why VARCHAR(200) NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (kind, row_id)
)

CREATE INDEX ix_payment_open ON payment_transactions (provider, expires_ms) WHERE status IN ('PENDING', 'TIMEOUT') AND set_aside_ms IS NULL

CREATE TABLE thai_payment_methods (
	id VARCHAR(36) NOT NULL,
	provider VARCHAR(32) NOT NULL,
	type VARCHAR(16) NOT NULL,
	name VARCHAR(64) NOT NULL,
	currency VARCHAR(3) NOT NULL,
	enabled BOOLEAN NOT NULL,
	experimental BOOLEAN NOT NULL,
	priority INTEGER NOT NULL,
	min_amount VARCHAR(20),
	max_amount VARCHAR(20),
	fee_percentage VARCHAR(20) NOT NULL,
	fixed_fee VARCHAR(20) NOT NULL,
	fee_vat_rate VARCHAR(20) NOT NULL,
	processing_s INTEGER NOT NULL,
	settings TEXT NOT NULL,
	secrets TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	deleted_ms BIGINT,
	PRIMARY KEY (id)
)

CREATE TABLE merchants (
	id VARCHAR(128) NOT NULL,
	name VARCHAR(128) NOT NULL,
	tax_id VARCHAR(13),
	branch VARCHAR(5) NOT NULL,
	status VARCHAR(16) NOT NULL,
	default_methods TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE orders (
	id VARCHAR(36) NOT NULL,
	merchant_id VARCHAR(128) NOT NULL,
	reference VARCHAR(64) NOT NULL,
	status VARCHAR(20) NOT NULL,
	currency VARCHAR(3) NOT NULL,
	document TEXT NOT NULL,
	buyer TEXT NOT NULL,
	subtotal_minor BIGINT NOT NULL,
	vat_minor BIGINT NOT NULL,
	withholding_minor BIGINT NOT NULL,
	refunded_minor BIGINT NOT NULL,
	payment_id VARCHAR(36),
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	expires_ms BIGINT,
	PRIMARY KEY (id)
)

CREATE UNIQUE INDEX uq_order_reference ON orders (merchant_id, reference)

CREATE INDEX ix_order_merchant ON orders (merchant_id, created_ms, id)

CREATE TABLE order_payments (
	payment_id VARCHAR(36) NOT NULL,
	order_id VARCHAR(36) NOT NULL,
	merchant_id VARCHAR(128) NOT NULL,
	method_id VARCHAR(36) NOT NULL,
	method VARCHAR(32) NOT NULL,
	attempt INTEGER NOT NULL,
	fee_percentage VARCHAR(20) NOT NULL,
	fixed_fee VARCHAR(20) NOT NULL,
	fee_vat_rate VARCHAR(20) NOT NULL,
	disputed BOOLEAN NOT NULL, handed TEXT DEFAULT '' NOT NULL, failure_code VARCHAR(64), failure_message VARCHAR(200), dispute VARCHAR(8) DEFAULT '' NOT NULL, close_ms BIGINT,
	PRIMARY KEY (payment_id),
	FOREIGN KEY(payment_id) REFERENCES payment_transactions (id),
	FOREIGN KEY(order_id) REFERENCES orders (id)
)

CREATE UNIQUE INDEX uq_order_attempt ON order_payments (order_id, attempt)

CREATE TABLE refunds (
	id VARCHAR(40) NOT NULL,
	payment_id VARCHAR(36) NOT NULL,
	order_id VARCHAR(36) NOT NULL,
	merchant_id VARCHAR(128) NOT NULL,
	amount_minor BIGINT NOT NULL,
	currency VARCHAR(3) NOT NULL,
	wish TEXT NOT NULL,
	status VARCHAR(16) NOT NULL,
	reason VARCHAR(32),
	note VARCHAR(200),
	provider_reference VARCHAR(128),
	next_try_ms BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(payment_id) REFERENCES payment_transactions (id),
	FOREIGN KEY(order_id) REFERENCES orders (id)
)

CREATE INDEX ix_refund_order ON refunds (order_id, created_ms, id)

CREATE INDEX ix_refund_pending ON refunds (next_try_ms) WHERE status = 'pending'

CREATE TABLE settlements (
	id VARCHAR(36) NOT NULL,
	merchant_id VARCHAR(128) NOT NULL,
	method_id VARCHAR(36) NOT NULL,
	currency VARCHAR(3) NOT NULL,
	day INTEGER NOT NULL,
	number INTEGER NOT NULL,
	status VARCHAR(16) NOT NULL,
	gross_minor BIGINT NOT NULL,
	fee_minor BIGINT NOT NULL,
	vat_minor BIGINT NOT NULL,
	refunds_minor BIGINT NOT NULL,
	debt_minor BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (id)
)

CREATE UNIQUE INDEX uq_settlement ON settlements (merchant_id, method_id, day, number)

CREATE UNIQUE INDEX uq_settlement_open ON settlements (day, merchant_id, method_id) WHERE status = 'OPEN'

CREATE INDEX ix_settlement_merchant ON settlements (merchant_id, day, id)

CREATE TABLE settlement_entries (
	kind VARCHAR(16) NOT NULL,
	subject_id VARCHAR(40) NOT NULL,
	settlement_id VARCHAR(36) NOT NULL,
	order_id VARCHAR(36) NOT NULL,
	amount_minor BIGINT NOT NULL,
	currency VARCHAR(3) NOT NULL,
	fee_minor BIGINT NOT NULL,
	vat_minor BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (kind, subject_id),
	FOREIGN KEY(settlement_id) REFERENCES settlements (id)
)

CREATE INDEX ix_settlement_entry ON settlement_entries (settlement_id, at_ms, subject_id)

CREATE TABLE users (
	id VARCHAR(36) NOT NULL,
	username VARCHAR(64) NOT NULL,
	password TEXT NOT NULL,
	roles VARCHAR(128) NOT NULL,
	merchant VARCHAR(128),
	created_ms BIGINT NOT NULL,
	disabled_ms BIGINT,
	PRIMARY KEY (id),
	UNIQUE (username)
)

CREATE TABLE token_families (
	id VARCHAR(36) NOT NULL,
	user_id VARCHAR(36) NOT NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	revoked_ms BIGINT,
	PRIMARY KEY (id),
	FOREIGN KEY(user_id) REFERENCES users (id)
)

CREATE INDEX ix_family_user ON token_families (user_id)

CREATE INDEX ix_family_expires ON token_families (expires_ms)

CREATE INDEX ix_family_revoked ON token_families (revoked_ms)

CREATE TABLE refresh_tokens (
	digest VARCHAR(64) NOT NULL,
	family_id VARCHAR(36) NOT NULL,
	issued_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	used_ms BIGINT,
	PRIMARY KEY (digest),
	FOREIGN KEY(family_id) REFERENCES token_families (id)
)

CREATE INDEX ix_refresh_family ON refresh_tokens (family_id)

CREATE TABLE oauth_clients (
	id VARCHAR(64) NOT NULL,
	label VARCHAR(64) NOT NULL,
	digest VARCHAR(64) NOT NULL,
	scopes VARCHAR(128) NOT NULL,
	merchant VARCHAR(128),
	created_ms BIGINT NOT NULL,
	disabled_ms BIGINT,
	PRIMARY KEY (id)
)

CREATE TABLE signing_keys (
	kid VARCHAR(64) NOT NULL,
	algorithm VARCHAR(16) NOT NULL,
	private TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	retired_ms BIGINT,
	PRIMARY KEY (kid)
)

CREATE TABLE jobs (
	id VARCHAR(64) NOT NULL,
	guardian_id VARCHAR(128) NOT NULL,
	caregiver_id VARCHAR(128) NOT NULL,
	agency_id VARCHAR(128) NOT NULL,
	parties TEXT NOT NULL,
	status VARCHAR(16) NOT NULL,
	completed_ms BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE escrow_payments (
	id VARCHAR(36) NOT NULL,
	job_id VARCHAR(64) NOT NULL,
	open_job_id VARCHAR(64),
	payer_id VARCHAR(128) NOT NULL,
	caregiver_id VARCHAR(128) NOT NULL,
	agency_id VARCHAR(128) NOT NULL,
	method VARCHAR(16) NOT NULL,
	amount_minor BIGINT NOT NULL,
	status VARCHAR(16) NOT NULL,
	failure VARCHAR(16),
	number_ms BIGINT NOT NULL,
	invoice VARCHAR(24) NOT NULL,
	gateway_id VARCHAR(64),
	attempt_id VARCHAR(36),
	attempt_count INTEGER NOT NULL,
	late BOOLEAN NOT NULL,
	review VARCHAR(32),
	escrow_id VARCHAR(36) NOT NULL,
	escrow_status VARCHAR(16) NOT NULL,
	fee_bps INTEGER NOT NULL,
	caregiver_bps INTEGER NOT NULL,
	captured_minor BIGINT NOT NULL,
	refunded_minor BIGINT NOT NULL,
	processing_minor BIGINT NOT NULL,
	refund_count INTEGER NOT NULL,
	released_minor BIGINT,
	entries INTEGER NOT NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	paid_ms BIGINT,
	processing_ms BIGINT,
	released_ms BIGINT,
	release_ms BIGINT,
	sweep_ms BIGINT,
	PRIMARY KEY (id),
	CONSTRAINT ck_escrow_promised CHECK (refunded_minor + processing_minor <= captured_minor),
	CONSTRAINT ck_escrow_captured CHECK (captured_minor IN (0, amount_minor)),
	FOREIGN KEY(job_id) REFERENCES jobs (id),
	UNIQUE (open_job_id),
	UNIQUE (number_ms),
	UNIQUE (invoice),
	UNIQUE (escrow_id)
)

CREATE UNIQUE INDEX uq_escrow_gateway ON escrow_payments (method, gateway_id) WHERE gateway_id IS NOT NULL

CREATE INDEX ix_escrow_created ON escrow_payments (created_ms, id)

CREATE INDEX ix_escrow_payer ON escrow_payments (payer_id, created_ms, id)

CREATE INDEX ix_escrow_caregiver ON escrow_payments (caregiver_id, created_ms, id)

CREATE INDEX ix_escrow_agency ON escrow_payments (agency_id, created_ms, id)

CREATE INDEX ix_escrow_sweep ON escrow_payments (sweep_ms) WHERE sweep_ms IS NOT NULL

CREATE INDEX ix_escrow_release ON escrow_payments (release_ms) WHERE escrow_status = 'HELD' AND processing_minor = 0 AND release_ms IS NOT NULL

CREATE INDEX ix_escrow_review ON escrow_payments (updated_ms) WHERE review IS NOT NULL

CREATE TABLE escrow_attempts (
	payment_id VARCHAR(36) NOT NULL,
	escrow_payment_id VARCHAR(36) NOT NULL,
	number INTEGER NOT NULL,
	return_url TEXT NOT NULL,
	executes INTEGER NOT NULL,
	busy_ms BIGINT,
	ended VARCHAR(16),
	captured BOOLEAN NOT NULL,
	PRIMARY KEY (payment_id),
	CONSTRAINT ck_escrow_executes CHECK (executes <= 3),
	FOREIGN KEY(payment_id) REFERENCES payment_transactions (id),
	FOREIGN KEY(escrow_payment_id) REFERENCES escrow_payments (id)
)

CREATE UNIQUE INDEX uq_escrow_attempt ON escrow_attempts (escrow_payment_id, number)

CREATE TABLE escrow_refunds (
	id VARCHAR(40) NOT NULL,
	payment_id VARCHAR(36) NOT NULL,
	attempt_id VARCHAR(36) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	amount_minor BIGINT NOT NULL,
	status VARCHAR(16) NOT NULL,
	reason VARCHAR(500) NOT NULL,
	notes VARCHAR(1000),
	initiated_by VARCHAR(128) NOT NULL,
	tries INTEGER NOT NULL,
	next_try_ms BIGINT,
	provider_refund_id VARCHAR(128),
	failure VARCHAR(200),
	review VARCHAR(32),
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	completed_ms BIGINT,
	PRIMARY KEY (id),
	FOREIGN KEY(payment_id) REFERENCES escrow_payments (id),
	FOREIGN KEY(attempt_id) REFERENCES payment_transactions (id)
)

CREATE INDEX ix_escrow_refund_payment ON escrow_refunds (payment_id, created_ms, id)

CREATE INDEX ix_escrow_refund_due ON escrow_refunds (next_try_ms) WHERE next_try_ms IS NOT NULL

CREATE INDEX ix_escrow_refund_review ON escrow_refunds (updated_ms) WHERE review IS NOT NULL

CREATE UNIQUE INDEX uq_escrow_refund_provider ON escrow_refunds (attempt_id, provider_refund_id) WHERE provider_refund_id IS NOT NULL

CREATE TABLE escrow_entries (
	payment_id VARCHAR(36) NOT NULL,
	number INTEGER NOT NULL,
	fact VARCHAR(16) NOT NULL,
	subject VARCHAR(40) NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (payment_id, number),
	FOREIGN KEY(payment_id) REFERENCES escrow_payments (id)
)

CREATE UNIQUE INDEX uq_escrow_fact ON escrow_entries (fact, subject)

CREATE TABLE escrow_lines (
	payment_id VARCHAR(36) NOT NULL,
	number INTEGER NOT NULL,
	line INTEGER NOT NULL,
	account VARCHAR(24) NOT NULL,
	method VARCHAR(16) NOT NULL,
	party VARCHAR(128) NOT NULL,
	amount BIGINT NOT NULL,
	PRIMARY KEY (payment_id, number, line)
)

CREATE TRIGGER escrow_entries_no_update BEFORE UPDATE ON escrow_entries BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END

CREATE TRIGGER escrow_entries_no_delete BEFORE DELETE ON escrow_entries BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END

CREATE TRIGGER escrow_lines_no_update BEFORE UPDATE ON escrow_lines BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END

CREATE TRIGGER escrow_lines_no_delete BEFORE DELETE ON escrow_lines BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END

CREATE TABLE escrow_webhooks (
	payment_id VARCHAR(36) NOT NULL,
	transaction_id VARCHAR(128) NOT NULL,
	status VARCHAR(16) NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (payment_id, transaction_id, status),
	FOREIGN KEY(payment_id) REFERENCES escrow_payments (id)
)

CREATE INDEX ix_order_payment_close ON order_payments (close_ms) WHERE close_ms IS NOT NULL

CREATE INDEX ix_payment_unpaid ON payment_transactions (expires_ms) WHERE status IN ('EXPIRED', 'FAILED', 'CANCELLED') AND flag IS NULL AND next_poll_ms IS NULL AND qr <> ''

CREATE TABLE order_events (
	order_id VARCHAR(36) NOT NULL,
	number INTEGER NOT NULL,
	id VARCHAR(40) NOT NULL,
	payment_id VARCHAR(36),
	sequence INTEGER,
	type VARCHAR(32) NOT NULL,
	at_ms BIGINT NOT NULL,
	data TEXT NOT NULL,
	causation VARCHAR(128) NOT NULL,
	PRIMARY KEY (order_id, number),
	FOREIGN KEY(order_id) REFERENCES orders (id)
)

CREATE UNIQUE INDEX uq_order_event_payment ON order_events (payment_id, sequence)

CREATE TABLE provider_events (
	id VARCHAR(40) NOT NULL,
	provider VARCHAR(32) NOT NULL,
	event_key VARCHAR(128) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	reference VARCHAR(128) NOT NULL,
	payment_id VARCHAR(36) NOT NULL,
	digest VARCHAR(64) NOT NULL,
	state VARCHAR(16) NOT NULL,
	received_ms BIGINT NOT NULL,
	deliveries INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	next_try_ms BIGINT,
	PRIMARY KEY (id)
)

CREATE UNIQUE INDEX uq_provider_event ON provider_events (provider, event_key)

CREATE INDEX ix_provider_event_unmatched ON provider_events (next_try_ms) WHERE next_try_ms IS NOT NULL

CREATE INDEX ix_provider_event_dead ON provider_events (received_ms, id) WHERE state = 'dead'

CREATE INDEX ix_provider_event_handled ON provider_events (received_ms) WHERE state IN ('done', 'ignored')

CREATE TABLE order_transactions (
	id VARCHAR(40) NOT NULL,
	type VARCHAR(16) NOT NULL,
	payment_id VARCHAR(36) NOT NULL,
	order_id VARCHAR(36) NOT NULL,
	merchant_id VARCHAR(128) NOT NULL,
	amount_minor BIGINT NOT NULL,
	currency VARCHAR(3) NOT NULL,
	status VARCHAR(20) NOT NULL,
	provider VARCHAR(32) NOT NULL,
	provider_id VARCHAR(128),
	fee_minor BIGINT,
	actor VARCHAR(128) NOT NULL,
	request_id VARCHAR(128) NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id)
)

CREATE INDEX ix_transaction_created ON order_transactions (created_ms, id)

CREATE INDEX ix_transaction_merchant ON order_transactions (merchant_id, created_ms, id)

CREATE INDEX ix_transaction_order ON order_transactions (order_id, created_ms, id)

CREATE INDEX ix_transaction_payment ON order_transactions (payment_id, created_ms, id)

CREATE TABLE audit_chain (
	number BIGINT NOT NULL,
	audit_id BIGINT NOT NULL,
	previous VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	seal VARCHAR(64),
	archived_ms BIGINT,
	PRIMARY KEY (number)
)

CREATE UNIQUE INDEX uq_audit_chain_row ON audit_chain (audit_id) WHERE archived_ms IS NULL

CREATE TABLE schema_compatibility (
	oldest VARCHAR(8) NOT NULL,
	PRIMARY KEY (oldest)
)

CREATE UNIQUE INDEX uq_payment_open_change ON payment_transactions (user_id, purpose) WHERE purpose IN ('upgrade', 'renewal') AND status IN ('PENDING', 'TIMEOUT') AND replaced_ms IS NULL

CREATE TABLE traces (
	subject VARCHAR(64) NOT NULL,
	traceparent VARCHAR(55) NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (subject)
)

CREATE INDEX ix_trace_age ON traces (at_ms)

INSERT INTO "alembic_version" VALUES ('0020')

INSERT INTO "schema_compatibility" VALUES ('0014')
