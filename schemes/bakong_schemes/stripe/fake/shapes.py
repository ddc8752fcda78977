"""The API's objects as they are when new: every key that Stripe sends, null where there is nothing.

An object is kept as it is shown. What is nested in it is never changed in place, only replaced.
"""

from typing import Any

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake.records import Json

ADDRESS: Json = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
BILLING: Json = {"address": ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
INTENT_OPTIONS: Json = {
    "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
}


def payment_intent(id_: str, created: int, secret: str, **given: Any) -> Json:
    return {
        "id": id_,
        "object": "payment_intent",
        "amount": 0,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{id_}_secret_{secret}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": "usd",
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": INTENT_OPTIONS,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        **given,
    }


def card_checks(card: wire.TestCard) -> Json:
    return {
        "address_line1_check": card.line1,
        "address_postal_code_check": card.postal,
        "cvc_check": card.cvc,
    }


def payment_method(
    id_: str, created: int, card: wire.TestCard, number: str, expiry: tuple[int, int], print_: str, **given: Any
) -> Json:
    return {
        "id": id_,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": BILLING,
        "card": {
            "brand": card.brand,
            "checks": card_checks(card),
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": expiry[0],
            "exp_year": expiry[1],
            "fingerprint": print_,
            "funding": card.funding,
            "generated_from": None,
            "last4": number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": created,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        **given,
    }


def charge(id_: str, created: int, intent: Json, method: Json, **given: Any) -> Json:
    """A charge that went well; `given` says what is otherwise."""
    return {
        "id": id_,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": (intent["statement_descriptor_suffix"] or "SANDBOX").upper()[:22],
        "captured": True,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "destination": None,
        "dispute": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "invoice": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "order": None,
        "outcome": None,
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": None,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
        **given,
    }


def outcome(card: wire.TestCard, decline: wire.Decline | None) -> Json:
    """What the network and Radar made of a charge."""
    is_blocked = decline is not None and card.risk == "highest"
    score = {"normal": 20, "elevated": 67, "highest": 92}[card.risk]
    if decline is None:
        told: Json = {"network_status": "approved_by_network", "reason": None, "type": "authorized"}
        told |= {"seller_message": "Payment complete."}
    elif is_blocked:
        told = {"network_status": "not_sent_to_network", "reason": "highest_risk_level", "type": "blocked"}
        told |= {"seller_message": "Stripe blocked this payment as too risky."}
    else:
        reason = decline.decline_code or decline.code
        told = {"network_status": "declined_by_network", "reason": reason, "type": "issuer_declined"}
        told |= {"seller_message": f"The bank returned the decline code `{reason}`."}
    return {
        "advice_code": decline.advice if decline else None,
        "network_advice_code": None,
        "network_decline_code": decline.network if decline else None,
        "risk_level": card.risk,
        "risk_score": score,
        **told,
    }


def card_details(method: Json, amount: int, *, authenticated: bool, capture_before: int | None = None) -> Json:
    """A charge's payment_method_details."""
    card = method["card"]
    same = {name: card[name] for name in ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint")}
    secure = {"authentication_flow": "challenge", "result": "authenticated", "result_reason": None, "version": "2.2.0"}
    details = {
        "amount_authorized": amount,
        "authorization_code": "123456",
        **same,
        "extended_authorization": {"status": "disabled"},
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": secure if authenticated else None,
        "wallet": None,
    }
    if capture_before is not None:
        details["capture_before"] = capture_before
    return {"card": details, "type": "card"}


def refund(id_: str, created: int, charge_: Json, amount: int, **given: Any) -> Json:
    return {
        "id": id_,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge_["id"],
        "created": created,
        "currency": charge_["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": {},
        "payment_intent": charge_["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        **given,
    }


def balance_transaction(
    id_: str, created: int, amount: int, currency: str, fee: int, available_on: int, **given: Any
) -> Json:
    told = {"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees"}
    return {
        "id": id_,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [{**told, "type": "stripe_fee"}] if fee else [],
        "net": amount - fee,
        "reporting_category": "charge",
        "source": None,
        "status": "pending",
        "type": "charge",
        **given,
    }


def customer(id_: str, created: int, prefix: str, **given: Any) -> Json:
    return {
        "id": id_,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **given,
    }


_SESSION_NULLS = (
    *("adaptive_pricing", "after_expiration", "allow_promotion_codes", "billing_address_collection"),
    *("branding_settings", "client_secret", "collected_information", "consent", "consent_collection"),
    *("currency_conversion", "customer_account", "customer_creation", "customer_details", "discounts"),
    *("excluded_payment_method_types", "integration_identifier", "invoice", "invoice_creation", "name_collection"),
    *("optional_items", "origin_context", "payment_link", "payment_method_collection"),
    *("payment_method_configuration_details", "permissions", "presentment_details", "recovered_from"),
    *("redirect_on_completion", "return_url", "saved_payment_method_options", "setup_intent"),
    *("shipping_address_collection", "shipping_cost", "submit_type", "subscription", "wallet_options"),
)


def session(id_: str, created: int, **given: Any) -> Json:
    return {
        "id": id_,
        "object": "checkout.session",
        **dict.fromkeys(_SESSION_NULLS),
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": None,
        "client_reference_id": None,
        "created": created,
        "currency": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": None,
        "customer_email": None,
        "expires_at": 0,
        "livemode": False,
        "locale": None,
        "metadata": {},
        "mode": "payment",
        "payment_intent": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "success_url": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
        **given,
    }


def price(id_: str, product: str, created: int, currency: str, unit_amount: int) -> Json:
    return {
        "id": id_,
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }


def line_item(id_: str, price_: Json, description: str, quantity: int) -> Json:
    total = price_["unit_amount"] * quantity
    return {
        "id": id_,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price_["currency"],
        "description": description,
        "metadata": {},
        "price": price_,
        "quantity": quantity,
    }


def webhook_endpoint(id_: str, created: int, url: str, events: list[str], **given: Any) -> Json:
    return {
        "id": id_,
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": created,
        "description": None,
        "enabled_events": events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        **given,
    }


_EVIDENCE = (
    *("access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name"),
    *("customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation"),
    *("duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
    *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier"),
    *("shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file"),
    "uncategorized_text",
)
EVIDENCE: Json = {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}}


def dispute(id_: str, created: int, charge_: Json, amount: int, due_by: int, **given: Any) -> Json:
    return {
        "id": id_,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge_["id"],
        "created": created,
        "currency": charge_["currency"],
        "enhanced_eligibility_types": [],
        "evidence": EVIDENCE,
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge_["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge_["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network_reason_code": "10",
            },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": "needs_response",
        **given,
    }


def token(id_: str, created: int, method: Json, card_id: str) -> Json:
    card = method["card"]
    same = {name: card[name] for name in ("country", "exp_month", "exp_year", "fingerprint", "funding", "last4")}
    nulls = (
        *("address_city", "address_country", "address_line1", "address_line1_check", "address_line2", "address_state"),
        *("address_zip", "address_zip_check", "dynamic_last4", "name", "tokenization_method", "wallet"),
    )
    return {
        "id": id_,
        "object": "token",
        "card": {
            "id": card_id,
            "object": "card",
            **dict.fromkeys(nulls),
            **same,
            "brand": card["brand"].title(),
            "cvc_check": "unchecked",
            "metadata": {},
            "networks": {"preferred": None},
            "regulated_status": "unregulated",
        },
        "client_ip": None,
        "created": created,
        "livemode": False,
        "type": "card",
        "used": False,
    }


def balance(totals: dict[str, tuple[int, int]]) -> Json:
    """totals: by currency, what is available and what is pending."""

    def rows(at: int) -> list[Json]:
        return [
            {"amount": both[at], "currency": currency, "source_types": {"card": both[at]}}
            for currency, both in sorted(totals.items())
        ]

    return {"object": "balance", "available": rows(0), "livemode": False, "pending": rows(1)}
