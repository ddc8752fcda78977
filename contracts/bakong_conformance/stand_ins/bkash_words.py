"""bKash's paths, codes and the wallets of the sandbox, as tables. Judges nothing."""

from typing import Any, NamedTuple

VERSION = "/v1.2.0-beta/"
TOKEN_LIFE_S = 3600
PAYMENT_LIFE_MS = 86_400_000
REFUNDS, REFUND_DAYS = 10, 60
OTP, PIN = "135790", "24680"

# (method, path below the version, or below /v2/tokenized-checkout/) -> family, operation
ROUTES: dict[tuple[str, str], tuple[str, str]] = {
    ("POST", "tokenized/checkout/token/grant"): ("tokenized", "grant"),
    ("POST", "tokenized/checkout/token/refresh"): ("tokenized", "refresh"),
    ("POST", "tokenized/checkout/create"): ("tokenized", "create"),
    ("POST", "tokenized/checkout/payment/create"): ("tokenized", "create"),
    ("POST", "tokenized/checkout/execute"): ("tokenized", "execute"),
    ("POST", "tokenized/checkout/payment/status"): ("tokenized", "query"),
    ("POST", "tokenized/checkout/general/searchTransaction"): ("tokenized", "search"),
    ("POST", "tokenized/checkout/payment/refund"): ("tokenized", "refund"),
    ("POST", "tokenized/checkout/payment/refund/status"): ("tokenized", "refund_status"),
    ("POST", "tokenized/checkout/payment/confirm/capture"): ("tokenized", "capture"),
    ("POST", "tokenized/checkout/payment/confirm/void"): ("tokenized", "void"),
    ("POST", "tokenized/checkout/payment/confirm/capture/void"): ("tokenized", "void"),
    ("POST", "tokenized/checkout/agreement/status"): ("tokenized", "agreement_status"),
    ("POST", "tokenized/checkout/agreement/cancel"): ("tokenized", "agreement_cancel"),
    ("POST", "checkout/token/grant"): ("checkout", "grant"),
    ("POST", "checkout/token/refresh"): ("checkout", "refresh"),
    ("POST", "checkout/payment/create"): ("checkout", "create"),
    ("POST", "checkout/payment/execute"): ("checkout", "execute"),
    ("GET", "checkout/payment/query"): ("checkout", "query"),
    ("GET", "checkout/payment/search"): ("checkout", "search"),
    ("POST", "checkout/payment/refund"): ("checkout", "refund"),
    ("POST", "checkout/payment/capture"): ("checkout", "capture"),
    ("POST", "checkout/payment/void"): ("checkout", "void"),
    ("POST", "refund/payment/transaction"): ("v2", "refund"),
    ("POST", "refund/payment/status"): ("v2", "refund_status"),
    ("POST", "refund/payment/transaction/status"): ("v2", "refund_status"),
}
ID_IN_PATH = {
    "checkout/payment/execute": "paymentID",
    "checkout/payment/query": "paymentID",
    "checkout/payment/search": "trxID",
    "checkout/payment/capture": "paymentID",
    "checkout/payment/void": "paymentID",
}
TEXTS = {
    "0000": "Successful",
    "2001": "Invalid App Key",
    "2002": "Invalid Payment ID",
    "2006": "Invalid Amount",
    "2007": "Invalid Currency",
    "2008": "Invalid Intent",
    "2023": "Insufficient Balance",
    "2025": "Invalid Request Body",
    "2026": "Reversal amount is larger than the original",
    "2029": "Duplicate for All Transactions",
    "2031": "Invalid Merchant Invoice Number",
    "2033": "Transaction Not Found",
    "2035": "The initiator cannot reverse",
    "2037": "The payer's account is blocked",
    "2048": "Invalid Payer Reference",
    "2049": "Invalid Callback URL",
    "2051": "Invalid Agreement ID",
    "2053": "The agreement is cancelled",
    "2056": "Invalid Payment State",
    "2063": "Mode is not valid",
    "2065": "A mandatory field is missing",
    "2071": "The refund is too late",
    "2072": "Invalid refund amount",
    "2073": "Invalid SKU",
    "2117": "The payment has been executed already",
    "2119": "The payment has been decided already",
    "2127": "The transaction is not completed",
    "503": "System is undergoing maintenance",
    "9999": "Invalid credentials.\n",
}


class Script(NamedTuple):
    """What a wallet makes of a payment.

    page: what the page ends with. refuses: the code of execute. execute, refund: "hang" after the money moved, "lost"
    before it (the next works), "busy" 503 once. shows: the share of the amount that query reports.
    """

    page: str = "success"
    refuses: str = ""
    execute: str = ""
    refund: str = ""
    refund_code: str = ""
    shows: float = 1.0


WALLETS: dict[str, tuple[str, Script]] = {
    "ok": ("01300000001", Script()),
    "ok2": ("01300000002", Script()),
    "poor": ("01300000011", Script(refuses="2023")),
    "blocked": ("01300000012", Script(refuses="2037")),
    "wrongpin": ("01300000013", Script(page="failure")),
    "wrongotp": ("01300000014", Script(page="failure")),
    "nowallet": ("01300000015", Script(page="failure")),
    "hangpaid": ("01300000016", Script(execute="hang")),
    "hangunpaid": ("01300000017", Script(execute="lost")),
    "maintenance": ("01300000018", Script(execute="busy")),
    "duplicate": ("01300000019", Script(refuses="2029")),
    "refundhang": ("01300000020", Script(refund="hang")),
    "refundrefused": ("01300000021", Script(refund_code="2035")),
    "refundlost": ("01300000031", Script(refund="lost")),
    "mismatch": ("01300000032", Script(shows=0.5)),
}
SCRIPTS = dict(WALLETS.values())


class RefusedError(Exception):
    """A refusal by its code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def envelope(family: str, code: str) -> tuple[dict[str, Any], int]:
    """A refusal as its family says it, and its HTTP status."""
    text = TEXTS.get(code, "Invalid request")
    if family == "checkout":
        return {"errorCode": code, "errorMessage": text}, 200
    if family == "v2":
        named = "_".join(text.lower().split())
        return {"internalCode": named, "externalCode": code, "errorMessageEn": text, "errorMessageBn": None}, 400
    return {"statusCode": code, "statusMessage": text}, 200
