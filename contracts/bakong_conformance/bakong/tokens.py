"""Rules of tokens, renewal and the daily quota."""

import base64
import json
import re
from functools import partial
from typing import Any

from bakong_conformance.bakong.subject import UNKNOWN_MD5, Bakong, bodies, code, known, refused, transaction
from bakong_conformance.case import Case
from bakong_conformance.racing import at_once
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_schemes.bakong.wire import codes

SUITE = Suite("bakong")
rule = SUITE.rule

CHECK = "check_transaction_by_md5"
BODY = {"md5": UNKNOWN_MD5}
EMAIL = "verify@sandbox.test"
LIFE_S = 90 * 86_400
SOURCE = {
    "appIconUrl": "https://shop.test/icon.png",
    "appName": "Shop",
    "appDeepLinkCallback": "https://shop.test/paid",
}
TO_MIDNIGHT_S = 17 * 3600  # worlds start at 00:00 UTC; a day in Phnom Penh ends at 17:00 UTC


@rule("token.missing", "Without a token: HTTP 401 with code 6", forbids="answering a transaction check without a token")
def _missing(bakong: Bakong, case: Case) -> None:
    """A check without an Authorization header."""
    with bakong.session() as session:
        refused(session.post(case, CHECK, BODY, token=""), 6, 401)


