"""The commands that talk to a running sandbox, and those of scripts, as a user types them."""

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.devkit.testing.server import Server
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run as sandbox
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_schemes import promptpay
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Endpoint
from khqr import Currency, Individual, encode
from tests.mutants.serving import Loop
from tests.simulator.shop import TINY

NOW_MS = 1_770_768_000_000


@pytest.fixture(scope="module")
def server():
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def run(server):
    """Runs a command in a world of its own; the code and what was printed."""
    world = server.world()

    def run(*words, stdin=None):
        told = CliRunner().invoke(
            app, words, input=stdin, env={"BAKONG_SANDBOX_URL": server.url, "BAKONG_SANDBOX_WORLD": world.world}
        )
        assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
        return told.exit_code, told.stdout if told.exit_code == 0 or told.stdout else told.stderr

    run.world = world
    yield run
    server.drop(world)


@pytest.fixture
def code():
    return encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount="1.5",
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )


def good(told):
    assert told[0] == 0, told[1]
    return json.loads(told[1])


def test_a_code_is_shown_paid_and_found_in_the_journal(run, code):
    assert good(run("qr", code.qr, "--scenario", "underpaid"))["scenario"] == "underpaid"
    assert good(run("pay", code.md5, "--amount", "3.00"))["status"] == "paid"
    assert good(run("journal", "show"))["entries"] == []


def test_a_terminal_is_shown_tables_and_a_program_json(run, code):
    run("pay", code.qr)
    assert good(run("payments", "list"))[0]["status"] == "paid"
    assert good(run("payments", "list", "--status", "unpaid")) == []
    assert run("payments", "list", "--table")[1].splitlines()[1].split() == [
        *("bakong", code.md5, "paid", "1.5", "USD", "once", "manual"),
    ]
    assert "status" in run("payments", "show", code.md5, "--table")[1].splitlines()[2]
    assert run("payments", "show", "0" * 32)[0] == 1
    opened = good(run("accounts", "open", "dara@aclb", "--balance", "usd=20", "--name", "Dara"))
    assert opened["balances"]["USD"] == "20.00"
    assert any(
        line.split() == ["dara@aclb", "Dara", "20.00", "USD"]
        for line in run("accounts", "list", "--table")[1].splitlines()
    )
    assert run("accounts", "open", "dara@aclb", "--balance", "20")[0] == 2
    assert "clock.mode" in run("world", "show", "--table")[1]


def test_the_journal_is_a_line_for_each_call_and_is_followed(run, server):
    world = run.world
    for md5 in ("0" * 32, "1" * 32):
        httpx.post(
            f"{world.base_url}/v1/check_transaction_by_md5",
            json={"md5": md5},
            headers={"authorization": f"Bearer {world.token}"},
        )
    head, *calls, _, total = run("journal", "show", "--table")[1].splitlines()
    assert (head.split()[:2], len(calls), total) == (["number", "time"], 2, "2 of 2 calls; --json has their bodies")
    assert calls[1].split()[0] == "2"
    assert calls[1].endswith("1" * 32)
    httpx.get(f"{world.base_url}/v1/check_bakong_acount")
    head, *_, missed, _, _ = run("journal", "show", "--table")[1].splitlines()
    assert (head.endswith("near miss"), missed.endswith("check_bakong_account")) == (True, True)
    words = [sys.executable, "-m", "bakong_sandbox", "journal", "follow", "--all", "--md5", "1" * 32]
    words += ["--url", server.url, "--world", world.world]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as following:
        row = json.loads(following.stdout.readline())
        following.send_signal(signal.SIGINT)
    assert (row["event"], row["number"], row["reference"], following.returncode) == ("call", 2, "1" * 32, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--endpoint", "check_transaction_by_md"), "did you mean 'check_transaction_by_md5'"),
        (("--fault", "hagn"), "did you mean 'hang'"),
        (("--md5", "zz"), "expected 32 hex digits"),
        (("--scheme", "bakng"), "did you mean 'bakong'"),
    ],
)
def test_a_name_that_no_call_can_have_is_refused_in_one_line(run, words, said):
    code, printed = run("journal", "show", *words)
    assert (code, said in printed, printed.count("\n")) == (1, True, 1), printed


