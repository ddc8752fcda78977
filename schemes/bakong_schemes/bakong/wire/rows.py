"""Every row that the simulator promises: each endpoint's success and refusals, with grades. Data, derived from tables.

A row's name is "<endpoint> <outcome>"; tests/simulator says which test holds it, docs/open-api-coverage.md shows it.
"""

from typing import NamedTuple

from bakong_contracts.grades import GUESSED, Grade
from bakong_schemes.bakong.wire import codes
from bakong_schemes.bakong.wire.codes import ErrorCode
from bakong_schemes.bakong.wire.endpoints import ENDPOINTS, Endpoint

SUCCESS = "success"
EDGE = "edge"  # before any endpoint


class Row(NamedTuple):
    """One promised answer. code None is a success or a page."""

    endpoint: str
    outcome: str
    status: int
    code: int | None
    message: str
    grade: Grade

    @property
    def name(self) -> str:
        return f"{self.endpoint} {self.outcome}"


OUTCOMES: dict[ErrorCode, str] = {
    codes.NOT_FOUND: "not found",
    codes.STATIC_QR: "static QR",
    codes.FAILED: "failed",
    codes.DEEPLINK_PROVIDER: "provider down",
    codes.MISSING_FIELDS: "missing fields",
    codes.DEEPLINK_MISSING_FIELDS: "incomplete sourceInfo",
    codes.UNAUTHORIZED: "unauthorized",
    codes.EMAIL_SERVER_DOWN: "email server down",
    codes.EMAIL_REGISTERED: "email registered",
    codes.CANNOT_CONNECT: "cannot connect",
    codes.NOT_REGISTERED: "not registered",
    codes.ACCOUNT_NOT_FOUND: "account not found",
    codes.ACCOUNT_INVALID: "account invalid",
    codes.DAILY_QUOTA: "daily quota",
}


def _of(endpoint: Endpoint) -> tuple[Row, ...]:
    success = Row(endpoint.name, SUCCESS, 200, None, endpoint.success, endpoint.grade)
    refusals = (
        Row(endpoint.name, OUTCOMES[code], code.status, code.number, code.message, code.grade)
        for code in endpoint.failures
    )
    return (success, *refusals)


ANYWHERE = (
    Row(EDGE, "unknown path", 404, 5, codes.MISSING_FIELDS.message, GUESSED),
    Row(EDGE, "wrong method", 405, 5, codes.MISSING_FIELDS.message, GUESSED),
    Row(EDGE, "body too large", 413, 5, codes.MISSING_FIELDS.message, GUESSED),
    Row(EDGE, "from abroad", 403, None, "CloudFront's page", GUESSED),
    Row(EDGE, "md5 list on production", 403, None, "nginx's page", "seen"),
    Row(EDGE, "too many requests", 429, None, "nginx's page", GUESSED),
    Row(EDGE, OUTCOMES[codes.CANNOT_CONNECT], 500, 9, codes.CANNOT_CONNECT.message, codes.CANNOT_CONNECT.grade),
)

ROWS: tuple[Row, ...] = (*(row for endpoint in ENDPOINTS for row in _of(endpoint)), *ANYWHERE)
