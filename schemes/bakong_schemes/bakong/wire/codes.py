"""The Open API's error codes with their HTTP status and literal message. Data, no code.

Grades: documented (NBC's own document), seen (reported from the live API), guessed.
"""

from typing import NamedTuple

from bakong_contracts.grades import DOCUMENTED, GUESSED, SEEN, Grade


class ErrorCode(NamedTuple):
    """One row: the number in errorCode, the HTTP status, responseMessage, and how sure we are of status and message."""

    number: int
    status: int
    message: str
    grade: Grade


NOT_FOUND = ErrorCode(1, 200, "Transaction could not be found. Please check and try again.", SEEN)
STATIC_QR = ErrorCode(2, 200, "Sorry, the system does not support static QR code.", DOCUMENTED)
FAILED = ErrorCode(3, 200, "Transaction failed.", DOCUMENTED)
DEEPLINK_PROVIDER = ErrorCode(4, 200, "Error occurred on requesting deeplink from provider.", SEEN)
MISSING_FIELDS = ErrorCode(5, 400, "Missing required fields.", GUESSED)
DEEPLINK_MISSING_FIELDS = ErrorCode(5, 200, "Missing required fields.", SEEN)
UNAUTHORIZED = ErrorCode(6, 401, "Unauthorized, not yet requested for token or code invalid", SEEN)
EMAIL_SERVER_DOWN = ErrorCode(7, 200, "Email server has been down.", GUESSED)
EMAIL_REGISTERED = ErrorCode(8, 200, "Email has been registered already.", GUESSED)
CANNOT_CONNECT = ErrorCode(9, 500, "Cannot connect to server. Please try again later.", GUESSED)
NOT_REGISTERED = ErrorCode(10, 200, "Not registered yet", SEEN)
ACCOUNT_NOT_FOUND = ErrorCode(11, 200, "Account ID not found", SEEN)
ACCOUNT_INVALID = ErrorCode(12, 200, "Account ID is invalid", SEEN)
TOKEN_INVALID = ErrorCode(14, 401, "API token is missing or invalid", GUESSED)
DAILY_QUOTA = ErrorCode(17, 200, "Daily request limit of 100 exceeded. Please try again tomorrow.", SEEN)

CODES = (
    NOT_FOUND,
    STATIC_QR,
    FAILED,
    DEEPLINK_PROVIDER,
    MISSING_FIELDS,
    DEEPLINK_MISSING_FIELDS,
    UNAUTHORIZED,
    EMAIL_SERVER_DOWN,
    EMAIL_REGISTERED,
    CANNOT_CONNECT,
    NOT_REGISTERED,
    ACCOUNT_NOT_FOUND,
    ACCOUNT_INVALID,
    TOKEN_INVALID,
    DAILY_QUOTA,
)

TRANSACTION_FOUND = "Success"
TRANSACTION_FOUND_1_0_2 = "Getting transaction successfully."
LIST_ANSWERED = "Getting transaction data successfully."
DEEPLINK_MADE = "Getting deep link successfully"
EMAIL_SENT = "Email has been sent"
TOKEN_ISSUED = "Token has been issued"  # noqa: S105  a message, no secret
ACCOUNT_EXISTS = "Account ID exists"