def test_a_promptpay_code_is_paid_like_any_other(run):
    code = promptpay.encode(promptpay.CreditTransfer(proxy="mobile", id="0800000475", amount="100.50"))
    paid = good(run("pay", code.text))
    assert (paid["scheme"], paid["status"], paid["slip"]["amount"]) == ("promptpay", "paid", "100.50")


def test_a_payment_can_be_made_to_fail(run, code):
    assert good(run("pay", code.qr, "--failed"))["status"] == "failed"


def test_time_is_frozen_and_advanced(run):
    assert good(run("clock", "freeze", "2026-02-11T00:00:00Z"))["now_ms"] == NOW_MS
    assert good(run("clock", "advance", "1.5"))["now_ms"] == NOW_MS + 1500
    assert good(run("clock", "show"))["mode"] == "frozen"
    assert good(run("clock", "scale", "10"))["rate"] == 10
    assert good(run("clock", "real"))["mode"] == "real"


def test_worlds_come_and_go(run):
    made = good(run("world", "new", "shop-b", "--seed", "7", "--scenario", "paid", "--quota", "100"))
    assert made["world"] == "shop-b"
    assert good(run("world", "show", "--world", "shop-b"))["limits"]["quota"] == 100
    assert "shop-b" in [row["world"] for row in good(run("world", "list"))]
    assert good(run("world", "reset", "--world", "shop-b"))["scenario"] == "paid"
    assert run("world", "drop", "shop-b") == (0, "")
    assert run("world", "show", "--world", "shop-b") == (1, "bakong-sandbox: no world is called 'shop-b'\n")


def test_a_token_is_printed_alone(run):
    exit_code, told = run("token", "--expires-in", "60")
    assert (exit_code, told.count("."), len(told.split())) == (0, 2, 1)


def test_scripts_are_used_by_name_file_and_standard_input(run, tmp_path):
    script = tmp_path / "mine.yaml"
    script.write_text("name: mine")
    assert good(run("scenario", "use", "paid"))["name"] == "paid"
    assert good(run("scenario", "use", str(script)))["name"] == "mine"
    assert good(run("scenario", "use", "-", stdin="name: piped"))["name"] == "piped"
    assert good(run("scenario", "use", "timeout", "--scheme", "bakong"))["name"] == "timeout"
    exit_code, message = run("scenario", "use", "paid", "--scheme", "bakng")
    assert (exit_code, "unknown scheme 'bakng'; did you mean 'bakong'? (known: bakong" in message) == (1, True)
    exit_code, told = run("scenario", "use", "piad")
    assert (exit_code, "did you mean 'paid'" in told) == (1, True)


@pytest.fixture
def shop(tmp_path):
    """Runs a command where a scheme posts webhooks, whose receiver refuses the first; and what that was sent."""
    loop, seen = Loop(), []

    async def receive_webhook(_scope, receive, send):
        seen.append((await receive())["body"].decode())
        status = 500 if len(seen) == 1 else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body"})

    with loop.serving(receive_webhook) as url:
        opened = sandbox(Options(data_dir=tmp_path / "data", port=0, service_port=None))
        stack = loop.call(opened.__aenter__())
        stack.worlds.default.outbox.register(TINY)
        stack.worlds.default.outbox.add_endpoint(Endpoint("tiny", url, "secret"))
        stack.worlds.default.clock.set_mode(Mode.FROZEN)

        def run(*words):
            ended = CliRunner().invoke(app, ["webhooks", *words, "--url", stack.bakong_url])
            return ended.exit_code, ended.stdout if ended.exit_code == 0 else ended.stderr

        yield run, seen
        loop.call(opened.__aexit__(None, None, None))
    loop.close()