@rule(
    "token.everywhere",
    "Every check of a transaction asks for a token",
    forbids="an endpoint that was forgotten: a check by hash, by reference or of a list that anybody may make",
)
def _everywhere(bakong: Bakong, case: Case) -> None:
    """Each of them without a token and with nonsense. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        for endpoint, body in bodies(bakong.profile).items():
            for token in ("", "nonsense"):
                answer = known(session.post(case, endpoint, body, token=token), endpoint)
                require(
                    answer.status == 401 and answer.get("errorCode") == 6, f"/v1/{endpoint} answered {answer.summary}"
                )


@rule(
    "token.wrong", "With a wrong token: HTTP 401 with code 6", forbids="a token that is not checked, or checked in part"
)
def _wrong(bakong: Bakong, case: Case) -> None:
    """The token with its last letters changed, cut by one, longer by one, without a signature, and nonsense."""
    with bakong.session() as session:
        token = session.token
        other = "A" if token[-5] != "A" else "B"
        unsigned = _part({"alg": "none", "typ": "JWT"}) + "." + token.split(".")[1] + "." if "." in token else "x"
        altered = token[:-5] + other + token[-4:]
        for wrong in (altered, token[:-1], token + "x", "nonsense", token.swapcase(), unsigned):
            if bakong.control is None and wrong != token[:-1]:
                continue
            refused(session.post(case, CHECK, BODY, token=wrong), 6, 401)


def _part(content: Any) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def _content(part: str) -> Any:
    """What a part of a JWT says, or None."""
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None


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
            require(answer.status_code == 401, f"answered HTTP {answer.status_code} to {header[:12]!r}…, expected 401")


@rule("token.expired", "A token dies at its time", forbids="an expired token that still works, or one that dies early")
def _expired(bakong: Bakong, case: Case) -> None:
    """A token of 60 s: good a second before its end, refused at it. Needs a fake."""
    with bakong.session() as session:
        world = session.need_world()
        token = world.token(case, expires_in_s=60)
        world.advance(case, 59)
        answer = session.post(case, CHECK, BODY, token=token)
        require(answer.status == 200, f"a token with a second to live was refused: {answer.summary}")
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
        require(answer.status == 200 and answer.get("responseCode") == 0, f"the renewal was refused: {answer.summary}")
        token = answer.body["data"].get("token") if isinstance(answer.get("data"), dict) else None
        require(isinstance(token, str) and token, f"no data.token in {answer.summary}")
        require(session.post(case, CHECK, BODY, token=token).status == 200, "the renewed token was refused")


@rule(
    "token.life",
    "A token is a JWT that lives for 90 days",
    forbids="an opaque token, or one that ends at another time than it says",
)
def _life(bakong: Bakong, case: Case) -> None:
    """Renewed after 30 days: HS256, exp 90 days after iat, good on the 89th day, refused on the 90th. Needs a fake."""
    with bakong.session() as session:
        world = session.need_world()
        world.token(case, email=EMAIL)
        world.advance(case, 30 * 86_400)
        data = session.post(case, "renew_token", {"email": EMAIL}, token="").get("data")
        token = data.get("token") if isinstance(data, dict) else None
        if not isinstance(token, str):
            raise NotCheckedError("no token is returned, which another rule names")
        parts = [_content(part) for part in token.split(".")[:2]]
        require(token.count(".") == 2 and all(isinstance(part, dict) for part in parts), f"{token!r} is no JWT")
        head, body = parts
        require(head.get("alg") == "HS256", f"its alg is {head.get('alg')!r}, expected 'HS256'")
        times = [body.get(name) for name in ("iat", "exp")]
        require(all(type(moment) is int for moment in times), f"iat and exp are {times}, expected epoch seconds")
        require(times[1] - times[0] == LIFE_S, f"it lives for {times[1] - times[0]} s, expected {LIFE_S}, 90 days")
        late = world.now_ms() // 1000 - times[0]
        require(abs(late) <= 60, f"it was issued {late} s ago, by its iat: the old token was returned again")
        world.advance(case, LIFE_S - 86_400)
        require(session.post(case, CHECK, BODY, token=token).status == 200, "it was refused on its 89th day")
        world.advance(case, 86_400)
        refused(session.post(case, CHECK, BODY, token=token), 6, 401)


@rule(
    "token.register",
    "A mailed code buys one token that works",
    forbids="a registration that gives no token, a code that is good twice, an e-mail that registers again",
)
def _register(bakong: Bakong, case: Case) -> None:
    """request_token, the code from the world's mails, /v1/verify; then both again. Needs a fake that still has them."""
    with bakong.session() as session:
        world, email = session.need_world(), "new@sandbox.test"
        body = {"email": email, "organization": "Shop", "project": "Tests"}
        answer = known(session.post(case, "request_token", body, token=""), "request_token")
        require(answer.get("responseCode") == 0 and answer.get("data") is None, f"a new e-mail: {answer.summary}")
        mails = world.ask(case, "GET", "").get("outbox", [])
        mailed = [mail["code"] for mail in mails if mail.get("to") == email and mail.get("code")]
        if not mailed:
            raise NotCheckedError("the sandbox shows no mailed code")
        answer = known(session.post(case, "verify", {"code": mailed[-1]}, token=""), "verify")
        token = transaction(answer).get("token")
        require(isinstance(token, str) and token, f"no data.token in {answer.summary}")
        require(session.post(case, CHECK, BODY, token=token).status == 200, "the token was refused")
        answer = session.post(case, "verify", {"code": mailed[-1]}, token="")
        require(answer.get("responseCode") == 1, f"a code is good twice: {answer.summary}")
        answer = session.post(case, "request_token", body, token="")
        require(answer.get("errorCode") == 8, f"an e-mail that is registered: {answer.summary}, expected code 8")


