"""What callers make a simulator keep is bounded: worlds by their number, what was asked and answered by its bytes."""

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator import app as simulator_app
from bakong_simulator.app import MAX_SNAPSHOT
from bakong_simulator.kernel.worlds import MAX_WORLDS

KEPT = 64 * 1024


async def test_worlds_are_bounded_by_a_setting_and_a_place_that_is_free_is_taken(tmp_path):
    async with (
        run(Options(data_dir=tmp_path, port=0, service_port=None, max_worlds=3)) as stack,
        httpx.AsyncClient(base_url=f"{stack.bakong_url}/sandbox", trust_env=False) as client,
    ):
        made = [await client.post("/worlds", json={"name": name}) for name in ("one", "two", "three")]
        assert [answer.status_code for answer in made] == [200, 200, 409]
        assert "--max-worlds" in made[-1].json()["detail"]
        assert (await client.delete("/worlds/one")).status_code == 204
        assert (await client.post("/worlds", json={"name": "three"})).status_code == 200


@pytest.mark.campaign  # to make them takes a while, and the bound itself is tried above
async def test_by_default_a_thousand_worlds_are_kept(worlds, outside):
    for _ in range(MAX_WORLDS - 1):
        worlds.make()
    assert (await outside.post("/sandbox/worlds", json={})).status_code == 409
    assert (await outside.get("/sandbox/health")).json()["worlds"] == MAX_WORLDS


@pytest.mark.parametrize("what", ["path", "query", "body"])
async def test_a_journal_keeps_so_many_bytes_wherever_a_client_puts_them(api, hand, world, what):
    await hand.patch("", json={"journal_bytes": KEPT})
    long = "x" * 1000
    for _ in range(200):
        await api.post(
            "check_transaction_by_md5" if what != "path" else long,
            params={"q": long} if what == "query" else {},
            content=long if what == "body" else b"",
        )
    kept = list(world.journal.entries)
    weight = sum(len(row.path) + len(row.query) + len(row.request) + len(row.answer) for row in kept)
    assert (world.journal.total, 0 < len(kept) < 200, weight <= KEPT) == (200, True, True)
    assert world.journal.kept_bytes <= 2 * KEPT


async def test_forty_large_acts_are_kept_by_their_bytes(hand, world):
    for _ in range(40):
        await hand.post("/accounts", json={"account_id": "a@b", "name": "x", "balances": {}}, params={"q": "y" * 1000})
        await hand.put("/scenario", content=b"name: big\npayment:\n  - paid\n#" + b"x" * 60_000)
    assert world.journal.kept_bytes <= 2 * world.journal_bytes


class Piece(bytes):
    """A piece of a body, which counts what it is joined to."""

    joined = 0

    def __radd__(self, before):
        Piece.joined += len(before)
        assert Piece.joined <= MAX_SNAPSHOT, "what had come is copied again for each piece"
        return bytes(before) + bytes(self)


@pytest.mark.parametrize(("over", "status"), [(0, 422), (1, 413)])
async def test_a_large_body_in_small_pieces_is_joined_once(worlds, over, status):
    piece, last = Piece(b"x" * 16_384), b"y" * over
    count = MAX_SNAPSHOT // len(piece)
    pieces = iter([*[{"type": "http.request", "body": piece, "more_body": True}] * count])
    sent = []

    async def receive():
        return next(pieces, {"type": "http.request", "body": last, "more_body": False})

    async def send(message):
        sent.append(message)

    app = simulator_app.build(worlds)
    asked = {"type": "http", "method": "PUT", "path": "/sandbox/worlds/default/snapshot", "query_string": b""}
    await app({**asked, "headers": [], "state": {}, "root_path": ""}, receive, send)
    assert sent[0]["status"] == status
    assert next(pieces, None) is None
