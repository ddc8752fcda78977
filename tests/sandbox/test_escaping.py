"""Names and programs of strangers: what they say is shown in terminal, page, log and cell, and commands none."""

import csv
import io
import json
import re
import sys
import threading
import xml.etree.ElementTree as ET
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from bakong_contracts import escaping
from bakong_sandbox.cli import app
from bakong_sandbox.cli import up as up_command
from bakong_sandbox.devkit.load import progress
from bakong_sandbox.devkit.testing.failure_section import story
from bakong_sandbox.stack.options import Stack
from bakong_service.adapters import logs
from emvqr import field, seal
from khqr import image

# What a terminal, a reader of text or XML would obey: C0 but tab and the ends of lines, DEL, C1, bidi, separators.
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
HOSTILE = "a\x1b]0;x\x07\x9b2J\u202eb\u2066\u2028[red]c[/red]<b>|`\x7f"
SECRET = "sandbox-7f3k9q2m5x8c1v4b6n0z-abcdefghijklmnop"
TEXTS = st.text(st.sampled_from(HOSTILE + "\r\n\t=+-@,;\"'\\") | st.characters(), max_size=30)


def run(*words, stdin=None, env=None):
    ended = CliRunner().invoke(app, words, input=stdin, env=env)
    assert isinstance(ended.exception, SystemExit | None), ended.exception
    return ended


def code_of(name: str) -> str:
    head = "000201010211" + field("29", field("00", "john_smith@devb"))
    return seal(head + "5204599953031165802KH" + field("59", name) + "6010Phnom Penh")


@given(TEXTS)
def test_no_form_of_a_text_holds_what_is_obeyed(text):
    for shown in (escaping.terminal(text), escaping.json_text([text]), escaping.csv_cell(text), escaping.clean(text)):
        assert not OBEYED.search(shown)
    assert "\r" not in escaping.terminal(text)
    for line in (escaping.terminal_line(text), escaping.markdown_cell(text)):
        assert not re.search("[\r\n\t]", line)


@given(TEXTS)
def test_json_says_the_same_and_csv_is_read_back_as_text(text):
    assert json.loads(escaping.json_text({text: [text]}, indent=1)) == {text: [text]}
    ((cell, after),) = csv.reader(io.StringIO(escaping.csv_cell(text) + ",after", newline=""))
    assert (cell.removeprefix("'"), after) == (escaping.clean(text).removeprefix("'"), "after")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_cell_of_markdown_ends_no_row_and_holds_no_markup():
    row = escaping.markdown_cell("a|b\n`c` <img src=x> [d](e)")
    assert re.search(r"(?<!\\)[|`<>\[\]()]", row) is None


def test_markup_stays_markup():
    assert escaping.clean(Markup("<b>\x1b</b>")) == Markup("<b>\ufffd</b>")
    assert isinstance(escaping.clean(Markup("<b>\x1b</b>")), Markup)


@pytest.mark.parametrize("words", [["decode"], ["verify"], ["explain"], ["decode", "--lenient"]])
def test_a_code_with_a_hostile_name_is_shown(words):
    for name in ("\x1b[31mA\x9b", "A\u202eB\u2066", "[red]A[/red]", "A\rB\x07"):
        ended = run("khqr", *words, code_of(name))
        assert not OBEYED.search(re.sub("\x1b\\[[0-9;]*m", "", ended.output.replace("\x1b[31mA", "!\x07")))
        assert "\r" not in ended.output
    assert "[red]A[/red]" in run("khqr", "explain", code_of("[red]A[/red]")).output


def test_a_code_that_is_read_from_a_picture_is_one_line_without_control_characters(tmp_path):
    text = code_of("\x1b[31mA\x9b\nB")
    (tmp_path / "code.png").write_bytes(image.png(text))
    ended = run("khqr", "read", str(tmp_path / "code.png"))
    assert ended.stdout == text.replace("\x1b", "\\x1b").replace("\x9b", "\\x9b").replace("\n", "\\n") + "\n"


def test_a_card_of_a_hostile_name_is_well_formed_and_turns_no_text():
    drawn = image.card_svg(code_of("A<b>\u202e&\uffff"))
    assert not OBEYED.search(drawn)
    assert "A<b>&" in "".join(ET.fromstring(drawn).itertext())
    assert Image.open(io.BytesIO(image.card_png(code_of("A\u202eB")))).size == (600, 870)


def test_a_script_and_its_mistakes_are_shown(tmp_path):
    for content in (
        f'name: "x\\e]0;x\\a{HOSTILE[-8:]}"\n',
        'name: x\npayment:\n  - "\\e[2J\\u202e"\n',
        "\x1b[2J: \x9b",
    ):
        (tmp_path / "s.yaml").write_text(content, encoding="utf-8")
        assert not OBEYED.search(run("scenario", "check", str(tmp_path / "s.yaml")).output)


