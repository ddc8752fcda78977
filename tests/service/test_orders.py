"""Orders over HTTP: the vectors' figures, the limits of what is taken, and that each merchant sees its own."""

import json
from pathlib import Path

import pytest

from bakong_service.adapters.keys import Hasher
from tests import secrecy
from tests.service.house import KEY
from tests.service.thai_shop import ITEM, open_thai_shop

ROWS = [json.loads(line) for line in (Path(__file__).parents[1] / "vectors/thai-tax.jsonl").read_text().splitlines()]
ORDERS = [row for row in ROWS if row["kind"] == "order"]
OTHER_KEY = "sandbox_key_of_another_shop_0123456789"
secrecy.issue(OTHER_KEY)


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage) as opened:
        yield opened


async def test_every_order_of_the_vectors_comes_to_the_same_figures_over_http_and_when_it_is_read(shop):
    assert len(ORDERS) >= 39
    for row in ORDERS:
        made = await shop.order(**row["input"])
        assert {name: made[name] for name in row["expect"]} == row["expect"], row["id"]
        read = (await shop.get(f"/orders/{made['id']}")).json()["data"]
        assert read == made, row["id"]


SUMS = {"subtotal": "1000.00", "vatAmount": "70.00", "taxAmount": 70, "total": "1070.00", "payable": 1070.0}


