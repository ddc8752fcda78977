"""The Bakong Open API as it is seen on the wire. Facts and grades: docs/sources.md."""

from bakong_schemes.bakong.wire.codes import CODES, ErrorCode
from bakong_schemes.bakong.wire.endpoints import ENDPOINTS, MAX_ITEMS, Endpoint, Field
from bakong_schemes.bakong.wire.envelope import Envelope, failure, success
from bakong_schemes.bakong.wire.profiles import DEFAULT_PROFILE, DISPUTES, HOSTS, PROFILES, Profile, StaticAnswer
from bakong_schemes.bakong.wire.transaction import (
    LIST_MESSAGES,
    TRACKING_STATUSES,
    TRANSACTION_KEYS,
    ListStatus,
    Transaction,
)

__all__ = [
    "CODES",
    "DEFAULT_PROFILE",
    "DISPUTES",
    "ENDPOINTS",
    "HOSTS",
    "LIST_MESSAGES",
    "MAX_ITEMS",
    "PROFILES",
    "TRACKING_STATUSES",
    "TRANSACTION_KEYS",
    "Endpoint",
    "Envelope",
    "ErrorCode",
    "Field",
    "ListStatus",
    "Profile",
    "StaticAnswer",
    "Transaction",
    "failure",
    "success",
]
