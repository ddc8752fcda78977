"""The tables of Paystack's API, which fake and adapter both read: hosts, errors, test instruments, signature.

Where each is from, and how sure that is: README.md beside this file. Amounts are minor units: kobo, pesewas, cents.
"""

import hmac
from typing import NamedTuple

NAME = "paystack"
PREFIX = "/paystack"
API_HOST, PAY_HOST = "api.paystack.co", "checkout.paystack.com"
HOSTS = (API_HOST, PAY_HOST)
CURRENCIES = ("NGN", "GHS", "KES", "USD", "ZAR")  # the first is the integration's
MINIMUMS = {"NGN": 5_000, "GHS": 10, "ZAR": 100, "KES": 300, "USD": 200}
MAX_AMOUNT = 10**13
MAX_BODY = 64 * 1024
CHANNELS = ("card", "bank", "ussd", "qr", "eft", "mobile_money", "bank_transfer")

SIGNATURE = "x-paystack-signature"
WEBHOOK_TIMEOUT_S = 30.0
HOUR_S = 3_600
# The seconds from each attempt to the next: hourly for 10 hours; every 3 minutes for 4 tries, then hourly for 72 hours.
LADDERS: dict[str, tuple[int, ...]] = {"test": (HOUR_S,) * 10, "live": (180,) * 3 + (HOUR_S,) * 72}

REFUND_STEP_MS = 60_000  # from pending to processing, and from there to its end
REFUND_EXPECTED_MS = 86_400_000
PAGE_SIZE, MAX_PAGE_SIZE = 50, 1_000
MAX_REFERENCE = 100


class FeeRate(NamedTuple):
    """per_myriad: hundredths of a percent. flat: added from `flat_from` on. cap: the most; 0 is none."""

    per_myriad: int
    flat: int = 0
    flat_from: int = 0
    cap: int = 0


FEES = {
    "NGN": FeeRate(150, 10_000, 250_000, 200_000),
    "GHS": FeeRate(195),
    "ZAR": FeeRate(290, 100),
    "KES": FeeRate(290),
    "USD": FeeRate(390),
}


def fee(amount: int, currency: str) -> int:
    """What Paystack keeps of an amount, half a unit up.

    >>> fee(249_900, "NGN"), fee(250_000, "NGN"), fee(100_000_000, "NGN")
    (3749, 13750, 200000)
    """
    rate = FEES[currency]
    made = (amount * rate.per_myriad + 5_000) // 10_000 + (rate.flat if amount >= rate.flat_from else 0)
    return min(made, rate.cap or made, amount)


class Error(NamedTuple):
    """An error of the API: its HTTP status, type, usual message, and what it advises."""

    status: int
    kind: str
    message: str
    next_step: str


_VALID = "Ensure that the value(s) you're passing are valid."
_KEY = "Ensure that you provide the correct authorization key for the request"
ERRORS: dict[str, Error] = {
    "invalid_Key": Error(401, "validation_error", "Invalid key", _KEY),
    "duplicate_reference": Error(
        *(400, "validation_error", "Duplicate Transaction Reference"),
        "Try and create the Transaction or Charge with a new reference",
    ),
    "invalid_email_address": Error(400, "validation_error", "Invalid Email Address Passed", _VALID),
    "invalid_amount": Error(400, "validation_error", "Invalid Amount Sent", _VALID),
    "unsupported_currency": Error(400, "validation_error", "Currency not supported by merchant", _VALID),
    "transaction_not_found": Error(
        *(400, "validation_error", "Transaction reference not found."),
        "Ensure that you're passing a reference of an existing transaction on this integration",
    ),
    "not_found": Error(404, "validation_error", "Resource not found", _VALID),
    "invalid_params": Error(400, "validation_error", "Invalid parameters", _VALID),
    "too_many_requests": Error(429, "api_error", "Too many requests", "Wait, and send fewer requests."),
    "internal_error": Error(500, "api_error", "An error occurred", "Try again later."),
    "service_unavailable": Error(503, "api_error", "Service unavailable", "Try again later."),
}
# The errors by the names that scripts give them.
REFUSALS = {
    "service-unavailable": "service_unavailable",
    "internal-error": "internal_error",
    "too-many-requests": "too_many_requests",
    "invalid-key": "invalid_Key",
    "duplicate-reference": "duplicate_reference",
    "not-found": "transaction_not_found",
    "invalid-params": "invalid_params",
}

