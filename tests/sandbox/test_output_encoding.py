"""Output is UTF-8 or escaped ASCII, input UTF-8, whatever the locale; closed streams are no traceback."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bakong_sandbox.cli.program import MODULES, command
from bakong_sandbox.devkit.testing.server import Server
from khqr import Currency, Individual, encode, image

NAME = "ហាងកាហ្វេ é"
NOW_MS = 1_770_768_000_000
FIELDS = {"bakongAccountID": "a@b", "merchantName": NAME}
CODE = encode(Individual(bakong_account_id="a@b", merchant_name=NAME)).qr
PAID = encode(
    Individual(
        bakong_account_id="a@b",
        merchant_name=NAME,
        currency=Currency.USD,
        amount=1,
        expiration_timestamp="4102444800000",
    ),
    now=NOW_MS,
).qr
RUN = "from bakong_sandbox.cli import main; main()"
# Runs main once for each list of words in its first argument; says how each ended.
RUN_ALL = """
import json, os, sys
from bakong_sandbox.cli import main
ended = []
for words in json.load(open(sys.argv[1], encoding="utf-8")):
    sys.argv = ["bakong-sandbox", *(os.fsdecode(word.encode()) for word in words)]
    try:
        main()
    except SystemExit as end:
        ended.append([words, end.code])
open("ended.json", "w").write(json.dumps(ended))
"""
LOCALES = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
}
EVERY_LOCALE = pytest.mark.parametrize("locale", LOCALES)
# Every command of the program takes half a minute: in one locale here, in the others as a campaign.
ONE_LOCALE = pytest.mark.parametrize(
    "locale", [name if name == "C" else pytest.param(name, marks=pytest.mark.campaign) for name in LOCALES]
)


def environment(locale: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    return kept | LOCALES[locale] | more


def run(*words: str, locale: str = "C", stdin: bytes = b"", **options):
    return subprocess.run(
        [sys.executable, "-P", "-c", RUN, *words],
        input=stdin,
        env=environment(locale),
        capture_output=True,
        timeout=120,
        check=False,
        **options,
    )


def leaves(group: click.Command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    inner = getattr(group, "commands", None)
    return [path] if inner is None else [leaf for name in inner for leaf in leaves(inner[name], (*path, name))]


COMMANDS = [leaf for name in MODULES for leaf in leaves(command(name), (name,))]


def files(folder: Path) -> list[list[str]]:
    """Commands that show a Khmer name, or fail on a file that has one."""
    named = folder / f"{NAME}.yaml"
    named.write_text(f"name: shop\nabout: {NAME}\npayment:\n  - {NAME}\n", encoding="utf-8")
    fields, code, picture = folder / "fields.json", folder / "code.txt", folder / "code.png"
    fields.write_text(json.dumps(FIELDS, ensure_ascii=False), encoding="utf-8")
    code.write_text(CODE, encoding="utf-8")
    picture.write_bytes(image.png(CODE))
    codec = folder / "codec.py"
    codec.write_text(f"import sys\nsys.stderr.buffer.write({(NAME + chr(10)).encode()!r})\n", encoding="utf-8")
    return [
        ["khqr", "encode", "-f", str(fields)],
        ["khqr", "decode", "-f", str(code)],
        ["khqr", "verify", "-f", str(code), "--now", "0"],
        ["khqr", "explain", "-f", str(code)],
        ["khqr", "image", "-f", str(code)],
        ["khqr", "read", str(picture)],
        ["scenario", "check", str(code)],
        ["scenario", "list"],
        ["scenario", "schema"],
        ["verify", "khqr", "--", sys.executable, str(codec)],
    ]


@ONE_LOCALE
def test_every_command_prints_utf8_into_a_pipe(tmp_path, locale):
    unknown = f"--{NAME.split(maxsplit=1)[0]}"
    words = [[*leaf, last] for leaf in COMMANDS for last in ("--help", unknown)] + files(tmp_path)
    (tmp_path / "words.json").write_text(json.dumps(words))
    ended = subprocess.run(
        [sys.executable, "-P", "-c", RUN_ALL, "words.json"],
        cwd=tmp_path,
        env=environment(locale),
        capture_output=True,
        timeout=170,
        check=False,
    )
    out, err = ended.stdout.decode("utf-8"), ended.stderr.decode("utf-8")
    assert "Traceback" not in err, err[-2000:]
    codes = [code for _, code in json.loads((tmp_path / "ended.json").read_text())]
    assert len(codes) == len(words)
    assert codes[: 2 * len(COMMANDS)] == [0, 2] * len(COMMANDS)
    assert out.count(NAME) >= 3  # decode, explain and the text that `read` prints
    assert NAME in err  # the codec's own complaint


def through_terminal(words: list[str], locale: str) -> tuple[int, bytes]:
    """How it ended, and the bytes that reached the terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-P", "-c", RUN, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(locale, TERM="dumb"),
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while read := os.read(ours, 65_536):
                seen += read
        except OSError:
            pass  # Linux says so at the end
        os.close(ours)
    return process.returncode, seen.replace(b"\r\n", b"\n")


