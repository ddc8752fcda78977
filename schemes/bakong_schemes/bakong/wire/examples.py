"""Examples for the OpenAPI document of /v1: a body and an answer for each endpoint. Data, from the tables.

The names are invented; the values have the forms of live ones.
"""

from typing import Any

from bakong_schemes.bakong.wire.endpoints import DEEPLINK, RENEW_TOKEN, SOURCE_INFO, VERIFY, Endpoint, Field
from bakong_schemes.bakong.wire.envelope import failure, success
from bakong_schemes.bakong.wire.rows import OUTCOMES
from bakong_schemes.bakong.wire.transaction import LIST_MESSAGES, Transaction

MD5 = "83f3a8a978dc63f1e69e9c4ecf12f283"  # of QR
UNKNOWN_MD5 = "0123456789abcdef0123456789abcdef"
HASH = "8f1c2ad09e4b7765310fbc2e5d98a4730c6e1b5f2a7d94083e6b1c5f7a2d9e40"
QR = (
    "00020101021229180014chan.sokha@dev520459995303116540498005802KH5910Chan Sokha6010Phnom Pen"
    "h993400131772125349000011317721262490006304C3CF"
)
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkYXRhIjp7ImlkIjoiZDQwNzMxZDNkYzdiNGUxYSJ9fQ.c2FtcGxl"  # noqa: S105
TRANSACTION: Transaction = {
    "hash": HASH,
    "fromAccountId": "bankkhppxxx@bank",
    "toAccountId": "chan.sokha@dev",
    "currency": "KHR",
    "amount": 9800,
    "description": None,
    "createdDateMs": 1772125349000,
    "acknowledgedDateMs": 1772125351000,
    "trackingStatus": None,
    "receiverBank": None,
    "receiverBankAccount": None,
    "instructionRef": None,
    "externalRef": "100FT36931627892",
}
FIELDS: dict[str, Any] = {
    "email": "developer@shop.example",
    "organization": "Sokha's Shop",
    "project": "Checkout",
    "code": "0123456789abcdef0123",
    "qr": QR,
    "md5": MD5,
    "hash": HASH,
    "amount": 9800,
    "currency": "KHR",
    "instructionRef": "SB12345678901234",
    "externalRef": TRANSACTION["externalRef"],
    "accountId": "chan.sokha@dev",
    "appIconUrl": "https://shop.example/icon.png",
    "appName": "Sokha's Shop",
    "appDeepLinkCallback": "https://shop.example/paid",
}
_MADE = {VERIFY.name: {"token": TOKEN}, RENEW_TOKEN.name: {"token": TOKEN}}
_MADE[DEEPLINK.name] = {"shortLink": "https://bakong.page.link/yhDhTSdPWschTBdb8"}


def request(endpoint: Endpoint) -> Any:
    """A body that is let in."""
    if endpoint.body == "array":
        known = FIELDS[endpoint.fields[0].name]
        return [known, UNKNOWN_MD5 * (len(known) // len(UNKNOWN_MD5))]
    body = {field.name: _value(field) for field in endpoint.fields}
    source = {field.name: FIELDS[field.name] for field in SOURCE_INFO}
    return body | {"sourceInfo": source} if endpoint is DEEPLINK else body


def _value(field: Field) -> Any:
    """A short hash is the beginning of the whole one."""
    return HASH[: field.max_length] if field.name == "hash" else FIELDS[field.name]


def answers(endpoint: Endpoint, status: int) -> dict[str, Any]:
    """The answers of an endpoint with this HTTP status, by outcome, as OpenAPI shows them."""
    examples = {"success": {"value": success(endpoint.success, _data(endpoint))}} if status == 200 else {}
    refusals = {OUTCOMES[code]: {"value": failure(code)} for code in endpoint.failures if code.status == status}
    return examples | refusals


def _data(endpoint: Endpoint) -> Any:
    if endpoint.body == "array":
        key = endpoint.fields[0].name
        asked, unknown = request(endpoint)
        return [
            {key: asked, "status": "SUCCESS", "message": LIST_MESSAGES["SUCCESS"], "data": TRANSACTION},
            {key: unknown, "status": "NOT_FOUND", "message": LIST_MESSAGES["NOT_FOUND"], "data": None},
        ]
    return TRANSACTION if endpoint.name.startswith("check_transaction") else _MADE.get(endpoint.name)
