"""The tables of Stripe's API, which fake and adapter both read: hosts, test cards, declines, currencies, signature.

Where each is from, and how sure that is: README.md beside this file.
"""

from typing import NamedTuple

NAME = "stripe"
PREFIX = "/stripe"
API_HOST = "api.stripe.com"
HOSTS = (API_HOST,)
VERSION = "2026-10-28.endive"
ERROR_PAGE = "https://stripe.com/docs/error-codes/"
SIGNATURE = "Stripe-Signature"
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
TOLERANCE_S = 300  # of the verifiers in Stripe's clients

# What stands below /v1 at the sandbox's root too, beside Bakong's endpoints.
ROOT = (
    *("payment_intents", "charges", "refunds", "customers", "payment_methods", "checkout", "events"),
    *("webhook_endpoints", "balance", "balance_transactions", "disputes", "tokens", "test_helpers"),
)
# What Stripe has beyond the sandbox's slice: at the root, such a call gets Stripe's answer to an unknown address too.
BEYOND = (
    *("account", "account_links", "account_sessions", "accounts", "application_fees", "apple_pay", "billing"),
    *("billing_portal", "climate", "confirmation_tokens", "country_specs", "coupons", "credit_notes", "crypto"),
    *("customer_sessions", "entitlements", "ephemeral_keys", "exchange_rates", "external_accounts", "file_links"),
    *("files", "financial_connections", "forwarding", "identity", "invoice_payments", "invoice_rendering_templates"),
    *("invoiceitems", "invoices", "issuing", "mandates", "payment_links", "payment_method_configurations"),
    *("payment_method_domains", "payment_records", "payouts", "plans", "prices", "products", "promotion_codes"),
    *("quotes", "radar", "reporting", "reviews", "setup_attempts", "setup_intents", "shipping_rates", "sigma"),
    *("sources", "subscription_items", "subscription_schedules", "subscriptions", "tax", "tax_codes", "tax_ids"),
    *("tax_rates", "terminal", "topups", "transfers", "treasury"),
)

SECOND_MS, DAY_MS = 1_000, 86_400_000
CHARGE_UPDATED_MS = 2_000  # until the balance transaction is there
REFERENCE_MS = 1_000  # until the bank's reference of a refund is there
REFUND_MS = 60_000  # until a refund that is pending, or that fails later, has ended
DISPUTE_MS = 1_000
INQUIRY_MS = 4_000  # warning_under_review before it becomes a chargeback
EVIDENCE_MS = 7 * DAY_MS
HOLD_MS = 7 * DAY_MS
AVAILABLE_MS = 2 * DAY_MS
IDEMPOTENCY_MS = DAY_MS
ROLL_MS = DAY_MS
EVENTS_MS = 30 * DAY_MS
SESSION_MS, MIN_SESSION_MS = DAY_MS, 1_800_000

PAGE_SIZE, MAX_PAGE_SIZE = 10, 100
MAX_EXPAND = 4
MAX_KEY = 255  # characters of an idempotency key
MAX_METADATA, MAX_METADATA_KEY, MAX_METADATA_VALUE = 50, 40, 500
MAX_AMOUNT = 99_999_999
MAX_ENDPOINTS = 16
MAX_EVENTS, MAX_KEYS, MAX_WARNINGS = 10_000, 20_000, 100  # of a world, the newest
RETRIES_TEST_S = (300, 1_800, 7_200)
RETRIES_LIVE_S = (300, 1_800, 7_200, 18_000, 36_000, *(43_200,) * 4)
ACCOUNT_LIMIT, ENDPOINT_LIMIT, LIMIT_WINDOW_MS = 25, 25, 1_000

FEE_PER_MILLE = 29  # 2.9 %, of tenths of a percent
DISPUTE_FEE = 1_500  # cents, of 50 that are the minimum


