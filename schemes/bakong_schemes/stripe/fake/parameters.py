"""The parameters of each operation: those that the fake acts on, and those that Stripe knows and it only takes.

What is in neither is refused with parameter_unknown. Names as Stripe's own clients have them.
"""

from typing import NamedTuple

from bakong_schemes.stripe.fake.shapes import EVIDENCE


class Known(NamedTuple):
    """acted: what has an effect here. taken: accepted with a warning, and echoed where the object has the field."""

    acted: frozenset[str]
    taken: frozenset[str] = frozenset()


def _known(acted: str, taken: str = "") -> Known:
    return Known(frozenset(acted.split()) | {"expand"}, frozenset(taken.split()))


_PAGE = "limit starting_after ending_before"
_INTENT = (
    "amount currency capture_method customer description metadata payment_method payment_method_data"
    " payment_method_options receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix"
)
_INTENT_TAKEN = (
    "allowed_payment_method_types amount_details application_fee_amount customer_account"
    " excluded_payment_method_types hooks payment_details payment_method_configuration transfer_data transfer_group"
)
_OTHER_METHODS = (
    "acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit bancontact billie bizum blik"
    " boleto cashapp crypto custom customer_balance eps fpx giropay grabpay ideal interac_present kakao_pay klarna"
    " konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow"
    " paypal paypay payto pix promptpay revolut_pay samsung_pay satispay scalapay sepa_debit sequra sofort sunbit swish"
    " twint upi us_bank_account wechat_pay zip"
)

PARAMETERS: dict[str, Known] = {
    "payment_intents.create": _known(
        f"{_INTENT} automatic_payment_methods confirm confirmation_method error_on_requires_action off_session"
        " payment_method_types return_url use_stripe_sdk",
        f"{_INTENT_TAKEN} confirmation_token mandate mandate_data on_behalf_of radar_options",
    ),
    "payment_intents.retrieve": _known("client_secret"),
    "payment_intents.update": _known(f"{_INTENT} payment_method_types", _INTENT_TAKEN),
    "payment_intents.list": _known(f"{_PAGE} created customer", "customer_account"),
    "payment_intents.confirm": _known(
        "capture_method client_secret error_on_requires_action off_session payment_method payment_method_data"
        " payment_method_options payment_method_types receipt_email return_url setup_future_usage shipping"
        " use_stripe_sdk",
        "allowed_payment_method_types amount_details amount_to_confirm confirmation_token"
        " excluded_payment_method_types hooks mandate mandate_data payment_details radar_options",
    ),
    "payment_intents.capture": _known(
        "amount_to_capture metadata statement_descriptor statement_descriptor_suffix",
        "amount_details application_fee_amount final_capture hooks payment_details transfer_data",
    ),
    "payment_intents.cancel": _known("cancellation_reason"),
    "payment_methods.create": _known(
        "type card billing_details metadata allow_redisplay",
        f"customer payment_method radar_options {_OTHER_METHODS}",
    ),
    "payment_methods.retrieve": _known(""),
    "payment_methods.update": _known("billing_details card metadata allow_redisplay", "us_bank_account"),
    "payment_methods.list": _known(f"{_PAGE} customer type", "allow_redisplay customer_account"),
    "payment_methods.attach": _known("customer", "customer_account"),
    "payment_methods.detach": _known(""),
    "charges.retrieve": _known(""),
    "charges.update": _known("description metadata receipt_email shipping fraud_details", "customer transfer_group"),
    "charges.list": _known(f"{_PAGE} created customer payment_intent", "transfer_group"),
    "refunds.create": _known(
        "amount charge payment_intent reason metadata instructions_email",
        "currency customer origin refund_application_fee reverse_transfer",
    ),
    "refunds.retrieve": _known(""),
    "refunds.update": _known("metadata"),
    "refunds.list": _known(f"{_PAGE} charge created payment_intent"),
    "refunds.cancel": _known(""),
    "customers.create": _known(
        "address description email metadata name phone preferred_locales shipping payment_method tax_exempt",
        "balance business_name cash_balance individual_name invoice_prefix invoice_settings next_invoice_sequence"
        " source tax tax_id_data test_clock validate",
    ),
    "customers.retrieve": _known(""),
    "customers.update": _known(
        "address description email metadata name phone preferred_locales shipping tax_exempt",
        "balance business_name cash_balance default_source individual_name invoice_prefix invoice_settings"
        " next_invoice_sequence source tax validate",
    ),
    "customers.delete": _known(""),
    "customers.list": _known(f"{_PAGE} created email", "test_clock"),
    "customers.payment_methods": _known(f"{_PAGE} type", "allow_redisplay"),
    "checkout.sessions.create": _known(
        "mode line_items success_url cancel_url return_url customer customer_email client_reference_id metadata"
        " payment_intent_data expires_at payment_method_types ui_mode locale currency after_expiration submit_type",
        "adaptive_pricing allow_promotion_codes allowed_payment_method_types automatic_tax billing_address_collection"
        " branding_settings consent_collection custom_fields custom_text customer_account customer_creation"
        " customer_update discounts excluded_payment_method_types integration_identifier invoice_creation"
        " managed_payments name_collection optional_items origin_context payment_method_collection"
        " payment_method_configuration payment_method_data payment_method_options permissions phone_number_collection"
        " redirect_on_completion saved_payment_method_options setup_intent_data shipping_address_collection"
        " shipping_options subscription_data tax_id_collection wallet_options",
    ),
    "checkout.sessions.retrieve": _known(""),
    "checkout.sessions.update": _known(
        "metadata", "collected_information line_items payment_intent_data shipping_options"
    ),
    "checkout.sessions.list": _known(
        f"{_PAGE} created customer payment_intent status",
        "customer_account customer_details payment_link subscription",
    ),
    "checkout.sessions.expire": _known(""),
    "checkout.sessions.line_items": _known(_PAGE),
    "webhook_endpoints.create": _known("url enabled_events description metadata api_version", "connect"),
    "webhook_endpoints.retrieve": _known(""),
    "webhook_endpoints.update": _known("url enabled_events description metadata disabled"),
    "webhook_endpoints.delete": _known(""),
    "webhook_endpoints.list": _known(_PAGE),
    "disputes.retrieve": _known(""),
    "disputes.update": _known("evidence metadata submit", "intended_submission_method"),
    "disputes.list": _known(f"{_PAGE} charge created payment_intent"),
    "disputes.close": _known(""),
    "events.retrieve": _known(""),
    "events.list": _known(f"{_PAGE} created type types", "delivery_success"),
    "balance.retrieve": _known(""),
    "balance_transactions.retrieve": _known(""),
    "balance_transactions.list": _known(f"{_PAGE} created currency source type", "payout"),
    "tokens.create": _known("card", "account bank_account customer cvc_update person pii"),
    "tokens.retrieve": _known(""),
}

