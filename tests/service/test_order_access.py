"""Who may do what with orders by an access token: each merchant's people see its orders alone, roles bound the rest."""

import pytest

from tests.service.logins import log_in, open_office, user
from tests.service.thai_shop import ITEM

ORDERS = "/api/v1/orders"


@pytest.fixture
async def office(tmp_path, monkeypatch, storage):
    async with open_office(tmp_path, monkeypatch, storage) as house:
        yield house


async def token(office, name, *roles, merchant=None):
    await user(office, name, *roles, merchant=merchant)
    answer = await log_in(office, name)
    return {"authorization": f"Bearer {answer.json()['data']['accessToken']}"}


async def test_the_people_of_a_merchant_see_its_orders_and_no_others(office):
    seller = await token(office, "sokha", merchant="Angkor Shop")
    colleague = await token(office, "dara", "viewer", merchant="Angkor Shop")
    other = await token(office, "mealea", merchant="River Shop")
    alone, alone_too = await token(office, "vanna"), await token(office, "bopha")
    made = (await office.client.post(ORDERS, json={"items": [ITEM]}, headers=seller)).json()["data"]
    assert made["merchantId"] == "Angkor Shop"
    one = f"{ORDERS}/{made['id']}"
    assert [(await office.client.get(one, headers=who)).status_code for who in (seller, colleague)] == [200, 200]
    for stranger in (other, alone, alone_too):
        assert (await office.client.get(one, headers=stranger)).status_code == 404
        assert (await office.client.get(ORDERS, headers=stranger)).json()["data"] == []


async def test_a_user_without_a_merchant_is_one_by_himself(office):
    first, second = await token(office, "vanna"), await token(office, "bopha")
    made = (await office.client.post(ORDERS, json={"items": [ITEM]}, headers=first)).json()["data"]
    assert (await office.client.get(f"{ORDERS}/{made['id']}", headers=second)).status_code == 404


ROWS = [
    # method, path, body, status of a viewer, a merchant and an admin: 403 where the role is not enough
    ("GET", ORDERS, None, 200, 200, 200),
    ("POST", ORDERS, {"items": [ITEM]}, 403, 201, 201),
    ("GET", "/api/v1/payment-methods", None, 200, 200, 200),
    ("POST", "/api/v1/payment-methods", {}, 403, 403, 422),
    ("GET", "/api/v1/settlements", None, 200, 200, 200),
    ("GET", "/api/v1/merchant", None, 200, 200, 200),
    ("PUT", "/api/v1/merchants/Angkor%20Shop", {}, 403, 403, 200),
    ("GET", "/api/v1/audit-logs", None, 403, 403, 200),
    ("POST", "/api/v1/payments/019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f70/refund", {}, 403, 422, 422),
    ("PATCH", "/api/v1/settlements/019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f70", {"status": "PAID"}, 403, 403, 404),
]


@pytest.mark.parametrize("role", [0, 1, 2], ids=["viewer", "merchant", "admin"])
async def test_a_role_may_what_the_table_says(office, role):
    name = ("viewer", "merchant", "admin")[role]
    who = await token(office, "sokha", name)
    seen = []
    for method, path, body, *_ in ROWS:
        answer = await office.client.request(method, path, json=body, headers=who)
        seen.append((method, path, answer.status_code))
    assert seen == [(method, path, statuses[role]) for method, path, _, *statuses in ROWS]
