"""`listen` and `trigger`: what comes to a shop, once each, whatever breaks on the way; and what a user reads of it."""

import asyncio
import io
import json
import re
import shlex
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from bakong_contracts.webhook_guard import OMISE as OMISE_FORM
from bakong_contracts.webhook_guard import Guard
from bakong_contracts.webhook_middleware import GuardedASGI
from bakong_sandbox.cli import app
from bakong_sandbox.cli.listen import _Lines, _Plain, _Table, name_of
from bakong_sandbox.devkit.relay import Forwarded, Reader, Relay, StreamError, StreamEvent
from bakong_sandbox.devkit.testing.server import Server
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.listeners import Listener, put
from bakong_simulator.kernel.webhooks import Outcome, another_key
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.webhook_sender import WebhookSender
from tests.conftest import NOW_MS, PLAIN
from tests.simulator.live import following
from tests.simulator.shop import TINY, publish

HOOK = "http://shop.test/hook"
PROGRAM = Path(sys.executable).with_name("bakong-sandbox")


# The reader of a stream


def block_of(number, name="attempt", data=None):
    return f"id: run-{number}\nevent: {name}\ndata: {json.dumps(data or {'n': number})}\n\n".encode()


@given(st.lists(st.integers(1, 12), max_size=60), st.integers(0, 5))
def test_events_are_the_same_however_the_bytes_are_cut(sizes, comments):
    whole = b"".join(block_of(number) + b": still here\n\n" * (number == comments) for number in range(5))
    reader, read, at = Reader(), [], 0
    for size in [*sizes, len(whole)]:
        read += reader.feed(whole[at : at + size])
        at += size
    assert read == [StreamEvent(f"run-{number}", "attempt", {"n": number}) for number in range(5)]


def test_an_event_whose_end_has_not_come_is_none():
    reader = Reader()
    assert list(reader.feed(block_of(1)[:-1])) == []
    assert len(list(reader.feed(b"\n"))) == 1


@pytest.mark.parametrize("block", [b"data: {\n\n", b"data: 7\n\n", b"data: \xff\n\n", b"x" * (9 * 1024 * 1024)])
def test_what_is_no_stream_of_ours_is_said(block):
    with pytest.raises(StreamError, match="read "):
        list(Reader().feed(block))


# Nothing lost, nothing doubled


