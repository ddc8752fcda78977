"""`up --keep`: worlds outlive their process, also one that is killed in the middle of a load."""

import asyncio
import contextlib
import json
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stdout
from io import StringIO

import httpx
import pytest

from bakong_sandbox.cli.up import _banner
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.journals import keeping
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS
from tests.schemes.stories import STORIES, pay_at_the_control_api
from tests.service.processes import PROGRAM

CHECK = "/v1/check_transaction_by_md5"


def code(number):
    return encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.KHR,
            amount=str(1000 + number),
            bill_number=f"INV-{number}",
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )


@asynccontextmanager
async def sandbox(folder, *options):
    """A process of its own, and a client of it."""
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    words = ("up", "--no-service", "--json", "--port", "0", "--data-dir", str(folder), *options)
    process = await asyncio.create_subprocess_exec(PROGRAM, *words, stdout=-1, stderr=-1, env=env)
    line = await process.stdout.readline()
    assert line, (await process.stderr.read()).decode()
    ready = json.loads(line)
    headers = {"authorization": f"Bearer {ready['token']}"}
    async with httpx.AsyncClient(base_url=ready["bakong_url"], headers=headers, trust_env=False) as client:
        yield process, client
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    await process.communicate()
    process._transport.close()


async def sell(client, world, number, acknowledged):
    """Pay a code and ask about it; what was answered is noted."""
    made = code(number)
    paid = await client.post(f"/sandbox/worlds/{world}/payments", json={"qr": made.qr})
    if paid.status_code == 200:
        acknowledged["paid"][made.md5] = None
    asked = await client.post(f"/w/{world}{CHECK}", json={"md5": made.md5})
    if asked.json()["responseCode"] == 0:
        acknowledged["paid"][made.md5] = asked.json()["data"]
    acknowledged["calls"] += 1


async def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path):
    acknowledged = {"paid": {}, "calls": 0}
    async with sandbox(tmp_path, "--keep") as (process, client):
        world = {"name": "shop", "seed": 7, "clock": {"mode": "frozen", "at": "2026-02-11T00:00:00Z"}}
        made = await client.post("/sandbox/worlds", json=world)
        assert made.status_code == 200, made.text
        token = {"authorization": f"Bearer {made.json()['token']}"}
        client.headers.update(token)
        await client.post("/sandbox/worlds/shop/clock/advance", json={"seconds": 90})

        async def load():
            for number in range(10_000):
                await sell(client, "shop", number, acknowledged)

        loads = asyncio.create_task(load())
        while acknowledged["calls"] < 40:
            await passed(0.01)
        process.kill()
        with pytest.raises(httpx.HTTPError):
            await loads
        before = (await process.wait(), acknowledged["calls"])
    assert before[0] == -signal.SIGKILL
    assert sum(answered is not None for answered in acknowledged["paid"].values()) >= 40
    for _ in range(2):  # the second time from the snapshot alone
        async with sandbox(tmp_path, "--keep") as (_, client):
            client.headers.update(token)
            clock = (await client.get("/sandbox/worlds/shop/clock")).json()
            assert (clock["mode"], clock["now_ms"]) == ("frozen", NOW_MS + 90_000)
            journal = (await client.get("/sandbox/worlds/shop/journal")).json()
            assert journal["total"] >= acknowledged["calls"]
            for md5, answered in acknowledged["paid"].items():
                again = (await client.post(f"/w/shop{CHECK}", json={"md5": md5})).json()
                assert again["responseCode"] == 0, md5
                assert answered in (None, again["data"])


@asynccontextmanager
async def opened(folder, **options):
    async with AsyncExitStack() as parts:
        stack = await parts.enter_async_context(
            run(Options(data_dir=folder, port=0, service_port=None, keep=True, **options))
        )
        client = httpx.AsyncClient(base_url=stack.bakong_url, trust_env=False)
        yield stack, await parts.enter_async_context(client)


