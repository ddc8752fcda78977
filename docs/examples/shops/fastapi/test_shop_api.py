"""The tests of the shop: `pip install` of bakong-sandbox brings the fixtures."""

# set-up
import pytest
from fastapi.testclient import TestClient
from shop_api import make_shop


@pytest.fixture
def shop(bakong_redirect):
    return TestClient(make_shop(bakong_redirect.token))


def order(shop):
    return shop.post("/orders").json()


# tests


def test_a_coffee_is_paid(shop, bakong_redirect):
    made = order(shop)
    assert shop.get(f"/orders/{made['number']}").json() == {"state": "open"}
    bakong_redirect.pay(made["qr"])
    assert shop.get(f"/orders/{made['number']}").json() == {"state": "paid"}


@pytest.mark.bakong(scenario="timeout")
def test_bakong_that_hangs_loses_no_payment(shop, bakong_redirect):
    made = order(shop)
    bakong_redirect.pay(made["qr"])
    answers = [shop.get(f"/orders/{made['number']}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[-1].json() == {"state": "paid"}


def test_a_payment_that_fails_is_told(shop, bakong_redirect):
    made = order(shop)
    bakong_redirect.pay(made["qr"], outcome="failed")
    assert shop.get(f"/orders/{made['number']}").json() == {"state": "failed"}
