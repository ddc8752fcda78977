"""Scenarios as a client meets them, over a real connection."""

import httpx
import pytest

CHECK = "/v1/check_transaction_by_md5"


async def play(control, text):
    answer = await control.put("/scenario", content=text)
    assert answer.status_code == 200, answer.text


async def test_paid_pays_by_itself_on_the_second_check(bakong, control, code):
    await control.put("/scenario", json={"name": "paid"})
    await control.post("/qr", json={"qr": code.qr})
    codes = [(await bakong.post(CHECK, json={"md5": code.md5})).json()["errorCode"] for _ in range(3)]
    assert codes == [1, None, None]


async def test_a_scenario_pays_a_code_that_nobody_has_shown_where_it_says_so(bakong, control):
    await play(control, "name: mine\nstrangers: follow\npayment: [unpaid: {polls: 1}, paid]")
    answers = [(await bakong.post(CHECK, json={"md5": "0" * 32})).json() for _ in range(2)]
    assert [answer["errorCode"] for answer in answers] == [1, None]
    assert answers[1]["data"]["toAccountId"] == "sandbox_merchant@sand"


async def test_an_md5_that_fits_no_rule_meets_the_scripts_faults(bakong, control):
    fault = "{fault: http, status: 503}"
    await play(control, f"name: f\nrules:\n  - {{match: {{account: '*@devb'}}, payment: [paid]}}\nfaults: [{fault}]")
    assert (await bakong.post(CHECK, json={"md5": "0" * 32})).status_code == 503


async def test_timeout_hangs_twice_past_the_clients_patience_and_then_answers(bakong, control, code):
    await control.put("/scenario", json={"name": "timeout"})
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            await bakong.post(CHECK, json={"md5": code.md5}, timeout=0.2)
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["errorCode"] == 1


async def test_error_breaks_twice_and_then_the_payment_fails(bakong, control, code):
    await control.put("/scenario", json={"name": "error"})
    await control.post("/payments", json={"qr": code.qr})
    answers = [await bakong.post(CHECK, json={"md5": code.md5}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 503, 200]
    assert answers[0].json()["errorCode"] == 9
    assert answers[1].headers["content-type"] == "text/html"
    assert answers[2].json()["errorCode"] == 3


@pytest.mark.parametrize("at", ["before_head", "after_head"])
async def test_a_reset_is_a_reset_on_the_wire(bakong, control, code, at):
    await play(control, f"name: r\nfaults:\n  - {{fault: reset, at: {at}}}")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await bakong.post(CHECK, json={"md5": code.md5})


async def test_a_hang_ends_without_an_answer(bakong, control, code):
    await play(control, "name: h\nfaults:\n  - {fault: hang, for: 50ms}")
    with pytest.raises(httpx.RemoteProtocolError):
        await bakong.post(CHECK, json={"md5": code.md5})


async def test_settlement_takes_the_worlds_time(bakong, control, code):
    await play(control, "name: s\npayment:\n  - unpaid\n  - paid: {after: 10s}")
    await control.post("/payments", json={"qr": code.qr})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["errorCode"] == 1
    await control.post("/clock/advance", json={"seconds": 10})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["errorCode"] is None


async def test_a_scenario_is_for_the_payments_that_it_matches(bakong, control, code):
    await play(control, 'name: m\nmatch: {account: "*@devb", amount: {at_most: 2}}\npayment:\n  - paid')
    await control.post("/qr", json={"qr": code.qr})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["errorCode"] is None


async def test_a_payment_that_matches_nothing_fails_loudly_with_what_differs(bakong, control, code):
    await play(control, 'name: m\nmatch: {account: "*@aclb"}\npayment:\n  - paid')
    told = await control.post("/qr", json={"qr": code.qr})
    assert told.status_code == 422
    assert "account: wants *@aclb, read sokha@devb" in told.json()["detail"]
    link = await bakong.post("/v1/generate_deeplink_by_qr", json={"qr": code.qr})
    assert link.status_code == 400
    assert "wants *@aclb" in link.json()["responseMessage"]
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["errorCode"] == 1


async def test_otherwise_lets_a_payment_be_that_matches_nothing(control, code):
    await play(control, 'name: m\nmatch: {account: "*@aclb"}\npayment:\n  - paid\notherwise: manual')
    assert (await control.post("/qr", json={"qr": code.qr})).json()["scenario"] == "manual"


async def test_the_journal_tells_what_was_asked_and_which_fault_struck(bakong, control, code):
    await control.put("/scenario", json={"name": "error"})
    await bakong.post(CHECK, json={"md5": code.md5})
    journal = (await control.get("/journal")).json()
    last = journal["entries"][-1]
    assert (last["endpoint"], last["md5"], last["poll"], last["status"], last["fault"]) == (
        "check_transaction_by_md5",
        code.md5,
        1,
        500,
        "http",
    )
