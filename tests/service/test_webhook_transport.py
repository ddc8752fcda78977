"""Webhooks go to public addresses alone, follow nothing, and wait for nobody for long; and logs tell no secrets."""

import json
import socket
import ssl

import httpcore
import pytest
import trustme

from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_service.adapters.logs import LogFiles, Redactor, logger
from bakong_service.adapters.webhook_http import PRIVATE, HttpPost
from bakong_service.settings import SettingsError, load
from tests.service.house import SETTINGS

PRIVATE_ADDRESSES = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "::1",
    "fe80::1",
    "fc00::1",
]
PRIVATE_ADDRESSES += ["0.0.0.0", "100.64.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "224.0.0.1"]


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
async def test_a_name_that_resolves_into_a_private_network_is_not_called(address):
    async def resolver(_host, _port):
        return [address]

    post = HttpPost(private_allowed=False, resolver=resolver)
    assert await post("https://hooks.example.com/a", b"{}", {}) == PRIVATE
    await post.close()


async def test_one_private_address_among_public_ones_is_enough_to_refuse():
    async def resolver(_host, _port):
        return ["93.184.216.34", "127.0.0.1"]

    post = HttpPost(private_allowed=False, resolver=resolver)
    assert await post("https://hooks.example.com/a", b"{}", {}) == PRIVATE
    await post.close()


async def test_the_address_that_was_judged_is_asked_for_once_so_a_rebinding_name_gains_nothing():
    asked = []

    async def resolver(_host, _port):
        asked.append(len(asked))
        return ["192.0.0.0"] if len(asked) > 1 else ["127.0.0.1"]

    post = HttpPost(private_allowed=False, resolver=resolver)
    with listen(0) as opened:
        assert await post(url_of(opened) + "/a", b"{}", {}) == PRIVATE
    assert asked == [0]
    await post.close()


@pytest.fixture
async def receiver():
    """A receiver whose answer the path chooses; and the paths that were called."""
    called = []

    async def app(scope, receive, send):
        called.append(scope["path"])
        await receive()
        headers = {"/moved": [(b"location", b"/secret")], "/later": [(b"retry-after", b"7")]}.get(scope["path"], [])
        status = {"/moved": 302, "/later": 429}.get(scope["path"], 200)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["path"] == "/endless":
            for _ in range(100):
                await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await send({"type": "http.response.body"})

    with listen(0) as opened:
        async with serve(app, opened):
            yield url_of(opened), called


async def test_a_redirect_is_no_delivery_and_is_not_followed(receiver):
    url, called = receiver
    post = HttpPost(private_allowed=True)
    assert (await post(url + "/moved", b"{}", {})).status == 302
    assert await post(url + "/later", b"{}", {}) == (429, 7, b"")
    assert await post(url + "/endless", b"{}", {}) == (200, None, b"x" * 500)  # the rest is nobody's
    assert called == ["/moved", "/later", "/endless"]
    await post.close()


async def test_what_cannot_be_reached_is_a_word_and_no_exception():
    post, hasty = HttpPost(private_allowed=True), HttpPost(private_allowed=True, timeout_s=0.2)
    assert await post("http://127.0.0.1:1/", b"{}", {}) == "ConnectError"
    assert isinstance(await hasty("http://nowhere.invalid/", b"{}", {}), str)
    with listen(0) as silent:
        assert await hasty(url_of(silent), b"{}", {}) == "timeout"
    await post.close()
    await hasty.close()


SECRETS = ("k" * 20, 'quoted"secret', "pw-1234")
TOLD = [
    ("k" * 20, "[redacted]"),
    ("Bearer abc.def-123", "[redacted]"),
    ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[redacted]"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2ln", "[redacted]"),
    ("noodle_shop@devb", "no***@devb"),
    ("postgresql://bakong:hunter2@db/x", "hunter2"),
    ("00020101021229180014noodle_shop@devb52045999", "noodle_shop"),
]


@pytest.mark.parametrize(("secret", "mark"), TOLD, ids=range(len(TOLD)))
def test_a_log_line_shows_no_secret_wherever_it_stands(tmp_path, secret, mark):
    files = LogFiles(tmp_path, Redactor(SECRETS))
    log = logger(files, lambda: "2026-02-11T00:00:00.000Z")
    log.info("told", where=secret, deep={"list": [secret]}, **{"also " + secret: 1})
    log.error("broken", security=True, why=f"before {secret} after")
    files.close()
    written = {path.stem: path.read_text() for path in tmp_path.iterdir()}
    assert [text.count("\n") for _, text in sorted(written.items())] == [2, 1, 1]
    whole = "".join(written.values())
    assert secret not in whole
    assert (mark in whole) == mark.startswith(("[", "no***"))
    for line in written["error"].splitlines():
        assert json.loads(line)["level"] == "error"


@pytest.fixture
def authority(tmp_path):
    """An authority of one's own: its file, its key's file, and what a receiver under it shows."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    made.private_key_pem.write_to_path(tmp_path / "key.pem")
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.1").configure_cert(shown)
    return tmp_path, shown


@pytest.fixture
async def https_url(authority):
    """A receiver under that authority, which answers 204."""

    async def app(_scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with listen(0) as opened:
        async with serve(app, opened, authority[1]):
            yield url_of(opened, "https")


@pytest.mark.parametrize(("trusts", "result"), [(True, 204), (False, "ConnectError")])
async def test_a_receiver_under_an_authority_of_ones_own_is_trusted_where_it_is_named(
    authority, https_url, trusts, result
):
    post = HttpPost(private_allowed=True, ca_file=authority[0] / "ca.pem" if trusts else None)
    answer = await post(https_url, b"{}", {})
    assert (answer if isinstance(answer, str) else answer.status) == result
    await post.close()


@pytest.mark.parametrize("names_another", [False, True], ids=["alone", "beside WEBHOOK_CA_FILE"])
async def test_a_receiver_under_an_authority_of_ssl_cert_file_is_trusted(
    authority, https_url, monkeypatch, names_another
):
    folder = authority[0]
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(folder / "another.pem")
    post = HttpPost(private_allowed=True, ca_file=folder / "another.pem" if names_another else None)
    assert (await post(https_url, b"{}", {})).status == 204
    await post.close()


class GuardError(RuntimeError):
    """What a guard of sockets raises, so that no retry hides it."""


RAISED = [GuardError("no network here"), socket.gaierror(-2, "unknown"), UnicodeError("label too long"), KeyError("x")]
RAISED += [httpcore.ReadTimeout("slow"), httpcore.PoolTimeout("full"), RecursionError("deep"), ssl.SSLError("odd")]


@pytest.mark.parametrize("raised", RAISED, ids=lambda error: type(error).__name__)
async def test_whatever_a_resolver_or_a_guard_of_sockets_raises_is_one_failed_try(raised):
    async def resolver(_host, _port):
        raise raised

    tried = []
    post = HttpPost(private_allowed=False, resolver=resolver, on_attempt=tried.append)
    result = await post("https://hooks.example.com/a", b"{}", {})
    assert isinstance(result, str)
    assert tried == [result]
    await post.close()


@pytest.mark.parametrize(("file", "why"), [("nowhere.pem", "No such file"), ("key.pem", "no certificate in PEM form")])
def test_a_file_that_holds_no_authority_is_named_before_the_start(authority, monkeypatch, file, why):
    monkeypatch.setenv("WEBHOOK_CA_FILE", str(authority[0] / file))
    with pytest.raises(SettingsError) as raised:
        load(SETTINGS)
    (line,) = raised.value.lines
    assert (line.startswith("WEBHOOK_CA_FILE: "), file in line, why in line) == (True, True, True)
