"""The control API: worlds apart from each other, and errors that teach."""

from urllib.parse import quote

import httpx
import pytest

CHECK = "/v1/check_transaction_by_md5"


@pytest.fixture
async def client(stack):
    async with httpx.AsyncClient(base_url=stack.bakong_url, trust_env=False) as client:
        yield client


async def test_two_worlds_never_meet(client, code):
    one, two = [(await client.post("/sandbox/worlds", json={})).json() for _ in range(2)]
    await client.post(f"/sandbox/worlds/{one['world']}/payments", json={"qr": code.qr})

    async def check(path, token):
        answer = await client.post(path, json={"md5": code.md5}, headers={"authorization": f"Bearer {token}"})
        return answer.status_code, answer.json()["errorCode"]

    assert await check(CHECK, one["token"]) == (200, None)
    assert await check(CHECK, two["token"]) == (200, 1)
    assert await check(f"/w/{one['world']}{CHECK}", one["token"]) == (200, None)
    assert await check(f"/w/{one['world']}{CHECK}", two["token"]) == (401, 6)
    assert await check(f"{two['base_url']}{CHECK}", two["token"]) == (200, 1)


async def test_a_world_is_found_by_its_host_name(client, code):
    world = (await client.post("/sandbox/worlds", json={"name": "shop-a"})).json()
    headers = {"host": "shop-a.localhost:8600", "authorization": f"Bearer {world['token']}"}
    assert (await client.post(CHECK, json={"md5": code.md5}, headers=headers)).status_code == 200


async def test_a_world_can_be_made_seen_reset_and_ended(client):
    made = (await client.post("/sandbox/worlds", json={"name": "w1", "seed": 7, "scenario": "paid"})).json()
    assert set(made) == {"world", "token", "base_url"}
    assert (await client.get("/sandbox/worlds/w1")).json()["scenario"] == "paid"
    assert (await client.post("/sandbox/worlds/w1/reset")).status_code == 200
    assert (await client.delete("/sandbox/worlds/w1")).status_code == 204
    assert (await client.get("/sandbox/worlds/w1")).status_code == 404


async def test_health_and_scenarios_answer(client):
    assert (await client.get("/sandbox/health")).json()["status"] == "ok"
    assert {"name", "about", "schemes"} == set((await client.get("/sandbox/scenarios")).json()[0])


WRONG = [
    ("POST", "/sandbox/worlds", b"{", 400),
    ("POST", "/sandbox/worlds", b"\xff", 400),
    ("POST", "/sandbox/worlds", b"[]", 422),
    ("POST", "/sandbox/worlds", b'{"nmae": "x"}', 422),
    ("POST", "/sandbox/worlds", b'{"name": 5}', 422),
    ("POST", "/sandbox/worlds", b'{"name": "default"}', 409),
    ("POST", "/sandbox/worlds", b'{"name": "A B"}', 422),
    ("POST", "/sandbox/worlds", b'{"scenario": "piad"}', 422),
    ("DELETE", "/sandbox/worlds/default", b"", 409),
    ("GET", "/sandbox/worlds/none", b"", 404),
    ("POST", "/sandbox/worlds/default/tokens", b'{"email": "no-mail"}', 422),
    ("POST", "/sandbox/worlds/default/tokens", b'{"expires_in_s": 0}', 422),
    ("POST", "/sandbox/worlds/default/payments", b"{}", 422),
    ("POST", "/sandbox/worlds/default/payments", b'{"qr": "no code"}', 422),
    ("POST", "/sandbox/worlds/default/payments", b'{"md5": "' + b"0" * 32 + b'"}', 404),
    ("POST", "/sandbox/worlds/default/payments", b'{"md5": "xyz"}', 422),
    ("GET", "/sandbox/worlds/default/payments/" + "0" * 32, b"", 404),
    ("PUT", "/sandbox/worlds/default/clock", b'{"mode": "fast"}', 422),
    ("PUT", "/sandbox/worlds/default/clock", b'{"mode": "frozen", "at": "noon"}', 422),
    ("PUT", "/sandbox/worlds/default/clock", b'{"mode": "frozen", "at": "2026-01-01T00:00:00"}', 422),
    ("POST", "/sandbox/worlds/default/clock/advance", b'{"seconds": -1}', 422),
    ("POST", "/sandbox/worlds/default/clock/advance", b'{"seconds": 1e300}', 422),
    ("PUT", "/sandbox/worlds/default/scenario", b'{"name": "piad"}', 422),
    ("PUT", "/sandbox/worlds/default/scenario", b"\xff", 422),
    ("POST", "/sandbox/worlds/default/accounts", b'{"account_id": "a@b", "balances": {"USD": "1.234"}}', 422),
    ("PATCH", "/sandbox/worlds", b"", 405),
    ("GET", "/sandbox/nowhere", b"", 404),
    ("POST", "/sandbox/worlds", b"x" * (5 * 1024 * 1024), 413),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG, ids=range(len(WRONG)))
async def test_bad_input_is_a_problem_document_that_says_what_is_wrong(client, method, path, body, status):
    answer = await client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], bool(problem["detail"]), problem["instance"]) == (status, True, path)


async def test_a_payer_with_too_little_pays_nothing(client, code):
    await client.post("/sandbox/worlds/default/accounts", json={"account_id": "poor@devb", "balances": {"USD": "1.49"}})
    body = {"qr": code.qr, "from_account": "poor@devb"}
    answer = await client.post("/sandbox/worlds/default/payments", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "149" in answer.json()["detail"]


async def test_a_reference_that_a_body_takes_a_path_can_ask_for(client):
    for reference in ("ch/42", "a?b#c", "100%", "a/b/"):
        for method in ("GET", "DELETE"):
            answer = await client.request(method, f"/sandbox/worlds/default/payments/{quote(reference, safe='')}")
            assert answer.status_code == 422
            assert repr(reference) in answer.json()["detail"]