@rule("token.code", "A wrong code buys no token", forbids="a token for a code that was never mailed")
def _code(bakong: Bakong, case: Case) -> None:
    """/v1/verify with twenty letters that are nobody's; not checked where it is gone. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        answer = known(session.post(case, "verify", {"code": "ABCDEFGHIJ0123456789"}, token=""), "verify")
        require(answer.get("responseCode") == 1 and not answer.get("data"), f"a wrong code was taken: {answer.summary}")


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
            require(answer.get("errorCode") == 1, f"call {number} of 100 was answered {answer.summary}")
            del case.journal[1:-2]
        answer = session.post(case, CHECK, BODY)
        refused(answer, 17, 200)
        words, expected = answer.get("responseMessage"), codes.DAILY_QUOTA.message
        require(words == expected, f"says {words!r}, expected {expected!r}")


@rule(
    "quota.everywhere",
    "A spent quota refuses every check of a transaction",
    forbids="a quota that one endpoint keeps, and another gets around",
)
def _quota_everywhere(bakong: Bakong, case: Case) -> None:
    """A quota of 1, spent at each endpoint in turn by a token of its own, then asked for at all. Needs a fake."""
    with bakong.session() as session:
        world = session.need_world()
        world.limit(case, quota=1)
        every = bodies(bakong.profile)
        for number, (spent, body) in enumerate(every.items()):
            token = world.token(case, email=f"spent{number}@sandbox.test")
            known(session.post(case, spent, body, token=token), spent)
            for endpoint, asked in every.items():
                answer = session.post(case, endpoint, asked, token=token)
                require(answer.get("errorCode") == 17, f"/v1/{endpoint} after one call of {spent}: {answer.summary}")


@rule(
    "quota.lists",
    "A list is one call of the quota, however long",
    forbids="a quota that counts the rows of a list: the cheap way of asking is the dear one",
)
def _quota_lists(bakong: Bakong, case: Case) -> None:
    """A quota of 100; a list of 50 hashes three times, and a check, are answered. Needs a fake."""
    with bakong.session() as session:
        session.need_world().limit(case, quota=100)
        path, hashes = "check_transaction_by_hash_list", [f"{number:064x}" for number in range(50)]
        for number in (1, 2, 3):
            answer = known(session.post(case, path, hashes), path)
            require(answer.get("errorCode") != 17, f"list {number} of 3 was refused: {answer.summary}")
        answer = session.post(case, CHECK, BODY)
        require(answer.get("errorCode") != 17, f"the fourth call of 100 was refused: {answer.summary}")


@rule(
    "quota.race",
    "Calls at once get no more than the quota",
    forbids="a quota that is read, waited on, and then written: whoever asks at once gets around it",
)
def _quota_race(bakong: Bakong, case: Case) -> None:
    """A quota of 20, sixty checks at once: twenty are answered. Needs a fake."""
    with bakong.session() as session:
        session.need_world().limit(case, quota=20)
        answers = at_once([partial(session.post, case, CHECK, BODY)] * 60)
        if session.post(case, CHECK, BODY).get("errorCode") != 17:
            raise NotCheckedError("the quota does not hold at all, which another rule names")
        taken = sum(answer.get("errorCode") == 1 for answer in answers)
        require(taken == 20, f"of 60 calls at once {taken} were answered, expected 20")


@rule(
    "quota.refused",
    "A call that is refused counts too",
    forbids="refused calls that are free: a real quota is spent by them as well",
)
def _quota_refused(bakong: Bakong, case: Case) -> None:
    """A quota of 2: a body without md5, a check, and the third call is refused. Needs a fake."""
    with bakong.session() as session:
        session.need_world().limit(case, quota=2)
        session.post(case, CHECK, {})
        answer = session.post(case, CHECK, BODY)
        require(answer.get("errorCode") == 1, f"the second call of 2 was answered {answer.summary}")
        answer = session.post(case, CHECK, BODY)
        require(answer.get("errorCode") == 17, f"after a refused call and a check, of 2, still {answer.summary}")


@rule(
    "quota.token",
    "Each token has a quota of its own",
    forbids="one quota for everybody, or one that a call without a token spends",
)
def _quota_token(bakong: Bakong, case: Case) -> None:
    """A quota of 1, spent by one token; another registration's is answered. Needs a fake."""
    with bakong.session() as session:
        world = session.need_world()
        world.limit(case, quota=1)
        other = world.token(case, email="other@sandbox.test")
        session.post(case, CHECK, BODY, token="")
        for _ in range(3):
            session.post(case, CHECK, BODY)
        answer = session.post(case, CHECK, BODY, token=other)
        require(answer.get("errorCode") == 1, f"another token's first call was answered {answer.summary}")


@rule(
    "quota.day",
    "The quota begins anew at midnight in Phnom Penh",
    forbids="a quota that resets at another hour, or never",
)
def _quota_day(bakong: Bakong, case: Case) -> None:
    """A quota of 2, spent; refused a second before 17:00 UTC, twice answered from 17:00 UTC on. Needs a fake."""
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
        for call in ("first", "second"):
            answer = session.post(case, CHECK, BODY)
            require(
                answer.get("errorCode") == 1, f"the {call} call of 2 after midnight in Phnom Penh: {answer.summary}"
            )
        refused(session.post(case, CHECK, BODY), 17, 200)


