"""Pages in a browser call the schemes where a switch allows their origin; what a browser asks before is no call."""

import httpx
import pytest

from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator import app as simulator_app
from bakong_simulator.wire.cors import Cors

CHECK = "/v1/check_transaction_by_md5"
PAGE = "http://localhost:5173"
ASKED = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


@pytest.fixture
def page(worlds):
    """A client with these origins allowed, that is a page of one of them."""

    def client(*origins, origin=PAGE):
        built = simulator_app.build(worlds, cors=Cors(frozenset(origins)) if origins else None)
        headers = {"origin": origin, "authorization": f"Bearer {worlds.default.state(BAKONG).registrations.issue()}"}
        return httpx.AsyncClient(base_url="http://127.0.0.1", transport=httpx.ASGITransport(built), headers=headers)

    return client


@pytest.mark.parametrize("origins", [("*",), (PAGE,)])
@pytest.mark.parametrize("path", [CHECK, f"/w/default{CHECK}"])
async def test_a_page_of_an_allowed_origin_asks_and_calls(page, world, code, origins, path):
    async with page(*origins) as client:
        asked = await client.options(path, headers=ASKED)
        assert (asked.status_code, asked.content, world.journal.total) == (200, b"", 0)
        assert "POST" in asked.headers["access-control-allow-methods"]
        assert asked.headers["access-control-allow-headers"] == "authorization,content-type"
        called = await client.post(path, json={"md5": code.md5})
        assert (called.json()["errorCode"], world.journal.total) == (1, 1)
        for answer in (asked, called, await client.get("/v1/openapi.json")):
            assert answer.headers["access-control-allow-origin"] == (origins[0] if origins[0] == "*" else PAGE)
            assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origins", [(), ("https://shop.example",)])
async def test_any_other_page_gets_no_leave(page, origins, code):
    async with page(*origins) as client:
        for answer in (await client.options(CHECK, headers=ASKED), await client.post(CHECK, json={"md5": code.md5})):
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_refusal_can_be_read_by_the_page_too(page):
    async with page("*") as client:
        refused = await client.post(CHECK, json={"md5": "0" * 32}, headers={"authorization": "Bearer wrong"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")


async def test_the_control_api_lets_no_page_read(page):
    async with page("*") as client:
        assert "access-control-allow-origin" not in (await client.get("/sandbox/worlds")).headers
        assert (await client.options("/sandbox/worlds", headers=ASKED)).status_code == 405
