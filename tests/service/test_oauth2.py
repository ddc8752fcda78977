"""Machines: OAuth2 client credentials as RFC 6749 has them, by a client library that is not ours, and its scopes."""

import asyncio
import base64
import json
import warnings
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import httpx
import pytest
from authlib.deprecate import AuthlibDeprecationWarning
from fastapi import APIRouter, Depends, FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_service.api import access, problems
from bakong_service.api.access import Need
from bakong_service.api.dependencies import principal_of, require, require_role
from bakong_service.api.guard import Guard, Rules
from bakong_service.domain.principals import Principal
from bakong_service.domain.tokens import TokenFault
from bakong_service.usecases.access import disable_client
from bakong_service.usecases.unit_of_work import transact
from tests.conftest import PLAIN
from tests.service.logins import READ, bearer, client, open_office, status_of
from tests.service.processes import command, environment, serving
from tests.service.test_faults import ORDER

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # that httpx has a successor
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

TOKEN = "/oauth2/token"
FORM = {"content-type": "application/x-www-form-urlencoded"}
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def office(tmp_path, storage, monkeypatch):
    async with open_office(tmp_path, monkeypatch, storage) as opened:
        opened.id, opened.secret = await client(opened, "orders", "refunds")
        yield opened


@pytest.fixture
async def one(tmp_path, monkeypatch):
    """The same, on SQLite alone."""
    async with open_office(tmp_path, monkeypatch) as opened:
        opened.id, opened.secret = await client(opened, "orders", "refunds")
        yield opened


def basic(name, secret):
    return {"authorization": "Basic " + base64.b64encode(f"{quote(name)}:{quote(secret)}".encode()).decode()}


async def ask(office, fields=(), headers=None, **more):
    """A token, by the client's credentials in the form unless there are others."""
    own = {} if headers else {"client_id": office.id, "client_secret": office.secret}
    body = urlencode(own | GRANT | dict(fields) | more)
    return await office.client.post(TOKEN, content=body, headers=FORM | (headers or {}))


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
async def test_a_client_library_gets_a_token_both_ways_and_the_token_opens_what_it_is_for(office, way):
    transport = office.client._transport
    async with AsyncOAuth2Client(
        office.id, office.secret, token_endpoint_auth_method=way, transport=transport, base_url="http://service"
    ) as session:
        got = await session.fetch_token(f"http://service{TOKEN}", scope="orders")
        assert (got["token_type"], got["expires_in"], got["scope"]) == ("Bearer", 900, "orders")
        assert (await session.get(READ)).status_code == 200
        assert (await session.get("/metrics")).status_code == 403
        with pytest.raises(OAuthError, match="invalid_scope"):
            await session.fetch_token(f"http://service{TOKEN}", scope="orders admin")


async def test_without_a_scope_all_of_the_clients_are_granted_in_order(one):
    for fields in ({}, {"scope": ""}):
        answer = await ask(one, fields)
        assert (answer.status_code, answer.json()["scope"]) == (200, "orders refunds")
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert (await ask(one, scope="refunds orders refunds")).json()["scope"] == "orders refunds"


