"""What is public in an answer of the Open API, and stays as it is; all else is masked. Data, no code."""

from bakong_schemes.bakong.wire import CODES, ENDPOINTS, LIST_MESSAGES, TRACKING_STATUSES, TRANSACTION_KEYS
from bakong_schemes.bakong.wire import codes as code

# What the recorder asks for where it is given nothing: nobody's.
UNKNOWN_MD5 = "0123456789abcdef0123456789abcdef"
OTHER_MD5S = ("fedcba9876543210fedcba9876543210", "89abcdef0123456789abcdef01234567")
UNKNOWN_HASH = UNKNOWN_MD5 * 2
UNKNOWN_ACCOUNT = "nobody_here_9@devb"
NO_ACCOUNT = "nobody"
UNKNOWN_EMAIL = "nobody@sandbox.invalid"
UNKNOWN_REFERENCE = "100FT00000000000"
BARE_MD5 = "028ec2cb0123456789abcdef01234567"
PROBES = frozenset(
    {UNKNOWN_MD5, *OTHER_MD5S, UNKNOWN_HASH, UNKNOWN_HASH[:8], UNKNOWN_ACCOUNT, NO_ACCOUNT, UNKNOWN_EMAIL}
    | {UNKNOWN_REFERENCE, BARE_MD5}
)

MESSAGES = frozenset(
    {row.message for row in CODES}
    | {row.success for row in ENDPOINTS}
    | set(LIST_MESSAGES.values())
    | {code.TRANSACTION_FOUND_1_0_2, code.LIST_ANSWERED}
)

NUMBERS = frozenset({"responseCode", "errorCode", "status", "statusCode", "code"})  # their small numbers stay
WORDS = frozenset({"responseMessage", "message", "msg", "detail", "error", "title", "type"})  # what is private goes
ENUMS = frozenset({"status", "currency", "trackingStatus", "alg", "typ"})  # words in capitals stay
MOMENTS_S = frozenset({"iat", "exp", "nbf"})
LINK = "shortLink"
ENVELOPE = ("responseCode", "responseMessage", "errorCode", "data")
KEYS = frozenset(
    {*ENVELOPE, *TRANSACTION_KEYS, *NUMBERS, *WORDS, *ENUMS, *MOMENTS_S, LINK, "token", "md5", "id", "qr"}
    | {field.name for endpoint in ENDPOINTS for field in endpoint.fields}
    | {"sourceInfo", "appIconUrl", "appName", "appDeepLinkCallback", "transaction", "errors", "timestamp", "path"}
)
HEADERS = ("content-type", "www-authenticate", "retry-after", "allow", "location", "server")
HOSTS = (".nbc.gov.kh", ".nbc.org.kh")

# What a private value must not be, or every cassette would seem to betray it.
COMMON = frozenset(
    text.casefold()
    for text in (*MESSAGES, *KEYS, *TRACKING_STATUSES, *(endpoint.name for endpoint in ENDPOINTS), *PROBES)
)
