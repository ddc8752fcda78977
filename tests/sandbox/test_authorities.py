"""`--ca` and `--webhook-ca`: whoever calls https:// trusts an authority that is named, beside the public ones."""

import asyncio
import contextlib
import json
import re
import signal
import ssl
import subprocess
from types import SimpleNamespace

import httpx
import pytest
import trustme
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.cli.program import MODULES, command
from bakong_sandbox.stack import launcher
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_sandbox.stack.tls import authority
from bakong_simulator.kernel.clock import Mode
from tests import preloaded
from tests.mutants.serving import Loop
from tests.sandbox.test_load import BOOKS, HASTE, OBJECTIVES, SHORT
from tests.sandbox.test_verify_service import FAST, OURS, changed, only, verify
from tests.simulator.shop import TINY, publish


@contextlib.asynccontextmanager
async def behind_tls(url, context):
    """The URL of a port that speaks TLS, and passes on what it reads and what is answered."""

    async def copy(reader, writer):
        with contextlib.suppress(OSError):
            while read := await reader.read(65_536):
                writer.write(read)
                await writer.drain()
        writer.close()

    async def meet(reader, writer):
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer))

    with listen(0) as port:
        server = await asyncio.start_server(meet, sock=port, ssl=context)
        yield url_of(port, "https")
        server.close()


@contextlib.asynccontextmanager
async def https_stack(folder):
    """A sandbox whose simulator and service are both at https://, under the sandbox's own authority."""
    options = Options(data_dir=folder, port=0, service_port=0, tls_port=0)
    async with (
        run(options) as stack,
        behind_tls(stack.service_url, authority(stack.data_dir).context) as service_url,
    ):
        yield SimpleNamespace(at=stack, url=stack.tls_url, ca=stack.ca_file, service_url=service_url)


@contextlib.contextmanager
def running_https(folder):
    loop = Loop()
    opened = https_stack(folder)
    yield loop.call(opened.__aenter__())
    loop.call(opened.__aexit__(None, None, None))
    loop.close()


@pytest.fixture(scope="module")
def https(tmp_path_factory):
    with running_https(tmp_path_factory.mktemp("sandbox")) as stack:
        yield stack


@pytest.fixture
def https_alone(tmp_path):
    """A sandbox whose time, scenario and webhooks nobody else has touched."""
    with running_https(tmp_path / "alone") as stack:
        yield stack


def cli(*words, **environment):
    ended = CliRunner().invoke(app, words, env=environment)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


# Commands that ask the control API

ASKING = [
    ("world", "list"),
    ("token",),
    ("clock", "show"),
    ("journal", "show"),
    ("webhooks", "list"),
    ("snapshot", "take"),
    ("scenario", "use", "manual"),
]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_command_trusts_the_authority_that_it_is_given(https, words, monkeypatch):
    code, out, err = cli(*words, "--url", https.url)
    assert (code, out, "certificate verify failed" in err, err.count("\n")) == (2, "", True, 1)
    assert cli(*words, "--url", https.url, "--ca", https.ca)[0] == 0
    assert cli(*words, "--url", https.url, BAKONG_SANDBOX_CA=https.ca)[0] == 0
    monkeypatch.setenv("SSL_CERT_FILE", https.ca)
    assert cli(*words, "--url", https.url)[0] == 0


def leaves(name, one):
    """Every command below a name."""
    for below, child in getattr(one, "commands", {}).items():
        yield from leaves(f"{name} {below}", child)
    if not hasattr(one, "commands"):
        yield name, {option for parameter in one.params for option in parameter.opts}


def test_every_command_that_takes_a_url_to_call_takes_an_authority_too():
    options = dict(pair for name in MODULES for pair in leaves(name, command(name)))
    calling = {name for name, has in options.items() if has & {"--url", "--base-url"}} | {"verify service"}
    calling -= {"redirect", "exec"}  # which pass on bytes, and open no TLS of their own to the sandbox
    calling -= {"trust"}  # which asks a sandbox on loopback for the authority itself
    assert {name for name, has in options.items() if "--ca" in has} == calling
    assert len(calling) > 20