async def test_worlds_are_kept_while_the_followed_script_is_broken(tmp_path):
    script = tmp_path / "mine.yaml"
    script.write_text("name: mine\npayment: [paid]")
    async with opened(tmp_path / "data", scenario=str(script)) as (_, client):
        assert (await client.post("/sandbox/worlds", json={"name": "shop"})).status_code == 200
        script.write_text("payment: [")
    script.write_text("name: mended\npayment: [paid]")
    async with opened(tmp_path / "data", scenario=str(script)) as (stack, client):
        worlds = (await client.get("/sandbox/worlds")).json()
        assert {world["world"] for world in worlds} == {"default", "shop"}
        script.write_text("payment: [")
        with redirect_stdout(StringIO()) as said:
            _banner(stack)
        assert "broken: " in said.getvalue()
        assert "not valid YAML" in said.getvalue()


def killed(stack, tmp_path):
    """What a kill leaves: the files as they are now."""
    return {path.name: path.read_bytes() for path in (tmp_path / "worlds").iterdir()}


def put_back(files, tmp_path):
    for path in (tmp_path / "worlds").iterdir():
        path.unlink()
    for name, raw in files.items():
        (tmp_path / "worlds" / name).write_bytes(raw)


async def test_a_world_of_every_kind_of_state_goes_on_where_it_was(tmp_path):
    async with opened(tmp_path) as (stack, client):
        made = (await client.post("/sandbox/worlds", json={"name": "a", "clock": {"mode": "frozen"}})).json()
        for path, body in (
            ("PUT scenario", {"name": "paid"}),
            ("POST payments", {"qr": code(1).qr}),
            ("POST clock/advance", {"seconds": 10}),
            ("PATCH ", {"limits": {"quota": 7}}),
        ):
            method, _, below = path.partition(" ")
            done = await client.request(method, f"/sandbox/worlds/a/{below}".rstrip("/"), json=body)
            assert done.status_code == 200, (path, done.text)
        await client.post("/sandbox/worlds", json={"name": "b"})
        await client.delete("/sandbox/worlds/b")
        for _ in range(3):
            await client.post(CHECK, json={"md5": code(1).md5}, headers={"authorization": f"Bearer {made['token']}"})
        files, then = killed(stack, tmp_path), (await client.get("/sandbox/worlds/a/snapshot")).json()
        total = stack.worlds.get("a").journal.total
    put_back(files, tmp_path)
    async with opened(tmp_path) as (stack, client):
        assert stack.restored.events >= 9
        assert set(stack.worlds.by_name) == {"default", "a"}
        assert (await client.get("/sandbox/worlds/a/snapshot")).json() == then
        assert stack.worlds.get("a").journal.total == total
        headers = {"authorization": f"Bearer {made['token']}"}
        asked = await client.post(CHECK, json={"md5": code(1).md5}, headers=headers)
        assert asked.json()["responseCode"] == 0
        assert stack.worlds.get("a").journal.total == total + 1


async def test_the_payments_of_every_scheme_outlive_a_kill_in_the_middle_of_a_load(tmp_path):
    stories = [story for story in STORIES if story.scheme in SCHEMES]
    acknowledged = {story.scheme.name: {} for story in stories}
    async with opened(tmp_path) as (stack, client):  # stories give themselves tokens, which no call of theirs draws
        stack.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        for story in stories:
            await story.ask(client, stack.worlds.default, await story.begin(client, stack.worlds.default, 1))
    async with opened(tmp_path) as (stack, client):
        world = stack.worlds.default

        async def load(story):
            for number in range(2, 10_000):
                reference = await story.begin(client, world, number)
                if number % 2:
                    await pay_at_the_control_api(client, story.scheme, reference)
                acknowledged[story.scheme.name][reference] = await story.ask(client, world, reference)

        loads = [asyncio.create_task(load(story)) for story in stories]
        while min(map(len, acknowledged.values())) < 4 or stack.worlds.keep._changing:
            assert not any(task.done() for task in loads)
            await passed(0.01)
        files, then = killed(stack, tmp_path), {name: dict(made) for name, made in acknowledged.items()}
        snapshot, total = snapshots.document(world), world.journal.total
        for task in loads:
            task.cancel()
        await asyncio.gather(*loads, return_exceptions=True)
    put_back(files, tmp_path)
    async with opened(tmp_path) as (stack, client):
        world = stack.worlds.default
        assert (snapshots.document(world), world.journal.total) == (snapshot, total)
        for story in stories:
            made = then[story.scheme.name]
            assert {one: await story.ask(client, world, one) for one in made} == made, story.scheme.name
            assert {"paid", "unpaid"} <= set(made.values()), story.scheme.name