_ADDRESS = frozenset({"city", "country", "line1", "line2", "postal_code", "state"})
_BILLING = frozenset({"address", "email", "name", "phone", "tax_id"})
_SHIPPING = frozenset({"address", "carrier", "name", "phone", "tracking_number"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of the parameters that are objects, the names within, of all the operations that have one; those of lists are of
# their rows. What has no entry is taken as it is.
WITHIN: dict[str, frozenset[str]] = {
    "address": _ADDRESS,
    "after_expiration": _words("recovery"),
    "after_expiration.recovery": _words("allow_promotion_codes enabled"),
    "automatic_payment_methods": _words("allow_redirects enabled"),
    "billing_details": _BILLING,
    "billing_details.address": _ADDRESS,
    "card": _words(
        "address_city address_country address_line1 address_line2 address_state address_zip currency cvc exp_month"
        " exp_year name networks number token"
    ),
    "card.networks": _words("preferred"),
    "created": _words("gt gte lt lte"),
    "evidence": frozenset(EVIDENCE) | {"appeal"},
    "fraud_details": _words("user_report"),
    "line_items": _words("adjustable_quantity metadata price price_data quantity tax_rates"),
    "line_items.adjustable_quantity": _words("enabled maximum minimum"),
    "line_items.price_data": _words(
        "currency product product_data recurring tax_behavior unit_amount unit_amount_decimal"
    ),
    "line_items.price_data.product_data": _words("description images metadata name tax_code tax_details unit_label"),
    "line_items.price_data.product_data.tax_details": _words("performance_location tax_code"),
    "line_items.price_data.recurring": _words("interval interval_count"),
    "payment_intent_data": _words(
        "application_fee_amount capture_method description metadata on_behalf_of receipt_email setup_future_usage"
        " shipping statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
    ),
    "payment_intent_data.shipping": _SHIPPING,
    "payment_intent_data.shipping.address": _ADDRESS,
    "payment_intent_data.transfer_data": _words("amount destination"),
    "payment_method_data": _words(f"allow_redisplay billing_details card metadata radar_options type {_OTHER_METHODS}")
    - _words("custom"),
    "payment_method_data.billing_details": _BILLING,
    "payment_method_data.billing_details.address": _ADDRESS,
    "payment_method_options": _words(f"card card_present {_OTHER_METHODS}") - _words("custom"),
    "payment_method_options.card": _words(
        "capture_method cvc_token installments mandate_options moto network request_extended_authorization"
        " request_incremental_authorization request_multicapture request_overcapture request_three_d_secure"
        " require_cvc_recollection setup_credential_usage setup_future_usage statement_descriptor_suffix_kana"
        " statement_descriptor_suffix_kanji stored_credential_usage three_d_secure"
    ),
    "payment_method_options.card.installments": _words("enabled plan"),
    "payment_method_options.card.installments.plan": _words("count interval type"),
    "payment_method_options.card.mandate_options": _words(
        "amount amount_type description end_date interval interval_count reference start_date supported_types"
    ),
    "payment_method_options.card.three_d_secure": _words(
        "ares_trans_status cryptogram electronic_commerce_indicator exemption_indicator network_options"
        " requestor_challenge_indicator transaction_id version"
    ),
    "payment_method_options.card.three_d_secure.network_options": _words("cartes_bancaires"),
    "payment_method_options.card.three_d_secure.network_options.cartes_bancaires": _words(
        "cb_avalgo cb_exemption cb_score"
    ),
    "shipping": _SHIPPING,
    "shipping.address": _ADDRESS,
}
