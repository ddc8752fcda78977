"""The tables of bKash's API, which fake and adapter both read: hosts, paths, codes, limits, forms of times and ids.

Where each is from, and how sure that is: README.md beside this file.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

NAME = "bkash"
PREFIX = "/bkash"
VERSION = "v1.2.0-beta"
V2_ROOT = "v2/tokenized-checkout"
TOKENIZED_HOST = "tokenized.sandbox.bka.sh"
PAGE_HOST = "sandbox.payment.bkash.com"
SNS_HOST = "sns.ap-southeast-1.amazonaws.com"
HOSTS = (
    *(TOKENIZED_HOST, "checkout.sandbox.bka.sh", "tokenized.pay.bka.sh", "checkout.pay.bka.sh"),
    *(PAGE_HOST, SNS_HOST),
)
CURRENCY = "BDT"
SUCCESS = "0000"
NO_INVOICE = "0000"  # what a client sends for every payment without an invoice

TOKEN_LIFE_S = 3_600
REFRESH_LIFE_MS = 28 * 86_400_000
TOKEN_CALLS, TOKEN_WINDOW_MS = 2, 3_600_000  # the rule of two: grants and refreshes together
PAYMENT_LIFE_MS = 86_400_000
DUPLICATE_MS = 120_000
MAX_REFUNDS = 10
MAX_TEXT = 255
HANG_MS = 40_000  # longer than any client waits

DHAKA_MS = 6 * 3_600_000
DAY_MS = 86_400_000

MODES = {"agreement": "0000", "with_agreement": "0001", "without": "0011"}
SALE, AUTHORIZATION = "sale", "authorization"
INITIATED, COMPLETED, AUTHORIZED, CANCELLED, PENDING = "Initiated", "Completed", "Authorized", "Cancelled", "Pending"

TOKENIZED, CHECKOUT, V2 = "tokenized", "checkout", "v2"
Route = tuple[str, str]  # a family, and the operation's name
PATHS: dict[tuple[str, str], Route] = {
    **{
        ("POST", f"{VERSION}/tokenized/checkout/{path}"): (TOKENIZED, name)
        for path, name in (
            *(
                ("token/grant", "grant"),
                ("token/refresh", "refresh"),
                ("create", "create"),
                ("payment/create", "create"),
            ),
            *(("execute", "execute"), ("payment/status", "query"), ("general/searchTransaction", "search")),
            *(("payment/refund", "refund"), ("payment/refund/status", "refund_status")),
            *(("payment/confirm/capture", "capture"), ("payment/confirm/void", "void")),
            *(("payment/confirm/capture/void", "void"),),
            *(("agreement/status", "agreement_status"), ("agreement/cancel", "agreement_cancel")),
        )
    },
    **{
        ("POST", f"{VERSION}/checkout/{path}"): (CHECKOUT, name)
        for path, name in (
            *(("token/grant", "grant"), ("token/refresh", "refresh"), ("payment/create", "create")),
            *(("payment/execute", "execute"), ("payment/refund", "refund"), ("payment/refund/status", "refund_status")),
        )
    },
    **{
        ("POST", f"{V2_ROOT}/{path}"): (V2, name)
        for path, name in (
            *(("auth/grant-token", "grant"), ("auth/refresh-token", "refresh")),
            *(("payment/create", "create"), ("payment/execute", "execute"), ("query/payment", "query")),
            *(("refund/payment/transaction", "refund"), ("refund/payment/status", "refund_status")),
        )
    },
}
# Paths that end in an id: what stands before it.
PATHS_WITH_ID: dict[tuple[str, str], Route] = {
    ("POST", f"{VERSION}/checkout/payment/execute"): (CHECKOUT, "execute"),
    ("GET", f"{VERSION}/checkout/payment/query"): (CHECKOUT, "query"),
    ("GET", f"{VERSION}/checkout/payment/search"): (CHECKOUT, "search"),
    ("POST", f"{VERSION}/checkout/payment/capture"): (CHECKOUT, "capture"),
    ("POST", f"{VERSION}/checkout/payment/void"): (CHECKOUT, "void"),
}
# What bKash documents and is out of the fake's slice.
OUT_OF_SLICE = ("organizationBalance", "intraAccountTransfer", "b2cPayment")

# Each code's meaning, in our words; clients compare "Successful" alone.
SUCCESSFUL = "Successful"
CODES: dict[str, str] = {
    "2001": "Unknown app key",
    "2002": "Unknown or expired payment ID",
    "2003": "Processing failed",
    "2006": "Amount not acceptable",
    "2007": "Currency not acceptable",
    "2008": "Intent not acceptable",
    "2014": "PIN is wrong",
    "2016": "OTP is wrong",
    "2020": "Unexpected failure",
    "2023": "Balance too small",
    "2025": "Request body not acceptable",
    "2026": "Refund is larger than the original transaction",
    "2029": "Duplicate transaction",
    "2031": "Merchant invoice number not acceptable",
    "2033": "No such transaction",
    "2034": "Transaction was reversed already",
    "2035": "Initiator may not reverse the transaction",
    "2037": "State of the payer's account forbids this",
    "2048": "Payer reference not acceptable",
    "2049": "Callback URL not acceptable",
    "2051": "Unknown agreement ID",
    "2053": "Agreement was cancelled already",
    "2054": "Agreement not approved by the customer",
    "2055": "State of the agreement forbids this",
    "2056": "State of the payment forbids this",
    "2057": "Not a bKash wallet",
    "2060": "Payment not approved by the customer",
    "2062": "Payment was completed already",
    "2063": "Mode does not fit the request",
    "2065": "A mandatory field is missing",
    "2071": "Refund period is over",
    "2072": "Refund amount not acceptable",
    "2073": "SKU not acceptable",
    "2074": "Transaction cannot be reversed",
    "2075": "SKU is too long",
    "2076": "Reason is too long",
    "2077": "Transaction ID not acceptable",
    "2078": "Reason not acceptable",
    "2116": "Agreement was executed already",
    "2117": "Payment was executed already",
    "2119": "Authorized payment was decided already",
    "2127": "Transaction is not completed",
    "503": "Under maintenance, try again later",
    "9999": "Invalid credentials.\n",
}
# v2 names what went wrong in two ways. Those that were not seen are made of the code: a guess.
INTERNAL_CODES = {
    "2002": "invalid_payment_id",
    "2006": "invalid_amount",
    "2056": "invalid_payment_state",
    "2072": "refund_amount_exceed_payment_amount",
}
# Codes that say nothing is known of the money: the payment has to be asked for.
DONE_ALREADY = ("2062", "2068", "2117")
TRY_AGAIN = ("503", "2003", "2020", "2024", "2029", "9999")

# The errors that scripts name: a code of bKash's, or an answer of the gateway before it.
REFUSALS: dict[str, str] = {
    "maintenance": "503",
    "not-found": "2002",
    "processing-failed": "2003",
    "insufficient-balance": "2023",
    "duplicate": "2029",
    "not-reversible": "2035",
    "account-blocked": "2037",
    "payment-state": "2056",
    "executed-already": "2117",
    "credentials": "9999",
    "unauthorized": "gateway 401",
    "token-expired": "gateway 401 expired",
    "forbidden": "gateway 403",
    "token-limit": "gateway 429",
}


class GatewayError(NamedTuple):
    """An answer of what stands before bKash: its HTTP status, and its message."""

    status: int
    message: str


GATEWAY: dict[str, GatewayError] = {
    "gateway 401": GatewayError(401, "Unauthorized"),
    "gateway 401 expired": GatewayError(401, "The incoming token has expired"),
    "gateway 403": GatewayError(403, "Forbidden"),
    "gateway 404": GatewayError(404, "Not Found"),
    "gateway 429": GatewayError(429, "Too Many Requests"),
}

# The IPN, an SNS message: its fields that are signed, in this order.
SIGNED_FIELDS = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"
SNS_TYPE_HEADER = "x-amz-sns-message-type"
API_TRANSACTION = "10002294"

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?", re.ASCII)


def minor_of(text: str) -> int | None:
    """An amount in poisha; None for what bKash takes for none: zero, a sign, an exponent, three decimals.

    >>> minor_of("10"), minor_of("599.5"), minor_of("0.00"), minor_of("1.005"), minor_of("1e3")
    (1000, 59950, None, None, None)
    """
    if not _AMOUNT.fullmatch(text):
        return None
    whole, _, part = text.partition(".")
    return int(whole + f"{part:0<2}") or None


def two_decimals(minor: int) -> str:
    """An amount as refunds print it.

    >>> two_decimals(1000), two_decimals(5)
    ('10.00', '0.05')
    """
    return f"{minor // 100}.{minor % 100:02d}"


@lru_cache(maxsize=4096)
def time_of(at_ms: int, offset: str = "+0600") -> str:
    """A moment as the API writes it; the checkout family writes it with +0000.

    >>> time_of(1_770_768_000_123), time_of(1_770_768_000_123, "+0000")
    ('2026-02-11T06:00:00:123 GMT+0600', '2026-02-11T00:00:00:123 GMT+0000')
    """
    return f"{bare_time(at_ms, DHAKA_MS if offset == '+0600' else 0)} GMT{offset}"


def bare_time(at_ms: int, offset_ms: int = DHAKA_MS) -> str:
    """The same without its offset, as v2 shows when a refund was completed."""
    return f"{_at(at_ms + offset_ms):%Y-%m-%dT%H:%M:%S}:{at_ms % 1000:03d}"


def ipn_time(at_ms: int) -> str:
    """YyyyMMddHHmmss in Dhaka.

    >>> ipn_time(1_770_768_000_123)
    '20260211060000'
    """
    return f"{_at(at_ms + DHAKA_MS):%Y%m%d%H%M%S}"


def date_letters(at_ms: int) -> str:
    """The three characters that a transaction's id begins with: year, month and day in Dhaka.

    >>> date_letters(1_770_768_000_000)
    'DBB'
    """
    day = _at(at_ms + DHAKA_MS)
    digits = "0123456789" + _ALPHABET
    return digits[(day.year - 2013) % 36] + _ALPHABET[day.month - 1] + digits[day.day]


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