NO_AUTHORITY = {"missing": "No such file", "folder": "Is a directory", "key": "PEM", "text": "PEM", "empty": "PEM"}
TAKING = [
    ("world", "list", "--ca"),
    ("verify", "bakong", "--base-url", "https://127.0.0.1:9", "--token", "t", "--ca"),
    ("verify", "service", "--config", "x.yaml", "--ca"),
    ("record", "--base-url", "https://127.0.0.1:9", "--token", "t", "--ca"),
    ("load", "--worker", "127.0.0.1:9", "--ca"),
    ("up", "--webhook-ca"),
]


@pytest.mark.parametrize("kind", NO_AUTHORITY)
@pytest.mark.parametrize("words", TAKING, ids=lambda words: words[0])
def test_what_is_no_authority_is_said_in_one_line(tmp_path, words, kind):
    file = tmp_path / kind
    made = {"key": trustme.CA().private_key_pem.bytes(), "text": "kein PEM: é".encode(), "empty": b""}
    if kind in made:
        file.write_bytes(made[kind])
    elif kind == "folder":
        file.mkdir()
    code, out, err = cli(*words, str(file))
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith(f"bakong-sandbox: {words[-1]}: {str(file)!r} "), err
    assert NO_AUTHORITY[kind] in err


# The suites, record and load


def test_verify_holds_a_bakong_and_a_service_that_are_at_https(https, tmp_path):
    bakong = ("bakong", "--base-url", https.url, "--control", https.url, "--only", "bakong.race", "--profile", "quick")
    code, _, err = verify(*bakong, cwd=tmp_path)
    assert (code, "certificate verify failed" in err) == (2, True), err
    code, out, err = verify(*bakong, "--ca", https.ca, cwd=tmp_path)
    assert (code, err) == (0, ""), out
    where = f"running: {{base_url: '{https.service_url}', sandbox: '{https.url}'}}"
    values = f"variables: {{api_key: {https.at.api_key}, webhook_secret: {https.at.webhook_secret}}}"
    config = changed("mine.yaml", OURS.read_text(), tmp_path, ("\nstart: sandbox\n", f"\n{where}\n{values}\n"))
    service = ["service", "--config", config, *FAST, *only("service.create.*"), "--ca", https.ca]
    code, out, err = verify(*service, cwd=tmp_path)
    assert (code, err) == (0, ""), out


def test_record_asks_a_bakong_at_https_and_forwards_to_it(https, tmp_path):
    asked = ["record", "--base-url", https.url, "--token", https.at.token, "--out", str(tmp_path / "own.yaml")]
    code, _, err = cli(*asked, "--budget", "2")
    assert (code, "CERTIFICATE_VERIFY_FAILED" in err or "ConnectError" in err) == (2, True), err
    assert cli(*asked, "--budget", "2", "--ca", https.ca)[0] == 0
    command = [preloaded.program(), *asked, "--listen", "0", "--ca", https.ca]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        at = re.search(r"at (http://\S+),", process.stdout.readline())[1]
        body = {"accountId": "chan.sokha@aclb"}
        assert httpx.post(f"{at}/v1/check_bakong_account", json=body, trust_env=False).status_code == 200
        process.send_signal(signal.SIGINT)
        process.communicate()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_load_and_its_workers_check_the_certificates_of_a_service_at_https(https_alone, tmp_path, processes):
    https = https_alone
    (tmp_path / "slo.yaml").write_text(OBJECTIVES)
    aim = ["--url", https.service_url, "--bakong-url", https.url, "--data-dir", str(https.at.data_dir)]
    asked = [preloaded.program(), "load", "smoke", *aim, *SHORT[1:], *HASTE, *BOOKS, "--processes", processes]
    how = {"cwd": tmp_path, "capture_output": True, "text": True}
    if processes == "1":
        refused = subprocess.run(asked, check=False, **how)
        assert (refused.returncode, "does not answer" in refused.stderr) == (2, True), refused.stderr
    done = subprocess.run([*asked, "--ca", https.ca], check=False, **how)
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (done.returncode, report["books"]["problems"], report["failures"]) == (0, [], {}), done.stdout
    assert {call["name"] for call in report["calls"]} >= {"create", "status", "bad key"}


