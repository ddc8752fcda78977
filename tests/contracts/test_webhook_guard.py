"""The webhook guard: rows that Python, Node and PHP share, and what reaches a guarded ASGI or WSGI program."""

import asyncio
import base64
import io
import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from bakong_contracts.webhook_guard import FORMS, HEADER_PAIR, OMISE, STANDARD, Guard, RejectedError
from bakong_contracts.webhook_middleware import GuardedASGI, GuardedWSGI

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests/vectors/webhook-guard.jsonl"
ROWS = [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]
NOW = 1_770_768_000
SECRET = "sandbox-secret-of-a-shop"
GUARD = Guard(HEADER_PAIR, [SECRET])
BODY = b'{"id":"evt_1"}'


def outcome(row):
    try:
        Guard(FORMS[row["form"]], row["secrets"]).check(
            [tuple(pair) for pair in row["headers"]], base64.b64decode(row["body"]), now_s=row["now"]
        )
    except RejectedError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']}-{row['note']}")
def test_python(row):
    assert outcome(row) == row["expect"]


RUN_NODE = """
import { readFileSync } from 'node:fs';
const { check } = await import(process.argv[2]);
for (const line of readFileSync(process.argv[3], 'utf8').trim().split('\\n')) {
  const row = JSON.parse(line);
  console.log(row.id, check(row.form, row.secrets, row.headers, Buffer.from(row.body, 'base64'), row.now));
}
"""
RUN_PHP = """<?php
require $argv[1];
foreach (file($argv[2]) as $line) {
  $row = json_decode($line, true);
  $headers = [];
  foreach ($row['headers'] as [$name, $value]) {
    $headers[$name] = isset($headers[$name]) ? $headers[$name] . ', ' . $value : $value;
  }
  $body = base64_decode($row['body']);
  echo $row['id'], ' ', webhook_check($row['form'], $row['secrets'], $headers, $body, $row['now']), "\\n";
}
"""


