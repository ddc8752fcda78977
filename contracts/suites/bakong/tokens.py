"""Rules of tokens, renewal and the daily quota."""

from contracts.suites.bakong.subject import UNKNOWN_MD5, Bakong, code, known, must, refused
from contracts.suites.case import Case
from contracts.suites.rules import NotCheckedError, Suite

SUITE = Suite("bakong")
rule = SUITE.rule

CHECK = "check_transaction_by_md5"
BODY = {"md5": UNKNOWN_MD5}
EMAIL = "verify@sandbox.test"
TO_MIDNIGHT_S = 17 * 3600  # worlds start at 00:00 UTC; a day in Phnom Penh ends at 17:00 UTC


@rule("token.missing", "Without a token: HTTP 401 with code 6", forbids="answering a transaction check without a token")
def _missing(bakong: Bakong, case: Case) -> None:
    """A check without an Authorization header."""
    with bakong.session() as session:
        refused(session.post(case, CHECK, BODY, token=""), 6, 401)


@rule(
    "token.wrong", "With a wrong token: HTTP 401 with code 6", forbids="a token that is not checked, or checked in part"
)
def _wrong(bakong: Bakong, case: Case) -> None:
    """The token with its last letters changed, cut by one, longer by one, and nonsense."""
    with bakong.session() as session:
        token = session.token
        other = "A" if token[-5] != "A" else "B"
        for wrong in (token[:-5] + other + token[-4:], token[:-1], token + "x", "nonsense", token.swapcase()):
            if bakong.control is None and wrong != token[:-1]:
                continue
            refused(session.post(case, CHECK, BODY, token=wrong), 6, 401)


@rule(
    "token.form",
    "A token in the query or without Bearer does not count",
    forbids="taking a token from anywhere but `Authorization: Bearer`",
)
def _form(bakong: Bakong, case: Case) -> None:
    """?token= in the URL, the bare token as the header, and Basic."""
    with bakong.session() as session:
        refused(session.post(case, f"{CHECK}?token={session.token}", BODY, token=""), 6, 401)
        if bakong.control is None:
            return
        for header in (session.token, f"Basic {session.token}"):
            path = f"{session.prefix}/v1/{CHECK}"
            answer = session.http.post(path, json=BODY, headers={"authorization": header})
            case.note(f"POST {path} Authorization: {header[:12]}…", f"{answer.status_code} {answer.text}")
            must(answer.status_code == 401, f"answered HTTP {answer.status_code} to {header[:12]!r}…, expected 401")


@rule("token.expired", "A token dies at its time", forbids="an expired token that still works, or one that dies early")
def _expired(bakong: Bakong, case: Case) -> None:
    """A token of 60 s: good a second before its end, refused at it. Needs a fake."""
    with bakong.session() as session:
        world = session.need_world()
        token = world.token(case, expires_in_s=60)
        world.advance(case, 59)
        answer = session.post(case, CHECK, BODY, token=token)
        must(answer.status == 200, f"a token with a second to live was refused: {answer.told}")
        world.advance(case, 1)
        refused(session.post(case, CHECK, BODY, token=token), 6, 401)


@rule(
    "token.renew",
    "A renewed token works at once",
    forbids="a renewal that returns no token, or one that does not work yet",
)
def _renew(bakong: Bakong, case: Case) -> None:
    """renew_token for a registered e-mail returns the token itself, which is used at once. Needs a fake."""
    with bakong.session() as session:
        session.need_world().token(case, email=EMAIL)
        answer = session.post(case, "renew_token", {"email": EMAIL}, token="")
        must(answer.status == 200 and answer.get("responseCode") == 0, f"the renewal was refused: {answer.told}")
        token = answer.body["data"].get("token") if isinstance(answer.get("data"), dict) else None
        must(isinstance(token, str) and token, f"no data.token in {answer.told}")
        must(session.post(case, CHECK, BODY, token=token).status == 200, "the renewed token was refused")


@rule(
    "token.renew-unknown",
    "An unknown e-mail is code 10 with HTTP 200",
    forbids="another answer, or a token, for an e-mail that never registered",
)
def _renew_unknown(bakong: Bakong, case: Case) -> None:
    """renew_token for an e-mail that nobody has registered."""
    with bakong.session() as session:
        answer = session.post(case, "renew_token", {"email": "nobody@sandbox.invalid"}, token="")
        refused(answer, 10, 200)


