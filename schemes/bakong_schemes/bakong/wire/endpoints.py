"""The Open API's twelve endpoints: path, authentication, request, answers, and how sure we are. Data, no code."""

from typing import Literal, NamedTuple

from bakong_contracts.grades import DOCUMENTED, SEEN, Grade
from bakong_schemes.bakong.wire import codes
from bakong_schemes.bakong.wire.codes import ErrorCode

MAX_ITEMS = 50


class Field(NamedTuple):
    """A field of a request body: its JSON name, its kind; for texts the length in characters and the choices."""

    name: str
    min_length: int = 1
    max_length: int = 255
    required: bool = True
    kind: Literal["string", "number"] = "string"
    choices: tuple[str, ...] = ()


class Endpoint(NamedTuple):
    """One POST endpoint below /v1.

    body "array": the body is a bare array of 1 to MAX_ITEMS texts like the one field. aliases: other names under which
    it was seen. failures: the refusals that are its own.
    """

    name: str
    auth: Literal["bearer", "none"]
    fields: tuple[Field, ...]
    grade: Grade
    about: str
    success: str
    failures: tuple[ErrorCode, ...]
    body: Literal["object", "array"] = "object"
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/v1/{self.name}"


SOURCE_INFO = (Field("appIconUrl"), Field("appName"), Field("appDeepLinkCallback"))
_EMAIL = Field("email", max_length=30)
_REFUSED = (codes.MISSING_FIELDS, codes.UNAUTHORIZED, codes.DAILY_QUOTA)
_CHECK = (codes.NOT_FOUND, codes.FAILED, *_REFUSED)


def _check(by: str, fields: tuple[Field, ...], grade: Grade, *more: ErrorCode) -> Endpoint:
    about = f"The transaction by {by}."
    name = f"check_transaction_by_{by.replace(' ', '_')}"
    return Endpoint(name, "bearer", fields, grade, about, codes.TRANSACTION_FOUND, (*_CHECK, *more))


REQUEST_TOKEN = Endpoint(
    "request_token",
    "none",
    (_EMAIL, Field("organization", max_length=100), Field("project", max_length=100)),
    DOCUMENTED,
    "Register an e-mail: a code comes by mail. Gone from the documents since 1.0.3.",
    codes.EMAIL_SENT,
    (codes.MISSING_FIELDS, codes.EMAIL_SERVER_DOWN, codes.EMAIL_REGISTERED),
)
VERIFY = Endpoint(
    "verify",
    "none",
    (Field("code", 20, 20),),
    DOCUMENTED,
    "Exchange the mailed code for a token. Gone from the documents since 1.0.3; applications still call it.",
    codes.TOKEN_ISSUED,
    (codes.MISSING_FIELDS, codes.UNAUTHORIZED),
)
RENEW_TOKEN = Endpoint(
    "renew_token",
    "none",
    (_EMAIL,),
    SEEN,
    "A new token for a registered e-mail, in the answer itself.",
    codes.TOKEN_ISSUED,
    (codes.MISSING_FIELDS, codes.NOT_REGISTERED),
)
DEEPLINK = Endpoint(
    "generate_deeplink_by_qr",
    "none",
    (Field("qr", max_length=4096),),
    SEEN,
    "A link that opens the Bakong app with a code; sourceInfo may be left out, but not by half.",
    codes.DEEPLINK_MADE,
    (codes.MISSING_FIELDS, codes.DEEPLINK_MISSING_FIELDS, codes.DEEPLINK_PROVIDER),
)
CHECK_MD5 = _check("md5", (Field("md5"),), SEEN, codes.STATIC_QR)
CHECK_HASH = _check("hash", (Field("hash"),), SEEN)
CHECK_SHORT_HASH = _check(
    "short hash",
    (Field("hash", 8, 8), Field("amount", kind="number"), Field("currency", choices=("USD", "KHR"))),
    DOCUMENTED,
)
CHECK_INSTRUCTION_REF = _check("instruction ref", (Field("instructionRef"),), DOCUMENTED)
CHECK_EXTERNAL_REF = _check("external ref", (Field("externalRef"),), DOCUMENTED)
CHECK_MD5_LIST = Endpoint(
    "check_transaction_by_md5_list",
    "bearer",
    (Field("md5"),),
    SEEN,
    "Up to 50 transactions by md5, in the order asked; each SUCCESS, NOT_FOUND, FAILED or STATIC_QR.",
    codes.LIST_ANSWERED,
    _REFUSED,
    "array",
)
CHECK_HASH_LIST = Endpoint(
    "check_transaction_by_hash_list",
    "bearer",
    (Field("hash"),),
    SEEN,
    "Up to 50 transactions by full hash, in the order asked; each SUCCESS, NOT_FOUND or FAILED.",
    codes.LIST_ANSWERED,
    _REFUSED,
    "array",
)
CHECK_ACCOUNT = Endpoint(
    "check_bakong_account",
    "none",
    (Field("accountId"),),
    SEEN,
    "Whether an account exists. The documents ask for a token, the live API does not.",
    codes.ACCOUNT_EXISTS,
    (codes.MISSING_FIELDS, codes.ACCOUNT_NOT_FOUND, codes.ACCOUNT_INVALID),
    aliases=("check_account_exist", "check_account_by_id"),
)

ENDPOINTS = (
    REQUEST_TOKEN,
    VERIFY,
    RENEW_TOKEN,
    DEEPLINK,
    CHECK_MD5,
    CHECK_HASH,
    CHECK_SHORT_HASH,
    CHECK_INSTRUCTION_REF,
    CHECK_EXTERNAL_REF,
    CHECK_MD5_LIST,
    CHECK_HASH_LIST,
    CHECK_ACCOUNT,
)
