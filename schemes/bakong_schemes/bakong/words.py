"""The words of Bakong's scripts. Tests hold them to the tables of its API and to what its fake plays."""

from bakong_scenarios import AccountForm, SchemeWords, State
from bakong_scenarios.vocabulary import Parameter

WORDS = SchemeWords(
    name="bakong",
    steps=(State.UNPAID, State.PAID, State.FAILED, State.REFUNDED, State.HIDDEN),
    endpoints=(
        "request_token",
        "verify",
        "renew_token",
        "generate_deeplink_by_qr",
        "check_transaction_by_md5",
        "check_transaction_by_hash",
        "check_transaction_by_short_hash",
        "check_transaction_by_instruction_ref",
        "check_transaction_by_external_ref",
        "check_transaction_by_md5_list",
        "check_transaction_by_hash_list",
        "check_bakong_account",
    ),
    checks=(
        "check_transaction_by_md5",
        "check_transaction_by_hash",
        "check_transaction_by_short_hash",
        "check_transaction_by_instruction_ref",
        "check_transaction_by_external_ref",
        "check_transaction_by_md5_list",
        "check_transaction_by_hash_list",
    ),
    refusals=(
        "unauthorized",
        "unauthorized-200",
        "token-invalid",
        "daily-quota",
        "not-found",
        "failed",
        "static-qr",
        "missing-fields",
        "cannot-connect",
        "deeplink-provider",
        "email-server-down",
        "not-registered",
        "account-not-found",
        "account-invalid",
    ),
    # Those that the Open API's document allows, and no other.
    tracking=("RECEIVE_AT_ACH", "RECEIVE_AT_RECEIVER_BANK", "ACKNOWLEDGED_BY_FI", "REFUNDED_BY_RECEIVER"),
    currencies=("KHR", "USD"),
    pages=("envelope",),  # the API's own shape, with its code for what cannot be reached
    own_faults={
        # The answer is JSON, and not of the shape that was agreed.
        "wrong_schema": {
            "as": Parameter(
                "text",
                "amount_as_text",
                (
                    "amount_as_text",
                    "data_as_list",
                    "data_missing",
                    "codes_as_text",
                    "nulls",
                    "not_an_object",
                    "success_empty",
                    "success_null",
                    "success_missing",
                    "amount_unsaid",
                    "currency_unsaid",
                    "account_unsaid",
                ),
            )
        },
        # Keys twice in one object, the second with another value: parsers differ in which one they believe.
        "duplicate_keys": {"second": Parameter("text", "wrong", ("wrong", "same"))},
        # Each row of a list has this status, as of a service behind the API that is down.
        "row_status": {"is": Parameter("text", "SERVICE_FAILED", ("SERVICE_FAILED",))},
        # The times within the answer are off by so much, as of a server whose clock is wrong.
        "skew": {"by": Parameter("shift", 300_000)},
    },
    utc_offset_ms=7 * 3_600_000,  # Phnom Penh, the whole year
    account=AccountForm(r"(?=.{3,32}\Z)[^@\s]{1,30}@[^@\s]{1,30}", "name@bank"),
)
