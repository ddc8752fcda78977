"""The OpenAPI document of the paths below /api/v1: every route has its examples, and each is executed."""

import pytest

from bakong_service.api.examples_orders import METHOD, ORDER, PAYMENT, SENT, SETTLEMENT
from bakong_service.api.examples_orders_data import DATA
from bakong_service.provider_factory import ProviderFactory
from tests.service.house import open_house
from tests.service.test_documents import call_of, operations, shape
from tests.service.thai_shop import Bank

DAY_MS = 86_400_000
# In the order of a shop's life; `pays`: the payer does before the call, `closes`: the day ends.
STORY = (
    ("method_create", None),
    ("methods", None),
    ("method", None),
    ("method_change", None),
    ("merchant_change", None),
    ("merchant", None),
    ("order_create", None),
    ("orders", None),
    ("order", None),
    ("checkout", None),
    ("payment_status", None),
    ("settlements", "pays"),
    ("settlement", None),
    ("entries", None),
    ("order_payment", None),
    ("payment_events", None),
    ("transactions", None),
    ("refund", None),
    ("settlement_mark", "closes"),
    ("audit_logs", None),
    ("method_delete", None),
    ("order_stream", None),
    ("order_cancel", "orders"),
)
OWN = {"provider_webhook"}  # what a provider asks, and no shop: see test_order_webhooks
IDS = {METHOD: "method_create", ORDER: "order_create", PAYMENT: "checkout", SETTLEMENT: "settlements"}


@pytest.fixture
async def house(tmp_path):
    """A service whose PromptPay is riverpay under that name."""
    bank = Bank()
    record = {"name": "promptpay", "currencies": frozenset({"THB"}), "refund": bank.refund}
    factory = ProviderFactory(name="promptpay", make=lambda _given: bank.provider(**record))
    async with open_house(tmp_path, providers=[factory]) as opened:
        opened.bank = bank
        yield opened


async def tell_story(house):
    """Each call's name, its documented operation, and its answer."""
    documented = {name: one for name, one in (await operations(house.client)).items() if one[1].startswith("/api/v1/")}
    assert set(documented) == {name for name, _ in STORY} | OWN
    real = {}
    for name, before in STORY:
        if before == "pays":
            house.bank.pays("riv_1", 1040000)
        if before == "orders":
            made = await house.client.post("/api/v1/orders", json={"amount": 99.99, "currency": "THB"})
            real[ORDER] = made.json()["data"]["id"]
        await house.clock.advance({"pays": 3_000, "closes": DAY_MS}.get(before, 0))
        method, path, operation = documented[name]
        url, body = call_of(path, operation, real)
        headers = {"content-type": "application/json"} if body else {}
        answer = await house.client.request(method, url.partition("?")[0], content=body, headers=headers)
        assert answer.status_code in (200, 201), (name, answer.text)
        data = answer.json()["data"] if "json" in answer.headers["content-type"] else None
        for example, maker in IDS.items():
            if maker == name:
                real[example] = (data[0] if isinstance(data, list) else data)["id"]
        yield name, operation, answer, data


async def test_the_examples_of_every_route_do_what_they_say(house):
    async for name, operation, answer, data in tell_story(house):
        documented = operation["responses"][str(answer.status_code)]["content"]
        if data is None:
            assert answer.headers["content-type"].partition(";")[0] in documented
            continue
        example = documented["application/json"]["example"]
        if isinstance(data, list):
            del data[1:]
        if name == "audit_logs":  # what changed is of each line
            data[0]["details"] = example["data"][0]["details"]
        assert shape(data) == shape(example["data"]), name
        assert (answer.json()["statusCode"], example["statusCode"]) == (answer.status_code,) * 2
    assert set(SENT) | set(DATA) <= {name for name, _ in STORY}
