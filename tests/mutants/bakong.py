"""A wrapper around the simulator that makes it wrong: each bug changes a request or an answer of /v1."""

import base64
import json
import struct

from bakong_conformance.bakong.subject import UNKNOWN_MD5
from bakong_conformance.bakong.subject import code as code_of
from tests.mutants.meeting import Meeting

MD5 = "check_transaction_by_md5"
HASH = "check_transaction_by_hash"
SHORT = "check_transaction_by_short_hash"
HASH_LIST = "check_transaction_by_hash_list"
DEEPLINK = "generate_deeplink_by_qr"
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
        self.last, self.meeting = None, Meeting()
        self.tokens, self.linked, self.open = set(), False, 0
        self.found, self.issued, self.first, self.free = {}, {}, {}, []
        self.unfound, self.spent = frozenset(), frozenset()

    async def serve(self, app, scope, receive, send):
        endpoint = scope["path"].rpartition("/v1/")[2]
        raw = await _body(receive)
        scope = self._request(dict(scope))
        asked = raw
        raw = self._asked(scope, endpoint, raw)
        sent = []

        async def keep(message):
            sent.append(message)

        async def replay():
            return {"type": "http.request", "body": raw, "more_body": False}

        self.open += 1
        alone = self.open == 1
        if {"race-loses", "quota-race"} & self.bugs:
            await self.meeting()
        await app(scope, replay, keep)
        self.open -= 1
        status = sent[0]["status"]
        body = b"".join(message.get("body", b"") for message in sent[1:])
        status, body, media = self._answer(endpoint, scope["path"], status, body, raw)
        token = dict(scope["headers"]).get(b"authorization", b"")
        status, body = self._remembering(endpoint, scope["path"], token, status, body, raw, alone=alone)
        if "quota-race" in self.bugs and not alone and _object(body).get("errorCode") == 17:
            body = json.dumps(_envelope(1)).encode()
        status, body, media = self._later(endpoint, scope["path"], token, (status, body, media), asked)
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

    def _asked(self, scope, endpoint, raw):
        """Bugs that heed less of a request than they should."""
        bugs, fields, known = self.bugs, _object(raw), (self.last or {}).get("data") or {}
        if "put-answered" in bugs and scope["method"] in ("PUT", "PATCH"):
            scope["method"] = "POST"
        if "md5-prefix" in bugs and endpoint == MD5:
            fields["md5"] = next(
                (md5 for md5 in self.found if md5.startswith(str(fields.get("md5")))), fields.get("md5")
            )
        elif "hash-latest" in bugs and endpoint == HASH and known:
            fields["hash"] = known["hash"]
        elif "short-hash-alone" in bugs and endpoint == SHORT and known:
            fields = {"amount": known["amount"], "currency": known["currency"], **fields}
        elif "short-hash-any-length" in bugs and endpoint == SHORT and known:
            short = str(fields.get("hash"))
            fields["hash"] = known["hash"][:8] if known["hash"].startswith(short) else short
        elif "source-two-enough" in bugs and len(fields.get("sourceInfo") or {}) == 2:
            del fields["sourceInfo"]
        else:
            return raw
        return json.dumps(fields).encode()

    def _later(self, endpoint, path, token, reply, raw):
        """Bugs that need what was asked, found or answered before. reply: status, body and media type."""
        status, body, media = reply
        fields, answer, world = _object(raw), _object(body), path.partition("/v1/")[0]
        if not answer:
            return reply
        if endpoint == MD5 and isinstance(answer.get("data"), dict):
            self._transaction(world, answer["data"])
            answer["data"] = [answer["data"]] if "found-as-list" in self.bugs else answer["data"]
            self.found[fields.get("md5")], self.last = True, answer
        if endpoint in (LIST, HASH_LIST) and isinstance(answer.get("data"), list):
            self._listed(endpoint, answer)
        if endpoint == "renew_token" and isinstance(answer.get("data"), dict):
            self._renewed(answer)
        if endpoint in (HASH, SHORT) and isinstance(answer.get("data"), dict):
            self._by_hash(endpoint, answer)
        if "types-500" in self.bugs and endpoint == HASH and not isinstance(fields.get("hash", ""), str):
            return 500, b'{"error":"Internal Server Error"}', media
        status, answer = self._taken(endpoint, world, token, status, answer, fields)
        self._worded(endpoint, answer)
        if "unauthorized-plain" in self.bugs and status == 401:
            media = b"text/plain"
        if "charset-latin" in self.bugs:
            media = b"application/json; charset=iso-8859-1"
        body = json.dumps(answer).encode()
        return status, b"\xef\xbb\xbf" + body if "bom" in self.bugs else body, media

    def _taken(self, endpoint, world, token, status, answer, fields):
        """What is answered although it should be refused, and the other way."""
        bugs, code, asked = self.bugs, answer.get("errorCode"), (world, str(fields.get("md5")))
        if "reference-anything" in bugs and endpoint.endswith("instruction_ref") and code == 1 and self.last:
            return status, self.last
        forgotten = {"hash-open": HASH, "hash-list-open": HASH_LIST}
        if code == 6 and any(bug in bugs and endpoint == open_ for bug, open_ in forgotten.items()):
            return 200, _envelope(1)
        if "alg-none" in bugs and code == 6 and b'"none"' in _decoded(token):
            return 200, _envelope(1)
        if "code-again" in bugs and endpoint == "verify":
            self.issued["code"] = answer if code is None else self.issued.get("code", answer)
            return 200, self.issued["code"]
        if "register-again" in bugs and code == 8:
            return 200, _success(None)
        if "quota-day-short" in bugs and endpoint == MD5 and code == 17:
            self.free.append(world)
        if "quota-day-short" in bugs and world in self.free and code == 1:
            return 200, _envelope(1 if self.free.count(world) == 2 and not self.free.append(world) else 17)
        if "account-32-invalid" in bugs and len(str(fields.get("accountId"))) == 32:
            return 200, {**_envelope(12), "responseMessage": "Account ID is invalid"}
        if "deeplink-no-slash" in bugs and endpoint == DEEPLINK and code is None:
            answer["data"]["shortLink"] = answer["data"]["shortLink"].replace(".link/", ".link")
        if "list-static-success" in bugs and endpoint == LIST and code is None:
            for row in answer["data"]:
                row["status"] = "SUCCESS" if row["status"] == "STATIC_QR" else row["status"]
        if "code-any" in bugs and endpoint == "verify" and code == 6:
            return 200, _success({"token": "eyJ"})
        if "quota-md5-only" in bugs and code == 17 and endpoint != MD5:
            return 200, _envelope(1)
        if "quota-shared" in bugs and code in (1, 17):
            self.spent = self.spent | {world} if code == 17 else self.spent
            return 200, _envelope(17 if world in self.spent else code)
        if "quota-refused-free" in bugs and code == 5:
            self.free.append(token)
        if "quota-refused-free" in bugs and code == 17 and token in self.free:
            self.free.remove(token)
            return 200, _envelope(1)
        if "deeplink-token-refused" in bugs and endpoint == DEEPLINK and token == b"Bearer nonsense":
            return 401, _envelope(6)
        if "deeplink-ascii" in bugs and endpoint == DEEPLINK and not fields.get("qr", "").isascii():
            return 200, _envelope(5)
        if "deeplink-qr-unchecked" in bugs and endpoint == DEEPLINK and code == 4:
            return 200, _success({"shortLink": "https://bakong.page.link/aaaaaaaaaaaaaaaaa"})
        if "account-token-refused" in bugs and endpoint == "check_bakong_account" and token == b"Bearer nonsense":
            return 401, _envelope(6)
        if "source-refused" in bugs and endpoint == DEEPLINK and "sourceInfo" in fields:
            return 200, _envelope(5)
        if "static-found" in bugs and endpoint == MD5 and fields.get("md5") == code_of(None).md5:
            return 200, _success({"hash": "ab" * 32})
        if "hash-missing-1" in bugs and endpoint == HASH and code == 5:
            return 200, _envelope(1)
        if "not-found-kept" in bugs and endpoint == MD5:
            self.unfound = self.unfound | {asked} if code == 1 else self.unfound
            return (200, _envelope(1)) if asked in self.unfound and code is None else (status, answer)
        return status, answer

    def _worded(self, endpoint, answer):
        bugs, code = self.bugs, answer.get("errorCode")
        if "failed-response-0" in bugs and code == 3:
            answer["responseCode"] = 0
        if "failed-message" in bugs and code == 3:
            answer["responseMessage"] = "Payment declined"
        if "quota-message" in bugs and code == 17:
            answer["responseMessage"] = "Too many requests"
        if "renew-message" in bugs and endpoint == "renew_token" and code is None:
            answer["responseMessage"] = "Success"
        if "account-data" in bugs and endpoint == "check_bakong_account" and code is None:
            answer["data"] = {}

    def _renewed(self, answer):
        real = shown = answer["data"]["token"]
        if "renewed-opaque" in self.bugs:
            shown = "f" * 40
        if {"renewed-30-days", "renewed-same"} & self.bugs:
            head, part, end = real.split(".")
            held = json.loads(_unpacked(part))
            held["exp"] -= 60 * 86_400 if "renewed-30-days" in self.bugs else 30 * 86_400
            held["iat"] -= 0 if "renewed-30-days" in self.bugs else 30 * 86_400
            part = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
            shown = f"{head}.{part}.{end}"
        self.issued[shown.encode()] = real.encode()
        answer["data"]["token"] = shown

    def _transaction(self, world, data):
        bugs = self.bugs
        if "from-constant" in bugs:
            data["fromAccountId"] = "abaakhppxxx@abaa"
        if "hash-constant" in bugs:
            data["hash"] = "ab" * 32
        if "reference-constant" in bugs:
            data["externalRef"] = "100FT00000000001"
        if "amount-float32" in bugs:
            data["amount"] = struct.unpack("f", struct.pack("f", data["amount"]))[0]
        if "times-local" in bugs:
            data["createdDateMs"] += 25_200_000
            data["acknowledgedDateMs"] += 25_200_000
        if "created-with-code" in bugs:
            data["createdDateMs"] -= 600_000
        if "nulls-as-empty" in bugs:
            data.update({key: "" for key, value in data.items() if value is None})
        if "no-hash" in bugs:
            del data["hash"]
        if "amount-of-first" in bugs:
            data["amount"] = self.first.setdefault(world, data["amount"])

    def _by_hash(self, endpoint, answer):
        data = answer["data"]
        if "hash-amount-text" in self.bugs and endpoint == HASH:
            data["amount"] = str(data["amount"])
        if "short-hash-few-keys" in self.bugs and endpoint == SHORT:
            answer["data"] = {key: data[key] for key in ("hash", "amount", "currency")}
        if "hash-message" in self.bugs and endpoint == HASH:
            answer["responseMessage"] = "Getting transaction successfully."

    def _listed(self, endpoint, answer):
        bugs, rows = self.bugs, answer["data"]
        for row in rows:
            if "list-unknown-empty" in bugs and row["data"] is None:
                row["data"] = {}
            if "list-failed-success" in bugs and row["status"] == "FAILED":
                row["status"] = "SUCCESS"
            if "list-amount-text" in bugs and row["data"]:
                row["data"]["amount"] = str(row["data"]["amount"])
            if "list-no-message" in bugs:
                del row["message"]
        if endpoint == HASH_LIST:
            if "hash-list-md5-key" in bugs:
                answer["data"] = [{"md5": row.pop("hash"), **row} for row in rows]
            if "hash-list-sorted" in bugs:
                rows.sort(key=lambda row: row["hash"])
            if "hash-list-found-only" in bugs:
                answer["data"] = [row for row in rows if row["data"]]
        if "list-object" in bugs:
            key = "md5" if endpoint == LIST else "hash"
            answer["data"] = {row[key]: row for row in rows}

    def _request(self, scope):
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"")
        if "query-token" in self.bugs and scope.get("query_string", b"").startswith(b"token="):
            headers[b"authorization"] = b"Bearer " + scope["query_string"][6:]
        if given[7:] in self.issued:
            headers[b"authorization"] = b"Bearer " + self.issued[given[7:]]
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
        for key in ("fromAccountId", "toAccountId"):
            if "accounts-cut" in bugs:
                data[key] = data[key][:30]
            if "accounts-in-bytes" in bugs:
                data[key] = data[key].encode()[:32].decode(errors="ignore")
            if "khmer-as-marks" in bugs:
                data[key] = data[key].encode("ascii", "replace").decode()
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
    texts = {
        1: "Transaction could not be found. Please check and try again.",
        17: "Daily request limit of 100 exceeded. Please try again tomorrow.",
    }
    text = texts.get(code, "Unauthorized, not yet requested for token or code invalid")
    return {"responseCode": 1, "responseMessage": text, "errorCode": code, "data": None}


def _success(data):
    return {"responseCode": 0, "responseMessage": "Success", "errorCode": None, "data": data}


def _object(raw):
    """The JSON object of a body, or an empty one."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _decoded(token):
    """The first part of a JWT in an Authorization header."""
    try:
        return _unpacked(token[7:].partition(b".")[0].decode())
    except ValueError:
        return b""


def _unpacked(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def _body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
