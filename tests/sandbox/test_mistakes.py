"""What is typed or sent amiss: one answer that says what was read and what was expected, and always the same exit code.

0: done. 1: the sandbox, or a check, says no. 2: it could not be asked: arguments, files, nobody answers.
"""

import httpx
import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli.program import app

NOWHERE = "http://127.0.0.1:1"
TYPED = [
    (("pya", "x"), 2, "Did you mean 'pay'"),
    (("khqr", "encod"), 2, "Did you mean 'encode'"),
    (("pay",), 2, "Missing argument"),
    (("pay", "abc"), 1, "read 'abc', expected two digits"),
    (("pay", "0" * 32), 1, "0" * 32),
    (("token", "--url", "notaurl"), 2, "--url: read 'notaurl', expected a sandbox's address such as http://"),
    (("token", "--url", NOWHERE), 2, f"no sandbox answers at {NOWHERE} (Connection refused): start one"),
    (("clock", "advance", "15x"), 2, "read '15x', expected a duration such as 90, 15m"),
    (("clock", "advance", "--", "-5"), 2, "read '-5', expected a duration"),
    (("clock", "advance", "15m", "more"), 2, "(more)"),
    (("scenario", "use", "timout"), 1, "did you mean 'timeout'?"),
    (("scenario", "show", "timout"), 1, "did you mean 'timeout'?"),
    (("scenario", "check", "nothere.yaml"), 1, "nothere.yaml: cannot be read: No such file"),
    (("world", "drop", "defualt"), 1, "did you mean 'default'?"),
    (("journal", "show", "--endpoint", "check_transaction"), 1, "check_transaction"),
    (("payments", "show", "zz"), 1, "zz"),
    (("accounts", "open", "a@b", "--balance", "USD:20"), 2, "read 'USD:20', expected CURRENCY=AMOUNT"),
    (("khqr", "encode", "--account", "nobank", "--name", "A"), 1, "read 'nobank', expected user@bank"),
    (("khqr", "encode", "--set", "account=a@devb"), 1, "did you mean bakong_account_id?"),
    (("khqr", "decode", "00020101021229"), 1, "expected 6304"),
    (("up", "--prices", "a,b"), 2, "expected two prices in USD such as 0.50,1.00"),
    (("load", "smoke", "--baseline", "nothere.json"), 2, "nothere.json"),
    (("verify", "khqr", "--only", "khqr.crc", "--", "cat"), 2, "all of a group are 'khqr.crc.*'"),
    (("verify", "khqr", "--only", "khqr.verify.ccr", "--", "cat"), 2, "did you mean 'khqr.verify.crc'?"),
    (("verify", "khqr", "--only", "zzz", "--", "cat"), 2, "rules are in the groups khqr."),
    (("up", "--webhook-url", "notaurl"), 2, "expected a URL such as"),
    (("up", "--scenario", "nothere.yaml"), 2, "nothere.yaml: cannot be read: No such file"),
    (("snapshot", "restore", "nothing"), 2, "'nothing' cannot be read: No such file"),
    (("replay", "nothere.json"), 2, "'nothere.json' cannot be read: No such file"),
]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SENT = [
    ("POST", "/sandbox/worlds", FORM, '{"scenario": "paid"}', 422, f"body: read {FORM}, expected a JSON object"),
    ("POST", "/sandbox/worlds", JSON, "[1]", 422, "body: read [1], expected a JSON object"),
    ("POST", "/sandbox/worlds", JSON, "{", 400, "the body is not valid JSON"),
    ("POST", "/sandbox/worlds", JSON, '{"sceanrio": "paid"}', 422, "sceanrio: is not known here"),
    ("POST", "/sandbox/worlds", JSON, '{"scenario": "pald"}', 422, "did you mean 'paid'?"),
    ("GET", "/sandbox/worlds/defualt/clock", JSON, "", 404, "did you mean 'default'?"),
    ("PUT", "{world}/clock", JSON, '{"mode": "stopped"}', 422, "mode: read 'stopped', expected 'real', 'frozen'"),
    ("POST", "{world}/clock/advance", JSON, '{"seconds": -1}', 422, "seconds: read -1, expected 0 or more"),
    ("POST", "{world}/clock/advance", JSON, '{"second": 1}', 422, "seconds: is missing; second: is not known here"),
    ("POST", "{world}/payments", JSON, '{"qr": "x"}', 422, "read 'x', expected two digits of ID"),
    ("POST", "{world}/payments", JSON, '{"qr": "x", "amount": 0.555}', 422, "read '0.555', expected an amount such as"),
    ("POST", "/sandbox/worlds", JSON, '{"name": "A B"}', 422, "read 'A B', expected lowercase letters, digits and"),
    ("PUT", "{world}/snapshot", JSON, "{}", 422, "no snapshot of version 1 or 2: 'payments' is missing"),
    ("POST", "{world}/payments", JSON, "{}", 422, "expected exactly one of 'qr', 'reference' and 'md5'"),
    ("PUT", "{world}/scenario", "application/yaml", "name: a\nfaults: [{fault: hagn}]", 422, "did you mean 'hang'?"),
    ("DELETE", "/sandbox/health", JSON, "", 405, "DELETE /sandbox/health"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), TYPED, ids=str)
def test_a_mistake_on_the_command_line_is_explained(bakong_server, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BAKONG_SANDBOX_URL", bakong_server.url)
    done = CliRunner().invoke(app, list(arguments))
    said = " ".join(done.output.replace("│", " ").split())
    assert (done.exit_code, words in said) == (code, True), said
    assert "Traceback" not in said
    assert "[Errno" not in said


@pytest.mark.parametrize(("method", "path", "media", "body", "status", "words"), SENT)
def test_a_mistake_in_a_call_of_the_control_api_is_explained(bakong_server, method, path, media, body, status, words):
    url = bakong_server.url + path.format(world="/sandbox/worlds/default")
    answer = httpx.request(method, url, content=body, headers={"content-type": media}, trust_env=False, timeout=60)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_a_server_that_is_no_sandbox_is_called_so(bakong_server):
    """As a payment service is, whose address one may take for the sandbox's."""
    done = CliRunner().invoke(app, ["token", "--url", f"{bakong_server.url}/elsewhere"])
    assert (done.exit_code, "answers, and is no sandbox" in done.output) == (2, True), done.output