# Currencies. Amounts are in Stripe's minor units, which for riel are not the kernel's.

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
MINIMUM: dict[str, int] = {
    **dict.fromkeys(("usd", "eur", "aud", "cad", "chf", "nzd", "sgd", "brl", "jpy"), 50),
    "gbp": 30,
    "hkd": 400,
    "dkk": 250,
    "nok": 300,
    "sek": 300,
    "mxn": 1_000,
    "czk": 1_500,
    "huf": 17_500,
    **dict.fromkeys(("pln", "ron", "myr", "aed"), 200),
    "thb": 1_000,
    # Without an entry at Stripe: 0.50 USD at a fixed rate, a guess.
    "khr": 200_000,
    "bdt": 6_000,
    "ngn": 75_000,
    "inr": 4_000,
    "php": 2_800,
    "idr": 800_000,
    "twd": 1_600,
    "kes": 6_500,
    "ghs": 600,
    "zar": 900,
    "cny": 350,
    "krw": 700,
    "vnd": 12_500,
    "xof": 300,
}
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "thb": "฿"}


def decimals(currency: str) -> int:
    """Of a currency's amounts at Stripe: KHR has two.

    >>> decimals("khr"), decimals("jpy"), decimals("usd")
    (2, 0, 2)
    """
    return 0 if currency in ZERO_DECIMAL else 2


def amount_text(amount: int, currency: str, *, code: bool = False) -> str:
    """An amount as messages write it.

    >>> amount_text(1001, "usd"), amount_text(400000, "khr"), amount_text(50, "usd", code=True)
    ('$10.01', '4000.00 KHR', '$0.50 usd')
    """
    text = str(amount) if decimals(currency) == 0 else f"{amount // 100}.{amount % 100:02d}"
    if currency in SYMBOLS:
        return f"{SYMBOLS[currency]}{text} {currency}" if code else f"{SYMBOLS[currency]}{text}"
    return f"{text} {currency}" if code else f"{text} {currency.upper()}"


