"""What the sources dispute of the Open API, as profiles: one column for each reading. Data, no code.

`current` is what live answers of 2025 and 2026 show; `doc-1.0.2` what NBC's readable document says; `sit` and `prod`
what client libraries report of the two hosts; `relay`, experimental, what one library expects of a relay's.
"""

from typing import Literal, NamedTuple

from bakong_contracts.grades import DOCUMENTED, GUESSED, SEEN, Grade
from bakong_schemes.bakong.wire.codes import TRANSACTION_FOUND, TRANSACTION_FOUND_1_0_2

StaticAnswer = Literal["not_found", "refused", "latest"]


class Profile(NamedTuple):
    """One reading of what is disputed.

    found_message: responseMessage of a transaction that is found. account_auth: whether the account check wants a
    token. md5_list: answered, or nginx's bare 403 to everybody. static_md5: the single md5 check of a static code:
    code 1, code 2, or the latest transaction. deeplink_host: of short links. aliases: other names of the account check.
    slashes: whether several in a row, and one at the end, count for nothing. registration: request_token and verify.
    token_code: of a token that is missing or not good. account_status: whether the account check shows one.
    issues_for: the host whose tokens are issued here; those of another host's are refused.
    """

    name: str
    found_message: str = TRANSACTION_FOUND
    account_auth: Literal["bearer", "none"] = "none"
    md5_list: Literal["answered", "forbidden"] = "answered"
    static_md5: StaticAnswer = "not_found"
    deeplink_host: str = "bakong.page.link"
    aliases: bool = True
    slashes: Literal["merged", "exact"] = "merged"
    registration: Literal["answered", "gone"] = "answered"
    token_code: Literal[6, 14] = 6
    account_status: Literal["absent", "shown"] = "absent"
    issues_for: Literal["any", "sit", "prod", "relay"] = "any"


class Dispute(NamedTuple):
    """One disputed fact: the profile's field, what the sources say, and how sure we are of the default."""

    field: str
    sources: str
    grade: Grade


CURRENT = Profile("current")
DOC_1_0_2 = Profile(
    "doc-1.0.2", found_message=TRANSACTION_FOUND_1_0_2, account_auth="bearer", static_md5="refused", aliases=False
)
SIT = Profile("sit", deeplink_host="bakongsit.page.link", issues_for="sit")
PROD = Profile("prod", md5_list="forbidden", aliases=False, issues_for="prod")
RELAY = Profile("relay", registration="gone", issues_for="relay")

PROFILES = {profile.name: profile for profile in (CURRENT, DOC_1_0_2, SIT, PROD, RELAY)}
# The profile of a call that names one of these hosts, where the world has none of its own.
HOSTS = {
    "api-bakong.nbc.gov.kh": PROD,
    "sit-api-bakong.nbc.gov.kh": SIT,
    "api-bakong.nbc.org.kh": PROD,
    "sit-api-bakong.nbc.org.kh": SIT,
    "api.khqr.dev": RELAY,
    "api.bakongrelay.com": RELAY,
}
DEFAULT_PROFILE = CURRENT.name

DISPUTES = (
    Dispute("found_message", "1.0.2 prints the long text; live-looking answers of 2025 and 2026 say Success", SEEN),
    Dispute("account_auth", "the document asks for a token; three live clients send none", SEEN),
    Dispute(
        "md5_list",
        "on production it answered until May 2025, nginx's 403 was seen later; on SIT it answers",
        SEEN,
    ),
    Dispute("static_md5", "1.0.2 lists code 2; a live client reads code 1 for ever; one library claims it works", SEEN),
    Dispute("deeplink_host", "SIT's links carry a host of their own", DOCUMENTED),
    Dispute("aliases", "tests against SIT call check_account_exist; one README names check_account_by_id", GUESSED),
    Dispute("slashes", "a Rust client calls //v1/...; nginx merges slashes unless it is told otherwise", GUESSED),
    Dispute("registration", "they left the document with 1.0.3; applications call them still", SEEN),
    Dispute("token_code", "live tests read code 6; one client of 2025 reads 14", SEEN),
    Dispute("account_status", "since 1.0.4, by a re-typed change log; nobody has seen what it holds", GUESSED),
    Dispute("issues_for", "tokens of SIT and production are separate; a relay's begin with rbk", SEEN),
)
