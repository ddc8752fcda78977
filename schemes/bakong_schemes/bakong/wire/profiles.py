"""What the sources dispute of the Open API, as profiles: one column for each reading. Data, no code.

`current` is what live answers of 2025 and 2026 show; `doc-1.0.2` what NBC's readable document says; `sit` and `prod`
what client libraries report of the two hosts.
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
    token_code: of a token that is missing or not good.
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


class Dispute(NamedTuple):
    """One disputed fact: the profile's field, what the sources say, and how sure we are of the default."""

    field: str
    sources: str
    grade: Grade


CURRENT = Profile("current")
DOC_1_0_2 = Profile(
    "doc-1.0.2", found_message=TRANSACTION_FOUND_1_0_2, account_auth="bearer", static_md5="refused", aliases=False
)
SIT = Profile("sit", deeplink_host="bakongsit.page.link")
PROD = Profile("prod", md5_list="forbidden", aliases=False)

PROFILES = {profile.name: profile for profile in (CURRENT, DOC_1_0_2, SIT, PROD)}
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
)