def fee_of(amount: int, currency: str) -> int:
    """2.9 % half up, and 30 cents, or as much of the currency's minimum; never more than the amount.

    >>> fee_of(2000, "usd"), fee_of(50, "usd")
    (88, 31)
    """
    fixed = MINIMUM[currency] * 30 // 50
    return min(amount, (2 * amount * FEE_PER_MILLE + 1_000) // 2_000 + fixed)


# Cards of the test mode.


class TestCard(NamedTuple):
    """A card, and what becomes of charges with it.

    decline: a name of DECLINES, or "". attaches: whether a customer may have it. authentication: required, setup (not
    off session once it was set up), on_session (never off session), optional (only if asked for), or "".
    after: what follows a charge; see AFTER. cvc, line1, postal: the checks' results.
    """

    number: str
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: str = ""
    attaches: bool = True
    authentication: str = ""
    after: str = ""
    cvc: str = "pass"
    line1: str | None = None
    postal: str | None = None
    risk: str = "normal"


def _declines(number: str, decline: str) -> TestCard:
    return TestCard(number, decline=decline, attaches=False)


def _asks(number: str, authentication: str, decline: str = "") -> TestCard:
    return TestCard(number, decline=decline, authentication=authentication)


# By the name after pm_card_ and tok_.
CARDS: dict[str, TestCard] = {
    "visa": TestCard("4242424242424242"),
    "visa_debit": TestCard("4000056655665556", funding="debit"),
    "mastercard": TestCard("5555555555554444", "mastercard"),
    "mastercard_2series": TestCard("2223003122003222", "mastercard"),
    "mastercard_debit": TestCard("5200828282828210", "mastercard", funding="debit"),
    "mastercard_prepaid": TestCard("5105105105105100", "mastercard", funding="prepaid"),
    "amex": TestCard("378282246310005", "amex"),
    "discover": TestCard("6011111111111117", "discover"),
    "diners": TestCard("3056930009020004", "diners"),
    "jcb": TestCard("3566002020360505", "jcb"),
    "unionpay": TestCard("6200000000000005", "unionpay"),
    # By country.
    **{
        country.lower(): TestCard(number, country=country)
        for country, number in {
            "TH": "4000007640000003",
            "GB": "4000008260000000",
            "DE": "4000002760000016",
            "FR": "4000002500000003",
            "JP": "4000003920000003",
            "SG": "4000007020000003",
            "MY": "4000004580000002",
            "IN": "4000003560000008",
            "AU": "4000000360000006",
            "CA": "4000001240000000",
            "BR": "4000000760000002",
            "HK": "4000003440000004",
            "NZ": "4000005540000008",
            "CN": "4000001560000002",
            "MX": "4000004840008001",
            "IT": "4000003800000008",
        }.items()
    },
    "us": TestCard("4242424242424242"),
    "th_debit": TestCard("4000057640000008", country="TH", funding="debit"),
    # Declined.
    "visa_chargeDeclined": _declines("4000000000000002", "generic_decline"),
    "chargeDeclined": _declines("4000000000000002", "generic_decline"),
    "visa_chargeDeclinedInsufficientFunds": _declines("4000000000009995", "insufficient_funds"),
    "visa_chargeDeclinedLostCard": _declines("4000000000009987", "lost_card"),
    "visa_chargeDeclinedStolenCard": _declines("4000000000009979", "stolen_card"),
    "chargeDeclinedExpiredCard": _declines("4000000000000069", "expired_card"),
    "chargeDeclinedIncorrectCvc": _declines("4000000000000127", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _declines("4000000000000119", "processing_error"),
    "visa_chargeDeclinedVelocityLimitExceeded": _declines("4000000000006975", "card_velocity_exceeded"),
    "chargeDeclinedFraudulent": _declines("4100000000000019", "fraudulent"),
    "radarBlock": TestCard("4100000000000019", decline="fraudulent", risk="highest"),
    "chargeCustomerFail": TestCard("4000000000000341", decline="generic_decline"),
    # Risk and checks.
    "riskLevelHighest": TestCard("4000000000004954", risk="highest"),
    "riskLevelElevated": TestCard("4000000000009235", risk="elevated"),
    "cvcCheckFail": TestCard("4000000000000101", cvc="fail"),
    "avsZipFail": TestCard("4000000000000036", postal="fail"),
    "avsLine1Fail": TestCard("4000000000000028", line1="fail"),
    "avsFail": TestCard("4000000000000010", line1="fail", postal="fail"),
    "avsUnchecked": TestCard("4000000000000044", line1="unavailable", postal="unavailable"),
    # Disputes.
    "createDispute": TestCard("4000000000000259", after="fraudulent"),
    "createDisputeProductNotReceived": TestCard("4000000000002685", after="product_not_received"),
    "createDisputeInquiry": TestCard("4000000000001976", after="inquiry"),
    "createIssuerFraudRecord": TestCard("4000000000005423"),
    "createMultipleDisputes": TestCard("4000000404000079", after="fraudulent"),
    # Refunds and funds.
    "pendingRefund": TestCard("4000000000007726", after="refund_pending"),
    "refundFail": TestCard("4000000000005126", after="refund_fails"),
    "bypassPending": TestCard("4000000000000077", after="available"),
    "bypassPendingInternational": TestCard("4000003720000278", country="IE", after="available"),
    # 3-D Secure.
    "authenticationRequiredOnSetup": _asks("4000002500003155", "setup"),
    "authenticationRequired": _asks("4000002760003184", "required"),
    "authenticationRequiredSetupForOffSession": _asks("4000003800000446", "on_session"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": _asks(
        "4000008260003178", "required", "insufficient_funds"
    ),
    "threeDSecure2Required": _asks("4000000000003220", "required"),
    "threeDSecureRequired": _asks("4000000000003063", "required"),
    "threeDSecureRequiredChargeDeclined": _asks("4000008400001629", "required", "generic_decline"),
    "threeDSecureRequiredProcessingError": TestCard("4000008400001280", decline="generic_decline"),
    "threeDSecureOptional": _asks("4000000000003055", "optional"),
    "threeDSecureOptionalProcessingError": _asks("4000000000003097", "optional"),
}
AFTER = ("fraudulent", "product_not_received", "inquiry", "refund_pending", "refund_fails", "available")
# Of numbers that several names have, the first name counts.
BY_NUMBER: dict[str, str] = {card.number: name for name, card in reversed(CARDS.items())}
INCORRECT_NUMBER = "4242424242424241"
BRANDS = {"4": "visa", "5": "mastercard", "2": "mastercard", "3": "amex", "6": "discover"}


class Decline(NamedTuple):
    """How a decline is told: code, decline_code, message; advice, and the network's code, where there are any."""

    code: str
    decline_code: str | None
    message: str
    advice: str | None = "try_again_later"
    network: str | None = "01"


DECLINED = "Your card was declined."
DECLINES: dict[str, Decline] = {
    "generic_decline": Decline("card_declined", "generic_decline", DECLINED),
    "insufficient_funds": Decline(
        "card_declined", "insufficient_funds", "Your card has insufficient funds.", network="51"
    ),
    "lost_card": Decline("card_declined", "lost_card", DECLINED, "do_not_try_again", "41"),
    "stolen_card": Decline("card_declined", "stolen_card", DECLINED, "do_not_try_again", "43"),
    "fraudulent": Decline("card_declined", "fraudulent", DECLINED, "do_not_try_again", None),
    "expired_card": Decline("expired_card", "expired_card", "Your card has expired.", "do_not_try_again", "54"),
    "incorrect_cvc": Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "card_velocity_exceeded": Decline(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    "authentication_required": Decline(
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
        None,
        None,
    ),
}
AUTHENTICATION_FAILED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this PaymentIntent again."
)
BAD_CARD = {
    "incorrect_number": ("number", "Your card number is incorrect."),
    "invalid_expiry_month": ("exp_month", "Your card's expiration month is invalid."),
    "invalid_expiry_year": ("exp_year", "Your card's expiration year is invalid."),
    "invalid_cvc": ("cvc", "Your card's security code is invalid."),
}


# Errors that scripts may name for the fault `refuse`: status, type, code, message, whether it may be tried again.


class Refusal(NamedTuple):
    """should_retry: what the header Stripe-Should-Retry says; None: it is not sent. reason: of a rate limit."""

    status: int
    type: str
    code: str | None
    message: str
    should_retry: bool | None = None
    reason: str | None = None


RATE_MESSAGE = (
    "Request rate limit exceeded. You can learn more about rate limits at https://stripe.com/docs/rate-limits."
)
LOCK_MESSAGE = (
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing "
    "it. If you see this error intermittently, retry the request."
)
KEY_IN_USE = (
    "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
    "twice, and the other request is still going through): {key}. Please try again later."
)
UNKNOWN_ERROR = "An unknown error occurred. Please try again."
REFUSALS: dict[str, Refusal] = {
    "api-error": Refusal(500, "api_error", None, UNKNOWN_ERROR, should_retry=True),
    "api-error-final": Refusal(500, "api_error", None, UNKNOWN_ERROR, should_retry=False),
    "service-unavailable": Refusal(503, "api_error", None, "Stripe is temporarily unavailable."),
    "dependency-failed": Refusal(424, "api_error", None, "An external dependency failed."),
    "rate-limited": Refusal(429, "invalid_request_error", "rate_limit", RATE_MESSAGE, reason="global-rate"),
    "lock-timeout": Refusal(429, "invalid_request_error", "lock_timeout", LOCK_MESSAGE),
    "key-in-use": Refusal(409, "idempotency_error", "idempotency_key_in_use", KEY_IN_USE),
    "forbidden": Refusal(
        403, "invalid_request_error", None, "The provided key does not have the required permissions for this endpoint."
    ),
    "invalid-key": Refusal(401, "invalid_request_error", None, "Invalid API Key provided: sk_test_****0000"),
}


def signature(secret: str, at_s: int, body: bytes) -> str:
    """Of one secret, with its whsec_ prefix, as hex."""
    import hashlib  # noqa: PLC0415  who posts nothing needs neither
    import hmac  # noqa: PLC0415

    return hmac.new(secret.encode(), b"%d." % at_s + body, hashlib.sha256).hexdigest()