@pytest.mark.parametrize(
    ("program", "script", "text", "example"),
    [("node", "run.mjs", RUN_NODE, "guard.mjs"), ("php", "run.php", RUN_PHP, "guard.php")],
)
async def test_other_languages_agree_on_every_row(program, script, text, example, require, tmp_path):
    (tmp_path / script).write_text(text, "utf-8")
    command = [require(program), tmp_path / script, ROOT / "docs/examples/webhooks" / example, VECTORS]
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out.decode().splitlines() == [f"{row['id']} {row['expect']}" for row in ROWS]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_signed_by_either_secret_of_a_rotation_is_believed_by_both(form):
    secrets = ["whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8] if form is STANDARD else ["QUJD" * 8, "REVG" * 8]
    old, new = (Guard(form, [secret]) for secret in secrets)
    both = Guard(form, secrets)
    for sender in (old, new):
        assert both.check(sender.sign(BODY, timestamp_s=NOW, message_id="msg_1"), BODY, now_s=NOW)
    with pytest.raises(RejectedError):
        new.check(old.sign(BODY, timestamp_s=NOW, message_id="msg_1"), BODY, now_s=NOW)


@pytest.mark.parametrize(
    ("form", "secrets"),
    [
        (HEADER_PAIR, []),
        (HEADER_PAIR, [""]),
        (HEADER_PAIR, ["short"]),
        (OMISE, ["no base64, whatever it is"]),
        (STANDARD, ["x"]),
    ],
)
def test_a_guard_without_a_good_secret_is_not_made_and_shows_none(form, secrets):
    with pytest.raises(ValueError) as caught:
        Guard(form, secrets)
    assert all(not secret or secret not in str(caught.value) for secret in secrets if len(secret) > 1)


def shop():
    """A FastAPI program that keeps what reaches it."""
    program, reached = FastAPI(), []

    async def receive(request: Request) -> dict[str, str]:
        reached.append((request.url.path, await request.body(), request.scope.get("webhook")))
        return {"received": "yes"}

    program.add_api_route("/webhooks/shop", receive, methods=["POST", "GET"])
    program.add_api_route("/other", receive, methods=["POST"])
    return program, reached


class FlaskLike:
    """A WSGI program that keeps what reaches it, as Flask reads it."""

    def __init__(self):
        self.reached = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.reached.append((environ["PATH_INFO"], body, environ.get("bakong.webhook")))
        start_response("200 OK", [("content-type", "application/json")])
        return [b'{"received": "yes"}']


@pytest.fixture(params=["asgi", "wsgi"])
async def guarded(request):
    """A client of a guarded program, and what reached the program."""
    options = {"paths": ["/webhooks/shop"], "clock": lambda: NOW, "max_body_bytes": 1000}
    if request.param == "asgi":
        program, reached = shop()
        transport = httpx.ASGITransport(GuardedASGI(program, GUARD, **options))
    else:
        program = FlaskLike()
        reached = program.reached
        transport = InThread(httpx.WSGITransport(GuardedWSGI(program, GUARD, **options)))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client, reached


class InThread(httpx.AsyncBaseTransport):
    """httpx has WSGI for its synchronous client alone."""

    def __init__(self, transport):
        self.transport = transport

    async def handle_async_request(self, request):
        body = await request.aread()
        again = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        response = await asyncio.to_thread(self.transport.handle_request, again)
        return httpx.Response(response.status_code, headers=response.headers, content=response.read())


async def test_a_good_webhook_reaches_the_program_with_its_raw_body_and_key(guarded):
    client, reached = guarded
    answer = await client.post("/webhooks/shop", content=BODY, headers=GUARD.sign(BODY, timestamp_s=NOW - 300))
    assert answer.status_code == 200
    [(path, body, accepted)] = reached
    assert (path, body, accepted.timestamp_s) == ("/webhooks/shop", BODY, NOW - 300)
    again = await client.post("/webhooks/shop", content=BODY, headers=GUARD.sign(BODY, timestamp_s=NOW))
    assert (again.status_code, reached[1][2].key) == (200, accepted.key)  # a delivery of the same body has the same key


@pytest.mark.parametrize("path", ["/webhooks/shop", "/webhooks/shop/", "//webhooks//shop", "/webhooks/shop//"])
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "signature_invalid"),
        (GUARD.sign(BODY + b" ", timestamp_s=NOW), "signature_invalid"),
        (GUARD.sign(BODY, timestamp_s=NOW - 301), "signature_expired"),
    ],
    ids=["unsigned", "another-body", "old"],
)
async def test_a_bad_one_never_reaches_it_by_any_spelling_of_the_path(guarded, path, headers, code):
    client, reached = guarded
    answer = await client.post("http://shop.test" + path, content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"], reached) == (401, code, [])
    assert answer.headers["content-type"] == "application/problem+json"


async def test_other_paths_and_methods(guarded):
    client, reached = guarded
    assert (await client.post("/other", content=BODY)).status_code == 200
    assert reached == [("/other", BODY, None)]
    refused = await client.get("/webhooks/shop")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST, PUT, PATCH")
    assert len(reached) == 1


async def test_a_body_of_any_length_is_read_to_the_bound_alone(guarded):
    client, reached = guarded
    long = b"x" * 1001
    assert (
        await client.post("/webhooks/shop", content=long, headers=GUARD.sign(long, timestamp_s=NOW))
    ).status_code == 413
    just = long[:-1]
    assert (
        await client.post("/webhooks/shop", content=just, headers=GUARD.sign(just, timestamp_s=NOW))
    ).status_code == 200
    assert [body for _, body, _ in reached] == [just]


def test_wsgi_does_not_wait_for_a_body_whose_end_nobody_tells():
    program, statuses = FlaskLike(), []
    guarded = GuardedWSGI(program, GUARD, paths=["/hook"], clock=lambda: NOW)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/hook", "wsgi.input": NeverEnds()}
    environ |= {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in GUARD.sign(b"", timestamp_s=NOW).items()
    }
    list(guarded(environ, lambda status, headers: statuses.append(status)))
    assert (statuses, program.reached) == (["200 OK"], [("/hook", b"", program.reached[0][2])])


class NeverEnds(io.RawIOBase):
    def read(self, size=-1):
        raise AssertionError("the guard waits for a body that has no end")


@pytest.mark.parametrize("paths", ["/webhooks", [""], ["/"], ["webhooks"]])
def test_paths_that_would_guard_nothing_are_refused(paths):
    with pytest.raises((TypeError, ValueError)):
        GuardedASGI(lambda *_: None, GUARD, paths=paths)
