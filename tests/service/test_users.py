"""People: login, refresh tokens that are good once, logout, roles; and what wrong passwords cost and come to."""

import asyncio
import json

import argon2
import httpx
import pytest
from sqlalchemy import text

from bakong_service.adapters import passwords
from bakong_service.domain.accounts import REFRESH_MS
from bakong_service.domain.caller import Caller, asked_by
from bakong_service.usecases.access import change_password, disable_user
from bakong_service.usecases.unit_of_work import transact
from tests import secrecy
from tests.conftest import PLAIN
from tests.service.house import KEY, put_bakong
from tests.service.logins import (
    LOGIN,
    LOGOUT,
    PASSWORD,
    QUICK,
    READ,
    REFRESH,
    bearer,
    held,
    later,
    log_in,
    open_office,
    refresh,
    status_of,
    user,
)
from tests.service.processes import command, environment, serving
from tests.service.test_faults import ORDER, Script


@pytest.fixture
async def office(tmp_path, storage, monkeypatch):
    async with open_office(tmp_path, monkeypatch, storage) as opened:
        yield opened


async def test_a_user_logs_in_and_his_access_token_is_good_for_exactly_15_minutes(office):
    made = await user(office)
    answer = await log_in(office)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    data = answer.json()["data"]
    assert (data["tokenType"], data["expiresIn"], data["refreshExpiresIn"]) == ("Bearer", 900, 2_592_000)
    assert data["user"] == {"id": made.id, "username": "sokha", "roles": ["merchant"]}
    later(office, 899_999)
    assert await status_of(office, data["accessToken"]) == 200
    later(office, 1)
    refused = await office.client.get(READ, headers=bearer(data["accessToken"]))
    assert (refused.status_code, refused.json()["detail"]) == (401, "the token is not taken: it has expired")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_refresh_token_is_good_for_exactly_30_days(office):
    await user(office)
    first, second = held(await log_in(office))[1], held(await log_in(office))[1]
    later(office, REFRESH_MS - 1)
    assert (await refresh(office, first)).status_code == 200
    later(office, 1)
    refused = await refresh(office, second)
    assert (refused.status_code, refused.json()["detail"]) == (401, "the refresh token has expired")


async def test_a_refresh_token_that_comes_twice_ends_its_family_and_no_other(office):
    await user(office)
    _, other = held(await log_in(office))
    _, first = held(await log_in(office))
    access, second = held(await refresh(office, first))
    assert await status_of(office, access) == 200
    assert (await refresh(office, first)).status_code == 401
    assert (await refresh(office, second)).status_code == 401
    office.ticks.us += 600_000  # within a second no process takes its access tokens
    assert await status_of(office, access) == 401
    assert (await refresh(office, other)).status_code == 200


