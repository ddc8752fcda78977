"""What a payer writes is the transaction's description, whole, in every answer and in a snapshot."""

import orjson
import pytest

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.snapshot_document import Snapshot
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

TEXTS = (
    'ទិញ <b>"នំប៉័ង"</b> & កាហ្វេ \N{HOT BEVERAGE} \N{BREAD}',
    "ស" * 255,
    "WG/PM/QR/0002454252220529",
)


async def _found(api, md5):
    return (await api.post("/check_transaction_by_md5", json={"md5": md5})).json()["data"]


@pytest.mark.parametrize("text", TEXTS)
async def test_a_description_is_whole_by_md5_hash_and_list_and_in_the_journal(api, hand, code, text):
    paid = await hand.post("/payments", json={"qr": code.qr, "description": text})
    assert (paid.status_code, paid.json()["description"]) == (200, text)
    data = await _found(api, code.md5)
    by_hash = (await api.post("/check_transaction_by_hash", json={"hash": data["hash"]})).json()["data"]
    rows = (await api.post("/check_transaction_by_md5_list", json=[code.md5])).json()["data"]
    assert [row["description"] for row in (data, by_hash, rows[0]["data"])] == [text] * 3
    entry = (await hand.get("/journal", params={"md5": code.md5})).json()["entries"][0]
    assert orjson.loads(entry["answer"])["data"]["description"] == text


async def test_a_payer_who_writes_nothing_leaves_null(api, hand, code):
    await hand.post("/payments", json={"qr": code.qr})
    assert (await _found(api, code.md5))["description"] is None


@pytest.mark.parametrize("text", ["", "ស" * 256, 7, "\ud800"])
async def test_no_other_description_is_taken(hand, code, text):
    body = b'{"qr": "%s", "description": "\\ud800"}' % code.qr.encode() if text == "\ud800" else None
    how = {"content": body, "headers": {"content-type": "application/json"}} if body else {}
    how = how or {"json": {"qr": code.qr, "description": text}}
    assert (await hand.post("/payments", **how)).status_code == 422


@pytest.mark.parametrize("path", [None, "[paid: {after: 1m}]"])
async def test_a_snapshot_keeps_it_before_the_money_arrives_and_after(hand, world, code, path):
    if path:
        script = f"name: late\npayment: {path}\n"
        played = await hand.put("/scenario", content=script, headers={"content-type": "application/yaml"})
        assert played.status_code == 200
    await hand.post("/payments", json={"qr": code.qr, "description": TEXTS[0]})
    assert bool(world.payments["bakong", code.md5].pending) == bool(path)
    kept = Snapshot.model_validate(orjson.loads(orjson.dumps(snapshots.document(world))))
    other = Worlds(lambda: NOW_MS, SCHEMES).default
    snapshots.restore(other, kept)
    assert snapshots.document(other) == snapshots.document(world)
    await other.clock.advance(120_000)
    assert [row.description for row in other.payments["bakong", code.md5].settlements] == [TEXTS[0]]
