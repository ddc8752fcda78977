"""How the fake Omise is spoken to: bodies, keys, hosts, errors, lists, worlds; and that nothing makes it stumble."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_schemes.omise.fake.operations import OPERATIONS
from bakong_schemes.omise.fake.requests import request_of
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_simulator.kernel.scheme import Call
from emvqr import crc16


async def test_a_form_with_brackets_is_read_as_json_is(shop):
    form = {
        "amount": "50000",
        "currency": "thb",
        "source[type]": "promptpay",
        "metadata[order][id]": "A-1",
        "webhook_endpoints[]": "http://shop.test/one",
        "capture": "true",
    }
    answer = await shop.client.post("/omise/charges", data=form, auth=("skey_test_sandbox", ""))
    charge = answer.json()
    assert (charge["amount"], charge["metadata"], charge["capture"]) == (50000, {"order": {"id": "A-1"}}, True)


@pytest.mark.parametrize(
    ("path", "key", "code"),
    [
        ("/charges", "pkey_test_sandbox", 401),
        ("/charges", "skey_test_other", 401),
        ("/charges", "", 401),
        ("/capability", "pkey_test_sandbox", 200),
        ("/account", "pkey_test_sandbox", 401),
        ("/tokens/tokn_test_x", "pkey_test_sandbox", 404),
        ("/tokens/tokn_test_x", "skey_test_sandbox", 404),
    ],
)
async def test_each_key_opens_what_is_its_own(shop, path, key, code):
    answer = await shop.ask("GET", path, key=key)
    assert answer.status_code == code
    if code == 401:
        assert (answer.json()["code"], answer.json()["message"]) == ("authentication_failure", "authentication failed")


@pytest.mark.parametrize("credentials", ["Basic !!!", "Basic", "Bearer skey_test_sandbox", "Basic /////w=="])
async def test_credentials_that_are_none_are_refused(shop, credentials):
    answer = await shop.client.get("/omise/charges", headers={"authorization": credentials})
    assert answer.status_code == 401


async def test_paths_that_are_not_played_say_so(shop):
    for method, path in (("GET", "/links"), ("GET", "/charges/schedules"), ("DELETE", "/charges/x"), ("GET", "/")):
        assert await shop.refused(method, path) == (404, "not_found")
    message = (await shop.ask("GET", "/charges/chrg_test_x")).json()["message"]
    assert message == "charge chrg_test_x was not found"


async def test_by_the_real_hosts_name_everything_is_exactly_omises(shop):
    here = httpx.AsyncClient(base_url="https://api.omise.co", transport=shop.client._transport)
    asked = {"amount": 50000, "currency": "thb", "source": {"type": "promptpay"}}
    async with here as client:
        charge = (await client.post("/charges", json=asked, auth=("skey_test_sandbox", ""))).json()
        picture = charge["source"]["scannable_code"]["image"]
        assert charge["location"] == f"/charges/{charge['id']}"
        assert picture["download_uri"].startswith(f"https://api.omise.co{picture['location']}/downloads/")
        drawn = await client.get(picture["download_uri"])
        assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
        assert (await client.get(picture["download_uri"][:-1] + "x", auth=("x", ""))).status_code == 401
        with_port = await client.get(
            charge["location"], headers={"host": "API.OMISE.CO:443"}, auth=("skey_test_sandbox", "")
        )
        assert with_port.json()["id"] == charge["id"]
        vault = await client.get("/tokens/x", headers={"host": "vault.omise.co"}, auth=("pkey_test_sandbox", ""))
        assert vault.json()["code"] == "not_found"
    shown = await shop.ok("GET", charge["location"])
    assert shown["location"] == f"/omise{charge['location']}"
    assert shown["source"]["scannable_code"]["image"]["download_uri"].startswith(
        f"http://sandbox.test/w/default/omise{charge['location']}/documents/"
    )


async def test_worlds_are_apart_and_their_pages_are_found_without_a_key(shop):
    await shop.client.post("/sandbox/worlds", json={"name": "b", "omise": {"settings": {"three_d_secure": "all"}}})
    keys = (await shop.client.get("/sandbox/worlds/b/omise")).json()
    asked = {"amount": 50000, "currency": "thb", "source": {"type": "truemoney", "phone_number": "08"}}
    asked["return_uri"] = "https://shop.test/back"
    auth = (keys["secretKey"], "")
    by_path = (await shop.client.post("/w/b/omise/charges", json=asked, auth=auth)).json()
    by_key = (await shop.client.get(f"/omise/charges/{by_path['id']}", auth=auth)).json()
    assert by_key["id"] == by_path["id"]
    assert await shop.refused("GET", f"/charges/{by_path['id']}") == (404, "not_found")
    assert by_path["authorize_uri"].startswith("http://sandbox.test/w/b/omise/payments/")
    assert (await shop.client.get(by_path["authorize_uri"])).status_code == 200
    at_omise = by_path["authorize_uri"].replace("http://sandbox.test/w/b/omise", "https://pay.omise.co")
    assert (await shop.client.get(at_omise)).status_code == 200
    assert (await shop.client.get("/w/nowhere/omise/charges", auth=auth)).status_code == 401


async def test_lists_are_cut_ordered_and_bounded_in_time_and_limits(shop):
    made = []
    for number in range(5):
        made.append((await shop.charge(amount=5000 + number))["id"])
        await shop.advance(60)

    async def ids(**query):
        rows = await shop.ok("GET", "/charges", params=query)
        return [row["id"] for row in rows["data"]], rows["total"]

    assert await ids() == (made, 5)
    assert await ids(limit=2, offset=1) == (made[1:3], 5)
    assert await ids(order="reverse_chronological", limit=1) == (made[-1:], 5)
    assert await ids(**{"from": "2026-02-11T00:01:00Z", "to": "2026-02-11T00:02:30Z"}) == (made[1:3], 2)
    assert await ids(limit=0) == ([], 5)
    for query in ({"limit": 101}, {"limit": -1}, {"offset": -1}, {"order": "up"}, {"limit": "x"}):
        assert await shop.refused("GET", "/charges", params=query) == (400, "invalid_page")


async def test_search_knows_its_scopes_filters_and_pages(shop):
    cards = [
        (await shop.charge("card", amount=5000 + number, description=f"Tea {number}"))["id"] for number in range(3)
    ]
    qr = (await shop.charge(amount=9000, metadata={"order": "X-77"}))["id"]

    async def ids(**query):
        rows = await shop.ok("GET", "/search", params={"scope": "charge"} | query)
        return [row["id"] for row in rows["data"]]

    assert await ids(query="x-77") == [qr]
    assert await ids(query="tea") == cards[::-1]
    assert await ids(query="4242", order="chronological", per_page=2, page=2) == cards[2:]
    assert await ids(**{"filters[amount]": "5001..5002"}) == cards[:0:-1]
    assert await ids(**{"filters[status]": "pending"}) == [qr]
    assert await ids(**{"filters[captured]": "true", "filters[card_last_digits]": "4242"}) == cards[::-1]
    assert await ids(**{"filters[created]": "2026-02-12"}) == []
    for query, code in (
        ({"scope": "moon"}, "invalid_scope"),
        ({"scope": "charge", "filters[moon]": "1"}, "invalid_filters"),
        ({"scope": "charge", "filters[amount]": "1..x"}, "invalid_filters"),
        ({"scope": "charge", "page": "0"}, "invalid_page"),
    ):
        assert await shop.refused("GET", "/search/", params=query) == (400, code)


async def test_ids_sort_as_they_were_made_and_are_the_seeds(shop):
    new = (await shop.control("GET", "/snapshot")).json()
    first = (await shop.charge())["id"]
    await shop.advance(1)
    second = (await shop.charge())["id"]
    assert first < second
    assert (len(first), set(first.removeprefix("chrg_test_")) <= set("0123456789abcdefghijklmnopqrstuvwxyz")) == (
        29,
        True,
    )
    await shop.control("PUT", "/snapshot", new)
    assert (await shop.charge())["id"] == first


async def test_the_wallet_reads_only_codes_of_this_sandbox(shop):
    await shop.set(raw_data=True)
    charge = await shop.charge()
    text = charge["source"]["scannable_code"]["raw_data"]
    for broken in (text[:-4] + text[:-5:-1], text.replace("0099", "0098"), "", "hello", text[:40]):
        answer = await shop.control("POST", "/payments", {"scheme": "omise", "qr": broken})
        assert answer.status_code == 422, broken
    strange = text.replace(charge["id"].removeprefix("chrg_test_").upper(), "0" * 19)
    strange = strange[:-4] + crc16(strange[:-4])
    assert (await shop.control("POST", "/payments", {"scheme": "omise", "qr": strange})).status_code == 409
    assert (await shop.control("POST", "/payments", {"scheme": "omise", "qr": text})).json()["amount"] == 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("amount", "currency", "source", "card", "customer", "metadata", "capture", "return_uri", "expires_at", "ip")
PATHS = ("charges", "tokens", "sources", "customers", "search", "account", "charges/%s/refunds", "charges/%s/capture")


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(("GET", "POST", "PATCH", "DELETE")),
    path=st.sampled_from(PATHS),
    body=st.dictionaries(st.sampled_from((*FIELDS, "limit", "order", "scope", "filters", "webhook_uri")), JSON),
    form=st.booleans(),
)
async def test_whatever_is_asked_is_answered_with_an_object(shop, method, path, body, form):
    if not shop.world.payments:
        await shop.charge("card", capture=False)
    (_, known), *_ = shop.world.payments
    path = path % known if "%s" in path else path
    sent = {"data": {name: str(value) for name, value in body.items()}} if form else {"json": body}
    answer = await shop.client.request(method, f"/omise/{path}", auth=("skey_test_sandbox", ""), **sent)
    assert answer.status_code in (200, 400, 404)
    assert isinstance(answer.json(), dict)
    assert (answer.json()["object"] == "error") == (answer.status_code >= 400)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"a":' * 200 + b"1" + b"}" * 200, b"\xff\xfe", b"[" * 5000, b"x" * 70_000, b'"a"', b"nul"]
)
async def test_bodies_that_cannot_be_read_are_refused(shop, body):
    headers = {"content-type": "application/json"}
    answer = await shop.client.post("/omise/charges", content=body, headers=headers, auth=("skey_test_sandbox", ""))
    assert (answer.status_code, json.loads(answer.content)["object"]) == (400, "error")


def test_a_form_that_contradicts_itself_is_read_as_the_later_field():
    call = Call("charges", "POST", "", b"a=1&a[b]=2&a[c][]=3&a[c][]=4&[]=5&=6")
    assert request_of(call, "w").fields["a"] == {"b": "2", "c": ["3", "4"]}


def test_every_operation_of_the_words_is_one_of_the_api_and_back():
    assert {operation.name for operation in OPERATIONS} | {"page", "other"} == set(OMISE.words.endpoints)