async def passed(seconds):
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


async def test_webhooks_are_not_sent_again_and_those_under_way_are(tmp_path):
    arrived = []

    async def receiver(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].split()[0])
        arrived.append(await reader.readexactly(size))
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server, opened(tmp_path) as (stack, client):
        hooks = "/sandbox/worlds/default/webhooks"
        made = await client.post(f"{hooks}/endpoints", json={"url": url, "scheme": "omise"})
        assert made.status_code == 200, made.text
        for number in range(2):
            tried = await client.post(
                f"{hooks}/test", json={"scheme": "omise", "type": "charge.create", "body": f"{number}"}
            )
            assert tried.status_code < 300, tried.text
        files = killed(stack, tmp_path)
        assert len(arrived) == 2
        other = tmp_path / "other"  # the one that is killed has its folder
        (other / "worlds").mkdir(parents=True)
        put_back(files, other)
        async with opened(other) as (again, _):
            await again.worlds.default.clock.settled()
            states = [event.state.value for event in again.worlds.default.outbox.events.values()]
        assert (len(arrived), states) == (2, ["delivered"] * 2)
        (log,) = (name for name in files if name.startswith("worlds.log."))
        lines = files[log].splitlines(keepends=True)
        last = max(number for number, line in enumerate(lines) if line.startswith(b'["w"'))
        put_back({**files, log: b"".join(lines[:last] + lines[last + 1 :])}, other)
        async with opened(other):  # killed before it was known what became of it
            while len(arrived) < 3:
                await passed(0.02)
    assert arrived[2] == arrived[1] != arrived[0]


async def test_a_log_that_grows_is_renewed_and_a_torn_line_was_never_answered(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping.Keeper.__init__, "__kwdefaults__", {"max_log": 20_000})
    async with opened(tmp_path) as (stack, client):
        headers = {"authorization": f"Bearer {stack.token}"}
        for number in range(150):
            await client.post(CHECK, json={"md5": f"{number:032x}"}, headers=headers)
        files = killed(stack, tmp_path)
        assert max(map(len, files.values())) < 400_000
        assert json.loads(files["worlds.json"])["generation"] > 2
    (log,) = (name for name in files if name.startswith("worlds.log."))
    put_back({**files, log: files[log] + b'["c","default",1'}, tmp_path)
    async with opened(tmp_path) as (stack, _):
        assert stack.worlds.default.journal.total == 150


async def test_what_cannot_be_restored_is_named_and_left_as_it_is(tmp_path):
    async with opened(tmp_path):
        pass
    (tmp_path / "worlds" / "worlds.json").write_text("{}")
    with pytest.raises(Exception, match=r"worlds\.json cannot be restored.*move the folder away"):
        async with opened(tmp_path):
            pass
    assert (tmp_path / "worlds" / "worlds.json").read_text() == "{}"


async def test_a_disk_that_is_full_is_told_once_and_stops_nothing(tmp_path, monkeypatch, caplog):
    async with opened(tmp_path) as (stack, client):
        monkeypatch.setattr(keeping.os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        for number in range(3):
            asked = await client.post(CHECK, json={"md5": "0" * 32}, headers={"authorization": f"Bearer {stack.token}"})
            assert asked.status_code == 200, number
    assert [record.message for record in caplog.records if "kept no longer" in record.message] == [
        f"worlds are kept no longer: {tmp_path.resolve()}/worlds: No space left"
    ]