@rule(
    "account",
    "The account check knows who exists",
    forbids="another answer than code 11 for an unknown account, or a token that is asked for",
)
def _account(bakong: Bakong, case: Case) -> None:
    """Unknown: 200 with code 11. Of a fake also one of 32 characters, and one that exists: 200, responseCode 0."""
    with bakong.session() as session:
        refused(session.post(case, "check_bakong_account", {"accountId": "nobody_here_9@devb"}), 11, 200)
        if session.world:
            refused(session.post(case, "check_bakong_account", {"accountId": "n" * 27 + "@devb"}), 11, 200)
            session.world.ask(case, "POST", "/accounts", {"account_id": "sokha@devb"})
            answer = session.post(case, "check_bakong_account", {"accountId": "sokha@devb"})
            require(
                answer.status == 200 and answer.get("responseCode") == 0, f"an account that exists: {answer.summary}"
            )
            require(answer.get("data") is None, f"data is {answer.get('data')!r}, expected null")


@rule("account.open", "The account check needs no token", forbids="asking for a token, which the live API does not")
def _account_open(bakong: Bakong, case: Case) -> None:
    """The check without an Authorization header, of a fake also with nonsense; profile doc-1.0.2 asks for a token."""
    with bakong.session() as session:
        answer = session.post(case, "check_bakong_account", {"accountId": "nobody_here_9@devb"}, token="")
        if bakong.profile == "doc-1.0.2":
            refused(answer, 6, 401)
            return
        refused(answer, 11, 200)
        if session.world:
            asked, wrong = {"accountId": "nobody_here_9@devb"}, "nonsense"
            refused(session.post(case, "check_bakong_account", asked, token=wrong), 11, 200)


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
    """A good code three times, once with a token that is none. Needs a fake: at the real one a link would be made."""
    with bakong.session() as session:
        session.need_world()
        links = []
        for token in ("", "", "nonsense"):
            answer = known(session.post(case, "generate_deeplink_by_qr", {"qr": code().qr}, token=token), "")
            data = answer.get("data")
            link = data.get("shortLink") if isinstance(data, dict) else None
            require(
                isinstance(link, str) and re.fullmatch(r"https://[a-z0-9.-]+/[A-Za-z0-9]+", link),
                f"no data.shortLink, https://host/word, in {answer.summary}",
            )
            links.append(link)
        require(len(set(links)) == 3, f"the same link twice: {links}")


@rule("deeplink.qr", "No deep link is made for what is no KHQR", forbids="a link for nonsense, or for no code at all")
def _deeplink_qr(bakong: Bakong, case: Case) -> None:
    """Nonsense, a code with a letter changed, and none. The refusal's form is not checked. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        for body in ({"qr": "nonsense"}, {"qr": code().qr.replace("Sokha", "Sokhb")}, {}):
            answer = session.post(case, "generate_deeplink_by_qr", body, token="")
            require(answer.get("responseCode") == 1 and not answer.get("data"), f"{body} was answered {answer.summary}")


@rule(
    "deeplink.source",
    "A sourceInfo by half is HTTP 200 with code 5",
    forbids="taking an incomplete sourceInfo, refusing a whole one, or answering 400",
)
def _source(bakong: Bakong, case: Case) -> None:
    """A whole sourceInfo; then one without each of its three fields, appName alone, an empty URL. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        path, qr = "generate_deeplink_by_qr", code().qr
        answer = session.post(case, path, {"qr": qr, "sourceInfo": SOURCE}, token="")
        require(answer.get("responseCode") == 0, f"a whole sourceInfo was refused: {answer.summary}")
        halves = [{name: text for name, text in SOURCE.items() if name != left} for left in SOURCE]
        for half in (*halves, {"appName": "Shop"}, SOURCE | {"appIconUrl": ""}):
            refused(session.post(case, path, {"qr": qr, "sourceInfo": half}, token=""), 5, 200)