class Shop:
    """Where a relay brings webhooks: it answers as it is told to, and then 200."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.ids = []

    async def __call__(self, attempt, done):
        answer = self.answers.pop(0) if self.answers else 200
        self.ids.append(json.loads(attempt.body)["id"])
        done(Outcome(None, answer) if isinstance(answer, str) else Outcome(answer))


class Screen:
    """What a relay shows."""

    def __init__(self):
        self.rows, self.notes, self.came, self.task = [], [], asyncio.Event(), None

    def row(self, row):
        self.rows.append(row)
        self.came.set()

    def note(self, line):
        self.notes.append(line)
        self.came.set()

    async def until(self, count, notes=0):
        """Until so many rows and notes were shown."""
        async with asyncio.timeout(60):
            while len(self.rows) < count or len(self.notes) < notes:
                assert not self.task.done(), self.task.exception()
                await self.came.wait()
                self.came.clear()


def new_worlds():
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    worlds.default.outbox.register(TINY)
    return worlds


def listening(world):
    put(world, Listener("cli", HOOK, ["tiny"]))
    return world.outbox.stream.cursor()


class Wire:
    """Connections to the app in process; each breaks off after so many bytes, the last ones never."""

    def __init__(self, worlds, cuts=()):
        self.worlds, self.cuts, self.made = worlds, list(cuts), 0

    @asynccontextmanager
    async def __call__(self, cursor):
        self.made += 1
        rest = self.cuts.pop(0) if self.cuts else None
        if rest == 0:
            raise ConnectionError("nobody answers")
        async with following(simulator_app.build(self.worlds), after=cursor, listener="cli") as live:
            yield self.parts(live, rest)

    async def parts(self, live, rest):
        while (part := await live.parts.get()) is not None:
            if rest is not None and len(part) >= rest:
                yield part[:rest]
                raise ConnectionError("it broke off")
            rest = None if rest is None else rest - len(part)
            yield part


@asynccontextmanager
async def relaying(wire, send, cursor):
    """A relay while the context lasts; its screen."""
    screen = Screen()

    async def pause(_seconds):
        """Takes no time, and lets others go on."""
        await asyncio.sleep(0)

    relay = Relay(wire, send, HOOK, cursor, pause, screen.row, screen.note)
    screen.task = task = asyncio.ensure_future(relay.run())
    task.add_done_callback(lambda _: screen.came.set())
    try:
        yield screen
    finally:
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()


ACTS = st.lists(st.sampled_from(["post", "post", "two", "reset", "let go on", "wait for it"]), max_size=10)


async def play(cuts, acts):
    worlds = new_worlds()
    world, shop, posted = worlds.default, Shop(), 0
    async with relaying(Wire(worlds, cuts), shop, listening(world)) as screen:
        for act in [*acts, "post"]:
            for _ in range({"post": 1, "two": 2}.get(act, 0)):
                posted += 1
                publish(world, posted)
            await world.clock.settled()
            if act == "reset":
                world.reset()
            if act == "let go on":
                await asyncio.sleep(0)
            if act == "wait for it":
                await screen.until(posted)
        await screen.until(posted)
    assert shop.ids == [f"evt_{number}" for number in range(1, posted + 1)]


@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])  # a lost one is waited for: once is enough
@given(st.lists(st.integers(0, 1500), max_size=6), ACTS)
def test_any_interleaving_of_broken_connections_loses_and_doubles_nothing(cuts, acts):
    asyncio.run(play(cuts, acts))


async def test_a_shop_that_is_down_is_shown_and_keeps_nothing_up():
    worlds = new_worlds()
    world, shop = worlds.default, Shop("ConnectError: refused", 500, 200)
    async with relaying(Wire(worlds), shop, listening(world)) as screen:
        for number in (1, 2, 3):
            publish(world, number)
        await world.clock.settled()
        await screen.until(3)
    assert [(row.row()["status"], row.row()["error"]) for row in screen.rows] == [
        *((None, "ConnectError: refused"), (500, None), (200, None)),
    ]
    await world.clock.advance(7 * 86_400_000)
    assert len(world.outbox.log) == 3, "a listener is handed each webhook once; the shop's answer brings no retry"


async def test_after_a_new_start_of_the_sandbox_it_goes_on_with_what_is_new():
    first, second = new_worlds(), new_worlds()
    second.default.outbox.stream._run = "another"
    wire, shop = Wire(first), Shop()
    async with relaying(wire, shop, listening(first.default)) as screen:
        publish(first.default, 1)
        await first.default.clock.settled()
        await screen.until(1)
        listening(second.default)
        publish(second.default, 2)
        await second.default.clock.settled()
        first.close_streams()
        await screen.until(1, notes=3)  # the first one still answers, and is not taken for the second one
        wire.worlds = second
        await screen.until(2)
        publish(second.default, 3)
        await second.default.clock.settled()
        await screen.until(3)
    assert shop.ids == ["evt_1", "evt_2", "evt_3"]
    ended = screen.notes.count("the sandbox ended the stream; trying again")
    assert screen.notes[ended:] == [
        "the sandbox was started anew, or the world made anew: what it had is gone",
        "following it again",
    ]


async def test_what_the_stream_no_longer_keeps_is_said_and_what_it_keeps_comes():
    worlds, shop = new_worlds(), Shop()
    world = worlds.default
    cursor, world.outbox.stream._limit = listening(world), 2
    for number in range(1, 6):
        publish(world, number)
    await world.clock.settled()
    async with relaying(Wire(worlds), shop, cursor) as screen:
        await screen.until(2)
    assert (shop.ids, screen.notes) == (["evt_4", "evt_5"], ["3 webhooks were missed: the stream keeps them no longer"])


@pytest.mark.parametrize("secret", ["the listener's", "another"])
async def test_the_reference_verifier_takes_what_is_forwarded_by_its_secret_alone(secret):
    worlds, taken = new_worlds(), []

    async def behind(scope, receive, send):
        taken.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    world = worlds.default
    [endpoint] = put(world, Listener("cli", HOOK, ["omise"]))
    good = secret == "the listener's"
    guard = Guard(OMISE_FORM, [endpoint.secret if good else another_key(endpoint.secret)])
    shop = WebhookSender(httpx.ASGITransport(GuardedASGI(behind, guard, paths=["/hook"], clock=lambda: NOW_MS / 1000)))
    control = httpx.ASGITransport(simulator_app.build(worlds))
    async with (
        relaying(Wire(worlds), shop, world.outbox.stream.cursor()) as screen,
        httpx.AsyncClient(base_url="http://sandbox.test", transport=control) as hand,
    ):
        new = {"event": "charge.complete", "overrides": {"amount": 5000}}
        assert (await hand.post("/sandbox/worlds/default/webhooks/trigger", json=new)).status_code == 200
        await screen.until(2)
        assert (await hand.post("/sandbox/worlds/default/webhooks/2/resend")).status_code == 200
        await screen.until(3)
    assert [row.outcome.status for row in screen.rows] == [204 if good else 401] * 3
    keys = ["charge.create", "charge.complete", "charge.complete"]
    assert [json.loads(body)["key"] for body in taken] == (keys if good else [])


# What a user reads


def forwarded(outcome, **more):
    data = {"webhook": 7, "attempt": 1, "scheme": "omise", "id": "evnt_1", "type": "charge.complete", "resent": False}
    return Forwarded(StreamEvent("run-7", "attempt", {**data, "faults": [], **more}), outcome, HOOK)


ROWS = [
    forwarded(Outcome(200, took_ms=12)),
    forwarded(Outcome(500, took_ms=3), resent=True),
    forwarded(Outcome(None, "lost"), faults=["lost"]),
    forwarded(Outcome(None, "ConnectError: \x1b[2J[red]x[/]")),
]


def test_plain_lines_for_what_is_no_terminal(capsys):
    shown = _Plain()
    for row in ROWS:
        shown.row(row)
    shown.note("the connection is lost")
    shown.end()
    assert capsys.readouterr().out.splitlines() == [
        "7  omise  charge.complete  evnt_1  200  12",
        "7  omise  charge.complete  evnt_1  500 (resent)  3",
        "7  omise  charge.complete  evnt_1  lost (lost)  0",
        "7  omise  charge.complete  evnt_1  ConnectError: \ufffd[2J[red]x[/]  0",
        "-- the connection is lost",
        "Stopped. 1 were taken, 3 were not.",
    ]


def test_a_table_that_lives_for_a_terminal():
    shown = _Table(Console(file=io.StringIO(), width=150, force_terminal=True, color_system=None))
    endpoint = {"scheme": "omise", "secret": "c2VjcmV0"}
    with shown.open("default", {"url": HOOK, "relays": True, "endpoints": [endpoint]}):
        for row in ROWS:
            shown.row(row)
    shown.end()
    text = shown.console.file.getvalue()
    assert "secret of omise  c2VjcmV0" in text
    last = text.rpartition("webhook")[2]
    assert ("500 (resent)" in last, "ConnectError: \ufffd[2J[red]x[/]" in last, "1 taken, 3 not" in last) == (
        *(True, True, True),
    )


def test_lines_of_json_for_a_program(capsys):
    shown = _Lines()
    for row in ROWS[:2]:
        shown.row(row)
    shown.end()
    lines = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert lines[1] == {
        "event": "webhook", "cursor": "run-7", "webhook": 7, "attempt": 1, "scheme": "omise", "id": "evnt_1",
        "type": "charge.complete", "resent": True, "faults": [], "url": HOOK, "status": 500, "error": None, "ms": 3,
    }  # fmt: skip
    assert lines[2] == {"event": "stopped", "taken": 1, "not_taken": 1}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:3000/hook", "127.0.0.1-3000-hook"),
        ("http://user:pass@Shop.test/A/b_c", "shop.test-a-b-c"),
        ("http://[::1]:8/", "1-8"),
        ("http://x.test/" + "y" * 99, "x.test-" + "y" * 53),
    ],
)
def test_a_listener_is_called_by_where_it_leads(url, name):
    assert name_of(url) == name


# The commands


@pytest.fixture(scope="module")
def server():
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def run(server):
    """Runs a command in a world of its own: its code, what it printed, and what it complained of."""
    world = server.world()
    env = {"BAKONG_SANDBOX_URL": server.url, "BAKONG_SANDBOX_WORLD": world.world}

    def run(*words, stdin=None):
        ended = CliRunner().invoke(app, words, input=stdin, env=env)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, ended.stdout, ended.stderr

    run.base_url, run.world = world.base_url, world.world
    yield run
    server.drop(world)


def test_a_trigger_says_what_it_made_and_that_nobody_listens(run):
    code, out, err = run("trigger", "charge.complete", "-o", "amount=5000", "--override", "metadata[order]=7")
    assert (code, out.startswith("charge.complete of omise: charge chrg_test_")) == (0, True)
    assert "no endpoint takes it" in err
    code, out, _ = run("trigger", "charge.create", "--times", "2", "--json")
    assert (code, len(json.loads(out)["objects"])) == (0, 2)


def test_a_trigger_takes_data_of_a_file_and_what_is_typed_wins(run):
    data = json.dumps({"amount": 3000, "description": "of the file", "metadata": {"order": {"id": 7}, "tags": ["a"]}})
    code, out, _ = run("trigger", "charge.create", "--data", "-", "-o", "amount=4000", "--json", stdin=data)
    charge = json.loads(out)["objects"][0]["charge"]
    made = httpx.get(f"{run.base_url}/omise/charges/{charge}", auth=(f"skey_test_{run.world}", ""), **PLAIN).json()
    shown = {name: made[name] for name in ("amount", "description", "metadata")}
    expected = {"amount": 4000, "description": "of the file", "metadata": {"order": {"id": 7}, "tags": ["a"]}}
    assert (code, shown) == (0, expected)
    for wrong, words in (("[1]", "expected a JSON object"), ("{", "not valid JSON")):
        code, _, err = run("trigger", "charge.create", "--data", "-", stdin=wrong)
        assert (code, words in err) == (2, True)


def test_events_are_listed_with_what_can_be_set(run):
    code, out, _ = run("trigger", "--list", "--json", "--scheme", "generic")
    rows = json.loads(out)
    assert (code, {row["scheme"] for row in rows}, "order_no" in rows[0]["overrides"]) == (0, {"generic"}, True)
    code, out, _ = run("trigger", "--list")
    assert (code, "charge.complete" in out, "metadata.*" in out) == (0, True, True)
    assert run("trigger")[0] == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("trigger", "charge.compete"), 1, "did you mean 'charge.complete'?"),
        (("trigger", "charge.complete", "-o", "amount"), 2, "expected KEY=VALUE, like amount=5000"),
        (("trigger", "charge.complete", "--world", "none"), 1, "no world is called 'none'"),
        (("trigger", "charge.complete", "--url", "http://127.0.0.1:9"), 2, "no sandbox answers at"),
        (("listen", "--forward-to", "shop"), 2, "--forward-to: url: read 'shop', expected one like http://"),
        (("listen", "--forward-to", HOOK, "--world", "none"), 1, "no world is called 'none'"),
        (("listen", "--forward-to", HOOK, "--scheme", "bakong"), 1, "expected one that posts webhooks"),
        (("listen", "--forward-to", HOOK, "--url", "http://127.0.0.1:9"), 2, "no sandbox answers at"),
        (("listen", "--forward-to", HOOK, "--after", "x"), 1, "expected the id of an event of this stream"),
        (("listen", "--forward-to", HOOK, "--deliver", "--skip-verify"), 2, "the sandbox posts"),
    ],
)
def test_what_cannot_be_is_one_line(run, words, code, said):
    ended, _, err = run(*words)
    assert (ended, said in err, err.count("\n")) == (code, True, 1), err


def test_a_secret_is_printed_alone_and_nothing_is_left_behind(run):
    code, out, _ = run("listen", "--forward-to", HOOK, "--scheme", "omise", "--print-secret")
    assert (code, len(out.split())) == (0, 1)
    assert run("listen", "--forward-to", HOOK, "--scheme", "omise", "--print-secret")[1] == out
    code, every, _ = run("listen", "--forward-to", HOOK, "--print-secret")
    secrets = dict(row.split(" ") for row in every.splitlines())
    assert (code, secrets["omise"]) == (0, out.strip())
    assert set(secrets) == {scheme.name for scheme in SCHEMES if scheme.events}
    assert all(secrets.values())
    code, shown, _ = run("trigger", "charge.create", "--json")
    assert json.loads(shown)["webhooks"] == []


def commands_of(page, words):
    """The lines of a page's blocks that call one of our commands: what is piped in, and the words after the program."""
    lines = re.findall(r"^(?:echo (.+) \| )?bakong-sandbox (.+)$", page, re.MULTILINE)
    rows = [(" ".join(shlex.split(piped)), shlex.split(line, comments=True)) for piped, line in lines]
    return [(piped, line) for piped, line in rows if line[0] == words]


