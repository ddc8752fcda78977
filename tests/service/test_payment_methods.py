"""Payment methods as configuration: limits, fees, secrets, what is offered, and what checkout chooses."""

import json
from pathlib import Path

import pytest

from tests import secrecy
from tests.service.thai_shop import METHOD, open_thai_shop

ROWS = [json.loads(line) for line in (Path(__file__).parents[1] / "vectors/thai-tax.jsonl").read_text().splitlines()]
SECRET, LATER = "sandbox_api_secret_of_a_method_1234", "sandbox_api_secret_of_a_method_9876"
secrecy.issue(SECRET, LATER)


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage, has_method=False) as opened:
        yield opened


async def refused(answer):
    return answer.status_code, answer.json()["code"]


async def test_limits_and_fees_of_the_vectors_hold_over_http(shop):
    for row in ROWS:
        given = row["input"]
        if row["kind"] == "limit":
            limits = {name: given.get(name) for name in ("minAmount", "maxAmount")}
            made, amount = await shop.method(name=row["id"], **limits), given["payable"]
        elif row["kind"] == "fee":
            fees = {name: given[name] for name in ("feePercentage", "fixedFee", "feeVatRate") if name in given}
            made, amount = await shop.method(minAmount=None, maxAmount=None, **fees), given["amount"]
        else:
            continue
        offers = (await shop.get("/payment-methods", amount=amount, all="true")).json()["data"]
        (seen,) = (one for one in offers if one["id"] == made["id"])
        expected = row["expect"]
        if row["kind"] == "limit":
            shown = {"offered": seen["offered"]} | ({"code": seen["code"]} if seen["code"] else {})
            assert shown == expected, row["id"]
        else:
            assert {name: seen[name] for name in expected} == expected, row["id"]


async def test_secrets_are_sealed_never_shown_and_audited_as_changed(shop):
    made = await shop.method(apiSecret=SECRET)
    assert (made["apiSecret"], made["apiKey"]) == ({"set": True, "last4": "1234"}, {"set": False, "last4": ""})
    path = f"/api/v1/payment-methods/{made['id']}"
    changed = (
        await shop.client.patch(path, json={"apiSecret": LATER, "feePercentage": "2.5", "enabled": False})
    ).json()
    assert (changed["data"]["apiSecret"]["last4"], changed["data"]["feePercentage"]) == ("9876", "2.5")
    assert changed["data"]["minAmount"] == made["minAmount"]
    stored = await shop.core.store.read(lambda records: records.method_by_id(made["id"]))
    assert stored.secrets == {"apiSecret": LATER}
    taken = (await shop.client.patch(path, json={"apiSecret": None})).json()
    assert taken["data"]["apiSecret"] == {"set": False, "last4": ""}
    (row,) = (await shop.get("/audit-logs", action="method.change", limit=1)).json()["data"]
    page = (await shop.get("/audit-logs", resource=f"payment-method/{made['id']}")).json()["data"]
    assert [one["action"] for one in page] == ["method.change", "method.change", "method.create"]
    before, after = page[1]["details"]["before"], page[1]["details"]["after"]
    assert (before["feePercentage"], after["feePercentage"], after["apiSecret"]) == ("1.65", "2.5", "changed")
    assert row["userId"].startswith("main-backend")
    ((sealed,),) = await shop.rows("SELECT secrets FROM thai_payment_methods")
    assert sealed.startswith("v1.")


BAD = [
    ({"provider": "BBL"}, "provider_unknown", "provider"),
    ({"provider": "BAY"}, "provider_unknown", "provider"),
    ({"provider": "TRUEMONEY"}, "provider_unknown", "provider"),
    ({"provider": "river"}, "validation_failed", "provider"),
    ({"type": "CASH"}, "validation_failed", "type"),
    ({"minAmount": "10.00", "maxAmount": "9.99"}, "validation_failed", "minAmount"),
    ({"minAmount": "-1"}, "validation_failed", "minAmount"),
    ({"minAmount": "1.005"}, "validation_failed", "minAmount"),
    ({"feePercentage": "100.01"}, "validation_failed", "feePercentage"),
    ({"feePercentage": "1.00001"}, "validation_failed", "feePercentage"),
    ({"feePercentage": None}, "validation_failed", "feePercentage"),
    ({"supportedBanks": ["14"]}, "validation_failed", "supportedBanks.0"),
    ({"processingTime": 0}, "validation_failed", "processingTime"),
    ({"endpoint": "ftp://x"}, "validation_failed", "endpoint"),
    ({"currency": "KHR", "minAmount": "0.5", "maxAmount": "1"}, "validation_failed", "minAmount"),
    ({"enabled": "yes"}, "validation_failed", "enabled"),
    ({"apiSecret": ""}, "validation_failed", "apiSecret"),
]


