"""TLS at NBC's host names: an authority made once, and told where it is."""

import asyncio
import contextlib
import json
import ssl
import stat
from datetime import timedelta

import httpx
import pytest
import trustme
from cryptography import x509
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_sandbox.stack.tls import HOSTS, authority, read_names


@pytest.fixture
async def tls_stack(tmp_path):
    async with run(Options(data_dir=tmp_path / "tls", port=0, service_port=None, tls_port=0)) as stack:
        yield stack


async def test_the_ready_line_tells_of_tls_only_where_it_was_asked_for(tls_stack, stack):
    assert list(tls_stack.ready())[-2:] == ["tls_url", "ca_file"]
    assert "tls_url" not in stack.ready()
    json.dumps(tls_stack.ready())


@pytest.mark.parametrize("host", [*HOSTS, "localhost", "127.0.0.1"])
async def test_whoever_trusts_the_authority_meets_the_sandbox_at_each_name(tls_stack, host):
    trust = ssl.create_default_context(cafile=tls_stack.ca_file)
    port = int(tls_stack.tls_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=host)
    writer.write(b"GET /sandbox/health HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n\r\n" % host.encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_the_certificate_lives_no_longer_than_every_client_allows(tls_stack):
    trust = ssl.create_default_context(cafile=tls_stack.ca_file)
    port = int(tls_stack.tls_url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    shown = writer.get_extra_info("peercert")
    writer.close()
    begins, ends = (ssl.cert_time_to_seconds(shown[name]) for name in ("notBefore", "notAfter"))
    assert ends - begins <= 398 * 86_400


async def test_whoever_does_not_trust_it_does_not(tls_stack):
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await client.get(tls_stack.tls_url + "/sandbox/health")


async def test_a_reset_is_a_reset_under_tls_too(tls_stack):
    tls_stack.worlds.default.set_scenario(LIBRARY.find("reset-before-head"))
    trust = ssl.create_default_context(cafile=tls_stack.ca_file)
    async with httpx.AsyncClient(trust_env=False, verify=trust) as client:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await client.post(tls_stack.tls_url + "/v1/check_transaction_by_md5", json={"md5": "0" * 32})


def test_the_authority_is_made_once_and_its_key_is_the_owners_alone(tmp_path):
    first = authority(tmp_path).ca_file.read_bytes()
    assert authority(tmp_path).ca_file.read_bytes() == first
    assert stat.S_IMODE((tmp_path / "sandbox-ca-key.pem").stat().st_mode) == 0o600


def certificate_of(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_authority_speaks_for_the_sandboxs_hosts_alone_makes_no_other_and_lives_for_a_year(tmp_path):
    made = certificate_of(authority(tmp_path).ca_file)
    limits = made.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert [str(each.value) for each in limits.value.permitted_subtrees] == [
        *HOSTS,
        "localhost",
        "127.0.0.1/32",
        "::1/128",
    ]
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert timedelta(days=360) < made.not_valid_after_utc - made.not_valid_before_utc < timedelta(days=380)


def shaken_hands(ca_file, server, host):
    """Let a client that trusts the authority meet a server, in memory. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trust = ssl.create_default_context(cafile=ca_file)
    ends = [
        trust.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for end in ends * 3:
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()


@pytest.mark.parametrize("name", ["bank.example", "evil-localhost", "10.0.0.1", "*.gov.kh"])
def test_what_a_stolen_key_signs_for_another_host_is_refused(tmp_path, name):
    ca_file = authority(tmp_path).ca_file
    ca = trustme.CA.from_pem(ca_file.read_bytes(), (tmp_path / "sandbox-ca-key.pem").read_bytes())
    shaken_hands(ca_file, authority(tmp_path).context, HOSTS[0])
    forged = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(forged)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shaken_hands(ca_file, forged, name.replace("*", "www"))


def test_an_authority_of_an_older_version_is_replaced(tmp_path):
    old = trustme.CA()
    old.cert_pem.write_to_path(tmp_path / "sandbox-ca.pem")
    old.private_key_pem.write_to_path(tmp_path / "sandbox-ca-key.pem")
    made = certificate_of(authority(tmp_path).ca_file)
    assert made.extensions.get_extension_for_class(x509.NameConstraints)


def test_a_damaged_authority_says_what_to_do(tmp_path):
    authority(tmp_path).ca_file.write_text("-")
    with pytest.raises(SetupError, match=r"sandbox-ca.pem.*delete it and a new one is made"):
        authority(tmp_path)


@pytest.mark.parametrize(
    "word",
    [
        *HOSTS,
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "openssl.cafile",
        "keytool",
        "Go ",
        "Ruby ",
        "--cacert",
        "aliases",
        "/etc/hosts",
    ],
)
def test_trust_tells_what_to_set_for(tmp_path, word):
    told = CliRunner().invoke(app, ["trust", "--data-dir", str(tmp_path)])
    assert told.exit_code == 0
    assert word in told.output
    assert str(tmp_path / "sandbox-ca.pem") in told.output


async def test_trust_in_another_folder_offers_the_running_sandboxs_authority(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ours = tmp_path / "elsewhere" / "sandbox-ca.pem"
    async with run(Options(data_dir=ours.parent, port=0, service_port=None, tls_port=0)) as stack:
        told = await asyncio.to_thread(CliRunner().invoke, app, ["trust", "--url", stack.bakong_url])
        assert (told.exit_code, str(ours) in told.stdout, (tmp_path / "data").exists()) == (0, True, False)
        assert f"this is that of the sandbox at {stack.bakong_url}" in told.stderr
        words = ["trust", "--url", stack.bakong_url, "--data-dir", "mine"]
        told = await asyncio.to_thread(CliRunner().invoke, app, words)
        assert f"gets an authority of its own; the sandbox at {stack.bakong_url} shows the one of" in told.stderr
    told = await asyncio.to_thread(CliRunner().invoke, app, ["trust", "--url", stack.bakong_url])
    assert "a new authority was made: " in told.stderr


async def test_a_script_that_is_edited_while_it_is_played_is_played_anew(tmp_path):
    script = tmp_path / "mine.yaml"
    script.write_text("name: mine")
    options = Options(data_dir=tmp_path / "data", port=0, service_port=None, scenario=str(script))
    async with run(options) as stack, httpx.AsyncClient(base_url=stack.bakong_url, trust_env=False) as client:
        headers = {"authorization": f"Bearer {stack.token}"}

        async def check(number):
            body = {"md5": f"{number:032x}"}
            return await client.post("/v1/check_transaction_by_md5", json=body, headers=headers)

        assert (await check(1)).json()["errorCode"] == 1
        script.write_text("name: mine\nstrangers: follow\npayment: [paid]")
        assert (await check(2)).json()["errorCode"] is None
        script.write_text("name: mine\npayment: [padi]  # a slip")
        told = await check(3)
        assert (told.status_code, "did you mean 'paid'" in told.json()["responseMessage"]) == (400, True)
        script.write_text("name: mine\nstrangers: follow\npayment: [failed]")
        await client.post("/sandbox/worlds/default/reset")
        assert (await check(4)).json()["errorCode"] == 3


NAMED = ["Pay.Shop.Example.", "*.shop.example", "10.0.0.5", "2001:db8::5", "ហាង.example"]
SHOWN_AT = ["pay.shop.example", "any.shop.example", "10.0.0.5", "2001:db8::5", "xn--m2e9c4c.example", HOSTS[0]]


@pytest.mark.parametrize("host", SHOWN_AT)
def test_whoever_trusts_the_authority_meets_the_sandbox_at_each_further_name(tmp_path, host):
    ours = authority(tmp_path, read_names(NAMED))
    shaken_hands(ours.ca_file, ours.context, host)


@pytest.mark.parametrize("name", ["bank.example", "10.0.0.6", "evil-shop.example"])
def test_an_authority_for_further_names_speaks_for_no_others(tmp_path, name):
    ca_file = authority(tmp_path, read_names(NAMED)).ca_file
    ca = trustme.CA.from_pem(ca_file.read_bytes(), (tmp_path / "sandbox-ca-key.pem").read_bytes())
    forged = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(forged)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shaken_hands(ca_file, forged, name)


def test_an_authority_is_another_where_names_change_and_the_same_where_they_do_not(tmp_path):
    plain = authority(tmp_path).ca_file.read_bytes()
    named = authority(tmp_path, read_names(NAMED)).ca_file.read_bytes()
    assert authority(tmp_path, read_names(NAMED)).ca_file.read_bytes() == named != plain
    assert authority(tmp_path, None).ca_file.read_bytes() == named
    assert authority(tmp_path).ca_file.read_bytes() not in (named, plain)


WRONG_NAMES = ["https://shop.example", "shop.example:443", "*", "*.example", "a.*.example", "10.0.0.0/8", "", "a b"]
WRONG_NAMES += ["shop..example", "-shop.example", "1.2.3.4.5", "a_b.example", "x" * 64 + ".example", "*.10.0.0.5"]


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_what_is_no_name_is_refused_in_one_line_and_makes_nothing(tmp_path, name):
    command = ["up", "--data-dir", str(tmp_path), "--port", "0", "--no-service", "--tls-port", "0", "--tls-name", name]
    told = CliRunner().invoke(app, command)
    assert (told.exit_code, told.stderr.count("\n")) == (2, 1)
    assert f"--tls-name: read {name!r}" in told.stderr
    assert not (tmp_path / "sandbox-ca.pem").exists()


def test_names_without_a_tls_port_are_refused(tmp_path):
    told = CliRunner().invoke(app, ["up", "--data-dir", str(tmp_path), "--port", "0", "--tls-name", "shop.example"])
    assert (told.exit_code, "give --tls-port too" in told.stderr) == (2, True)


async def test_a_sandbox_answers_at_a_further_name_and_trust_tells_of_it(tmp_path):
    options = Options(data_dir=tmp_path, port=0, service_port=None, tls_port=0, tls_names=("pay.shop.example",))
    async with run(options) as stack:
        trust = ssl.create_default_context(cafile=stack.ca_file)
        port = int(stack.tls_url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="pay.shop.example")
        writer.close()
        before = (tmp_path / "sandbox-ca.pem").read_bytes()
        told = CliRunner().invoke(app, ["trust", "--data-dir", str(tmp_path)])
    assert "127.0.0.1  pay.shop.example\n" in told.output
    assert (tmp_path / "sandbox-ca.pem").read_bytes() == before


def test_trust_tells_how_to_keep_nbcs_names_from_a_proxy(tmp_path):
    told = CliRunner().invoke(app, ["trust", "--data-dir", str(tmp_path), "--tls-name", "pay.shop.example"])
    names = [*HOSTS, "pay.shop.example"]
    assert f"NO_PROXY={','.join(names)} no_proxy={','.join(names)}" in told.output
    assert f"-Dhttp.nonProxyHosts='{'|'.join(names)}'" in told.output
