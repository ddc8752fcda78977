"""Rules of the envelope around every answer, and of what is not found. Sources and grades: docs/sources.md."""

from collections.abc import Iterator

from bakong_conformance.bakong.subject import KEYS, UNKNOWN_MD5, Bakong, Session, code
from bakong_conformance.case import Case
from bakong_conformance.control import World
from bakong_conformance.http import Answer
from bakong_conformance.rules import Suite, require
from bakong_schemes.bakong.wire import codes

SUITE = Suite("bakong")
rule = SUITE.rule

ENDPOINTS = (
    "renew_token",
    "generate_deeplink_by_qr",
    "check_transaction_by_md5",
    "check_transaction_by_hash",
    "check_transaction_by_short_hash",
    "check_transaction_by_instruction_ref",
    "check_transaction_by_external_ref",
    "check_transaction_by_md5_list",
    "check_transaction_by_hash_list",
    "check_bakong_account",
)


@rule(
    "not-found.status",
    "An unknown payment is HTTP 200 with code 1",
    forbids="404, or another status or code, for a payment that is not there yet",
)
def _not_found(bakong: Bakong, case: Case) -> None:
    """An md5 that nobody has paid is asked for. Seen live; the retellings that say 404 are wrong."""
    with bakong.session() as session:
        answer = session.post(case, "check_transaction_by_md5", {"md5": UNKNOWN_MD5})
        require(answer.status == 200, f"answered HTTP {answer.status}, expected 200: {answer.summary}")
        require(answer.get("responseCode") == 1, f"responseCode is {answer.get('responseCode')!r}, expected 1")
        require(answer.get("errorCode") == 1, f"errorCode is {answer.get('errorCode')!r}, expected 1")


def _some(session: Session, case: Case) -> Iterator[Answer]:
    """Answers of several kinds; a fake's world, or a payment that was given, also shows one that is found."""
    yield session.post(case, "check_transaction_by_md5", {"md5": UNKNOWN_MD5})
    yield session.post(case, "check_transaction_by_md5", {"md5": UNKNOWN_MD5}, token="")
    yield session.post(case, "check_bakong_account", {"accountId": "nobody_here_9@devb"})
    if session.world:
        paid = code()
        session.world.pay(case, paid.qr)
        yield session.post(case, "check_transaction_by_md5", {"md5": paid.md5})
        yield session.post(case, "generate_deeplink_by_qr", {"qr": paid.qr})
    elif session.bakong.paid_md5:
        yield session.post(case, "check_transaction_by_md5", {"md5": session.bakong.paid_md5})


@rule(
    "envelope.keys",
    "Every answer has its four keys",
    forbids="an answer without responseCode, responseMessage, errorCode or data, even where they are null",
)
def _keys(bakong: Bakong, case: Case) -> None:
    """Answers of several endpoints, found and not found, with and without a token."""
    with bakong.session() as session:
        for answer in _some(session, case):
            require(isinstance(answer.body, dict), f"the answer is not a JSON object: {answer.summary}")
            missing = [key for key in KEYS if key not in answer.body]
            require(not missing, f"{', '.join(missing)} is missing in {answer.summary}")
            require(
                set(answer.body) <= set(KEYS), f"{sorted(set(answer.body) - set(KEYS))} is too many in {answer.summary}"
            )


@rule(
    "envelope.types",
    "The envelope's values have their types and agree",
    forbids="codes as text, a message that is no text, data in a refusal, a success with an errorCode",
)
def _types(bakong: Bakong, case: Case) -> None:
    """The same answers: responseCode 0 exactly where errorCode is null."""
    with bakong.session() as session:
        for answer in _some(session, case):
            response, error, data = (answer.get(key) for key in ("responseCode", "errorCode", "data"))
            require(type(response) is int and response in (0, 1), f"responseCode is {response!r}, expected 0 or 1")
            require(error is None or type(error) is int, f"errorCode is {error!r}, expected a whole number or null")
            message = answer.get("responseMessage")
            require(isinstance(message, str) and message, f"responseMessage is {message!r}, expected a text")
            require((response == 0) == (error is None), f"responseCode {response} with errorCode {error!r}")
            require(response == 0 or data is None, f"a refusal carries data: {answer.summary}")