async def test_what_no_method_can_be_is_422_with_the_field(shop):
    for changes, code, field in BAD:
        answer = await shop.post("/payment-methods", METHOD | changes)
        assert await refused(answer) == (422, code), changes
        assert answer.json()["errors"][0]["field"] == field
    assert await shop.rows("SELECT count(*) FROM thai_payment_methods") == [(0,)]


async def test_what_is_offered_comes_by_priority_then_name_and_the_rest_with_its_reason(shop):
    await shop.method(name="b", priority=1)
    await shop.method(name="a", priority=1)
    await shop.method(name="first", priority=0, fixedFee="10.00", feePercentage="2.95")
    await shop.method(name="off", enabled=False)
    await shop.method(name="small", maxAmount="50.00")
    await shop.method(name="sketch", provider="SCB", experimental=True)
    await shop.method(name="dollars", currency="USD", minAmount=None, maxAmount=None)
    offered = (await shop.get("/payment-methods", amount="1234.56", currency="THB")).json()["data"]
    assert [one["name"] for one in offered] == ["first", "a", "b"]
    assert (offered[0]["fee"], offered[0]["feeVat"], offered[0]["net"]) == ("46.42", "3.25", "1184.89")
    every = (await shop.get("/payment-methods", amount="1234.56", all="true")).json()["data"]
    reasons = {one["name"]: one["code"] for one in every}
    assert reasons == {
        "first": None,
        "a": None,
        "b": None,
        "off": "method_unavailable",
        "small": "amount_above_maximum",
        "sketch": "method_unavailable",
        "dollars": "currency_unsupported",
    }
    for amount in ("x", "1.005", "-1", "1e3", ""):
        assert (await shop.get("/payment-methods", amount=amount)).status_code == 422


async def test_checkout_takes_the_named_method_or_the_first_offered_and_says_why_there_is_none(shop):
    order = await shop.order()
    assert await refused(await shop.checkout(order)) == (422, "method_unavailable")
    small = await shop.method(name="small", maxAmount="1069.99")
    assert await refused(await shop.checkout(order, method=small["id"])) == (422, "amount_above_maximum")
    assert await refused(await shop.checkout(order)) == (422, "amount_above_maximum")
    large = await shop.method(name="large", minAmount="1070.01")
    assert await refused(await shop.checkout(order, method=large["id"])) == (422, "amount_below_minimum")
    off = await shop.method(name="off", enabled=False)
    for word in (off["id"], "NOBODY", "SCB"):
        assert await refused(await shop.checkout(order, method=word)) == (422, "method_unavailable"), word
    await shop.method(name="second", priority=8)
    first = await shop.method(name="first", priority=7, minAmount="1070.00", maxAmount="1070.00")
    assert (await shop.checkout(order)).json()["data"]["methodId"] == first["id"]
    free = await shop.order({"quantity": "1", "unitPrice": "0"})
    assert await refused(await shop.checkout(free)) == (422, "amount_not_positive")


async def test_what_is_payable_is_compared_and_not_the_total(shop):
    await shop.method(maxAmount="10400.00")
    item = {"quantity": "1", "unitPrice": "10000.00", "vatRate": "7", "withholdingRate": "3"}
    order = await shop.order(item, buyer="company")
    assert (order["total"], order["payable"]) == ("10700.00", "10400.00")
    assert (await shop.checkout(order)).json()["data"]["amount"] == "10400.00"


async def test_a_price_that_changes_leaves_open_payments_theirs_and_a_deleted_method_its_history(shop):
    made = await shop.method()
    order = await shop.order()
    await shop.checkout(order)
    path = f"/api/v1/payment-methods/{made['id']}"
    assert (await shop.client.patch(path, json={"feePercentage": "99"})).status_code == 200
    assert (await shop.client.delete(path)).status_code == 200
    for answer in (await shop.client.get(path), await shop.client.delete(path)):
        assert await refused(answer) == (404, "method_not_found")
    shop.bank.pays("riv_1", 107000)
    await shop.clock.advance(3_000)
    (day,) = await shop.settlements()
    assert (day["methodId"], day["fee"]) == (made["id"], "17.66")
    assert (await shop.get("/payment-methods", amount="100", all="true")).json()["data"] == []


async def test_experimental_methods_need_the_switch(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage, has_method=False, allow_experimental=True) as shop:
        await shop.method(experimental=True)
        assert (await shop.checkout(await shop.order())).status_code == 201
