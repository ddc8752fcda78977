"""What the control API has for people who look: codes as pictures, scripts checked, what falls due, postings."""

import pytest

from khqr import image

CHECK = "check_transaction_by_md5"


async def test_a_code_is_drawn_and_read_again(outside, code):
    drawn = await outside.get("/sandbox/codes/picture", params={"text": code.qr, "format": "png"})
    assert drawn.headers["content-type"] == "image/png"
    assert (await outside.post("/sandbox/codes/read", content=drawn.content)).json() == {"texts": [code.qr]}
    svg = await outside.get("/sandbox/codes/picture", params={"text": code.qr})
    assert (svg.headers["content-type"], svg.text[:4]) == ("image/svg+xml", "<svg")
    card = await outside.get("/sandbox/codes/picture", params={"text": code.qr, "card": "true", "format": "png"})
    assert image.read(card.content) == [code.qr]


async def test_a_picture_that_is_none_is_refused(outside):
    refused = await outside.post("/sandbox/codes/read", content=b"no picture")
    assert (refused.status_code, "picture" in refused.json()["detail"]) == (422, True)
    assert (await outside.get("/sandbox/codes/picture", params={"text": "x", "card": "true"})).status_code == 422


async def test_a_code_is_explained_with_each_problem_in_its_place(outside, code):
    told = (await outside.post("/sandbox/codes/explain", json={"text": code.qr})).json()
    assert (told["valid"], told["says"]["amount"], told["md5"], told["problems"]) == (True, "1.50", code.md5, [])
    bill = next(row for row in told["objects"] if row["path"] == "62.01")
    assert code.qr[bill["at"] :][: bill["length"]] == "0105INV-1"
    broken = (await outside.post("/sandbox/codes/explain", json={"text": code.qr[:-4] + "0000"})).json()
    assert (broken["valid"], [row["path"] for row in broken["problems"]]) == (False, ["63"])


async def test_a_code_is_made_by_form(outside):
    form = {"bakong_account_id": "sokha@devb", "merchant_name": "Sokha", "currency": "USD", "amount": "2.50"}
    made = (await outside.post("/sandbox/codes", json=form)).json()
    told = (await outside.post("/sandbox/codes/explain", json={"text": made["qr"]})).json()
    assert (told["valid"], told["says"]["amount"], told["md5"]) == (True, "2.50", made["md5"])
    refused = await outside.post("/sandbox/codes", json=form | {"amount": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


async def test_a_script_is_shown_as_written_and_as_played(outside):
    shown = (await outside.get("/sandbox/scenarios/flaky")).json()
    assert (shown["source"].splitlines()[0], shown["plan"]["steps"][0]["lasts"]) == ("name: flaky", "2 polls")
    assert (await outside.get("/sandbox/scenarios/flakey")).status_code == 422


@pytest.mark.parametrize(
    "text", ["name: mine\npayment: [paid]\n", "name: mine\npayment: [paidd, {paid: {polls: x}}]\n"]
)
async def test_a_draft_is_checked_and_not_played(outside, world, text):
    said = (await outside.post("/sandbox/scenarios/check", content=text)).json()
    assert (said["ok"], [row["line"] for row in said["mistakes"]]) == (
        ("paidd" not in text),
        [2, 2] * ("paidd" in text),
    )
    assert world.playing == "manual"


async def test_a_payment_takes_another_script_while_nobody_has_paid_it(api, hand, code):
    await hand.post("/qr", json={"qr": code.qr})
    changed = await hand.put(f"/payments/{code.md5}/scenario", json={"name": "timeout"})
    assert (changed.json()["name"], (await hand.get(f"/payments/{code.md5}")).json()["scenario"]) == (
        "timeout",
        "timeout",
    )
    await hand.post("/payments", json={"qr": code.qr, "outcome": "paid"})
    refused = await hand.put(f"/payments/{code.md5}/scenario", json={"name": "paid-after-time"})
    assert (refused.status_code, "paid" in refused.json()["detail"]) == (409, True)


async def test_a_paid_payment_takes_the_faults_of_a_script_without_a_path(api, hand, code):
    await hand.post("/payments", json={"qr": code.qr})
    faults = "name: silent\nfaults: [{fault: http, status: 504}]\n"

    async def checked():
        answer = await api.post("/check_transaction_by_md5", json={"md5": code.md5})
        return answer.status_code, answer.text

    before = await checked()
    assert (await hand.put(f"/payments/{code.md5}/scenario", content=faults)).status_code == 200
    assert (await checked())[0] == 504
    assert (await hand.put(f"/payments/{code.md5}/scenario", json={"name": "manual"})).status_code == 200
    assert await checked() == before
    assert (await hand.get(f"/payments/{code.md5}")).json()["status"] == "paid"


async def test_what_falls_due_is_told_in_its_order(hand, code, world):
    await hand.post("/qr", json={"qr": code.qr, "scenario": "paid-after-time"})
    (due, *_) = (await hand.get("/clock/due")).json()
    assert (due["at_ms"] > world.clock.now_ms(), code.md5 in due["what"]) == (True, True)
    await hand.post("/clock/advance", json={"seconds": 86_400})
    assert code.md5 not in str((await hand.get("/clock/due")).json())


async def test_the_ledger_tells_what_moved_and_sums_to_nothing(hand, code):
    await hand.post("/payments", json={"qr": code.qr})
    ledger = (await hand.get("/ledger")).json()
    assert (ledger["postings"][0]["credit"], ledger["postings"][0]["amount"]) == ("sokha@devb", "1.50")
    assert set(ledger["sums"].values()) == {0}
