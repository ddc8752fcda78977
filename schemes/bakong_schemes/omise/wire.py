"""The tables of Omise's API, which fake and adapter both read: hosts, cards, methods, fees, errors, signature.

Where each is from, and how sure that is: README.md beside this file.
"""

from typing import NamedTuple

NAME = "omise"
PREFIX = "/omise"
API_HOST, VAULT_HOST, PAY_HOST = "api.omise.co", "vault.omise.co", "pay.omise.co"
HOSTS = (API_HOST, VAULT_HOST, PAY_HOST)
CURRENCY = "THB"
VERSION = "2019-05-29"
ERROR_PAGE = "https://www.omise.co/api-errors#"
SIGNATURE, SIGNATURE_TIME = "Omise-Signature", "Omise-Signature-Timestamp"
KEEP_OLD_SECRET_S = 86_400
MAX_BODY = 64 * 1024

DAY_MS = 86_400_000
BANGKOK_MS = 7 * 3_600_000
QR_LIFE_MS = DAY_MS
HOLD_MS = 7 * DAY_MS  # an authorised charge reverses by itself then
REFUND_MS = 365 * DAY_MS
MAX_PARTIAL_REFUNDS = 14  # fewer than 15
MIN_AMOUNT, MAX_AMOUNT = 2_000, 15_000_000  # satang
MAX_TRUEMONEY = 10_000_000
PAGE_SIZE, MAX_PAGE_SIZE = 20, 100
SEARCH_PAGE_SIZE = 30
MAX_EVENTS = 10_000  # of a world, the newest; each holds its object as it was
MAX_ENDPOINTS = 2  # webhook_endpoints of one charge
RETRIES_S = (60, 300, 1_800, 7_200)  # where redelivery is switched on: five tries

# PromptPay: a bill payment (tag 30) to a sandbox biller; the first reference is the charge's id without its prefix.
AID = "A000000677010112"
BILLER = "099400000000099"
CHARGE_PREFIX = "chrg_test_"
TAIL = 19  # characters of [0-9a-z] after an id's prefix


class Method(NamedTuple):
    """One way to pay. flow: what the payer does. refunds: which parts go back; none, full, partial."""

    flow: str
    refunds: str
    max_amount: int = MAX_AMOUNT
    refund_ms: int = REFUND_MS


_BANK = Method("redirect", "none")
_APP = Method("app_redirect", "none")
METHODS: dict[str, Method] = {
    "promptpay": Method("offline", "none"),
    "truemoney": Method("redirect", "full", MAX_TRUEMONEY, 30 * DAY_MS),
    "truemoney_qr": Method("offline", "full", MAX_TRUEMONEY, 30 * DAY_MS),
    "truemoney_jumpapp": Method("app_redirect", "full", MAX_TRUEMONEY, 30 * DAY_MS),
    **dict.fromkeys((f"mobile_banking_{bank}" for bank in ("bay", "bbl", "kbank", "ktb", "scb")), _APP),
    **dict.fromkeys((f"internet_banking_{bank}" for bank in ("bay", "bbl")), _BANK),
    "rabbit_linepay": Method("redirect", "partial"),
    "shopeepay": Method("redirect", "partial"),
    "alipay": Method("redirect", "partial"),
}
CARD = Method("card", "partial")
QR_METHODS = ("promptpay", "truemoney_qr")
PHONE_METHODS = ("truemoney",)

# Percent, as the API writes them.
FEE_RATES = {"card": "3.65", "promptpay": "1.65", "other": "1.65"}
VAT_RATE = "7.0"


class TestCard(NamedTuple):
    """A card of the test mode: its brand, how a charge with it ends ("" is well), and what 3-D Secure makes of it."""

    brand: str
    failure: str = ""
    three_d_secure: str = ""


def _cards(failure: str, *numbers: str) -> dict[str, TestCard]:
    return {number: TestCard(_BRANDS[number[0]], failure) for number in numbers}