NOT_AN_INTEGER = '"amount" must be an integer'
BAD_AUTHORIZATION = "Authorization code is invalid"
OTHER_AUTHORIZATION = (
    "Email does not match Authorization code. Authorization may be inactive or belong to a different email. "
    "Please confirm."
)
NOT_RETRIABLE = 'Invalid Refund state, refund status should be "needs-attention"'
FULLY_REVERSED = "Transaction has been fully reversed"
NOT_REFUNDABLE = "Transaction has not been successful"
REFUND_TOO_LARGE = "Refund amount cannot be more than the amount left of the transaction"

# Gateway responses.
SUCCESSFUL, APPROVED, DECLINED, INSUFFICIENT = "Successful", "Approved", "Declined", "Insufficient Funds"
NOT_COMPLETED = "The transaction was not completed"


class Instrument(NamedTuple):
    """A number of the test mode, and what a payment with it comes to.

    cvv: the one that it wants; "" takes any. asks: what the payer has to give further, in this order, each with its
    right value, "" for any: pin, phone, otp, bank. fails: the gateway's response, "" where it succeeds.
    refund: the status that its refunds end in. channel, brand, bank: as an authorization shows them.
    """

    cvv: str = ""
    asks: tuple[tuple[str, str], ...] = ()
    fails: str = ""
    reusable: bool = True
    refund: str = "processed"
    channel: str = "card"
    brand: str = "visa"
    bank: str = "TEST BANK"
    country: str = "NG"


_PIN, _OTP = ("pin", "1234"), ("otp", "123456")
GOOD_CARD = "4084084084084081"
INSTRUMENTS: dict[str, Instrument] = {
    GOOD_CARD: Instrument("408"),
    "507850785078507812": Instrument(asks=(("pin", "1111"),), brand="verve"),
    "5060666666666666666": Instrument(asks=(_PIN, _OTP), brand="verve"),
    "507850785078507804": Instrument(asks=(("pin", "0000"), ("phone", ""), _OTP), brand="verve"),
    "5192602722584796": Instrument(asks=(("bank", ""),), brand="mastercard"),
    "4084080000005408": Instrument("001", fails=DECLINED),
    "4084080000670037": Instrument("787", fails=INSUFFICIENT),
    "507850785078507853": Instrument(fails="Token Not Generated", brand="verve"),
    "5060660000000064": Instrument("606", fails="Timeout", brand="verve"),
    "5060665060665060": Instrument("060", fails="Internal Server Error", brand="verve"),
    "4084080000671803": Instrument(refund="failed"),
    "4084080000671902": Instrument(refund="needs-attention"),
    "0551234987": Instrument(reusable=False, channel="mobile_money", brand="mtn", bank="MTN", country="GH"),
    "+254710000000": Instrument(reusable=False, channel="mobile_money", brand="m-pesa", bank="M-PESA", country="KE"),
    "0700000000": Instrument(
        asks=(("otp", "1234"),),
        reusable=False,
        channel="mobile_money",
        brand="orange",
        bank="Orange",
        country="CI",
    ),
}
UNKNOWN_CARD = Instrument()

# What stands in Paystack's documentation and is out of the fake's slice: a sentence is the answer.
OUT_OF_SLICE = (
    *("apple-pay", "bank", "bulkcharge", "charge", "country", "customer", "decision", "dedicated_account", "dispute"),
    *("integration", "page", "paymentrequest", "plan", "product", "settlement", "split", "subaccount", "subscription"),
    *("terminal", "transfer", "transferrecipient", "virtual_terminal"),
)

# The kobo of an amount that name one of the fake's own scripts (a decision of ours).
MAGIC_KOBO = range(91, 98)


def signature(secret_key: str, body: bytes) -> str:
    """Lowercase hex of the HMAC-SHA512 of the raw body.

    >>> signature("sk_test_sandbox", b"{}")[:16]
    '1a910d2833916ab3'
    """
    return hmac.digest(secret_key.encode(), body, "sha512").hex()
