"""A wrapper around the simulator that makes it wrong: each bug changes a request or an answer of /v1."""

import asyncio
import json

from contracts.suites.bakong.subject import UNKNOWN_MD5

MD5 = "check_transaction_by_md5"
LIST = "check_transaction_by_md5_list"


def wrap(app, bugs):
    """The simulator's app with bugs."""
    wrong = _Wrong(set(bugs))

    async def wrapped(scope, receive, send):
        if scope["type"] != "http" or "/v1/" not in scope["path"]:
            await app(scope, receive, send)
            return
        await wrong.serve(app, scope, receive, send)

    return wrapped


class _Wrong:
    def __init__(self, bugs):
        self.bugs = bugs
        self.polls = {}
        self.last = None
        self.tokens, self.linked, self.open = set(), False, 0

    async def serve(self, app, scope, receive, send):
        endpoint = scope["path"].rpartition("/v1/")[2]
        raw = await _body(receive)
        scope = self._request(dict(scope))
        sent = []

        async def keep(message):
            sent.append(message)

        async def replay():
            return {"type": "http.request", "body": raw, "more_body": False}

        self.open += 1
        alone = self.open == 1
        if "race-loses" in self.bugs:
            await asyncio.sleep(0.01)
        await app(scope, replay, keep)
        self.open -= 1
        status = sent[0]["status"]
        body = b"".join(message.get("body", b"") for message in sent[1:])
        status, body, media = self._answer(endpoint, scope["path"], status, body, raw)
        token = dict(scope["headers"]).get(b"authorization", b"")
        status, body = self._remembering(endpoint, scope["path"], token, status, body, raw, alone=alone)
        headers = [(b"content-type", media), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _remembering(self, endpoint, path, token, status, body, raw, *, alone):
        """Bugs that depend on what went before."""
        bugs = self.bugs
        if status == 200:
            self.tokens.add(token)
        if "expired-token-works" in bugs and status == 401 and token in self.tokens:
            return 200, json.dumps(_envelope(1)).encode()
        if "race-loses" in bugs and endpoint == MD5 and not alone:
            return 200, json.dumps(_envelope(1)).encode()
        if "quota-99" in bugs and endpoint == MD5:
            calls = self.polls[path] = self.polls.get(path, 0) + 1
            if calls == 100:
                return 200, json.dumps(_envelope(17)).encode()
        if "deeplink-needs-token" in bugs and endpoint == "generate_deeplink_by_qr" and not token:
            return 401, json.dumps(_envelope(6)).encode()
        if "list-unlimited" in bugs and endpoint == LIST and raw.count(b'"') == 102:
            return 200, json.dumps({**_envelope(1), "responseCode": 0, "errorCode": None, "data": []}).encode()
        if "array-500" in bugs and raw.startswith(b"[") and endpoint != LIST:
            return 500, body
        if "renew-anybody" in bugs and endpoint == "renew_token" and b'"errorCode":10' in body.replace(b" ", b""):
            answer = {"responseCode": 0, "responseMessage": "Token has been issued", "errorCode": None}
            return 200, json.dumps({**answer, "data": {"token": "eyJ"}}).encode()
        if "reference-never" in bugs and endpoint == "check_transaction_by_external_ref":
            return 200, json.dumps(_envelope(1)).encode()
        self.linked = self.linked or endpoint == "generate_deeplink_by_qr"
        pending = self.linked and UNKNOWN_MD5.encode() not in raw
        if "linked-is-pending" in bugs and pending and endpoint == MD5 and b'"errorCode": 1' in body:
            return 200, json.dumps({**_envelope(1), "errorCode": None, "data": {"status": "PENDING"}}).encode()
        return status, body

    def _request(self, scope):
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"")
        if "query-token" in self.bugs and scope.get("query_string", b"").startswith(b"token="):
            headers[b"authorization"] = b"Bearer " + scope["query_string"][6:]
        if "bare-token" in self.bugs and given.startswith(b"ey"):
            headers[b"authorization"] = b"Bearer " + given
        scope["headers"] = list(headers.items())
        return scope

    def _answer(self, endpoint, path, status, body, raw):  # noqa: PLR0915
        bugs, media = self.bugs, b"application/json; charset=utf-8"
        try:
            answer = json.loads(body)
        except ValueError:
            return status, body, media
        code, data = answer.get("errorCode"), answer.get("data")
        if "token-unchecked" in bugs and code == 6:
            return 200, json.dumps(_envelope(1)).encode(), media
        if "expired-200" in bugs and code == 6:
            status = 200
        if "unauthorized-403" in bugs and code == 6:
            status = 403
        if "not-found-404" in bugs and code == 1:
            status = 404
        if "not-found-code" in bugs and code == 1:
            answer["errorCode"] = 14
        if "message-differs" in bugs and code == 1:
            answer["responseMessage"] = "Transaction not found"
        if "no-data-key" in bugs and data is None:
            del answer["data"]
        if "no-error-code-on-success" in bugs and code is None:
            del answer["errorCode"]
        if "extra-key" in bugs:
            answer["timestamp"] = 1
        if "codes-as-text" in bugs:
            answer["responseCode"] = str(answer["responseCode"])
        if "success-with-code" in bugs and code is None:
            answer["errorCode"] = 0
        if "html-type" in bugs:
            media = b"text/html"
        if "missing-422" in bugs and code == 5 and status == 400:
            return 422, b'{"detail":[{"msg":"Field required"}]}', media
        if "missing-500" in bugs and code == 5 and not raw.startswith(b"{"):
            return 500, b'{"error":"Internal Server Error"}', media
        if "missing-code" in bugs and code == 5:
            answer["errorCode"] = 99
        if "account-404" in bugs and code == 11:
            status = 404
        if "account-needs-token" in bugs and endpoint == "check_bakong_account":
            return 401, json.dumps(_envelope(6)).encode(), media
        if "account-invalid-11" in bugs and code == 12:
            answer["errorCode"] = 11
        if "account-always" in bugs and code == 11:
            answer = {"responseCode": 0, "responseMessage": "Account ID exists", "errorCode": None, "data": None}
        if "renew-no-token" in bugs and endpoint == "renew_token" and data:
            answer["data"] = None
        if "renew-400" in bugs and code == 10:
            status = 400
        if "quota-429" in bugs and code == 17:
            status = 429
        if "quota-ignored" in bugs and code == 17:
            answer = _envelope(1)
        if "deeplink-same" in bugs and endpoint == "generate_deeplink_by_qr" and data:
            data["shortLink"] = "https://bakong.page.link/aaaaaaaaaaaaaaaaa"
        if "source-taken" in bugs and code == 5 and b"sourceInfo" in raw:
            answer = {"responseCode": 0, "responseMessage": "ok", "errorCode": None, "data": {"shortLink": "https://a"}}
        if "failed-as-not-found" in bugs and code == 3:
            answer = _envelope(1)
        if "get-answered" in bugs and status == 405:
            status = 200
        if "path-500" in bugs and status == 404 and "magic" in endpoint:
            status = 500
        if endpoint == MD5 and isinstance(data, dict):
            status, answer = self._found(path, status, answer)
        if endpoint == LIST and isinstance(data, list):
            self._rows(answer)
        if "short-hash-loose" in bugs and endpoint == "check_transaction_by_short_hash" and code == 1 and self.last:
            answer = self.last
        return status, json.dumps(answer).encode(), media

    def _found(self, path, status, answer):
        bugs, data = self.bugs, answer["data"]
        polls = self.polls[path] = self.polls.get(path, 0) + 1
        self.last = answer
        if "found-lost-again" in bugs and polls > 3:
            return status, _envelope(1)
        if "found-201" in bugs:
            return 201, answer
        if "amount-whole" in bugs:
            data["amount"] = int(data["amount"])
        if "found-never" in bugs:
            return status, _envelope(1)
        if "found-message" in bugs:
            answer["responseMessage"] = "OK"
        if "no-external-ref" in bugs:
            del data["externalRef"]
        if "no-null-keys" in bugs:
            answer["data"] = {key: value for key, value in data.items() if value is not None}
        if "amount-as-text" in bugs:
            data["amount"] = f"{data['amount']:.2f}"
        if "amount-in-cents" in bugs:
            data["amount"] = round(data["amount"] * 100)
        if "amount-of-code" in bugs:
            data["amount"] = 1.5 if data["currency"] == "USD" else data["amount"]
        if "currency-usd" in bugs:
            data["currency"] = "USD"
        if "to-account-swapped" in bugs:
            data["toAccountId"], data["fromAccountId"] = data["fromAccountId"], data["toAccountId"]
        if "times-in-seconds" in bugs:
            data["createdDateMs"] //= 1000
            data["acknowledgedDateMs"] //= 1000
        if "times-as-floats" in bugs:
            data["createdDateMs"] += 0.5
        if "acknowledged-first" in bugs:
            data["acknowledgedDateMs"] = data["createdDateMs"] - 1000
        if "hash-upper" in bugs:
            data["hash"] = data["hash"].upper()
        if "hash-changes" in bugs:
            data["hash"] = f"{polls:064x}"
        return status, answer

    def _rows(self, answer):
        bugs, rows = self.bugs, answer["data"]
        if "list-unordered" in bugs:
            rows.sort(key=lambda row: str(row.get("md5")))
        if "list-found-first" in bugs:
            rows.sort(key=lambda row: row.get("status") != "SUCCESS")
        if "list-without-repeats" in bugs:
            answer["data"] = list({row["md5"]: row for row in rows}.values())
        if "list-drops-unknown" in bugs:
            answer["data"] = [row for row in rows if row.get("status") == "SUCCESS"]
        if "list-status-paid" in bugs:
            for row in rows:
                row["status"] = {"SUCCESS": "PAID"}.get(row["status"], row["status"])


def _envelope(code):
    text = {1: "Transaction could not be found. Please check and try again."}.get(
        code, "Unauthorized, not yet requested for token or code invalid"
    )
    return {"responseCode": 1, "responseMessage": text, "errorCode": code, "data": None}


async def _body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
