"""Rules of what is wrong or hostile: every body gets NBC's envelope, never a framework's words and never a 500."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from hypothesis import strategies as st

from bakong_conformance.bakong.subject import KEYS, UNKNOWN_MD5, Bakong, bodies, code
from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.racing import at_once
from bakong_conformance.rules import NotCheckedError, Suite, require

SUITE = Suite("bakong")
rule = SUITE.rule

CHECK = "check_transaction_by_md5"
HOSTILE = (
    b"",
    b"{",
    b"null",
    b'"028ec2cb0123456789abcdef01234567"',
    b"[]",
    b"[1,2]",
    b'{"md5":null}',
    b'{"md5":1}',
    b'{"md5":["a"]}',
    b'{"md5":""}',
    b"\xff\xfe\x00",
    b'{"md5":"\xff"}',
    b'{"md5":"\\ud800"}',
    b'{"md5":NaN}',
    b"[" * 5000,
    b'{"a":' * 2000,
    b'{"md5":"' + b"a" * 300 + b'"}',
    b'{"md5":"' + b"a" * 200_000 + b'"}',
)


def _enveloped(answer: Answer, what: str) -> None:
    require(answer.status < 500, f"{what} was answered HTTP {answer.status}")
    require(isinstance(answer.body, dict), f"{what} was answered without the JSON envelope: {answer.summary[:200]}")
    missing = [key for key in KEYS if key not in answer.body]
    require(not missing, f"{what} was answered without {', '.join(missing)}: {answer.summary[:200]}")
    require(answer.get("responseCode") == 1, f"{what} was taken: {answer.summary[:200]}")


@rule("bodies.missing", "A missing field is code 5", forbids="another errorCode where a field is missing")
def _missing(bakong: Bakong, case: Case) -> None:
    """A check without md5; a fake's every check without a field, with it empty and null.

    The HTTP status, 400 here, is a guess and not checked.
    """
    with bakong.session() as session:
        for endpoint, body in bodies(bakong.profile).items() if session.world else ():
            wrong = session.post(case, endpoint, {"x": 1})
            require(wrong.get("errorCode") == 5, f"/v1/{endpoint} without its field was answered {wrong.summary[:200]}")
            for name in body if isinstance(body, dict) else ():
                for empty in ("", None):
                    wrong = session.post(case, endpoint, body | {name: empty})
                    what = f"/v1/{endpoint} with {name} {json.dumps(empty)}"
                    require(wrong.get("errorCode") == 5, f"{what} was answered {wrong.summary[:200]}")
        answer = session.post(case, CHECK, {})
        require(answer.get("errorCode") == 5, f"errorCode is {answer.get('errorCode')!r}, expected 5: {answer.summary}")


WRONG: tuple[Any, ...] = (None, 1, True, [], {}, "", ["x"], "x" * 300)


def _mistyped(profile: str) -> Iterator[tuple[str, Any]]:
    """Each endpoint with a body in which one field, or one item, is of another type, empty or too long."""
    objects = {"check_bakong_account": {"accountId": "a@b"}, "renew_token": {"email": "a@b"}, "verify": {"code": "x"}}
    objects["generate_deeplink_by_qr"] = {"qr": "x"}
    for endpoint, body in (bodies(profile) | objects).items():
        if isinstance(body, list):
            yield from ((endpoint, [wrong]) for wrong in WRONG)
            yield from ((endpoint, wrong) for wrong in (None, 1, "x", {}, {"md5": body}, [body]))
        else:
            yield from ((endpoint, body | {name: wrong}) for name in body for wrong in WRONG if _is_wrong(name, wrong))


def _is_wrong(name: str, value: Any) -> bool:
    return name != "amount" or not isinstance(value, int)


@rule(
    "bodies.types",
    "A field of another type gets the envelope, at every endpoint",
    forbids="a 500, or an answer outside the envelope, for null, numbers, lists and long texts where a text belongs",
)
def _wrong_types(bakong: Bakong, case: Case) -> None:
    """Null, numbers, booleans, lists, objects, empty and long texts, in each field of each check. Needs a fake."""
    bakong.need_fake()
    with bakong.session() as session:
        for endpoint, body in _mistyped(bakong.profile):
            answer = session.post(case, endpoint, body)
            if answer.status != 404:
                _enveloped(answer, f"/v1/{endpoint} with {json.dumps(body)[:60]}")
            case.journal.clear()


@rule(
    "bodies.hostile",
    "A wrong body gets the envelope",
    forbids="a 500, a framework's 422 or plain text for a body that is wrong",
)
def _hostile(bakong: Bakong, case: Case) -> None:
    """Cut, deep, large and mistyped JSON, invalid UTF-8, nothing. In safe mode the first few, as the budget allows."""
    few = 4 if bakong.cassette else max(1, min(4, bakong.left))
    for raw in HOSTILE[:few] if bakong.control is None else HOSTILE:
        with bakong.session() as session:
            _enveloped(session.post(case, CHECK, None, raw=raw), f"the body {raw[:40]!r}")
        case.journal.clear()


def _json() -> st.SearchStrategy[Any]:
    leaf = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8)
    )
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(("md5", "hash", "qr", "x")), inner, max_size=3)
        ),
        max_leaves=6,
    )


ANY_JSON = _json()


@rule(
    "bodies.any", "No JSON makes it fail", forbids="a 5xx, or an answer outside the envelope, for any JSON", examples=40
)
def _any(bakong: Bakong, case: Case) -> None:
    """JSON drawn at random, sent to an endpoint drawn at random. Needs a fake."""
    endpoint = case.draw(
        st.sampled_from((CHECK, "generate_deeplink_by_qr", "check_bakong_account", "renew_token")), "endpoint"
    )
    body = case.draw(ANY_JSON, "body")
    with bakong.session() as session:
        session.need_world()
        answer = session.post(case, endpoint, None, raw=json.dumps(body).encode())
        require(answer.status < 500, f"answered HTTP {answer.status}")
        missing = [key for key in KEYS if key not in (answer.body if isinstance(answer.body, dict) else {})]
        require(not missing, f"answered without {', '.join(missing)}: {answer.summary[:200]}")


@rule(
    "clients.bare",
    "A client that says nothing of itself is answered",
    forbids="needing a User-Agent or an Accept header, which PHP's and others' clients do not send",
)
def _bare(bakong: Bakong, case: Case) -> None:
    """A check without User-Agent, Accept and Accept-Encoding. The real edge is not asked. Needs a fake."""
    bakong.need_fake()
    with bakong.session() as session:
        expected = session.post(case, CHECK, {"md5": UNKNOWN_MD5})
        for name in ("user-agent", "accept", "accept-encoding"):
            session.http.headers.pop(name, None)
        answer = session.post(case, CHECK, {"md5": UNKNOWN_MD5})
        same = (answer.status, answer.body) == (expected.status, expected.body)
        require(same, f"without User-Agent and Accept it is answered {answer.summary}, with them {expected.summary}")


@rule("methods", "Only POST is answered", forbids="answering GET, or failing at it")
def _methods(bakong: Bakong, case: Case) -> None:
    """GET, PUT, PATCH and DELETE on a check. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = call(
                case,
                session.http,
                method,
                f"{session.prefix}/v1/{CHECK}",
                headers={"authorization": f"Bearer {session.token}"},
                body=None if method in ("GET", "DELETE") else {"md5": UNKNOWN_MD5},
            )
            require(400 <= answer.status < 500, f"{method} was answered HTTP {answer.status}")


@rule("paths", "An unknown path is refused, not failed at", forbids="a 2xx or 5xx for a path that does not exist")
def _paths(bakong: Bakong, case: Case) -> None:
    """Two paths that are nobody's. Needs a fake."""
    with bakong.session() as session:
        session.need_world()
        for path in ("check_transaction_by_magic", "%00"):
            answer = session.post(case, path, {})
            require(400 <= answer.status < 500, f"/v1/{path} was answered HTTP {answer.status}")


@rule(
    "race",
    "Whoever asks at once gets one consistent answer",
    forbids="a poll that loses a payment that another poll has found",
)
def _race(bakong: Bakong, case: Case) -> None:
    """Sixteen checks at once of a payment that was made. Needs a fake."""
    with bakong.session() as session:
        made = code()
        session.need_world().pay(case, made.qr)
        answers = at_once([partial(session.post, case, CHECK, {"md5": made.md5})] * 16)
        texts = {answer.text for answer in answers}
        if all(answer.get("responseCode") == 1 for answer in answers):
            raise NotCheckedError("the payment is not found at all, which another rule names")
        require(len(texts) == 1, f"{len(texts)} different answers: {sorted(texts)}")
