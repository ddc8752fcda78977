"""The same request twice, and bulk and history: over HTTP, on both databases."""

import asyncio
import hashlib

import pytest
from pydantic import SecretStr

from bakong_service.adapters.keys import Hasher
from tests.service.house import KEY, SETTINGS, open_house, put_bakong
from tests.service.test_faults import Script, paid, rows

KEYED = {"idempotency-key": "k"}
ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        yield opened


async def create(service, key, **changes):
    return await service.post("/api/payments/create", json=ORDER | changes, headers={"idempotency-key": key})


async def total(service, user="sokha"):
    answer = await service.get("/api/payments/history", params={"userId": user})
    return answer.json()["data"]["total"]


async def test_the_same_key_and_body_is_answered_the_same_byte_for_byte(service, control):
    first = await create(service, "order-1")
    await control.post("/clock/advance", json={"seconds": 86_399}, timeout=60)
    again = await create(service, '"order-1"')
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await total(service) == 1
    await control.post("/clock/advance", json={"seconds": 1})
    assert (await create(service, "order-1")).content != first.content


async def test_the_same_key_with_another_body_is_422_and_changes_nothing(service):
    await create(service, "order-1")
    answer = await create(service, "order-1", userId="dara")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await total(service, "dara") == 0


async def test_50_requests_at_once_with_one_key_make_one_payment(service):
    answers = await asyncio.gather(*(create(service, "order-1") for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert (answer.json()["code"], answer.headers["retry-after"]) == ("idempotency_in_flight", "1")
    assert await total(service) == 1


@pytest.mark.parametrize("spelling", ["bearer {}", "BEARER {}", "Bearer   {}"])
async def test_a_key_is_the_same_caller_however_its_header_is_spelled(service, stack, spelling):
    first = await create(service, "order-1")
    service.headers["authorization"] = spelling.format(stack.api_key)
    again = await create(service, "order-1")
    assert (again.content, again.headers.get("idempotent-replayed")) == (first.content, "true")
    assert await total(service) == 1


async def test_a_key_is_the_same_caller_after_the_encryption_key_is_changed(tmp_path, storage):
    url = storage.get("database_url", "")
    old = SETTINGS["encryption_key"]
    async with open_house(tmp_path, database_url=url) as house:
        first = await create(house.client, "order-1")
    changed = {"encryption_key": SecretStr("another_key_0123456789abcdefghijkl"), "old_encryption_keys": (old,)}
    async with open_house(tmp_path, database_url=url, **changed) as house:
        again = await create(house.client, "order-1")
    assert (again.content, again.headers.get("idempotent-replayed")) == (first.content, "true")


async def test_an_answer_that_was_stored_before_under_the_whole_header_is_given_again(house):
    """As versions did that made a scope of the Authorization header as it came."""
    parts = f"Bearer {KEY}", "POST", "/api/payments/create", "order-1"
    first = await create(house.client, "order-1")
    scope = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    assert await rows(house, "SELECT scope FROM idempotency_keys") == [(scope,)]
    assert (await create(house.client, "order-1")).content == first.content


async def test_another_api_key_is_another_caller(house):
    digest = Hasher([SETTINGS["encryption_key"].get_secret_value()]).digests("bk_another")[0]
    await house.core.store.write(lambda records: records.add_api_key(digest, "another", 0))
    first = await create(house.client, "order-1")
    house.client.headers["authorization"] = "Bearer bk_another"
    assert (await create(house.client, "order-1")).json() != first.json()
    assert await total(house.client) == 2


async def test_a_refused_request_leaves_its_key_free(service):
    assert (await create(service, "order-1", amount=0.51)).status_code == 422
    assert (await create(service, "order-1")).status_code == 200


async def test_another_path_is_another_request(service, control):
    payment = (await create(service, "k")).json()["data"]
    await control.post("/payments", json={"qr": payment["qrCode"]})
    await service.get(f"/api/payments/status/{payment['md5Hash']}")
    for verb in ("upgrade", "renew", "cancel"):
        answers = [
            await service.post(f"/api/subscriptions/{verb}", json={"userId": "sokha"}, headers={"idempotency-key": "k"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].content == answers[1].content
        assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]


async def test_a_wait_and_a_bulk_check_are_answered_again_too_whatever_has_changed_since(service, control):
    payment = (await create(service, "k")).json()["data"]
    asked = {
        "monitor": {"transactionId": payment["transactionId"], "options": {"maxAttempts": 1}},
        "bulk-check": {"md5Hashes": [payment["md5Hash"], "0" * 32]},
    }

    async def answers_of(key):
        return [
            await service.post(f"/api/payments/{verb}", json=body, headers={"idempotency-key": key})
            for verb, body in asked.items()
        ]

    first = await answers_of("k")
    await control.post("/payments", json={"qr": payment["qrCode"]})
    assert (await service.get(f"/api/payments/status/{payment['md5Hash']}")).json()["data"]["status"] == "PAID"
    again, anew = await answers_of("k"), await answers_of("other")
    assert [answer.content for answer in again] == [answer.content for answer in first]
    assert [answer.headers.get("idempotent-replayed") for answer in (*first, *again)] == [None, None, "true", "true"]
    assert '"PAID"' not in "".join(answer.text for answer in again)
    assert all('"PAID"' in answer.text for answer in anew)
    reused = await service.post("/api/payments/bulk-check", json={"md5Hashes": ["1" * 32]}, headers=KEYED)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_second_wait_with_the_key_of_one_that_still_waits_is_409(service):
    payment = (await create(service, "order")).json()["data"]
    body = {"transactionId": payment["transactionId"], "options": {"interval": 1000, "timeout": 900_000}}
    waits = [
        asyncio.create_task(service.post("/api/payments/monitor", json=body, headers=KEYED, timeout=60))
        for _ in range(2)
    ]
    (ended,), (waiting,) = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    answer = ended.result()
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_flight")
    assert answer.headers["retry-after"] == "1"
    waiting.cancel()


async def test_answers_are_thrown_away_after_a_day_where_no_subscription_falls_due(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as house:
        script = Script()
        script.default = paid()
        put_bakong(house.core, script)
        for hour in range(3):
            await create(house.client, f"order-{hour}")
            await house.clock.advance(1_200_000)
        kept = "SELECT count(*) FROM idempotency_keys"
        await house.clock.advance(86_400_000 - 3_600_001)
        assert await rows(house, kept) == [(3,)]
        await house.clock.advance(1)
        assert await rows(house, kept) == [(2,)]
        await house.clock.advance(3_599_999)  # the others are due, and wait for the next hour's beat
        assert await rows(house, kept) == [(2,)]
        await house.clock.advance(1)
        assert await rows(house, kept) == [(0,)]


@pytest.mark.parametrize("key", ["", '""', "a" * 256, "\xe9"], ids=["empty", "empty quoted", "long", "not ASCII"])
async def test_a_key_of_another_form_is_422(service, key):
    headers = {b"idempotency-key": key.encode("latin-1")}
    answer = await service.post("/api/payments/create", json=ORDER, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_bulk_check_has_a_row_for_each_hash_in_order(service, control):
    made = [(await create(service, f"order-{number}")).json()["data"] for number in range(3)]
    await control.post("/payments", json={"qr": made[1]["qrCode"]})
    hashes = [made[2]["md5Hash"], "0" * 32, made[1]["md5Hash"], made[0]["md5Hash"], made[2]["md5Hash"]]
    answer = await service.post("/api/payments/bulk-check", json={"md5Hashes": hashes})
    rows = answer.json()["data"]
    assert [row["md5Hash"] for row in rows] == hashes
    assert [row["status"] for row in rows] == ["PENDING", "not_found", "PAID", "PENDING", "PENDING"]


@pytest.mark.parametrize(
    "hashes", [[], ["0" * 32] * 51, ["x"], "0" * 32, [None]], ids=["none", "51", "no hash", "no list", "null"]
)
async def test_a_bulk_check_of_anything_else_is_422(service, hashes):
    answer = await service.post("/api/payments/bulk-check", json={"md5Hashes": hashes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("md5Hashes")


async def test_the_history_is_newest_first_by_pages(service, control):
    made = []
    for number in range(12):
        made.insert(0, (await create(service, f"order-{number}")).json()["data"]["transactionId"])
        await control.post("/clock/advance", json={"seconds": 1})

    async def page(**query):
        return (await service.get("/api/payments/history", params={"userId": "sokha", **query})).json()["data"]

    first = await page()
    assert [row["transactionId"] for row in first["items"]] == made[:10]
    assert (first["total"], first["limit"], first["offset"]) == (12, 10, 0)
    rest = await page(limit=100, offset=10)
    assert [row["transactionId"] for row in rest["items"]] == made[10:]


@pytest.mark.parametrize(
    "query", [{}, {"userId": "a", "limit": 0}, {"userId": "a", "limit": 101}, {"userId": "a", "offset": -1}], ids=str
)
async def test_a_history_of_anything_else_is_422(service, query):
    assert (await service.get("/api/payments/history", params=query)).status_code == 422
