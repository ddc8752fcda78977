"""Rules of bKash's tokens: what is granted, what it opens, and for how long."""

import base64
import json
from typing import Any

from bakong_conformance.bkash.subject import Bkash, has, says
from bakong_conformance.case import Case
from bakong_conformance.rules import Severity, Suite, agree, require

SUITE = Suite("bkash")
rule = SUITE.rule
CAPTURES = "captures 2019-2025 [C]"
UNAUTHORIZED = (401, 403)


def _part(text: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return dict(value)


@rule("token.shape", "A grant has its six fields", forbids="expires_in as text, other names", source=CAPTURES)
def _shape(bkash: Bkash, case: Case) -> None:
    """Names and types of the tokenized family's grant."""
    body = has(
        bkash.grant(case), "statusCode", "statusMessage", "id_token", "token_type", "expires_in", "refresh_token"
    )
    says(body, statusCode="0000", expires_in=3600, token_type="Bearer")  # noqa: S106  words of the API
    require(type(body["expires_in"]) is int, f"expires_in is {body['expires_in']!r}, expected a number")


@rule("token.jwt", "The id token is a JWT of an hour", forbids="an opaque token, another life", source=CAPTURES)
def _jwt(bkash: Bkash, case: Case) -> None:
    """RS256, a kid, token_use id, exp an hour after iat."""
    parts = str(bkash.grant(case).get("id_token")).split(".")
    require(len(parts) == 3, f"id_token has {len(parts)} parts, expected 3")
    head, payload = _part(parts[0]), _part(parts[1])
    says(head, alg="RS256")
    require("kid" in head, f"the head {head} has no kid")
    says(payload, token_use="id")  # noqa: S106  words of the API
    life = payload.get("exp", 0) - payload.get("iat", 0)
    require(life == 3600, f"exp is {life} s after iat, expected 3600")


@rule("token.jwe", "The refresh token is a JWE", forbids="a refresh token of another form", source=CAPTURES)
def _jwe(bkash: Bkash, case: Case) -> None:
    """Five parts, RSA-OAEP and A256GCM."""
    parts = str(bkash.grant(case).get("refresh_token")).split(".")
    require(len(parts) == 5, f"refresh_token has {len(parts)} parts, expected 5")
    says(_part(parts[0]), alg="RSA-OAEP", enc="A256GCM")


@rule(
    "token.refresh", "A refresh token gives a token that works", forbids="a refresh that is no grant", source=CAPTURES
)
def _refresh(bkash: Bkash, case: Case) -> None:
    """Grant, refresh, and a call with the new token; a made-up refresh token is refused."""
    granted = bkash.grant(case)
    answer = bkash.grant(case, refresh_token=granted.get("refresh_token"))
    body = has(answer, "id_token", "expires_in", "refresh_token")
    created = bkash.post(case, "create", bkash.wanted(), headers=bkash.headers(authorization=body["id_token"]))
    require(created.get("statusCode") == "0000", f"a refreshed token was answered {created.summary}")
    forged = bkash.grant(case, refresh_token="made.up")  # noqa: S106  words of the API
    require(forged.get("id_token") is None, f"a made-up refresh token was granted {forged.summary}")


@rule("token.old", "A token outlives its refresh", forbids="signing out who still works", source="nobody says [G]")
def _old(bkash: Bkash, case: Case) -> None:
    """The old token after a refresh. Disputed."""
    granted = bkash.grant(case)
    bkash.grant(case, refresh_token=granted.get("refresh_token"))
    answer = bkash.post(case, "create", bkash.wanted(), headers=bkash.headers(authorization=granted.get("id_token")))
    agree(answer.get("statusCode") == "0000", f"the token before a refresh was answered {answer.summary}")


@rule(
    "token.raw",
    "The token stands raw in Authorization",
    forbids="demanding Bearer",
    source="bKash's plugin and four clients [O]",
)
def _raw(bkash: Bkash, case: Case) -> None:
    """As bKash's own plugin sends it."""
    answer = bkash.post(case, "create", bkash.wanted(), headers=bkash.headers())
    require(answer.get("statusCode") == "0000", f"a raw token was answered {answer.summary}")


@rule(
    "token.bearer",
    "Bearer before the token is let through",
    forbids="refusing clients that send it",
    source="some clients [G]",
)
def _bearer(bkash: Bkash, case: Case) -> None:
    """As some clients send it. Disputed."""
    headers = bkash.headers(authorization=f"Bearer {bkash.token()}")
    answer = bkash.post(case, "create", bkash.wanted(), headers=headers)
    agree(answer.get("statusCode") == "0000", f"Bearer before the token was answered {answer.summary}")


@rule(
    "token.missing",
    "Without a right token nothing is told",
    forbids="payments that anybody can make",
    source="two clients [C]",
    severity=Severity.CRITICAL,
)
def _missing(bkash: Bkash, case: Case) -> None:
    """No token, a made-up one, one with a letter changed: 401, and the gateway's own envelope."""
    right = bkash.token()
    wrong = (None, "made-up", right[:-8] + ("A" if right[-8] != "A" else "B") + right[-7:])
    for token in wrong:
        headers = {name: value for name, value in bkash.headers().items() if name != "authorization"}
        headers |= {} if token is None else {"authorization": token}
        answer = bkash.post(case, "create", bkash.wanted(), headers=headers)
        require(answer.status in UNAUTHORIZED, f"the token {token and token[-12:]!r} was answered {answer.summary}")
        require(isinstance(answer.get("message"), str), f"a gateway's refusal has no message: {answer.summary}")
        require(answer.get("statusCode") is None, f"a gateway's refusal has bKash's envelope: {answer.summary}")


@rule("token.expired", "A token ends after an hour", forbids="tokens without an end", source=CAPTURES)
def _expired(bkash: Bkash, case: Case) -> None:
    """3,599 s after its grant it opens, at 3,600 s it does not."""
    token = str(bkash.grant(case).get("id_token"))
    for seconds, works in ((3599, True), (1, False)):
        bkash.wait(case, seconds)
        answer = bkash.post(case, "create", bkash.wanted(), headers=bkash.headers(authorization=token))
        done = answer.get("statusCode") == "0000"
        require(done == works, f"a token {'before' if works else 'at'} its end was answered {answer.summary}")
        require(works or answer.status == 401, f"a token at its end was answered HTTP {answer.status}, expected 401")


@rule(
    "token.app-key",
    "Another app key is refused",
    forbids="a token without its app",
    source="table [O], two clients [C]",
)
def _app_key(bkash: Bkash, case: Case) -> None:
    """A made-up X-APP-Key: 403 by the gateway, or code 2001."""
    answer = bkash.post(case, "create", bkash.wanted(), headers=bkash.headers(**{"x-app-key": "made-up"}))
    require(answer.get("statusCode") != "0000", f"another app key was taken: {answer.summary}")
    known = answer.status in UNAUTHORIZED or answer.get("statusCode") == "2001"
    require(known, f"another app key was answered {answer.summary}")


@rule(
    "token.credentials",
    "Wrong credentials get no token",
    forbids="tokens for anybody",
    source="one capture [1]",
    severity=Severity.CRITICAL,
)
def _credentials(bkash: Bkash, case: Case) -> None:
    """A wrong username, password, app key and secret; code 9999 is disputed."""
    codes = set()
    for name in ("username", "password", "appKey", "appSecret"):
        answer = bkash.grant(case, **{name: "made-up"})
        require(answer.get("id_token") is None, f"a wrong {name} was granted a token: {answer.summary}")
        require(answer.status < 500, f"a wrong {name} was answered {answer.summary}")
        codes.add(answer.get("statusCode"))
    agree(codes == {"9999"}, f"wrong credentials have the codes {sorted(map(str, codes))}, expected 9999")