@rule("envelope.json", "Answers say that they are JSON", forbids="another Content-Type than application/json")
def _content_type(bakong: Bakong, case: Case) -> None:
    """The Content-Type of the same answers; a fake's charset can only be UTF-8."""
    with bakong.session() as session:
        for answer in _some(session, case):
            require(not answer.text.startswith("\ufeff"), "a byte order mark stands before the JSON")
            media, _, more = answer.headers.get("content-type", "").partition(";")
            require(
                media == "application/json", f"Content-Type is {media!r}, expected application/json: {answer.summary}"
            )
            charset = more.strip().lower().removeprefix("charset=").strip('"')
            require(session.world is None or charset in ("", "utf-8"), f"the charset is {charset!r}, JSON is UTF-8")


@rule("messages", "Refusals use NBC's words", forbids="another responseMessage than the one seen live")
def _messages(bakong: Bakong, case: Case) -> None:
    """The texts of not found (1), unauthorized (6), an unknown account (11); of a fake also 3, 10, 12 and successes."""
    with bakong.session() as session:
        for answer, expected in (
            (session.post(case, "check_transaction_by_md5", {"md5": UNKNOWN_MD5}), codes.NOT_FOUND),
            (session.post(case, "check_transaction_by_md5", {"md5": UNKNOWN_MD5}, token=""), codes.UNAUTHORIZED),
            (session.post(case, "check_bakong_account", {"accountId": "nobody_here_9@devb"}), codes.ACCOUNT_NOT_FOUND),
        ):
            if answer.get("errorCode") == expected.number:
                message = answer.get("responseMessage")
                require(
                    message == expected.message,
                    f"code {expected.number} says {message!r}, expected {expected.message!r}",
                )
        if session.world:
            for answer, number, words in _more(session, session.world, case):
                message = answer.get("responseMessage")
                require(answer.get("errorCode") != number or message == words, f"says {message!r}, expected {words!r}")


def _more(session: Session, world: World, case: Case) -> Iterator[tuple[Answer, int | None, str]]:
    """Answers that only a fake gives, with the errorCode for which these are the words."""
    failed, email = code(), "verify@sandbox.test"
    world.pay(case, failed.qr, outcome="failed")
    world.token(case, email=email)
    world.ask(case, "POST", "/accounts", {"account_id": "sokha@devb"})
    for endpoint, body, expected in (
        ("check_transaction_by_md5", {"md5": failed.md5}, codes.FAILED),
        ("renew_token", {"email": "nobody@sandbox.invalid"}, codes.NOT_REGISTERED),
        ("check_bakong_account", {"accountId": "nobody"}, codes.ACCOUNT_INVALID),
    ):
        yield session.post(case, endpoint, body), expected.number, expected.message
    for endpoint, body, words in (
        ("renew_token", {"email": email}, codes.TOKEN_ISSUED),
        ("check_bakong_account", {"accountId": "sokha@devb"}, codes.ACCOUNT_EXISTS),
        ("generate_deeplink_by_qr", {"qr": code().qr}, codes.DEEPLINK_MADE),
    ):
        yield session.post(case, endpoint, body), None, words


@rule("endpoints", "Every endpoint is there", forbids="an endpoint of the Open API that does not exist")
def _endpoints(bakong: Bakong, case: Case) -> None:
    """Each path is called with an empty object; it may refuse, but not with 404 or 405. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        for endpoint in ENDPOINTS:
            answer = session.post(case, endpoint, {})
            require(answer.status not in (404, 405), f"/v1/{endpoint} answered HTTP {answer.status}")