class _Stranger(BaseHTTPRequestHandler):
    """Answers whatever it is asked with hostile texts."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"token": HOSTILE, "detail": HOSTILE, "name": HOSTILE, "ok": True}).encode()
        self.send_response(400 if "refused" in self.path else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  the names that http.server calls

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def stranger():
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "words",
    [
        "world list",
        "world show",
        "pay x",
        "qr x",
        "token",
        "clock show",
        "journal show",
        "snapshot take",
        "scenario use x",
    ],
)
@pytest.mark.parametrize("world", ["default", "refused"])
def test_what_a_strange_sandbox_answers_is_shown(stranger, words, world):
    own = [] if words == "world list" else ["--world", world]
    ended = run(*words.split(), "--url", stranger, *own)
    assert ended.output
    assert not OBEYED.search(ended.output)


def test_what_a_codec_under_test_says_on_stderr_is_shown(tmp_path, capfd):
    codec = tmp_path / "codec.py"
    codec.write_text(
        f"import sys\nsys.stderr.buffer.write({HOSTILE.encode()!r} + b' \\x1b[32mgreen\\x1b[0m \\xff\\n')\n",
        encoding="utf-8",
    )
    ended = run("verify", "khqr", "--", sys.executable, str(codec))
    assert ended.exit_code == 2
    said = ended.stderr + capfd.readouterr().err
    assert not OBEYED.search(said)
    assert "green" in said


def test_the_keys_of_the_service_are_listed_with_labels_as_they_are(tmp_path):
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "MAIN_BACKEND_API_KEY": "bk_main_" + SECRET,
        "WEBHOOK_SECRET": "whsec_" + "c2FuZGJveHNhbmRib3hzYW5kYm94c2FuZGJveA==",
        "ENCRYPTION_KEY": SECRET,
        "BAKONG_MERCHANT_ID": "sokha@devb",
        "BAKONG_DEVELOPER_TOKEN": SECRET,
        "BAKONG_MERCHANT_NAME": "Sokha",
        "LOG_DIR": str(tmp_path),
    }
    made = run("service", "keys", "make", "--label", HOSTILE + "\nforged", env=settings)
    assert made.exit_code == 0, made.output
    listed = run("service", "keys", "list", "--table", env=settings)
    assert not OBEYED.search(listed.output)
    assert listed.output.count("\n") == 2  # its head, and the key


def printed(show) -> str:
    out = io.StringIO()
    show(Console(file=out, width=10_000, color_system=None, soft_wrap=True))
    return out.getvalue()


def test_the_progress_and_the_verdict_of_a_load_test_are_shown():
    numbers = dict.fromkeys(("seconds", "users", "calls", "per_second", "failed", "payments", "known"), 1)
    profile = SimpleNamespace(name=HOSTILE, shape=SimpleNamespace(seconds=9))
    finding = {"title": HOSTILE, "figure": 1.0, "unit": HOSTILE, "floor": True, "bound": 1, "holds": True}
    report = {
        "findings": [finding],
        "notes": [HOSTILE],
        "limits": [{"check": HOSTILE, "scope": HOSTILE, "message": HOSTILE, "holds": False}],
        "books": {"problems": [{"kind": HOSTILE, "md5": "", "message": HOSTILE}]},
        "failures": {HOSTILE: 1},
        "holds": False,
    }
    for seen in (
        printed(lambda console: console.print(progress.shown(profile, numbers | {"why": HOSTILE}, 1))),
        printed(lambda console: progress.print_verdict(console, report, HOSTILE)),
    ):
        assert not OBEYED.search(seen)
        assert "[red]c[/red]" in seen


def test_the_banner_shows_a_scenario_of_strangers(capsys):
    scenario = SimpleNamespace(name=HOSTILE, about=HOSTILE)
    state = SimpleNamespace(limits=SimpleNamespace(quota=None))
    worlds = SimpleNamespace(default=SimpleNamespace(scenario=scenario, state=lambda _: state))
    stack = Stack(bakong_url="http://b", token="t", data_dir=Path(HOSTILE), worlds=worlds, ca_file=HOSTILE)
    up_command._banner(replace(stack, tls_url="http://t"))
    said = capsys.readouterr().out
    assert not OBEYED.search(said)
    assert said.count("[red]c[/red]") == 4


def test_a_failed_test_shows_its_calls():
    call = dict.fromkeys(("method", "endpoint", "md5", "poll", "fault", "error_code"), HOSTILE)
    call |= {"number": 1, "status": 200, "delay_ms": 0}
    world = {"world": "w", "seed": 1, "scenario": HOSTILE + "\nforged", "clock": {"now": "x"}}
    held = SimpleNamespace(look=lambda path: [call] if path else world)
    said = story(held, None, "name")
    assert not OBEYED.search(said)
    assert said.count("\n") == 1


def test_a_line_of_the_log_is_one_line_that_commands_nothing(tmp_path):
    files = logs.LogFiles(tmp_path, logs.Redactor())
    logger = logs.logger(files, lambda: "2026-02-11T00:00:00Z")
    logger.info("request", path=HOSTILE + "\r\n{}", name="ខ្មែរ")
    files.close()
    (line,) = (tmp_path / "combined.log").read_text(encoding="utf-8").splitlines()
    assert not OBEYED.search(line)
    assert json.loads(line)["path"] == HOSTILE + "\r\n{}"
    assert "ខ្មែរ" in line