@rule(
    "quota",
    "100 calls a day, then HTTP 200 with code 17",
    forbids="a quota that is ignored, off by one, or answered with 429",
)
def _quota(bakong: Bakong, case: Case) -> None:
    """A world with the free tier's quota; the 100th call is answered, the 101st refused. Needs a fake."""
    with bakong.session() as session:
        session.need_world().limit(case, quota=100)
        for number in range(1, 101):
            answer = session.post(case, CHECK, BODY)
            must(answer.get("errorCode") == 1, f"call {number} of 100 was answered {answer.told}")
            del case.journal[1:-2]
        refused(session.post(case, CHECK, BODY), 17, 200)


@rule(
    "quota.day",
    "The quota begins anew at midnight in Phnom Penh",
    forbids="a quota that resets at another hour, or never",
)
def _quota_day(bakong: Bakong, case: Case) -> None:
    """A quota of 2, spent; refused a second before 17:00 UTC, answered at 17:00 UTC. Needs a fake."""
    with bakong.session() as session:
        world = session.need_world()
        world.limit(case, quota=2)
        for _ in range(2):
            session.post(case, CHECK, BODY)
        if session.post(case, CHECK, BODY).get("errorCode") != 17:
            raise NotCheckedError("the quota does not hold at all, which another rule names")
        world.advance(case, TO_MIDNIGHT_S - 1)
        refused(session.post(case, CHECK, BODY), 17, 200)
        world.advance(case, 1)
        answer = session.post(case, CHECK, BODY)
        must(answer.get("errorCode") == 1, f"after midnight in Phnom Penh still {answer.told}")


@rule(
    "account",
    "The account check knows who exists",
    forbids="another answer than code 11 for an unknown account, or a token that is asked for",
)
def _account(bakong: Bakong, case: Case) -> None:
    """Unknown: 200 with code 11. Of a fake also one that exists: 200, responseCode 0."""
    with bakong.session() as session:
        refused(session.post(case, "check_bakong_account", {"accountId": "nobody_here_9@devb"}), 11, 200)
        if session.world:
            session.world.ask(case, "POST", "/accounts", {"account_id": "sokha@devb"})
            answer = session.post(case, "check_bakong_account", {"accountId": "sokha@devb"})
            must(answer.status == 200 and answer.get("responseCode") == 0, f"an account that exists: {answer.told}")


@rule("account.open", "The account check needs no token", forbids="asking for a token, which the live API does not")
def _account_open(bakong: Bakong, case: Case) -> None:
    """The check without an Authorization header; profile doc-1.0.2 asks for one."""
    with bakong.session() as session:
        answer = session.post(case, "check_bakong_account", {"accountId": "nobody_here_9@devb"}, token="")
        if bakong.profile == "doc-1.0.2":
            refused(answer, 6, 401)
        else:
            refused(answer, 11, 200)


@rule("account.invalid", "A malformed account is code 12", forbids="another answer for an account that cannot be one")
def _account_invalid(bakong: Bakong, case: Case) -> None:
    """An account without an at sign."""
    with bakong.session() as session:
        refused(session.post(case, "check_bakong_account", {"accountId": "nobody"}), 12, 200)


@rule(
    "deeplink",
    "A deep link is made without a token, each time a new one",
    forbids="a deep link that asks for a token, or that is no link",
)
def _deeplink(bakong: Bakong, case: Case) -> None:
    """A good code twice. Needs a fake: at the real one a link would be made."""
    with bakong.session() as session:
        session.need_world()
        links = []
        for _ in range(2):
            answer = known(session.post(case, "generate_deeplink_by_qr", {"qr": code().qr}, token=""), "")
            data = answer.get("data")
            link = data.get("shortLink") if isinstance(data, dict) else None
            must(isinstance(link, str) and link.startswith("https://"), f"no data.shortLink in {answer.told}")
            links.append(link)
        must(links[0] != links[1], f"the same link twice: {links[0]}")


@rule(
    "deeplink.source",
    "A sourceInfo by half is HTTP 200 with code 5",
    forbids="taking an incomplete sourceInfo, or answering 400",
)
def _source(bakong: Bakong, case: Case) -> None:
    """A body with appName alone. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        body = {"qr": code().qr, "sourceInfo": {"appName": "Shop"}}
        refused(session.post(case, "generate_deeplink_by_qr", body, token=""), 5, 200)
