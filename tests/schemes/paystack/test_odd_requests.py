"""No request, whatever is in it, is answered with 500, or changes a transaction that it does not name."""

import asyncio
import json
from contextlib import AsyncExitStack
from urllib.parse import quote

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.schemes.paystack.conftest import KEY, new_shop

FIELDS = (
    "email amount currency reference callback_url channels metadata label authorization_code transaction customer_note "
    "merchant_note refund_account_details perPage per_page page from to status customer channel use_cursor next "
    "previous card cvv expiry pin otp action url"
).split()
NAMES = ["order-1", "payer@shop.test", "NGN", 50_000, "50000", "http://[", "a://b?#", "12/30", "5060666666666666666"]
VALUES = (
    st.sampled_from(NAMES)
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.lists(st.text(max_size=3), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=2)
)
PATHS = st.sampled_from(
    (
        "/transaction /transaction/initialize /transaction/charge_authorization /transaction/verify/order-1 "
        "/transaction/totals /transaction/timeline/order-1 /transaction/4000000001 /refund /refund/3000001 "
        "/refund/retry_with_customer_details/3000001 /customer/deactivate_authorization /balance /pay/ACCESS "
        "!/transactions/order-2/pay !/transactions/order-2/abandon !/callback !/webhook !/settings"
    ).split()
) | st.text(max_size=15).map(lambda text: "/transaction/" + quote(text, safe=""))
ALLOWED = {200, 303, 400, 401, 404, 405, 409, 422}


async def send(shop, page, request):
    method, path, body, as_form = request
    below = "/sandbox/worlds/default/paystack" if path.startswith("!") else "/paystack"
    url = below + path.removeprefix("!").replace("ACCESS", page)
    headers = {"authorization": f"Bearer {KEY}"}
    texts = {name: str(value) for name, value in body.items()}
    if method == "GET":
        return await shop.client.request(method, url, headers=headers, params=texts)
    if as_form:
        return await shop.client.request(method, url, headers=headers, data=texts)
    headers["content-type"] = "application/json"
    return await shop.client.request(method, url, headers=headers, content=json.dumps(body))


async def asked(requests):
    """A shop with a paid and an open transaction, after these requests: the paid one is as it was."""
    async with AsyncExitStack() as stack:
        shop = await new_shop(stack)
        await shop.paid()
        await shop.refund("order-1", 10_000)
        body = {"email": "a@b.test", "amount": 60_000, "reference": "order-2"}
        page = (await shop.ok("POST", "/transaction/initialize", body))["access_code"]
        before = await shop.verify("order-1")
        for request in requests:
            answer = await send(shop, page, request)
            assert answer.status_code in ALLOWED, (request, answer.text)
        await shop.advance(4_000)
        assert list(shop.world.journal.failures) == []
        after = await shop.verify("order-1")
        assert (after["amount"], after["paid_at"], after["metadata"]) == (50_000, before["paid_at"], "")
        assert shop.world.ledger.sum("NGN") == 0


REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "PUT"]),
    PATHS,
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5),
    st.booleans(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(REQUESTS, min_size=8, max_size=8))
@example([("PUT", "!/callback", {"url": "http://["}, False), ("POST", "/pay/ACCESS", {"action": "pay"}, True)])
def test_no_request_is_answered_with_500(requests):
    asyncio.run(asked(requests))