def test_the_pages_commands_run_as_they_are_written(run):
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    triggers, listeners = commands_of(page, "trigger"), commands_of(page, "listen")
    assert (len(triggers), len(listeners)) == (4, 3)
    for piped, words in triggers:
        assert run(*words, stdin=piped)[0] == 0, words
    for _, words in listeners:
        ends = words if "--print-secret" in words else [*words, "--print-secret"]
        assert run(*ends)[0] == 0, words


# Real processes


async def program(*words):
    return await asyncio.create_subprocess_exec(
        *(PROGRAM, *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


@asynccontextmanager
async def sandbox(folder, port=0):
    """A sandbox; its URL. It is ended by SIGINT, as by Ctrl-C."""
    process = await program("up", "--json", "--no-service", "--port", str(port), "--data-dir", str(folder))
    try:
        async with asyncio.timeout(120):
            yield json.loads(await process.stdout.readline())["bakong_url"]
    finally:
        assert await ended(process) == 0


async def ended(process, *, is_told=False):
    """Its exit code, once it has ended. is_told: it has its signal already; a second one would kill it."""
    if process.returncode is None and not is_told:
        process.send_signal(signal.SIGINT)
    async with asyncio.timeout(120):
        await process.communicate()
    process._transport.close()
    return process.returncode


async def line(process, event):
    """The next line of a listener that is of a kind."""
    async with asyncio.timeout(120):
        while (read := json.loads(await process.stdout.readline()))["event"] != event:
            pass
    return read


async def test_a_listener_brings_webhooks_from_a_sandbox_to_a_shop_also_after_its_new_start(tmp_path):
    taken, secrets = [], []

    async def shop(scope, receive, send):
        body = (await receive())["body"]
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        at_s = int(dict(headers)["omise-signature-timestamp"])
        Guard(OMISE_FORM, secrets).check(headers, body, now_s=at_s)
        taken.append(json.loads(body)["data"]["metadata"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    with listen(0) as opened:
        async with serve(shop, opened):
            async with sandbox(tmp_path / "a") as url, httpx.AsyncClient(**PLAIN) as client:
                listener = await program(
                    "listen", "--json", "--forward-to", url_of(opened), "--scheme", "omise", "--url", url
                )
                ready = await line(listener, "ready")
                secrets.append(ready["secrets"]["omise"])
                below = f"{url}/sandbox/worlds/default/webhooks"
                new = {"event": "charge.complete", "overrides": {"metadata.order": "1"}}
                assert (await client.post(f"{below}/trigger", json=new)).status_code == 200
                rows = [await line(listener, "webhook") for _ in range(2)]
                assert (await client.post(f"{below}/{rows[1]['webhook']}/resend")).status_code == 200
                rows.append(await line(listener, "webhook"))
            assert [(row["type"], row["status"], row["resent"]) for row in rows] == [
                *(("charge.create", 200, False), ("charge.complete", 200, False), ("charge.complete", 200, True)),
            ]
            assert (await line(listener, "note"))["message"] == "the sandbox ended the stream; trying again"
            async with sandbox(tmp_path / "a", url.rpartition(":")[2]), httpx.AsyncClient(**PLAIN) as client:
                while (await line(listener, "note"))["message"] != "following it again":
                    pass
                new = {"event": "charge.create", "overrides": {"metadata.order": "2"}}
                assert (await client.post(f"{below}/trigger", json=new)).status_code == 200
                assert (await line(listener, "webhook"))["status"] == 200
                listener.send_signal(signal.SIGINT)
                stopped = await line(listener, "stopped")
                assert await ended(listener, is_told=True) == 0
                assert (await client.get(f"{below}/listeners")).json() == []
    assert (stopped["taken"], taken) == (4, [{"order": "1"}] * 3 + [{"order": "2"}])
