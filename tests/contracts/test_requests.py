"""docs/requests: every call of the documents as .http files, fresh, and each one answered by a running sandbox."""

import json
import re
from functools import cache
from typing import NamedTuple

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from khqr import image
from scripts.requests import BODIES, DOCUMENTS, FILES, FOLDER, collection
from tests.conftest import PLAIN

# Streams do not end, a wait takes as long as its body says, and made-up secrets shut the address out.
NOT_SENT = {"follow_journal", "follow_webhooks", "order_stream", "monitor", "login", "refresh", "client_token"}
REFUSED = {"verify", "payment_webhook"}  # a code from a mail, a signature that no file can hold
LAST = ("take_back_tokens", "reset_world", "drop_world")


class Request(NamedTuple):
    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: str


def parsed(text, **given):
    """The variables and requests of an .http file, as the editors read it."""
    head, *parts = re.split(r"^###.*\n", text, flags=re.MULTILINE)
    variables = dict(re.findall(r"^@(\w+) = (.*)$", head, re.MULTILINE)) | given
    for part in parts:
        filled = re.sub(r"\{\{(\w+)\}\}", lambda name: variables[name[1]], part)
        top, _, body = filled.partition("\n\n")
        name, line, *headers = top.splitlines()
        yield Request(name.removeprefix("# @name "), *line.split(" ", 1), dict(h.split(": ", 1) for h in headers), body)


@cache
def operations(name):
    document = json.loads((DOCUMENTS / f"{name}.json").read_text())
    return {
        row["operationId"]: (method.upper(), path, {int(status) for status in row["responses"]})
        for path, item in document["paths"].items()
        for method, row in item.items()
    }


@pytest.mark.parametrize("name", FILES)
def test_a_committed_collection_is_fresh_and_has_every_call(name):
    text = (FOLDER / f"{name}.http").read_text()
    assert text == collection(name), "make requests"
    calls = {name: (method, path) for name, (method, path, _) in operations(name).items()}
    requests = {one.name: one for one in parsed(text, url="")}
    assert list(requests) == list(calls)
    for call, (method, path) in calls.items():
        route = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        assert requests[call].method == method
        assert re.fullmatch(route, requests[call].url.partition("?")[0]), call


async def test_every_request_is_answered_as_its_document_says(tmp_path):
    complaints = []
    options = Options(data_dir=tmp_path, port=0, service_port=0, rate_limit_per_minute=0)
    async with run(options) as sandbox, httpx.AsyncClient(**PLAIN) as client:
        made = (await client.post(f"{sandbox.bakong_url}/sandbox/worlds", json={"name": "mine"})).json()
        code = await client.post(f"{sandbox.bakong_url}/sandbox/codes", json=BODIES["make_code"])
        given = {
            "open-api": {"url": made["base_url"], "token": made["token"]},
            "control-api": {"url": sandbox.bakong_url, "world": "mine", "qr": code.json()["qr"]},
            "service": {"url": sandbox.service_url, "api_key": sandbox.api_key},
        }
        for name, variables in given.items():
            requests = {one.name: one for one in parsed((FOLDER / f"{name}.http").read_text(), **variables)}
            for last in LAST:
                requests |= {last: requests.pop(last)} if last in requests else {}
            for one in requests.values():
                if one.name not in NOT_SENT:
                    answer = await client.request(one.method, one.url, headers=one.headers, content=content_of(one))
                    complaints += complaint(name, one, answer)
    assert complaints == []


def content_of(request):
    return image.png("a text") if request.body.startswith("< ") else request.body.encode()


def complaint(name, request, answer):
    _, _, documented = operations(name)[request.name]
    is_sent_wrong = answer.status_code in {400, 401, 405, 413, 415} and request.name not in REFUSED
    if answer.status_code in documented and not is_sent_wrong and (answer.is_success or request.name not in BODIES):
        return []
    return [f"{request.method} {request.url} {request.body}: {answer.status_code} {answer.text[:300]}"]
