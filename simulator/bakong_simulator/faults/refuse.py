"""The API's own words for one of its errors, whatever the call deserved."""

from bakong_contracts.open_api import codes
from bakong_simulator.reply import Reply, refusal

WORDS = {
    "unauthorized": codes.UNAUTHORIZED,
    "unauthorized-200": codes.UNAUTHORIZED._replace(status=200),
    "daily-quota": codes.DAILY_QUOTA,
    "not-found": codes.NOT_FOUND,
    "failed": codes.FAILED,
    "static-qr": codes.STATIC_QR,
    "missing-fields": codes.MISSING_FIELDS,
    "cannot-connect": codes.CANNOT_CONNECT,
    "deeplink-provider": codes.DEEPLINK_PROVIDER,
    "email-server-down": codes.EMAIL_SERVER_DOWN,
    "not-registered": codes.NOT_REGISTERED,
    "account-not-found": codes.ACCOUNT_NOT_FOUND,
    "account-invalid": codes.ACCOUNT_INVALID,
}


def refuse(reply: Reply, _luck: object, *, as_: str) -> Reply:
    return refusal(WORDS[as_])._replace(delay_ms=reply.delay_ms)
