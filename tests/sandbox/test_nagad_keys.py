"""`nagad keys` and `nagad use-keys`, as a user types them, against a running sandbox."""

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.devkit.testing.server import Server
from bakong_schemes.nagad import sealing

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "nagad.json").read_text())


@pytest.fixture(scope="module")
def server():
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def run(server):
    """Runs a command in a world of its own; the code and what was printed."""
    world = server.world()
    env = {"BAKONG_SANDBOX_URL": server.url, "BAKONG_SANDBOX_WORLD": world.world}

    def run(*words):
        ended = CliRunner().invoke(app, ["nagad", *words], env=env)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, ended.stdout or ended.stderr

    yield run
    server.drop(world)


def test_keys_are_printed_as_lines_pem_files_and_variables(run, tmp_path):
    lines = dict(line.split(" ") for line in run("keys")[1].splitlines())
    private, public = lines["privateKey"], lines["publicKey"]
    assert (sealing.private_key(private).key_size, sealing.public_key(public).key_size) == (2048, 2048)
    assert run("keys", "--only", "private") == (0, f"{private}\n")
    pem = run("keys", "--format", "pem", "--only", "public")[1]
    assert load_pem_public_key(pem.encode()).public_numbers() == sealing.public_key(public).public_numbers()
    assert run("keys", "--format", "files", "--out", str(tmp_path / "keys"))[0] == 0
    file = tmp_path / "keys" / "merchant-private.pem"
    assert sealing.der_line(load_pem_private_key(file.read_bytes(), None)) == private
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sealing.line_of((tmp_path / "keys" / "nagad-public.pem").read_text()) == public
    env = dict(line.split("=", 1) for line in run("keys", "--format", "env")[1].splitlines())
    assert (env["NAGAD_PRIVATE_KEY"], env["NAGAD_PUBLIC_KEY"]) == (private, public)
    assert env["NAGAD_BASE_URL"].endswith("/nagad/remote-payment-gateway-1.0/api/dfs")


def test_keys_of_ones_own_are_taken_from_files_and_given_back(run, tmp_path):
    before = run("keys")
    mine = tmp_path / "mine.pem"
    mine.write_text(sealing.pem_of(VECTORS["merchant"]["privateKeyPkcs8"], "PRIVATE"))
    assert run("use-keys", "--private", str(mine))[0] == 0
    assert run("keys", "--only", "private")[1].strip() == VECTORS["merchant"]["privateKeyPkcs8"]
    public = tmp_path / "public.txt"
    public.write_text(VECTORS["nagad"]["publicKeySpki"])
    assert run("use-keys", "--public", str(public))[0] == 0
    code, words = run("keys")
    assert (code, "the merchant's public key alone" in words) == (2, True)
    assert run("use-keys")[0] == 0
    assert run("keys") == before


@pytest.mark.parametrize("text", [VECTORS["merchant"]["privateKeyPkcs1"], "no key", "-----BEGIN NOTHING-----"])
def test_a_file_that_is_no_key_is_refused_in_words(run, tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    code, words = run("use-keys", "--private", str(path))
    assert (code, words.count("\n"), text[40:80] in words if len(text) > 80 else False) == (1, 1, False)
    assert run("use-keys", "--private", str(tmp_path / "none"))[0] == 2


def test_a_folder_that_cannot_be_written_is_code_2(run, tmp_path):
    (tmp_path / "file").write_text("")
    assert run("keys", "--format", "files", "--out", str(tmp_path / "file" / "below"))[0] == 2