async def test_of_refreshes_at_once_with_one_token_one_wins_and_the_family_is_revoked(office):
    await user(office)
    _, token = held(await log_in(office))
    answers = await asyncio.gather(*(refresh(office, token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert (await refresh(office, held(winner)[1])).status_code == 401
    assert await audited(office, "auth.reuse") == 1


async def audited(office, action):
    query = text("SELECT count(*) FROM audit_logs WHERE action = :action").bindparams(action=action)
    return await office.core.store.migrate(lambda connection: connection.execute(query).scalar())


async def test_a_logout_ends_the_login_whatever_token_of_it_is_sent_and_tells_nothing(office):
    await user(office)
    _, first = held(await log_in(office))
    access, second = held(await refresh(office, first))
    for token in (first, "rt_unknown"):
        answer = await office.client.post(LOGOUT, json={"refreshToken": token})
        assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert (await refresh(office, second)).status_code == 401
    office.ticks.us += 600_000
    assert await status_of(office, access) == 401


async def test_an_unknown_name_costs_and_is_answered_what_a_wrong_password_is(office, monkeypatch):
    await user(office)
    await user(office, "left")
    await transact(office.core, lambda unit: disable_user(unit, "left"))
    calls = []
    verify = argon2.PasswordHasher.verify
    monkeypatch.setattr(
        argon2.PasswordHasher, "verify", lambda self, hashed, given: calls.append(hashed) or verify(self, hashed, given)
    )
    answers = []
    for name, given in (("sokha", "wrong"), ("nobody", "wrong"), ("left", PASSWORD), ("NO\u0000BODY", PASSWORD)):
        calls.clear()
        answer = await log_in(office, name, given)
        answers.append(
            (answer.status_code, answer.json()["detail"], [hashed.startswith("$argon2id$v=19$") for hashed in calls])
        )
    assert answers == [(401, "the name or the password is wrong", [True])] * 4


def test_what_stands_in_for_an_unknown_users_hash_costs_what_a_real_one_does():
    hasher = argon2.PasswordHasher()
    assert not hasher.check_needs_rehash(passwords.NOBODYS)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        hasher.verify(passwords.NOBODYS, PASSWORD)


async def test_ten_wrong_passwords_shut_the_address_out_as_wrong_keys_do(office):
    await user(office)
    keyed = bearer(KEY)
    for _ in range(5):
        assert (await log_in(office, password="wrong")).status_code == 401
        assert (await refresh(office, "rt_wrong")).status_code == 401
    assert (await log_in(office)).json()["code"] == "blocked"
    assert (await office.client.get(READ, headers=keyed)).status_code == 403


async def test_a_password_that_was_hashed_with_other_parameters_is_hashed_again(office):
    other = argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    made = await user(office)
    await office.core.store.write(lambda records: records.set_password(made.id, other.hash(PASSWORD)))
    assert (await log_in(office)).status_code == 200
    stored = await office.core.store.read(lambda records: records.user_by_id(made.id).password)
    assert not QUICK.check_needs_rehash(stored)
    assert (await log_in(office)).status_code == 200


async def test_a_new_password_and_a_disabled_user_end_every_login(office):
    await user(office)
    for end in (
        lambda unit: change_password(unit, "sokha", QUICK.hash(PASSWORD)),
        lambda unit: disable_user(unit, "sokha"),
    ):
        access, token = held(await log_in(office))
        assert await status_of(office, access) == 200
        with asked_by(Caller("command line")):
            await transact(office.core, end)
        assert (await refresh(office, token)).status_code == 401
        office.ticks.us += 600_000
        assert await status_of(office, access) == 401
    assert (await log_in(office)).status_code == 401


CANCEL = {"method": "POST", "path": "/api/subscriptions/cancel", "json": {"userId": "nobody"}}
HOOKS = {"path": "/api/webhooks/msg_1"}
ALLOWED = {
    "admin": (200, 409, 404, 200),
    "merchant": (200, 409, 403, 403),
    "viewer": (200, 403, 403, 403),
}


@pytest.mark.parametrize("role", ALLOWED)
async def test_a_role_may_what_it_is_for_and_nothing_else(office, role):
    """To read, to change, webhooks, metrics; and a path that is in no table takes API keys alone."""
    await user(office, "sokha", role)
    token, _ = held(await log_in(office))
    asked = ({}, CANCEL, HOOKS, {"path": "/metrics"})
    got = [await status_of(office, token, **one) for one in asked]
    assert tuple(got) == ALLOWED[role]
    refused = await office.client.get("/api/nothing-here", headers=bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_viewer_cannot_make_a_payment_by_the_fast_path_either_and_is_told_what_he_lacks(office):
    await user(office, "mealea", "viewer")
    token, _ = held(await log_in(office, "mealea"))
    refused = await office.client.post("/api/payments/create", json=ORDER, headers=bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="orders"'


async def test_an_idempotency_key_is_the_users_also_after_his_token_was_refreshed(office):
    put_bakong(office.core, Script())
    await user(office)
    await user(office, "dara")
    access, token = held(await log_in(office))
    other, _ = held(await log_in(office, "dara"))
    later, _ = held(await refresh(office, token))
    bodies = []
    for one in (access, later, other):
        keyed = bearer(one) | {"idempotency-key": "k"}
        bodies.append((await office.client.post("/api/payments/create", json=ORDER, headers=keyed)).content)
    assert bodies[0] == bodies[1] != bodies[2]


async def test_old_families_are_dropped_at_a_login(office):
    await user(office)
    held(await log_in(office))
    later(office, REFRESH_MS)
    held(await log_in(office))
    query = text("SELECT (SELECT count(*) FROM token_families) + (SELECT count(*) FROM refresh_tokens)")
    assert await office.core.store.migrate(lambda connection: connection.execute(query).scalar()) == 2


@pytest.mark.parametrize("path", [LOGIN, REFRESH, LOGOUT])
async def test_half_of_a_letter_is_a_wrong_secret_and_never_500(office, path):
    body = rb'{"username": "sokha", "password": "\ud800"}' if path == LOGIN else rb'{"refreshToken": "\ud800"}'
    answer = await office.client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 401, 422)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (LOGIN, {"username": "sokha"}, 422),
        (LOGIN, {"username": "sokha", "password": "x" * 257}, 422),
        (LOGIN, {"username": ["sokha"], "password": "x"}, 422),
        (LOGIN, {"username": "sokha", "password": "x", "admin": True}, 422),
        (REFRESH, {"refreshToken": ""}, 422),
        (REFRESH, {"refreshToken": "\u0000\u1f600"}, 401),
        (LOGOUT, {}, 422),
        (LOGIN, [], 422),
    ],
    ids=str,
)
async def test_a_body_of_another_form_is_a_problem_and_never_500(office, path, body, status):
    assert (await office.client.post(path, json=body)).status_code == status


async def test_users_are_added_listed_disabled_and_changed_from_the_command_line(tmp_path):
    env = environment(tmp_path)

    async def users(*options, given=""):
        return await command("users", *options, env=env, given=given)

    async with serving(env) as (_, url), httpx.AsyncClient(base_url=url, **PLAIN) as client:

        async def status(password):
            return (await client.post(LOGIN, json={"username": "sokha", "password": password})).status_code

        for role, given, why in (
            ("merchant", "", "password: read 0 characters"),
            ("owner", PASSWORD, "role: read 'owner'"),
        ):
            code, _, err = await users("add", "sokha", "--role", role, given=given)
            assert (code, why in err) == (2, True), err
        assert (await users("add", "sokha", "--role", "merchant", "--role", "viewer", given=PASSWORD + "\n"))[0] == 0
        assert await status(PASSWORD) == 200
        assert (await users("password", "sokha", given=OTHER))[0] == 0
        assert [await status(PASSWORD), await status(OTHER)] == [401, 200]
        assert (await users("disable", "sokha"))[0] == 0
        assert await status(OTHER) == 401
        assert (await users("enable", "sokha"))[0] == 0
        assert await status(OTHER) == 200
        assert json.loads((await users("list"))[1])[0]["roles"] == ["merchant", "viewer"]


OTHER = "sandbox other horse battery"
secrecy.issue(OTHER)
