"""What the service promises, row by row, and which test holds each; read by scripts/service_coverage.py.

A test stands as "<file without test_>: <name without test_>". API: the contract. FAULTS: what is done to the service,
and the figure that it must give.
"""

from typing import NamedTuple


class Promise(NamedTuple):
    """A row, what it promises, its tests. once: it is about no database, and need not hold on both."""

    row: str
    promised: str
    tests: tuple[str, ...]
    once: bool = False


API = (
    # Conventions
    Promise("Authorization", "a key on every path but health and pictures; else 401", (
        "contract: every_path_but_health_and_pictures_wants_a_key", "payments: a_wrong_key_is_401",
    )),
    Promise("users", "login, refresh tokens good once, logout, roles; argon2id", (
        "users: a_user_logs_in_and_his_access_token_is_good_for_exactly_15_minutes",
        "users: a_refresh_token_is_good_for_exactly_30_days",
        "users: a_refresh_token_that_comes_twice_ends_its_family_and_no_other",
        "users: of_refreshes_at_once_with_one_token_one_wins_and_the_family_is_revoked",
        "users: a_logout_ends_the_login_whatever_token_of_it_is_sent_and_tells_nothing",
        "users: a_new_password_and_a_disabled_user_end_every_login",
        "users: a_role_may_what_it_is_for_and_nothing_else",
        "users: an_idempotency_key_is_the_users_also_after_his_token_was_refreshed",
        "users: users_are_added_listed_disabled_and_changed_from_the_command_line",
    )),
    Promise("access tokens", "EdDSA, RS256 or HS256; key set, rotation; another library verifies them", (
        "tokens: another_library_verifies_our_tokens_by_the_published_keys",
        "tokens: the_small_mode_signs_with_the_secret_and_publishes_nothing",
        "tokens: a_shop_that_has_the_secret_signs_tokens_with_sub_exp_and_role",
        "tokens: a_retired_key_verifies_until_its_last_token_has_expired_and_is_published_so_long",
        "tokens: keys_rotate_from_the_command_line_and_at_once_where_they_are_known_to_others",
    )),
    Promise("POST /oauth2/token", "client credentials, scopes; errors of RFC 6749", (
        "oauth2: a_client_library_gets_a_token_both_ways_and_the_token_opens_what_it_is_for",
        "oauth2: errors_are_those_of_rfc_6749", "oauth2: a_request_of_another_form_is_invalid_request",
        "oauth2: a_disabled_client_gets_no_token_and_those_of_before_are_refused",
        "oauth2: a_scope_reads_and_changes_what_it_is_about_and_nothing_else",
        "oauth2: a_route_that_requires_a_scope_or_a_role_is_open_to_whom_it_says",
    )),
    Promise("an outside issuer", "OIDC discovery, aud and scope; its known keys go on while it is down", (
        "tokens: a_token_of_the_issuer_is_held_to_audience_scope_and_time",
        "tokens: the_issuers_tokens_open_the_api_for_their_scopes_alone",
        "tokens: while_the_issuer_is_down_its_known_keys_go_on_and_unknown_ones_are_asked_for_once_in_a_while",
        "tokens: a_key_that_the_issuer_has_changed_is_fetched_when_a_token_names_it",
        "tokens: a_wrong_or_endless_answer_of_the_issuer_is_no_keys_and_no_error",
    ), once=True),
    Promise("answers", "success and data; each route as its documented example, which is executed", (
        "documents: the_examples_of_every_route_do_what_they_say",
    )),
    Promise("errors", "problem+json with code, traceId, errors: 400, 401, 404, 405, 413, 415, 422", (
        "payments: bad_input_is_a_problem_document_that_says_what_is_wrong", "payments: another_media_type_is_415",
        "documents: a_route_names_the_errors_that_it_can_answer",
    )),
    Promise("503", "a dependency is down", (
        "outages: postgresql_restarted_under_load_loses_no_acknowledged_payment",
        "outages: a_full_disk_is_503_and_the_database_stays_whole",
    ), once=True),
    Promise("times and amounts", "UTC with Z, numbers at the currency's precision", (
        "payments: a_payment_has_a_code_that_says_what_it_says",
        "payments: monitor_returns_when_the_payment_is_settled",
        "subscriptions: every_change_of_the_vectors_is_exact_over_http",
    )),
    Promise("Idempotency-Key", "the same answer for 24 h; 422 for another body, 409 while the first runs", (
        "idempotency: the_same_key_and_body_is_answered_the_same_byte_for_byte",
        "idempotency: the_same_key_with_another_body_is_422_and_changes_nothing",
        "idempotency: 50_requests_at_once_with_one_key_make_one_payment",
        "idempotency: another_path_is_another_request",
        "idempotency: a_key_is_the_same_caller_however_its_header_is_spelled",
        "idempotency: a_key_is_the_same_caller_after_the_encryption_key_is_changed",
        "idempotency: a_wait_and_a_bulk_check_are_answered_again_too_whatever_has_changed_since",
        "idempotency: a_second_wait_with_the_key_of_one_that_still_waits_is_409",
        "idempotency: answers_are_thrown_away_after_a_day_where_no_subscription_falls_due",
    )),
    Promise("X-Request-Id", "echoed, or made", ("payments: a_request_id_is_echoed_or_made",)),
    # Payments
    Promise("POST /api/payments/create", "id, bill number, md5, KHQR, picture, links, 15 minutes; the plan's price", (
        "payments: a_payment_has_a_code_that_says_what_it_says",
        "contract: a_payment_is_named_as_promised_and_has_the_short_link_where_bakong_gave_one",
        "contract: an_app_of_another_form_is_422",
        "payments: bad_input_is_a_problem_document_that_says_what_is_wrong",
    )),
    Promise("GET /api/payments/status/{md5}", "asks Bakong when not final and old enough", (
        "payments: a_paid_payment_starts_the_subscription_and_tells_the_main_backend",
        "polling: in_production_an_answer_is_fresh_for_a_moment",
    )),
    Promise("POST /api/payments/monitor", "waits, by timeout, interval, maxAttempts, priority; leaving ends the wait", (
        "payments: monitor_returns_when_the_payment_is_settled",
        "payments: monitor_gives_up_as_timeout_and_the_payment_is_still_watched",
        "contract: a_client_that_goes_away_ends_its_wait_and_never_the_payment",
        "contract: the_priority_of_a_wait_is_the_payments_from_then_on",
    )),
    Promise("POST /api/payments/bulk-check", "1 to 50 hashes, a row for each in order", (
        "idempotency: a_bulk_check_has_a_row_for_each_hash_in_order",
        "idempotency: a_bulk_check_of_anything_else_is_422",
        "contract: failed_payments_are_told_from_unpaid_ones_also_in_the_answer_to_a_list",
    )),
    Promise("GET /api/payments/history", "newest first, total, limit, offset", (
        "idempotency: the_history_is_newest_first_by_pages", "idempotency: a_history_of_anything_else_is_422",
    )),
    Promise("GET /api/payments/{id}", "a payment of any provider, with what the payer pays by", (
        "providers: a_payment_of_any_provider_is_seen_by_its_id_with_what_the_payer_pays_by",
        "providers: the_same_reference_at_two_providers_is_two_payments",
        "providers: paths_of_the_default_provider_know_no_payment_of_another",
    )),
    Promise("POST /api/providers/{name}/events", "a signed webhook has its provider asked, and decides nothing", (
        "providers: an_event_has_the_provider_asked_at_once_and_decides_nothing_itself",
        "providers: an_event_that_comes_many_times_is_one_question",
        "providers: an_event_that_comes_while_its_payment_is_asked_about_has_it_asked_once_more",
        "providers: a_forged_event_is_401_and_asks_nothing_and_changes_nothing",
        "providers: a_provider_that_sends_no_events_is_404",
        "providers: an_event_larger_than_64_kilobytes_is_413",
        "providers: an_event_about_no_payment_of_ours_is_200_and_logged",
        "providers: events_count_against_their_address_as_other_open_paths_do",
    )),
    Promise("refunds at the provider", "recorded once and flagged; the payment stays PAID", (
        "providers: a_refund_that_an_event_tells_of_is_recorded_once_and_flagged_and_the_payment_stays_paid",
        "providers: an_event_about_a_paid_payment_is_kept_until_its_provider_answers",
    )),
    Promise("approved payments", "PENDING until the provider has moved the money, which it does not past the end", (
        "providers: an_approved_payment_is_pending_until_it_is_finalised",
        "providers: no_money_is_moved_after_the_payments_time_has_passed",
    )),
    Promise("GET /qr-codes/{md5}.png", "the picture", ("payments: the_picture_needs_no_key_and_is_a_png",)),
    Promise("payment states", "PENDING to PAID, FAILED, TIMEOUT, EXPIRED; PAID is final; late is PAID with late", (
        "payments: a_failed_payment_is_failed", "payments: an_unpaid_payment_expires_after_15_minutes",
        "payments: a_late_payment_is_not_lost", "faults: answers_in_another_order_never_lead_out_of_paid",
    )),
    Promise("payment history", "every change with from, to, why, when", (
        "faults: 100_answers_at_once_are_one_transition_one_period_and_one_event",
        "faults: the_end_of_a_code_divides_paid_from_late",
    )),
    Promise("mismatches", "another amount, currency or account is no payment, and is flagged", (
        "payments: what_does_not_match_is_no_payment_but_is_flagged",
        "faults: what_does_not_match_is_kept_and_flagged_and_the_right_payment_still_counts",
    )),
    # Subscriptions
    Promise("GET /api/subscriptions/status/{userId}", "what a user has, and the latest payments", (
        "payments: a_paid_payment_starts_the_subscription_and_tells_the_main_backend",
        "subscriptions: a_downgrade_waits_for_the_billing_date_and_costs_nothing",
    )),
    Promise("POST /api/subscriptions/upgrade", "prorated, frozen for 15 minutes, one open at most", (
        "subscriptions: an_upgrade_halfway_costs_half_the_difference_and_the_plan_changes_when_it_is_paid",
        "subscriptions: a_quote_is_frozen_for_15_minutes_and_then_priced_anew",
        "subscriptions: 16_racing_upgrades_leave_one_open",
        "subscriptions: every_change_of_the_vectors_is_exact_over_http",
        "subscriptions: a_quote_expires_at_its_second_over_http",
    )),
    Promise("POST /api/subscriptions/downgrade", "from the next billing date; nothing now", (
        "subscriptions: a_downgrade_waits_for_the_billing_date_and_costs_nothing",
        "subscriptions: a_scheduled_downgrade_is_exact_over_http",
        "subscriptions: an_upgrade_cancels_a_pending_downgrade",
    )),
    Promise("POST /api/subscriptions/cancel", "to the end of the paid period", (
        "subscriptions: a_cancelled_subscription_runs_to_the_end_of_what_is_paid",
    )),
    Promise("POST /api/subscriptions/renew", "a payment, or the renewal where one waits; from the old date", (
        "subscriptions: a_renewal_counts_from_the_old_date_however_late_inside_the_grace",
        "subscriptions: a_bill_paid_twice_renews_once_and_the_second_payment_renews_the_next",
    )),
    Promise("subscription states", "ACTIVE, PAST_DUE, EXPIRED, CANCELLED; wrong changes are 409", (
        "subscriptions: after_the_grace_it_is_expired_and_a_renewal_paid_too_late_starts_anew",
        "subscriptions: without_an_active_subscription_every_change_is_409",
        "subscriptions: there_is_nothing_above_the_family_plan_and_nothing_below_premium",
        "events: each_of_the_eleven_events_arrives_once_signed_and_in_order",
    )),
    # Webhooks on demand
    Promise("GET /api/webhooks/{id}, POST .../resend", "any webhook once more, under its id; each try is seen", (
        "resend: any_webhook_is_sent_again_at_once_under_its_id_and_body_and_each_try_is_seen",
        "resend: a_resend_is_audited_with_who_asked_and_what_it_was",
        "resend: a_resend_with_the_same_idempotency_key_sends_once",
        "resend: a_resend_needs_a_key_a_webhook_that_is_there_and_a_receiver",
    )),
    Promise("POST /api/webhooks/test", "webhook.test, signed as every webhook, tried once", (
        "resend: a_test_event_is_marked_signed_and_seen",
        "resend: a_test_event_that_fails_is_tried_once_and_says_why",
        "resend: a_test_event_goes_to_no_url_that_webhooks_may_not_go_to",
        "resend: a_test_event_leads_into_no_private_network_and_needs_a_receiver",
    )),
    # Escrow
    Promise("POST /api/payments", "a job's payment: exact amounts, unique numbers, one a job, no provider call", (
        "escrow.test_payments: a_payment_by_bkash_from_its_creation_to_held_money",
        "escrow.test_payments: bad_input_is_refused_by_its_code_and_changes_nothing",
        "escrow.test_payments: a_job_has_one_open_or_paid_payment_whatever_races",
        "escrow.test_payments: numbers_are_unique_also_where_time_stands_still",
    )),
    Promise("bkash/execute, nagad/verify", "money moves once; lost answers are asked about; late money is never lost", (
        "escrow.test_payments: 20_executes_at_once_move_the_money_once_and_answer_the_same",
        "escrow.test_payments: a_lost_answer_is_asked_about_after_1_2_4_8_16_30_and_every_60_seconds",
        "escrow.test_payments: of_one_attempt_there_are_three_executes_and_before_each_a_question",
        "escrow.test_payments: late_money_is_never_lost_and_goes_back",
        "escrow.test_payments: a_second_capture_goes_back_in_full_and_the_first_is_held",
    )),
    Promise("refund, release-escrow", "reserved, looked for before repeated; 48 hours to the millisecond; once", (
        "escrow.test_release_and_refund: a_release_splits_the_gross_and_comes_once",
        "escrow.test_release_and_refund: 48_hours_after_the_job_it_is_released_to_the_millisecond",
        "escrow.test_release_and_refund: no_release_while_a_refund_is_under_way_and_then_it_comes_at_once",
        "escrow.test_release_and_refund: 20_refunds_at_once_never_promise_more_than_was_captured",
        "escrow.test_release_and_refund: a_refund_whose_answer_was_lost_is_looked_for_before_it_is_repeated",
    )),
    Promise("escrow's roles", "404 to strangers, 403 to who knows it; a platform's token opens nothing else", (
        "escrow.test_payments: a_role_that_may_not_learns_nothing_and_changes_nothing",
        "escrow.test_payments: a_token_of_the_platform_opens_nothing_else_and_others_do_not_open_escrow",
    )),
    Promise("escrow's laws", "fourteen, under any order of requests, time, faults and crashes, with two workers", (
        "escrow.test_laws: the_laws_hold_whatever_happens",
        "escrow.test_kill: a_kill_at_any_step_loses_and_doubles_nothing",
    )),
    Promise("reconciliation", "what differs from the providers' books is named", (
        "escrow.test_release_and_refund: the_reconciliation_names_what_differs",
    )),
    # Health and polling
    Promise("GET /api/health, /ready, /live", "three parts; 503 when unhealthy", (
        "contract: health_has_the_three_parts_and_readiness_its_own_word", "payments: health_answers_without_a_key",
        "outages: postgresql_restarted_under_load_loses_no_acknowledged_payment",
    )),
    Promise("GET /metrics", "Prometheus; calls to Bakong, tries of webhooks, the day's remaining calls", (
        "metrics: questions_to_bakong_and_tries_of_webhooks_are_counted_by_what_came_of_them",
        "metrics: what_is_left_of_the_days_calls_is_scraped_as_health_tells_it",
    )),
    Promise("the worker", "batches of 50, single where lists are refused, priorities, leases, growing intervals", (
        "polling: 60_due_payments_are_asked_about_in_two_calls",
        "polling: where_lists_are_refused_each_is_asked_about_alone_and_the_list_is_not_tried_again",
        "polling: high_is_asked_about_before_normal_before_low",
        "polling: two_workers_on_one_database_never_ask_about_a_payment_at_the_same_time",
        "polling: what_a_worker_had_when_it_died_is_taken_up_by_another",
        "payments: the_worker_finds_a_payment_without_being_asked",
    )),
    Promise("100 calls a day", "none past them; what remains is told", (
        "polling: no_call_goes_out_past_the_days_calls_and_they_come_back_at_midnight_in_phnom_penh",
        "polling: every_request_counts_also_those_that_renew_a_token",
        "polling: code_17_stops_the_calls_until_midnight",
    )),
    Promise("401 from Bakong", "renews the token once for all who wait and goes on; what does not help is put off", (
        "payments: an_expired_bakong_token_is_renewed",
        "polling: twenty_refused_questions_renew_the_token_once_for_all",
        "polling: a_storm_of_refusals_does_not_spend_the_days_calls_on_renewals",
    )),
    # Webhooks
    Promise("eleven events", "Standard Webhooks, once each, in order", (
        "events: each_of_the_eleven_events_arrives_once_signed_and_in_order",
    )),
    Promise("retries", "on the schedule, the same webhook-id, each try recorded", (
        "events: a_refused_webhook_comes_again_under_its_id_with_a_new_time_and_each_try_is_recorded",
        "polling: each_try_is_recorded_and_signed_with_both_secrets_under_one_id",
    )),
    Promise("rotation of the secret", "old and new sign during the overlap", (
        "events: while_a_secret_is_rotated_a_receiver_with_either_believes_and_then_only_with_the_new",
    )),
    # Security
    Promise("API keys", "several, made, listed and revoked from the command line", (
        "commands: keys_are_made_listed_and_revoked_while_the_service_runs",
    )),
    Promise("limits and blocks", "100 a minute for each key, exactly; ten wrong keys block for 15 minutes", (
        "contract: past_the_limit_an_answer_says_when_to_come_again_and_ten_wrong_keys_shut_the_address_out",
        "limits: of_500_at_once_exactly_100_pass_and_the_next_100_after_a_minute",
        "limits: after_ten_wrong_keys_the_right_one_is_refused_until_the_block_ends",
        "commands: several_processes_share_one_limit_in_redis",
    )),
    Promise("X-Forwarded-For", "counts only from configured proxies", (
        "guard_parts: a_forwarded_address_counts_only_from_a_trusted_proxy",
        "limits: after_ten_wrong_keys_the_right_one_is_refused_until_the_block_ends",
        "forwarded_for: an_entry_is_read_as_proxies_write_it",
        "forwarded_for: the_first_refusal_behind_a_proxy_that_nobody_trusts_says_what_to_set",
        "forwarded_for: check_config_prints_that_line",
    ), once=True),
    Promise("sealed columns", "AES-256-GCM, key ids, rotation, bound to the row", (
        "sealing: after_a_rotation_the_old_key_is_needed_no_more",
        "operating: secrets_are_changed_with_an_overlap_and_then_the_old_ones_are_gone",
    )),
    Promise("audit log", "who did what, from where", (
        "faults: what_a_key_paid_for_is_in_the_audit_log_with_who_asked",
    )),
    Promise("logs", "three files of JSON lines without secrets; never waited for", (
        "outages: no_log_holds_a_secret_a_token_or_an_account_whatever_is_sent",
        "operating: a_log_that_nobody_reads_stalls_no_request_and_what_is_dropped_is_counted",
    ), once=True),
    Promise("callbacks", "none into private networks, unless the setting allows it", (
        "faults: a_callback_into_a_private_network_is_422_where_the_setting_does_not_allow_it",
        "webhook_transport: a_name_that_resolves_into_a_private_network_is_not_called",
    ), once=True),
    # Orders
    Promise("orders", "items, VAT, withholding tax: the figures of the vectors; sums checked; limits", (
        "orders: every_order_of_the_vectors_comes_to_the_same_figures_over_http_and_when_it_is_read",
        "orders: sums_of_the_client_are_checked_and_never_trusted",
        "orders: what_no_order_can_be_is_422_with_the_field_and_stores_nothing",
        "orders: one_key_and_body_make_one_order",
    )),
    Promise("payment methods", "limits, fees, sealed secrets; what is offered; what checkout chooses", (
        "payment_methods: limits_and_fees_of_the_vectors_hold_over_http",
        "payment_methods: secrets_are_sealed_never_shown_and_audited_as_changed",
        "payment_methods: checkout_takes_the_named_method_or_the_first_offered_and_says_why_there_is_none",
        "payment_methods: what_is_payable_is_compared_and_not_the_total",
        "commands: thai_methods_are_seeded_once",
    )),
    Promise("checkout", "one open payment an order, which comes again; expiry opens the order", (
        "order_payments: an_order_is_checked_out_once_and_its_open_payment_comes_again",
        "order_payments: another_method_or_currency_than_that_of_the_open_payment_is_refused",
        "order_payments: a_payment_expires_and_the_order_can_be_paid_again",
        "order_payments: refresh_asks_the_provider_once_in_5_seconds",
    )),
    Promise("refunds", "lines, an amount, or all that is left; taxes again on what remains", (
        "refunds: all_that_is_left_is_given_back_and_nothing_more",
        "refunds: lines_are_given_back_and_taxes_are_computed_again_on_what_remains",
        "refunds: a_provider_that_gives_nothing_back_is_409",
    )),
    Promise("settlements", "one row a method and day in Bangkok; entries = row; double entry; carried forward", (
        "settlements: a_day_in_bangkok_is_closed_at_midnight_and_what_comes_later_is_of_the_next",
        "settlements: a_payment_of_a_closed_day_that_is_learnt_later_is_a_correction",
        "settlements: what_is_below_zero_is_carried_to_the_next_day_until_it_is_paid",
        "settlements: the_laws_hold_after_a_week_of_random_trade",
    )),
    Promise("merchants", "a key sees its own; a suspended one makes nothing", (
        "orders: a_key_sees_its_own_merchants_orders_payments_and_settlements_alone",
        "orders: a_suspended_merchant_makes_no_orders_and_no_payments",
    )),
    Promise("GET /api/v1/audit-logs", "the seven names; filters; CSV; a page costs the same", (
        "audit_logs: each_step_of_an_order_is_a_line_with_who_asked_and_what_changed",
        "audit_logs: pages_look_through_so_many_lines_and_meet_each_wanted_one_once",
        "audit_logs: lines_come_as_csv_and_json_lines_and_no_cell_is_a_formula",
    )),
    Promise("GET /api/admin/...", "read by a key that opens nothing else; no secret, no sealed column; pages by key", (
        "admin: a_payment_its_subscription_and_its_webhooks_are_read_with_their_history_and_no_secret",
        "admin: pages_meet_each_row_once_whatever_comes_meanwhile", "admin: its_key_reads_and_nothing_else",
        "admin: the_examples_of_every_route_do_what_they_say", "query_plans: no_statement_reads_a_table_whole",
        "polling: each_try_is_recorded_and_signed_with_both_secrets_under_one_id",
        "escrow.test_admin: a_payment_that_is_held_is_read_with_its_double_entry_and_its_refunds",
    )),
    # Storage and settings
    Promise("settings", "missing or weak ones stop the start, each on a line", (
        "commands: what_is_missing_is_named_each_on_a_line_with_how_to_make_it",
        "commands: what_is_weak_or_wrong_is_named_and_no_secret_is_shown",
        "contract: redis_is_named_by_its_url_or_by_host_and_port",
    ), once=True),
    Promise("tables and migrations", "the contract's tables; up and down", (
        "contract: the_database_has_the_tables_of_the_contract",
        "storage: the_migrations_make_the_tables_that_the_code_knows",
        "storage: the_migrations_go_down_to_nothing_and_up_again",
    )),
    Promise("a database of before", "brought up to date; its payments, webhooks, keys and answers go on", (
        "old_database: open_payments_are_paid_and_grant_what_they_buy",
        "old_database: webhooks_under_way_arrive_under_their_ids",
        "old_database: keys_and_answers_of_then_are_good",
    )),
    Promise("retention", "what is over is dropped with age; every other answer stays", (
        "retention: the_worker_cleans_by_itself_and_keeps_what_is_paid",
        "retention: an_export_that_fails_deletes_nothing_and_is_tried_again",
    )),
    Promise("cost and history", "no statement of the worker reads a table whole", (
        "query_plans: no_statement_reads_a_table_whole",
    )),
    Promise("service run, worker, keys, rotate, webhooks, migrate, check-config", "do what they say, as processes", (
        "operating: a_webhook_that_was_given_up_is_listed_and_replayed_by_a_worker_of_its_own",
        "operating: secrets_are_changed_with_an_overlap_and_then_the_old_ones_are_gone",
        "commands: a_production_service_serves_and_ends_cleanly",
        "commands: keys_are_made_listed_and_revoked_while_the_service_runs",
        "commands: the_database_is_migrated_down_and_up_from_the_command_line",
        "commands: check_config_says_what_answers",
        "bakong_probe: the_command_asks_the_bakong_of_the_settings_and_counts_the_call",
    ), once=True),
)  # fmt: skip

