"""The transaction object that the checks answer with, and the rows of the list checks."""

from typing import Literal, TypedDict

from bakong_schemes.bakong.wire.codes import FAILED, NOT_FOUND, STATIC_QR


class Transaction(TypedDict):
    """13 keys in the order seen live; amounts are JSON numbers in units of the currency, times epoch ms."""

    hash: str
    fromAccountId: str
    toAccountId: str
    currency: Literal["KHR", "USD"]
    amount: float
    description: str | None
    createdDateMs: int
    acknowledgedDateMs: int
    trackingStatus: str | None
    receiverBank: str | None
    receiverBankAccount: str | None
    instructionRef: str | None
    externalRef: str | None


TRANSACTION_KEYS = tuple(Transaction.__annotations__)

ListStatus = Literal["SUCCESS", "NOT_FOUND", "FAILED", "STATIC_QR"]

# The message of one row of a list. The first two are re-typed by one integrator, the others are guesses.
LIST_MESSAGES: dict[ListStatus, str] = {
    "SUCCESS": "Transaction success",
    "NOT_FOUND": NOT_FOUND.message.removesuffix("."),
    "FAILED": FAILED.message,
    "STATIC_QR": STATIC_QR.message,
}

TRACKING_STATUSES = ("RECEIVE_AT_ACH", "RECEIVE_AT_RECEIVER_BANK", "ACKNOWLEDGED_BY_FI", "REFUNDED_BY_RECEIVER")