def test_webhooks_are_tried_listed_and_sent_again(shop, tmp_path):
    run, seen = shop
    (tmp_path / "event.json").write_text('{"mine": "é"}')
    first = good(run("test", "tiny"))
    mine = good(run("test", "tiny", "--type", "refund.create", "--body", str(tmp_path / "event.json")))
    assert [(row["number"], row["state"], row["type"]) for row in (*first, *mine)] == [
        (1, "pending", "charge.complete"),
        (2, "delivered", "refund.create"),
    ]
    assert seen[1] == '{"mine": "é"}'
    assert [row["number"] for row in good(run("list"))] == [1, 2]
    assert [row["number"] for row in good(run("list", "--state", "pending"))] == [1]
    assert [row["number"] for row in good(run("list", "--type", "refund.create", "--limit", "5"))] == [2]
    for number, attempts in (("1", [False, True]), ("2", [False, True])):
        sent = good(run("resend", number))
        assert (sent["state"], [attempt["resent"] for attempt in sent["attempts"]]) == ("delivered", attempts)
        assert good(run("show", number)) == sent
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("resend", "7"), "7"),
        (("show", "7"), "7"),
        (("test", "nobody"), "nobody"),
        (("list", "--state", "lost"), "state"),
        (("test", "tiny", "--body", "nowhere.json"), "'nowhere.json' cannot be read"),
    ],
)
def test_a_webhook_that_is_not_there_is_one_line(shop, words, message):
    code, said = shop[0](*words)
    assert (code in (1, 2), message in said, said.count("\n")) == (True, True, 1), said


def test_scripts_are_listed_shown_and_checked(run, tmp_path):
    assert all(name in run("scenario", "list")[1] for name in LIBRARY.names())
    assert run("scenario", "list", "--table")[1] == run("scenario", "list")[1]
    lines = run("scenario", "list", "--scheme", "bakong")[1].splitlines()
    assert len(lines) == len(LIBRARY.names("bakong"))
    assert "  2  paid                    The payer is quick." in "\n".join(lines)
    assert " 22  token-expired           bakong: The token is refused" in "\n".join(lines)
    assert run("scenario", "list", "--scheme", "bakng")[0] == 1
    assert run("scenario", "show", "paid")[1].startswith("name: paid\n")
    assert run("scenario", "show", "piad")[0] == 1
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: wrong\nfalts: []")
    exit_code, told = run("scenario", "check", str(wrong))
    assert (exit_code, told.count("wrong.yaml:2:1: unknown key 'falts'; did you mean 'faults'?")) == (1, 1)
    wrong.write_text("name: right")
    assert run("scenario", "check", str(wrong))[0] == 0


def test_the_journal_is_held_to_what_is_expected(run):
    never = '{"match": {"endpoint": "renew_token"}, "never": true}'
    assert good(run("journal", "verify", "-", stdin=never))["ok"] is True
    assert run("journal", "verify", "-", stdin='{"match": {"endpoint": "renew_token"}}')[0] == 1


def test_a_journal_is_played_again_to_the_same_bytes(run, tmp_path):
    path = tmp_path / "journal.json"
    path.write_text(run("journal", "show", "--format", "replay")[1])
    assert good(run("replay", str(path))) == {"calls": 0, "different": []}
    broken = json.dumps(json.loads(path.read_text()) | {"calls": [{}]})
    for text, said in (
        ("{}", "read something else, expected what `bakong-sandbox journal show --format replay` prints"),
        (run("journal", "show", "--format", "har")[1], "read a HAR, expected what"),
        (run("journal", "show")[1], "read a journal as JSON, expected what"),
        (broken, "calls[0]: 'endpoint' is missing"),
        ("[]", "read something else, expected what"),
    ):
        path.write_text(text)
        exit_code, message = run("replay", str(path))
        assert (exit_code, said in message, message.count("\n")) == (2, True, 1), message


def test_a_world_is_taken_and_restored(run, code, tmp_path):
    run("pay", code.qr)
    path = tmp_path / "world.json"
    path.write_text(run("snapshot", "take")[1])
    run("world", "reset")
    assert good(run("snapshot", "restore", str(path)))["payments"] == 1


def test_where_no_sandbox_answers_one_line_says_so_with_code_2():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        told = CliRunner().invoke(app, ["world", "list", "--url", url])
    assert (told.exit_code, told.stderr.count("\n")) == (2, 1)
    assert f"no sandbox answers at {url}" in told.stderr


@pytest.mark.parametrize("words", [["scenario", "use", "none.yaml"], ["snapshot", "restore", "none.json"]])
def test_a_file_that_cannot_be_read_is_code_2(run, words):
    exit_code, told = run(*words)
    assert (exit_code, "cannot be read" in told) == (2, True)