_BRANDS = {"4": "Visa", "5": "MasterCard", "3": "JCB"}
CARDS: dict[str, TestCard] = {
    **_cards("", "4242424242424242", "5555555555554444", "5454545454545454", "3530111333300000", "3566111111111113"),
    "4111111111111111": TestCard("Visa", three_d_secure="asks"),
    "378282246310005": TestCard("American Express"),
    **_cards("insufficient_fund", "4111111111140011", "5555551111110011", "3530111111190011"),
    **_cards("stolen_or_lost_card", "4111111111130012", "5555551111100012", "3530111111180012"),
    **_cards("failed_processing", "4111111111120013", "5555551111190013", "3530111111170013"),
    **_cards("payment_rejected", "4111111111110014", "5555551111180014", "3530111111160014"),
    **_cards("failed_fraud_check", "4111111111190016"),
    **_cards("invalid_account_number", "4111111111180017"),
    "4111111111150002": TestCard("Visa", three_d_secure="enrolment_fails"),
    "4111111111140003": TestCard("Visa", three_d_secure="validation_fails"),
}

FAILURES = {
    "confirmed_amount_mismatch": "confirmed amount mismatch",
    "expired_card": "expired card",
    "failed_fraud_check": "failed fraud check",
    "failed_processing": "failed processing",
    "insufficient_balance": "insufficient balance",
    "insufficient_fund": "insufficient funds in the account or the card has reached the credit limit",
    "invalid_account": "invalid account",
    "invalid_account_number": "invalid account number",
    "invalid_security_code": "invalid security code",
    "payment_cancelled": "payment cancelled",
    "payment_rejected": "payment rejected",
    "stolen_or_lost_card": "stolen or lost card",
    "timeout": "timeout",
}


class Error(NamedTuple):
    """An error of the API: its HTTP status and its usual message."""

    status: int
    message: str


ERRORS: dict[str, Error] = {
    "backend_error": Error(400, "backend error"),
    "bad_request": Error(400, "bad request"),
    "brand_not_supported": Error(400, "brand not supported"),
    "expired_charge": Error(400, "charge expired"),
    "failed_capture": Error(400, "capture failed"),
    "failed_expire": Error(400, "expire failed"),
    "failed_fraud_check": Error(400, "fraud check failed"),
    "failed_refund": Error(400, "refund failed"),
    "failed_reverse": Error(400, "reverse failed"),
    "failed_void": Error(400, "void failed"),
    "invalid_amount": Error(400, "invalid amount"),
    "invalid_card": Error(400, "invalid card"),
    "invalid_card_token": Error(400, "invalid card token"),
    "invalid_charge": Error(400, "invalid charge"),
    "invalid_filters": Error(400, "invalid filters"),
    "invalid_page": Error(400, "invalid page"),
    "invalid_scope": Error(400, "invalid scope"),
    "missing_card": Error(400, "missing card"),
    "used_token": Error(400, "token was already used"),
    "authentication_failure": Error(401, "authentication failed"),
    "not_found": Error(404, "the requested object was not found"),
    "too_many_requests": Error(429, "too many requests"),
    "internal_error": Error(500, "internal error"),
    "service_unavailable": Error(503, "service unavailable"),
}

# The errors by the names that scripts give them.
REFUSALS = {code.replace("_", "-"): code for code in ERRORS}

# What stands in docs.omise.co and is out of the fake's slice: a sentence is the answer.
OUT_OF_SLICE = ("links", "schedules", "transfers", "recipients", "disputes", "chains", "documents", "forex", "receipts")

# The satang of an amount that name one of the fake's own scripts (a decision of ours).
MAGIC_SATANG = range(91, 97)

SEARCH_SCOPES = ("charge", "customer")
SEARCH_FILTERS = ("amount", "status", "captured", "created", "card_last_digits")


def rounded(amount: int, rate: str) -> int:
    """A percentage of an amount in satang, half a satang up.

    >>> rounded(500000, "1.65"), rounded(5000, "3.65")
    (8250, 183)
    """
    whole, _, part = rate.partition(".")
    scale: int = 10 ** len(part)
    return (2 * amount * int(whole + part) + 100 * scale) // (200 * scale)


def fees(amount: int, rate: str) -> tuple[int, int, int]:
    """Fee, VAT on the rounded fee, and what is left of the amount.

    >>> fees(500000, "1.65"), fees(2000, "1.65")
    ((8250, 578, 491172), (33, 2, 1965))
    """
    fee = rounded(amount, rate)
    vat = rounded(fee, VAT_RATE)
    return fee, vat, amount - fee - vat
