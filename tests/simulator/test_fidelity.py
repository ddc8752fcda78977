"""What clients of the world evidence of the Open API, row by row; docs/sources.md has the grade of each."""

import pytest

from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.wire import PROFILES
from tests.simulator.test_open_api_rows import envelope

DEEPLINK = "/v1/generate_deeplink_by_qr"
CHECK = "/v1/check_transaction_by_md5"
SLASHES = (f"/{CHECK}", f"{CHECK}/", "/v1//check_transaction_by_md5")


@pytest.mark.parametrize("extra", [{}, {"sourceInfo": None}, {"sourceInfo": []}], ids=["absent", "null", "PHP's empty"])
async def test_a_deep_link_without_source_info_is_made(outside, code, extra):
    answer = await outside.post(DEEPLINK, json={"qr": code.qr, **extra})
    assert (answer.status_code, list(answer.json()["data"])) == (200, ["shortLink"])


async def test_an_empty_object_is_half_a_source_info(outside, code):
    answer = await outside.post(DEEPLINK, json={"qr": code.qr, "sourceInfo": {}})
    assert (answer.status_code, answer.json()) == (200, envelope(5, "Missing required fields."))


@pytest.mark.parametrize("path", SLASHES)
async def test_slashes_too_many_count_for_nothing_by_default(outside, path):
    answer = await outside.post(f"http://bakong.test{path}", json={"md5": "0" * 32})
    assert (answer.status_code, answer.json()["errorCode"]) == (401, 6)


@pytest.mark.parametrize("path", SLASHES)
async def test_a_profile_may_have_its_slashes_exact(outside, world, monkeypatch, path):
    monkeypatch.setattr(world.state(BAKONG), "profile", PROFILES["current"]._replace(slashes="exact"))
    assert (await outside.post(f"http://bakong.test{path}", json={"md5": "0" * 32})).status_code == 404


async def test_a_bad_token_may_be_code_14(outside, world, monkeypatch):
    monkeypatch.setattr(world.state(BAKONG), "profile", PROFILES["current"]._replace(token_code=14))
    answer = await outside.post(CHECK, json={"md5": "0" * 32})
    assert (answer.status_code, answer.json()) == (401, envelope(14, "API token is missing or invalid"))


async def test_a_script_may_refuse_by_code_14(api, hand):
    script = "name: fourteen\nfaults:\n  - {fault: refuse, as: token-invalid}\n"
    await hand.put("/scenario", content=script)
    assert (await api.post("/check_transaction_by_md5", json={"md5": "0" * 32})).json()["errorCode"] == 14


async def test_the_rows_of_a_list_may_say_that_a_service_failed(api, hand, code):
    await hand.put("/scenario", json={"name": "list-service-failed"})
    rows = (await api.post("/check_transaction_by_md5_list", json=[code.md5, "0" * 32])).json()["data"]
    assert [(row["status"], row["data"]) for row in rows] == [("SERVICE_FAILED", None)] * 2
    assert [row["md5"] for row in rows] == [code.md5, "0" * 32]
