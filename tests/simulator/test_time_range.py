"""One range of time for all doors of a world, and control over a world that is sick: it harms no other, and heals."""

import httpx
import pytest

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import ScriptFile
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.clock import MAX_MS, Mode, WorldClock

FIRST, LAST = "1970-01-01T00:00:00Z", "2285-12-31T23:59:59.999Z"
OUTSIDE = ["1969-12-31T23:59:59.999Z", "2286-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1770768000000"]
LATE = "name: late\npayment:\n  - unpaid: {for: 87600h}\n  - paid\nfaults: []"


@pytest.fixture
async def client(worlds):
    transport = httpx.ASGITransport(simulator_app.build(worlds))
    async with httpx.AsyncClient(base_url="http://127.0.0.1/sandbox", transport=transport) as client:
        yield client


@pytest.mark.parametrize("at", OUTSIDE)
async def test_a_moment_outside_the_range_is_refused_at_every_door(client, at):
    clock = {"mode": "frozen", "at": at}
    assert (await client.put("/worlds/default/clock", json=clock)).status_code == 422
    assert (await client.post("/worlds", json={"name": "odd", "clock": clock})).status_code == 422
    assert (await client.get("/worlds/odd")).status_code == 404
    kept = (await client.get("/worlds/default/snapshot")).json()
    assert (await client.put("/worlds/default/snapshot", json=kept | {"now_ms": MAX_MS + 1})).status_code == 422
    assert (await client.put("/worlds/default/snapshot", json=kept | {"now_ms": -1})).status_code == 422


@pytest.mark.parametrize("at", [FIRST, LAST])
async def test_every_call_answers_at_both_ends_of_the_range(client, code, at):
    world = "/worlds/default"
    assert (await client.put(f"{world}/clock", json={"mode": "frozen", "at": at})).status_code == 200
    assert (await client.put(f"{world}/scenario", content=LATE)).status_code == 200
    assert (await client.post(f"{world}/qr", json={"qr": code.qr})).status_code == 200
    kept = await client.get(f"{world}/snapshot")
    assert kept.status_code == 200
    assert (await client.put(f"{world}/snapshot", json=kept.json())).status_code == 200
    for path in ("", "/clock", "/journal", "/journal?format=har", "/payments"):
        assert (await client.get(world + path)).status_code == 200, path
    assert (await client.post(f"{world}/reset")).status_code == 200


async def test_an_advance_that_would_leave_the_range_is_refused_before_time_moves(client):
    await client.put("/worlds/default/clock", json={"mode": "frozen", "at": LAST})
    refused = await client.post("/worlds/default/clock/advance", json={"seconds": 0.001})
    assert (refused.status_code, "from 1970 to 2285" in refused.json()["detail"]) == (422, True)
    assert (await client.get("/worlds/default/clock")).json()["now_ms"] == MAX_MS


async def test_time_that_runs_stands_still_at_the_end_and_can_be_set_back():
    wall = [0]
    clock = WorldClock(lambda: wall[0])
    fired = []
    clock.set_mode(Mode.SCALED, at_ms=MAX_MS - 1, rate=100_000)
    clock.call_at(MAX_MS + 1, lambda: fired.append("beyond"))
    wall[0] = 10**15
    assert clock.now_ms() == MAX_MS
    clock.set_mode(Mode.FROZEN, at_ms=5)
    assert (clock.now_ms(), fired) == (5, [])


async def test_a_very_slow_clock_with_a_timer_is_taken(client, code):
    await client.put("/worlds/default/scenario", content=LATE)
    await client.post("/worlds/default/qr", json={"qr": code.qr})
    slow = await client.put("/worlds/default/clock", json={"mode": "scaled", "rate": 1e-308})
    assert (slow.status_code, slow.json()["mode"]) == (200, "scaled")


async def test_a_world_whose_script_is_broken_harms_no_other_and_is_reset(client, worlds, tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("name: good\npayment:\n  - paid", encoding="utf-8")
    sick = worlds.make("sick")
    sick.watch_file(ScriptFile(path, LIBRARY))
    path.write_text("name: [", encoding="utf-8")
    rows = (await client.get("/worlds")).json()
    assert [row["world"] for row in rows] == ["default", "sick"]
    assert "script.yaml" in rows[1]["error"]
    assert (await client.post("/worlds/default/reset")).status_code == 200
    path.write_text("name: mended\npayment:\n  - paid", encoding="utf-8")
    assert (await client.get("/worlds")).json()[1]["scenario"] == "mended"


async def test_what_nobody_foresaw_is_a_problem_document_and_in_the_journal_and_a_reset_heals(client, worlds):
    worlds.default.payments = None
    assert (await client.get("/worlds")).json()[0]["world"] == "default"
    failed = await client.get("/worlds/default")
    assert (failed.status_code, failed.headers["content-type"]) == (409, "application/problem+json")
    assert "reset or delete it" in failed.json()["detail"]
    assert (await client.put("/worlds/default/clock", json={"mode": "frozen"})).status_code == 200
    failures = (await client.get("/worlds/default/journal")).json()["failures"]
    assert failures[0]["what"] == "GET /sandbox/worlds/default"
    assert (await client.post("/worlds/default/reset")).status_code == 200
    assert (await client.get("/worlds/default")).status_code == 200


async def test_what_nobody_foresaw_outside_a_world_is_a_problem_document_too(client, worlds, monkeypatch):
    monkeypatch.setattr(worlds, "library", None)
    failed = await client.get("/scenarios")
    assert (failed.status_code, failed.headers["content-type"]) == (503, "application/problem+json")