@EVERY_LOCALE
def test_on_a_terminal_that_is_not_utf8_json_stays_json_and_ascii(locale, tmp_path):
    (tmp_path / "code").write_text(CODE, encoding="utf-8")
    code, seen = through_terminal(["khqr", "decode", "-f", str(tmp_path / "code")], locale)
    assert (code, seen.isascii()) == (0, True)
    assert json.loads(seen)["merchant_name"] == NAME
    code, seen = through_terminal(["khqr", "explain", "-f", str(tmp_path / "code")], locale)
    assert (code, seen.isascii()) == (0, True)


@EVERY_LOCALE
def test_standard_input_and_arguments_are_utf8(locale):
    fields = json.dumps(FIELDS, ensure_ascii=False).encode()
    encoded = run("khqr", "encode", locale=locale, stdin=b"\xef\xbb\xbf" + fields)
    assert json.loads(encoded.stdout)["qr"] == CODE
    assert json.loads(run("khqr", "decode", CODE, locale=locale).stdout)["merchant_name"] == NAME


@pytest.mark.parametrize(
    "words", [["khqr", "decode"], ["khqr", "encode"], ["snapshot", "restore", "-"], ["replay", "-"]]
)
def test_bytes_that_are_not_utf8_are_told_with_their_place(words):
    ended = run(*words, stdin=b"{\n\xe9}")
    assert (ended.returncode, ended.stderr.count(b"\n")) == (2, 1)
    assert b"byte 2 (line 2) is 0xe9, expected UTF-8" in ended.stderr


def test_the_control_commands_send_and_show_utf8():
    server = Server()
    world = server.world()
    try:
        at = ["--url", server.url, "--world", world.world]
        paid = run("pay", PAID, *at)
        assert (paid.returncode, json.loads(paid.stdout)["qr"]) == (0, PAID), paid.stderr
        shown = run("qr", PAID, *at, locale="latin-1")
        assert json.loads(shown.stdout)["qr"] == PAID
    finally:
        server.drop(world)
        server.stop()


@pytest.mark.parametrize("words", [["scenario", "schema"], ["khqr", "decode", CODE], ["--help"], ["khqr", "nothing"]])
def test_a_reader_that_went_away_is_no_traceback(words):
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", RUN, *words], stdout=write, stderr=subprocess.PIPE, env=environment("ascii")
    ) as process:
        os.close(write)
        _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    assert b"rror" not in err or words[-1] == "nothing"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.parametrize("words", [["scenario", "schema"], ["khqr", "decode", CODE]])
def test_an_output_that_is_full_is_one_line_and_code_2(words):
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-P", "-c", RUN, *words], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert (ended.returncode, ended.stderr.count(b"\n")) == (2, 1)
    assert b"standard output cannot be written" in ended.stderr


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-"])
def test_streams_that_are_closed_from_the_start_are_no_traceback(closed):
    ended = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {closed}', sys.executable, "-P", "-c", RUN, "khqr", "verify"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode in (0, 2)
    assert b"Traceback" not in ended.stderr