FAULTS = (
    Promise("Bakong answers what cannot be a transaction", "garbage, asked again; never stored, never an error", (
        "odd_answers: a_transaction_that_cannot_be_one_is_garbage_alone_and_in_a_list",
        "odd_answers: whatever_is_answered_is_a_report_that_can_be_stored",
        "odd_answers: no_more_is_read_of_an_answer_than_256_kilobytes",
    ), once=True),
    Promise("rows that cannot be read", "set aside, shown, not read again meanwhile, back by themselves", (
        "unreadable_rows: open_payments_that_cannot_be_read_stop_nobody_and_are_granted_once_they_can_be",
        "unreadable_rows: the_routes_of_a_payment_that_cannot_be_read_say_so",
        "unreadable_rows: lists_answer_for_those_that_can_be_read",
        "unreadable_rows: what_is_set_aside_is_not_read_again_before_its_time",
        "unreadable_rows: no_create_fails_for_the_rows_of_another_key",
        "unreadable_rows: it_is_seen_in_health_readiness_and_metrics_and_no_more_when_it_is_back",
        "unreadable_rows: webhooks_that_cannot_be_read_hold_up_no_other_and_are_sent_once_they_can_be",
        "unreadable_rows: subscriptions_that_cannot_be_read_stop_no_other_and_go_on_once_they_can_be",
        "unreadable_rows: an_answer_that_does_not_open_is_not_done_again",
    )),
    Promise("a forgotten ENCRYPTION_KEY", "check-config and start refuse with its id, code 2; nothing is lost", (
        "unreadable_rows: a_forgotten_key_is_named_at_check_config_and_start_in_one_line_with_code_2",
        "unreadable_rows: a_forgotten_key_stops_the_start_and_comes_back_without_a_loss",
        "unreadable_rows: payments_made_while_a_process_lacked_their_key_are_granted_when_it_has_it",
    )),
    Promise("one row that cannot be stored or read", "it alone waits, and `row_failed` is in the log", (
        "row_failures: an_answer_that_cannot_be_stored_leaves_the_other_payments_of_its_batch_paid",
        "row_failures: a_payment_that_does_not_open_leaves_the_others_of_its_batch_paid",
        "row_failures: a_subscription_that_cannot_be_read_stops_neither_the_others_nor_the_polling",
        "row_failures: a_row_that_the_driver_refuses_fails_alone_in_its_commit_group",
    )),
    Promise("kill -9 at every step (`make test-kill`: 200 points on each database)",
            "0 lost, 0 payments changed, the same webhook-id on what comes again", (
        "kill: a_kill_at_any_step_loses_and_doubles_nothing",
    )),
    Promise("a crash before the commit", "0 half rows; the same key makes exactly 1", (
        "faults: a_crash_before_any_write_of_a_payment_leaves_nothing_and_the_key_makes_one",
        "faults: a_crash_before_any_write_of_a_grant_leaves_nothing_and_the_next_try_grants_once",
    )),
    Promise('100 answers "paid", also in another order', "1 transition, 1 period, 1 event", (
        "faults: 100_answers_at_once_are_one_transition_one_period_and_one_event",
        "faults: answers_in_another_order_never_lead_out_of_paid",
    )),
    Promise("16 upgrades at once", "1 open", ("subscriptions: 16_racing_upgrades_leave_one_open",)),
    Promise("one bill paid twice", "1 granted, the second kept and flagged", (
        "faults: a_second_transaction_for_a_paid_code_is_kept_for_a_refund",
        "subscriptions: a_bill_paid_twice_renews_once_and_the_second_payment_renews_the_next",
    )),
    Promise("paid at 14:59.999, at 15:00.000, later", "PAID; EXPIRED, then PAID late; never lost", (
        "faults: the_end_of_a_code_divides_paid_from_late",
        "faults: money_that_comes_after_the_end_is_granted_late_and_was_expired_first",
        "unanswered: it_is_neither_shown_nor_told_as_ended_and_its_money_is_found_unasked",
        "unanswered: a_code_whose_end_nobody_could_answer_is_offered_no_more_and_its_money_still_counts",
    )),
    Promise("one key and body 50 times at once", "1 created, bodies equal", (
        "idempotency: 50_requests_at_once_with_one_key_make_one_payment",
    )),
    Promise("one key, another body", "422, nothing changed", (
        "idempotency: the_same_key_with_another_body_is_422_and_changes_nothing",
    )),
    Promise("the wall +1 h, -1 h, a leap second, summer time", "limiter, expiry and amounts unchanged", (
        "clocks: no_step_of_the_wall_lets_one_more_request_in_or_keeps_one_out",
        "clocks: a_code_ends_at_its_stored_instant_and_no_amount_changes",
        "clocks: a_cycle_is_30_days_of_seconds_wherever_the_host_stands",
        "faults: a_clock_that_jumps_an_hour_expires_by_stored_instants_and_changes_no_amount",
    )),
    Promise("five attacks on 100 a minute, 1 and 4 processes", "100 in the worst minute", (
        "limits: no_attack_gets_more_than_a_hundred_into_a_minute_and_each_gets_a_hundred",
        "limits: no_attack_gets_more_than_a_hundred_past_the_script",
        "limits: four_processes_on_one_redis_let_exactly_a_hundred_in",
        "commands: several_processes_share_one_limit_in_redis",
    ), once=True),
    Promise("Redis restarted under load", "no request fails, degraded, found again within 5 s", (
        "outages: redis_restarted_under_load_costs_no_request",
        "limits: without_redis_each_process_limits_by_itself_and_redis_is_found_again",
    ), once=True),
    Promise("Redis frozen, full, read-only, forbidding", "the limit in each process; health, log and metrics say why", (
        "limiter_degraded: each_process_keeps_the_limit_by_itself_and_says_so_once",
        "limiter_degraded: health_finds_out_before_any_request_does",
        "limiter_degraded: health_log_and_metrics_tell_it",
    ), once=True),
    Promise("more requests at once than connections to Redis", "100 in all, no process counts by itself", (
        "limiter_degraded: more_requests_at_once_than_connections_are_limited_together",
    ), once=True),
    Promise("a flood of addresses past the limiter's bound", "no good key and no bystander refused; each 100", (
        "limiter_bounds: a_flood_of_addresses_costs_a_key_nothing_new_or_known",
        "limiter_bounds: an_address_that_did_nothing_is_let_in_past_the_bound",
        "limiter_bounds: an_address_gets_no_second_limit_by_a_flood",
        "limiter_bounds: guessers_from_many_networks_leave_the_main_backend_its_hundred",
    ), once=True),
    Promise("PostgreSQL restarted under load", "503 and Retry-After, 0 acknowledged lost, back within 10 s", (
        "outages: postgresql_restarted_under_load_loses_no_acknowledged_payment",
    ), once=True),
    Promise("database frozen, locked, silent or out of connections", "503 in time; no order lost, none twice", (
        "frozen_database: everybody_is_answered_in_time_and_each_order_is_one_payment_afterwards",
        "frozen_database: a_routine_that_was_woken_while_its_database_was_away_comes_back",
        "frozen_database: nothing_is_stored_of_who_gave_up_while_the_writer_was_stuck",
        "frozen_database: a_server_that_says_nothing_is_given_up_in_time",
        "frozen_database: a_pool_whose_every_connection_is_in_use_is_given_up_in_time",
        "frozen_database: a_request_has_one_deadline_for_all_its_transactions",
        "frozen_database: a_key_that_could_not_be_looked_up_is_503_and_counts_against_nobody",
    ), once=True),
    Promise("database that cannot be written", "creates and readiness 503; asking grows nothing", (
        "readiness: sqlite_whose_files_may_not_grow_is_not_ready",
        "readiness: postgresql_that_takes_no_writes_is_not_ready_and_goes_on_when_it_does",
        "readiness: postgresql_whose_disk_is_full_is_not_ready",
        "readiness: asking_grows_nothing_in_sqlite",
        "readiness: asking_grows_nothing_in_postgresql",
    ), once=True),
    Promise("log disk full", "whole lines, counted, told when there is room again", (
        "whole_lines: a_full_log_disk_costs_no_request_and_tears_no_line",
        "whole_lines: wherever_the_disk_ends_the_file_holds_whole_lines_and_the_rest_is_counted",
        "whole_lines: a_log_says_how_many_lines_it_lost_when_there_is_room_again",
    ), once=True),
    Promise("disk full, 4 MB", "503; integrity_check is ok", (
        "outages: a_full_disk_is_503_and_the_database_stays_whole",
    ), once=True),
    Promise("300 clients that drip", "closed after 10 s; others are answered meanwhile", (
        "outages: 300_clients_that_drip_are_closed_and_stand_in_nobodys_way",
    ), once=True),
    Promise("a body of 64 kB and 1", "413, less than 5 MB more resident", (
        "outages: a_body_one_byte_too_long_is_refused_before_it_is_held",
    ), once=True),
    Promise("nesting, NaN, duplicate keys, no UTF-8", "400 or 422, never 500", (
        "guard_parts: what_is_no_strict_json_is_refused_with_the_reason",
        "payments: bad_input_is_a_problem_document_that_says_what_is_wrong",
    )),
    Promise("CR, LF, NUL in URL, name, headers", "422, or 400 by the parser", (
        "payments: bad_input_is_a_problem_document_that_says_what_is_wrong",
        "contract: an_app_of_another_form_is_422",
        "outages: what_is_no_request_is_a_problem_and_the_end_of_the_connection",
    )),
    Promise("webhooks to private addresses, rebinding, redirects", "refused; never followed", (
        "faults: a_callback_into_a_private_network_is_422_where_the_setting_does_not_allow_it",
        "webhook_transport: the_address_that_was_judged_is_asked_for_once_so_a_rebinding_name_gains_nothing",
        "webhook_transport: a_redirect_is_no_delivery_and_is_not_followed",
    ), once=True),
    Promise("the time of a key check", "|t| < 4.5 over 10^5 samples (campaign)", (
        "keys: the_time_of_a_key_check_tells_nothing_of_the_key",
    ), once=True),
    Promise("ten wrong keys", "blocked until the block ends; others not; a forged header changes nothing", (
        "limits: ten_wrong_keys_block_the_address_for_15_minutes_and_no_other",
        "limits: after_ten_wrong_keys_the_right_one_is_refused_until_the_block_ends",
        "contract: past_the_limit_an_answer_says_when_to_come_again_and_ten_wrong_keys_shut_the_address_out",
    )),
    Promise("forged, changed, confused tokens", "none of them is taken, and none is 500; ten shut the address out", (
        "tokens: no_token_is_taken_without_the_right_signature_of_the_right_kind",
        "tokens: claims_of_a_good_signature_are_held_to_issuer_audience_and_time_exactly",
        "tokens: no_changed_token_is_ever_taken_or_an_internal_error",
        "tokens: ten_forged_tokens_shut_the_address_out_and_expired_ones_do_not",
        "tokens: keys_of_the_issuer_verify_what_they_are_for_alone",
    ), once=True),
    Promise("wrong passwords and secrets", "an unknown name costs one argon2 check, too; ten shut the address out", (
        "users: an_unknown_name_costs_and_is_answered_what_a_wrong_password_is",
        "users: ten_wrong_passwords_shut_the_address_out_as_wrong_keys_do",
        "oauth2: ten_wrong_secrets_shut_the_address_out", "oauth2: no_form_is_ever_an_internal_error",
    )),
    Promise("a flipped bit in a sealed column", "does not open; rotation leaves 0 in clear", (
        "sealing: no_flipped_bit_of_nonce_ciphertext_or_tag_opens", "sealing: what_was_sealed_opens_for_its_row_alone",
        "sealing: after_a_rotation_the_old_key_is_needed_no_more", "sealing: the_files_hold_no_account_in_clear",
    )),
    Promise("secrets in databases, logs, output", "0, looked for after every test of the service", (
        "secrecy: a_planted_word_is_found_in_a_database_file_a_log_and_what_a_process_prints",
        "secrecy: a_planted_word_is_found_in_any_table_of_postgresql",
        "secrecy: what_a_sandbox_draws_and_what_keys_make_prints_is_known_from_then_on",
        "outages: no_log_holds_a_secret_a_token_or_an_account_whatever_is_sent",
    ), once=True),
    Promise("Bakong hangs, breaks, answers nonsense", "never back from PAID; back-off; no call past the budget", (
        "payments: a_payment_outlives_a_bakong_that_hangs_and_breaks",
        "polling: a_silent_bakong_is_left_alone_for_a_while_and_then_tried_with_one_question",
        "polling: no_call_goes_out_past_the_days_calls_and_they_come_back_at_midnight_in_phnom_penh",
    )),
    Promise("one provider hangs for an hour", "another is asked at the same moments as without it", (
        "providers: a_provider_that_hangs_for_an_hour_does_not_delay_the_questions_to_another",
    ), once=True),
    Promise("kill -9 after an event was answered", "another worker asks about it", (
        "providers: an_event_that_was_answered_is_not_lost_with_its_process",
    )),
    Promise("main backends that are slow or hang", "no question late, no other receiver waits; a stop takes 5 s", (
        "delivery: 20_receivers_that_take_a_second_delay_neither_bakong_nor_another_receiver",
        "delivery: with_30_receivers_that_hang_15_seconds_every_later_payer_is_granted_within_seconds",
        "delivery: behind_10000_webhooks_for_a_host_that_hangs_one_for_another_host_leaves_at_once",
        "delivery: a_host_that_does_not_answer_is_left_alone_then_probed_and_nothing_is_lost_or_doubled",
        "delivery: a_stop_waits_a_bounded_time_and_gives_back_what_it_has_not_begun",
        "delivery: a_stop_gives_back_the_questions_that_bakong_was_not_asked",
        "delivery: two_workers_with_a_main_backend_that_hangs_ask_bakong_and_double_nothing",
    )),
    Promise("standard output that nobody reads", "no request stalls; what is dropped is counted", (
        "operating: a_log_that_nobody_reads_stalls_no_request_and_what_is_dropped_is_counted",
        "stdout_writer: a_pipe_that_nobody_reads_holds_up_nobody_and_what_finds_no_room_is_counted",
    ), once=True),
    Promise("12 checkouts of one order at once, and in two processes", "one payment, the same answer", (
        "order_payments: checkouts_at_once_make_one_payment_and_give_all_the_same",
        "order_payments: two_processes_that_check_out_at_once_make_one_payment",
    )),
    Promise("a provider that does not answer checkout or refund", "made once, given back once, by the same key", (
        "order_payments: the_row_is_written_before_the_provider_is_asked_and_made_again_with_the_same_key",
        "order_payments: what_no_caller_repeats_the_worker_makes_again",
        "refunds: one_key_gives_back_once_also_where_the_answer_was_lost",
    )),
    Promise("an order paid late, wrongly, or twice", "late and reviewed; nothing completed; the second given back", (
        "order_payments: a_late_payment_is_never_dropped_and_the_policy_decides",
        "order_payments: an_amount_that_differs_by_a_satang_completes_nothing",
        "order_payments: an_order_that_two_payments_pay_keeps_the_first_and_the_second_is_given_back",
    )),
    Promise("webhooks and polls of one payment together", "completed once, entered once", (
        "order_payments: webhooks_and_polls_together_complete_it_once",
    )),
    Promise("7 refunds at once", "never more than was captured", (
        "refunds: refunds_at_once_never_give_back_more_than_was_captured",
        "refunds: two_admins_who_give_all_back_at_once",
    )),
)  # fmt: skip
