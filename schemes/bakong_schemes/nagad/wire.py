"""The tables of Nagad's online payment API, which fake and adapter both read: hosts, paths, headers, statuses, errors.

Where each is from, and how sure that is: README.md beside this file.
"""

import re
from typing import NamedTuple

NAME = "nagad"
PREFIX = "/nagad"
SANDBOX_HOST, SANDBOX_TLS_HOST, LIVE_HOST = "sandbox.mynagad.com", "sandbox-ssl.mynagad.com", "api.mynagad.com"
HOSTS = (SANDBOX_HOST, SANDBOX_TLS_HOST, LIVE_HOST)
SANDBOX_ROOT = ("remote-payment-gateway-1.0", "api", "dfs")  # before each path, at the sandbox
LIVE_ROOT = ("api", "dfs")
CURRENCY, CURRENCY_CODE = "BDT", "050"
API_VERSION = "v-0.2.0"
CLIENT_TYPES = ("PC_WEB", "MOBILE_WEB", "MOBILE_APP", "WALLET_WEB_VIEW", "BILL_KEY")
HEADER_VERSION, HEADER_IP, HEADER_CLIENT = "x-km-api-version", "x-km-ip-v4", "x-km-client-type"
DHAKA_MS = 6 * 3_600_000  # the whole year

MERCHANT_ID = re.compile(r"[0-9]{15}", re.ASCII)
ORDER_ID = re.compile(r"[0-9A-Za-z]+", re.ASCII)
MAX_ORDER_ID = 40  # a guess
LONGEST_ORDER_ID = 45  # with more, the reference is too long to be sealed beside a challenge of 40 characters
REFERENCE = re.compile(r"[0-9A-Za-z]{1,200}={0,2}", re.ASCII)
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?", re.ASCII)
MAX_PLAINTEXT = 245  # bytes that RSA-2048 seals with PKCS#1 v1.5

ISSUER_REFERENCE = 8  # characters of [0-9A-Z]
CALL_CENTRE = "Please verify provided data and try again. Call 16167 for help."

# What verify may answer, by what it means for the money. A name that is in none of these is not understood.
PAID = ("Success",)
PARTLY_REFUNDED = ("PartialCancelled", "PartialRefunded")
REFUNDED = ("Cancelled", "Refunded")  # Cancelled without a cancelIssuerRefNo: the payer gave up
OPEN = (
    *("OrderInitiated", "Initiated", "Ready", "InProgress", "TransactionInProgress"),
    *("OtpSent", "OtpVerified", "PinGiven"),
)
FAILED = ("Aborted", "Failed", "UnKnownFailed", "InvalidRequest", "Fraud")
STATUS_CODES = {"Success": "000"}
OTHER_STATUS_CODE = "001"  # a guess


class Outcome(NamedTuple):
    """How a customer's visit to the pay page ends, in the callback's words."""

    status: str
    code: str
    message: str


SUCCESS = Outcome("Success", "00_0000_000", "Successful Transaction")
ABORTED = Outcome("Aborted", "00_0001_001", "Transaction Aborted")  # code and message: a guess
FAILURE = Outcome("Failed", "00_0002_001", "Transaction Failed")  # code and message: a guess

# The kinds of errors that one program names, which are the fake's texts of `reason`; the real values are not public.
REASONS = (
    *("ServerError", "InvalidApiRequest", "InvalidMerchant", "InactiveMerchant", "EncryptionError", "EncodingError"),
    *("DecryptionError", "SignatureVerificationFailed", "InvalidOrderId", "DuplicateOrderId"),
    *("InvalidPurchaseInformation", "InvalidReferenceId", "InvalidCurrency"),
)
ERROR_STATUS = 400  # a guess
# The errors by the names that scripts give them; the first is the usual one.
REFUSALS = {re.sub(r"(?<=.)([A-Z])", r"-\1", reason).lower(): reason for reason in REASONS}


class Wallet(NamedTuple):
    """A customer of the sandbox, and what becomes of a payment from this number. The numbers are invented."""

    name: str
    about: str


WALLETS: dict[str, Wallet] = {
    "01400000001": Wallet("ok", "pays"),
    "01400000011": Wallet("poor", "has too little: Failed"),
    "01400000012": Wallet("wrongpin", "types a wrong PIN: Failed"),
    "01400000016": Wallet("lost", "pays, and the browser is not sent back"),
    "01400000017": Wallet("slow", "stays InProgress for 5 minutes, then Success"),
    "01400000018": Wallet("late", "pays 20 minutes after complete"),
    "01400000020": Wallet("cancelhang", "pays; the answer to the first refund takes 40 s, and the money has moved"),
}
PIN = "1357"
MERCHANT_NUMBER = "01400000000"
DEFAULT_MERCHANT_ID = "683099000000001"
SLOW_MS = 5 * 60_000
LATE_MS = 20 * 60_000
CANCEL_HANG_MS = 40_000


def minor_of(text: str) -> int | None:
    """Poisha of an amount such as 100, 100.5 or 100.00, exactly; None for another text.

    >>> minor_of("15000.00"), minor_of("16"), minor_of("0.5"), minor_of("1e3"), minor_of("1.005")
    (1500000, 1600, 50, None, None)
    """
    if not AMOUNT.fullmatch(text):
        return None
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def text_of(minor: int) -> str:
    """The amount with two decimals.

    >>> text_of(1500000), text_of(5)
    ('15000.00', '0.05')
    """
    return f"{minor // 100}.{minor % 100:02d}"