ERRORS = [
    ({"grant_type": "password"}, None, 400, "unsupported_grant_type"),
    ({"grant_type": ""}, None, 400, "invalid_request"),
    ({"scope": "admin"}, None, 400, "invalid_scope"),
    ({"scope": "orders everything"}, None, 400, "invalid_scope"),
    ({"client_secret": "wrong"}, None, 401, "invalid_client"),
    ({"client_id": "client_nobody"}, None, 401, "invalid_client"),
    ({"client_id": "a\0b"}, None, 401, "invalid_client"),
    ({"client_id": "x" * 10_000}, None, 401, "invalid_client"),
    ({"client_secret": ""}, None, 401, "invalid_client"),
    ({}, basic("nobody", "x"), 401, "invalid_client"),
    ({}, {"authorization": "Basic !!"}, 401, "invalid_client"),
    ({}, {"authorization": "Basic " + base64.b64encode(b"nocolon").decode()}, 401, "invalid_client"),
    ({}, {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, 401, "invalid_client"),
    ({}, {"authorization": "Bearer x"}, 401, "invalid_client"),
    ({"client_secret": "x"}, basic("a", "b"), 400, "invalid_request"),
    ({"client_id": "other"}, basic("a", "b"), 400, "invalid_request"),
]


@pytest.mark.parametrize(("fields", "headers", "status", "code"), ERRORS, ids=lambda one: str(one)[:40])
async def test_errors_are_those_of_rfc_6749(one, fields, headers, status, code):
    answer = await ask(one, fields, headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert answer.headers.get("www-authenticate", "Basic").startswith("Basic")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"grant_type=client_credentials&grant_type=client_credentials", FORM),
        (b"grant_type=%ff", FORM),
        (b"\xff=1", FORM),
        (b"&".join(b"a%d=1" % number for number in range(30)), FORM),
        (b'{"grant_type": "client_credentials"}', {"content-type": "application/json"}),
        (b"grant_type=client_credentials", {}),
        (b"", FORM),
    ],
    ids=lambda one: str(one)[:40],
)
async def test_a_request_of_another_form_is_invalid_request(one, body, headers):
    answer = await one.client.post(TOKEN, content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_credentials_in_the_address_count_for_nothing(one):
    asked = urlencode(GRANT | {"client_id": one.id, "client_secret": one.secret})
    assert (await one.client.post(f"{TOKEN}?{asked}", content=b"", headers=FORM)).status_code == 400


async def test_no_form_is_ever_an_internal_error(one):
    bodies, heads = [], []

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(st.binary(max_size=60), FIELDS.map(lambda pairs: urlencode(pairs).encode())), st.binary(max_size=20)
    )
    def collect(body, head):
        bodies.append(body)
        heads.append(base64.b64encode(head).decode())

    collect()
    for body, head in zip(bodies, heads, strict=True):
        for headers in (FORM, FORM | {"authorization": f"Basic {head}"}):
            answer = await one.client.post(TOKEN, content=body, headers=headers)
            assert answer.status_code in (400, 401, 403)


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["grant_type", "scope", "client_id", "client_secret", "x"]),
        st.one_of(st.just("client_credentials"), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)),
    ),
    max_size=5,
)