async def test_sums_of_the_client_are_checked_and_never_trusted(shop):
    item = ITEM | {"totalPrice": "1000.00"}
    assert (await shop.post("/orders", {"items": [item], **SUMS})).status_code == 201
    for name, value in {**SUMS, "withholdingTaxAmount": "0.00", "totalPrice": 1070}.items():
        wrong = {"items": [ITEM], name: float(value) + 0.01}
        answer = await shop.post("/orders", wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "total_mismatch"), name
        assert answer.json()["errors"][0]["field"] == name
    answer = await shop.post("/orders", {"items": [ITEM | {"totalPrice": "999.99"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "total_mismatch")


BAD = [
    ({"items": []}, "items"),
    ({"items": [ITEM] * 201}, "items"),
    ({"items": [ITEM | {"quantity": "0"}]}, "items.0.quantity"),
    ({"items": [ITEM | {"quantity": "1.0001"}]}, "items.0.quantity"),
    ({"items": [ITEM | {"quantity": "-1"}]}, "items.0.quantity"),
    ({"items": [ITEM | {"quantity": True}]}, "items.0.quantity"),
    ({"items": [ITEM | {"quantity": "1e2"}]}, "items.0.quantity"),
    ({"items": [ITEM | {"unitPrice": "10.005"}]}, "items.0.unitPrice"),
    ({"items": [ITEM | {"unitPrice": "-0.01"}]}, "items.0.unitPrice"),
    ({"items": [ITEM | {"unitPrice": "NaN"}]}, "items.0.unitPrice"),
    ({"items": [ITEM | {"unitPrice": "๑๐"}]}, "items.0.unitPrice"),
    ({"items": [ITEM | {"discount": "1000.01"}]}, "items.0.discount"),
    ({"items": [ITEM | {"vatRate": "101"}]}, "items.0.vatRate"),
    ({"items": [ITEM | {"vatRate": "-7"}]}, "items.0.vatRate"),
    ({"items": [ITEM | {"taxRate": "3", "withholdingRate": "5"}]}, "items.0.taxRate"),
    ({"items": [ITEM | {"quantity": "2", "unitPrice": "9999999999999.99"}]}, "items.0.unitPrice"),
    ({"items": [ITEM | {"unitPrice": "9999999999999.99"}]}, "items"),
    ({"items": [ITEM], "currency": "XXX"}, "currency"),
    ({"items": [ITEM], "priceMode": "both"}, "priceMode"),
    ({"items": [ITEM], "longTermContract": "yes"}, "longTermContract"),
    ({"items": [ITEM], "buyer": {"type": "ghost"}}, "buyer.type"),
    ({"items": [ITEM], "buyer": {"taxId": "1234567890123"}}, "buyer.taxId"),
    ({"items": [ITEM], "buyer": {"taxId": "12345"}}, "buyer.taxId"),
    ({"items": [ITEM], "reference": "a b"}, "reference"),
    ({"items": [ITEM], "reference": "x" * 65}, "reference"),
    ({"items": [ITEM], "metadata": {"a": 1}}, "metadata.a"),
    ({"items": [ITEM], "surprise": 1}, "surprise"),
    ({"items": [ITEM | {"sku": "a\u0000b"}]}, "items.0.sku"),
]


async def test_what_no_order_can_be_is_422_with_the_field_and_stores_nothing(shop):
    for body, field in BAD:
        answer = await shop.post("/orders", body)
        assert answer.status_code == 422, (field, answer.text)
        problem = answer.json()
        assert (problem["code"], problem["errors"][0]["field"]) == ("validation_failed", field)
    assert await shop.rows("SELECT count(*) FROM orders") == [(0,)]


async def test_the_largest_order_is_taken_and_a_body_that_is_no_json_is_400(shop):
    top = await shop.order({"quantity": "1", "unitPrice": "9999999999999.99"})
    assert top["total"] == "9999999999999.99"
    answer = await shop.client.post("/api/v1/orders", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


async def test_a_tax_id_is_checked_by_its_digit_and_a_switch_allows_those_of_examples(tmp_path, storage, shop):
    made = await shop.order(buyer={"type": "company", "taxId": "1101700230708", "name": "Good Co"})
    assert made["buyer"] == {"type": "company", "taxId": "1101700230708", "name": "Good Co"}
    assert (await shop.post("/orders", {"items": [ITEM], "buyer": {"taxId": "1101700230705"}})).status_code == 422
    async with open_thai_shop(tmp_path / "examples", {}, allow_test_tax_ids=True) as examples:
        await examples.order(buyer={"taxId": "1101700230705"})


async def test_the_buyer_is_sealed_and_the_reference_is_the_merchants_own(shop):
    await shop.order(reference="A-1", buyer={"name": "Somchai Jaidee"})
    ((sealed, document),) = await shop.rows("SELECT buyer, document FROM orders")
    assert "Somchai" not in sealed + document
    again = await shop.post("/orders", {"items": [ITEM], "reference": "A-1"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_one_key_and_body_make_one_order(shop):
    body = {"items": [ITEM]}
    first, second = [await shop.post("/orders", body, **{"idempotency-key": "k"}) for _ in range(2)]
    assert (first.status_code, second.status_code, first.content) == (201, 201, second.content)
    assert second.headers["idempotent-replayed"] == "true"
    other = await shop.post("/orders", {"items": [ITEM, ITEM]}, **{"idempotency-key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await shop.rows("SELECT count(*) FROM orders") == [(1,)]


async def test_orders_are_listed_newest_first_page_by_page_and_by_the_status_that_is_seen(shop):
    made = []
    for _ in range(5):
        made.append((await shop.order(expiresInSeconds=60))["id"])
        await shop.clock.advance(1)
    seen, cursor = [], {}
    while cursor is not None:
        page = (await shop.get("/orders", limit=2, **cursor)).json()
        seen += [row["id"] for row in page["data"]]
        more = page["meta"]["nextCursor"]
        assert page["meta"]["hasMore"] is (more is not None)
        cursor = None if more is None else {"cursor": more}
    assert seen == made[::-1]
    await shop.clock.advance(60_000)
    expired = (await shop.get("/orders", status="expired")).json()["data"]
    assert {row["status"] for row in expired} == {"expired"}
    assert len(expired) == 5
    assert (await shop.get("/orders", status="open")).json()["data"] == []
    assert (await shop.get("/orders", cursor="AAAA")).status_code == 422


async def another_merchant(shop):
    """Headers of another shop's key."""
    digest = Hasher(["sandbox_encryption_key_0123456789abcdef"]).digests(OTHER_KEY)[0]
    await shop.core.store.write(lambda records: records.add_api_key(digest, "another shop", 0))
    return {"authorization": f"Bearer {OTHER_KEY}"}


async def test_a_key_sees_its_own_merchants_orders_payments_and_settlements_alone(shop):
    theirs = await another_merchant(shop)  # before any call: one may be refused for 50 ms after the last was looked for
    order, payment = await shop.paid_order()
    (settlement,) = await shop.settlements()
    for path, body in (
        (f"orders/{order['id']}", None),
        (f"orders/{order['id']}/payment-status", None),
        (f"settlements/{settlement['id']}", None),
        (f"settlements/{settlement['id']}/entries", None),
        (f"orders/{order['id']}/checkout", {"currency": "THB"}),
        (f"payments/{payment['id']}/refund", {}),
    ):
        method = "GET" if body is None else "POST"
        answer = await shop.client.request(method, f"/api/v1/{path}", json=body, headers=theirs)
        assert (answer.status_code, answer.json()["code"][-9:]) == (404, "not_found"), path
    for path in ("orders", "settlements"):
        assert (await shop.client.get(f"/api/v1/{path}", headers=theirs)).json()["data"] == []
    assert len(shop.bank.given) == 0
    for key in (KEY, OTHER_KEY):  # a reference is each merchant's own
        headers = {"authorization": f"Bearer {key}"}
        assert (await shop.post("/orders", {"items": [ITEM], "reference": "same"}, **headers)).status_code == 201


async def test_a_suspended_merchant_makes_no_orders_and_no_payments(shop):
    order = await shop.order()
    put = await shop.client.put("/api/v1/merchants/main-backend", json={"status": "SUSPENDED", "name": "A shop"})
    assert (put.status_code, put.json()["data"]["status"]) == (200, "SUSPENDED")
    for answer in (await shop.post("/orders", {"items": [ITEM]}), await shop.checkout(order)):
        assert (answer.status_code, answer.json()["code"]) == (403, "merchant_suspended")
    assert (await shop.get("/merchant")).json()["data"]["name"] == "A shop"
    assert (await shop.get(f"/orders/{order['id']}")).status_code == 200