# The receivers of webhooks


class Receiver:
    """Answers 204, and keeps what came: in what order does not matter."""

    def __init__(self):
        self.seen = []
        self.came = asyncio.Event()

    async def __call__(self, scope, receive, send):
        self.seen.append(scope["path"])
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        self.came.set()


@pytest.fixture
async def receiver(tmp_path):
    """A receiver under an authority of its own, whose file is `ca`."""
    made, context, app = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Receiver()
    made.issue_cert("127.0.0.1").configure_cert(context)
    made.cert_pem.write_to_path(tmp_path / "receivers.pem")
    with listen(0) as port:
        async with serve(app, port, context):
            yield SimpleNamespace(app=app, url=url_of(port, "https"), ca=tmp_path / "receivers.pem")


async def posted(stack, receiver):
    """What came of the simulator's webhook and of the service's test event."""
    world = stack.worlds.default
    world.clock.set_mode(Mode.FROZEN)
    world.outbox.register(TINY)
    async with httpx.AsyncClient(trust_env=False) as client:
        where = f"{stack.bakong_url}/sandbox/worlds/default/webhooks"
        await client.post(f"{where}/endpoints", json={"scheme": "tiny", "url": receiver.url + "/tiny"})
        publish(world)
        await world.clock.settled()
        simulators = (await client.get(where)).json()[0]["attempts"][0]["status"]
        headers = {"authorization": f"Bearer {stack.api_key}"}
        hooks = f"{stack.service_url}/api/webhooks"
        made = await client.post(f"{hooks}/test", json={"callback": receiver.url + "/test"}, headers=headers)
        await client.post(f"{stack.bakong_url}/sandbox/worlds/default/clock/advance", json={"seconds": 0})
        shown = (await client.get(f"{hooks}/{made.json()['data']['webhookId']}", headers=headers)).json()["data"]
        return simulators, shown["attempts"][0]["status"]


@pytest.mark.parametrize(("trusts", "statuses"), [(True, (204, 204)), (False, (None, None))])
async def test_one_file_serves_the_outbox_of_the_simulator_and_the_service(tmp_path, receiver, trusts, statuses):
    ca = receiver.ca if trusts else None
    async with asyncio.timeout(60), run(Options(data_dir=tmp_path, port=0, service_port=0, webhook_ca=ca)) as stack:
        assert await posted(stack, receiver) == statuses


@pytest.mark.parametrize("way", ["--webhook-ca", "BAKONG_SANDBOX_WEBHOOK_CA", "WEBHOOK_CA_FILE"])
async def test_up_takes_the_file_as_an_option_and_from_the_environment(tmp_path, receiver, monkeypatch, way):
    options = [way, str(receiver.ca)] if way.startswith("-") else []
    if not options:
        monkeypatch.setenv(way, str(receiver.ca))

    def test_event():
        with launcher.sandbox(tmp_path / "data", *options) as (ready, _):
            headers = {"authorization": f"Bearer {ready['api_key']}"}
            url = f"{ready['service_url']}/api/webhooks/test"
            httpx.post(url, json={"callback": receiver.url}, headers=headers, trust_env=False).raise_for_status()
            asyncio.run_coroutine_threadsafe(receiver.app.came.wait(), loop).result(60)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(test_event)
    assert receiver.app.seen == ["/"]