async def test_ten_wrong_secrets_shut_the_address_out(office):
    answers = [await ask(office, client_secret="wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [403]
    assert answers[-1].json()["code"] == "blocked"


async def test_a_disabled_client_gets_no_token_and_those_of_before_are_refused(office):
    token = (await ask(office)).json()["access_token"]
    assert await status_of(office, token) == 200
    await transact(office.core, lambda unit: disable_client(unit, office.id))
    assert (await ask(office)).json()["error"] == "invalid_client"
    office.ticks.us += 600_000
    assert await status_of(office, token) == 401


async def test_a_scope_reads_and_changes_what_it_is_about_and_nothing_else(one):
    cancel = {"method": "POST", "path": "/api/subscriptions/cancel", "json": {"userId": "nobody"}}
    for scope, wanted in (("orders", (200, 409, 403)), ("refunds", (403, 403, 403))):
        token = (await ask(one, scope=scope)).json()["access_token"]
        got = [await status_of(one, token, **asked) for asked in ({}, cancel, {"path": "/metrics"})]
        assert tuple(got) == wanted, scope
    refused = await one.client.post("/api/payments/create", json=ORDER, headers=bearer(token))
    assert refused.status_code == 403


async def test_many_clients_at_once_get_tokens_that_differ(office):
    answers = await asyncio.gather(*(ask(office) for _ in range(8)))
    assert len({answer.json()["access_token"] for answer in answers}) == 8


# What routes may ask of whoever asks them


async def nothing():
    return {}


def guarded(monkeypatch, principal):
    """An app with a route for each kind of requirement; the key "good" is an API key, "eyJ" the principal's token."""
    monkeypatch.setattr(access, "NEEDS", (*access.NEEDS, Need("/api/v1/", None)))
    app, router = FastAPI(), APIRouter(prefix="/api/v1")
    app.state.core = SimpleNamespace(timers=SimpleNamespace(now_ms=lambda: 0))
    app.state.errors_url = ""
    problems.install(app)
    for path, needs in (("/orders", require("orders")), ("/methods", require("methods"))):
        router.add_api_route(path, nothing, methods=["GET", "POST"], dependencies=[Depends(needs)])
    router.add_api_route("/audit-logs", nothing, methods=["GET"], dependencies=[Depends(require_role("admin"))])
    app.include_router(router)

    async def find(key):
        return "shop 1a2b3c4d" if key == "good" else None

    async def verify(_token):
        return principal

    async def admit(*_):
        return SimpleNamespace(blocked=False, admitted=True)

    admission = SimpleNamespace(admit=admit, failed=admit)
    rules = Rules(find=find, verify=verify, admission=admission, limit=0, new_id=lambda: "r", ticks_us=lambda: 0)
    return httpx.AsyncClient(transport=httpx.ASGITransport(Guard(app, rules)), base_url="http://x")


ASKED = (("GET", "orders"), ("POST", "orders"), ("GET", "methods"), ("POST", "methods"), ("GET", "audit-logs"))
MAY = {
    "key": "YYYYY",
    "admin": "YYYYY",
    "merchant": "YYYNN",
    "viewer": "YNYNN",
    "orders": "YYNNN",
    "methods": "NNYYN",
    "admin scope": "NNNNY",
    "nobody": "NNNNN",
}


@pytest.mark.parametrize("who", MAY)
async def test_a_route_that_requires_a_scope_or_a_role_is_open_to_whom_it_says(monkeypatch, who):
    roles = frozenset({who} & {"admin", "merchant", "viewer"})
    scopes = frozenset({who.removesuffix(" scope")} & {"orders", "methods", "admin"} - roles)
    principal = Principal("user u", "u", roles, scopes)
    async with guarded(monkeypatch, principal) as client:
        headers = bearer("good" if who == "key" else "eyJ")
        answers = [
            await client.request(method, f"/api/v1/{path}", headers=headers | {"content-type": "application/json"})
            for method, path in ASKED
        ]
    assert [answer.status_code for answer in answers] == [200 if may == "Y" else 403 for may in MAY[who]]
    assert all(answer.json()["code"] == "forbidden" for answer in answers if answer.status_code == 403)


async def test_a_token_that_cannot_be_verified_now_is_503_and_counts_against_nobody(monkeypatch):
    async with guarded(monkeypatch, TokenFault("the database does not answer", "unavailable")) as client:
        answer = await client.get("/api/v1/orders", headers=bearer("eyJ"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_on_an_open_path_nobody_is_anybody():
    request = SimpleNamespace(scope={"state": {}})
    from bakong_service.domain.caller import ANONYMOUS, Caller, asked_by

    with asked_by(Caller(ANONYMOUS)):
        assert not principal_of(request).may("orders", reads=True)
        assert not principal_of(request).has_role("viewer")


def test_a_requirement_that_nobody_can_meet_is_refused_when_it_is_written():
    for make, word in ((require, "order"), (require_role, "root")):
        with pytest.raises(ValueError, match=word):
            make(word)


async def test_clients_are_added_listed_and_disabled_from_the_command_line(tmp_path):
    env = environment(tmp_path)
    async with serving(env) as (_, url), httpx.AsyncClient(base_url=url, **PLAIN) as http:
        assert (await command("clients", "list", env=env))[1] == "[]\n"
        code, _, err = await command("clients", "add", "--label", "ci", "--scope", "all", env=env)
        assert (code, "scope: read 'all'" in err) == (2, True)
        client_id, secret = (await command("clients", "add", "--label", "ci", "--scope", "orders", env=env))[1].split()

        async def status():
            return (await http.post(TOKEN, data=GRANT, headers=basic(client_id, secret))).status_code

        assert await status() == 200
        listed = (await command("clients", "list", env=env))[1]
        assert [(row["id"], row["scopes"]) for row in json.loads(listed)] == [(client_id, ["orders"])]
        assert secret not in listed
        assert (await command("clients", "disable", client_id, env=env))[0] == 0
        assert await status() == 401
        assert (await command("clients", "disable", client_id, env=env))[0] == 2
