"""A user's id: whatever a body takes, the paths and queries that name a user can ask for."""

from urllib.parse import quote

import pytest

ORDER = {"planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
IDS = [
    "org/42",
    "/",
    "//",
    "a/",
    "/a",
    "a/../b",
    "...",
    "a?b=c#d",
    "100%",
    "%2F",
    "%252F",
    "a b",
    " a",
    "a+b@example.com",
    "a;b,c:d!$&'()*=",
    "[::1]",
    '\\"<{|}>^`~',
    "សុខា",
    "🙂" * 128,
    "renew",
    "status",
]


@pytest.mark.parametrize("user", IDS)
async def test_whatever_id_a_body_takes_a_path_and_a_query_can_ask_for(service, user):
    made = await service.post("/api/payments/create", json=ORDER | {"userId": user})
    assert made.status_code == 200
    answer = await service.get("/api/subscriptions/status/" + quote(user, safe=""))
    assert answer.status_code == 200
    asked = [payment["md5Hash"] for payment in answer.json()["data"]["recentPayments"]]
    history = await service.get("/api/payments/history", params={"userId": user})
    listed = [payment["md5Hash"] for payment in history.json()["data"]["items"]]
    assert asked == listed == [made.json()["data"]["md5Hash"]]


@pytest.mark.parametrize("user", [".", ".."])
async def test_an_id_that_no_path_can_name_is_refused_where_it_enters(service, user):
    refused = await service.post("/api/payments/create", json=ORDER | {"userId": user})
    assert refused.status_code == 422
    assert [row["field"] for row in refused.json()["errors"]] == ["userId"]


async def test_the_metrics_name_the_route_however_many_segments_an_id_has(service):
    await service.get("/api/subscriptions/status/org%2F42")
    text = (await service.get("/metrics")).text
    assert 'route="/api/subscriptions/status/{userId}"' in text
