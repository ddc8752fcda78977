"""A service with users and clients, on a frozen clock, and what they ask of it. Passwords are hashed cheaply."""

import uuid
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

from argon2 import PasswordHasher

from bakong_service import wiring
from bakong_service.adapters.passwords import Argon2
from bakong_service.usecases.access import add_client, add_user
from bakong_service.usecases.unit_of_work import transact
from bakong_simulator.kernel.clock import Mode
from tests import secrecy
from tests.service.house import SETTINGS, open_house

PASSWORD = "sandbox correct horse battery"
SECRET = "sandbox_jwt_" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PARTIES = {"issuer": "bakong-service", "audience": "bakong-service"}
secrecy.issue(PASSWORD, SECRET)
LOGIN, REFRESH, LOGOUT = (f"/api/v1/auth/{verb}" for verb in ("login", "refresh", "logout"))
READ = "/api/subscriptions/status/sokha"


@asynccontextmanager
async def open_office(folder, monkeypatch, storage=None, **changes):
    """A house (core, clock, client) whose client has no key; `ticks` is what memory of keys is aged by."""
    monkeypatch.setattr(wiring, "Argon2", partial(Argon2, QUICK))
    ticks = SimpleNamespace(us=0)
    monkeypatch.setattr(wiring, "ticks_us", lambda: ticks.us)
    storage = dict(storage or {})
    if "redis_url" in storage:
        storage["redis_prefix"] = f"test:{uuid.uuid4()}"
    async with open_house(folder, **storage | changes) as house:
        del house.client.headers["authorization"]
        house.ticks = ticks
        yield house


async def user(house, name="sokha", *roles, merchant=None):
    """A user of the name, by default a merchant."""
    hashed = QUICK.hash(PASSWORD)
    return await transact(house.core, lambda unit: add_user(unit, name, hashed, list(roles or ("merchant",)), merchant))


async def client(house, *scopes):
    """A client's id and secret."""
    settings = SimpleNamespace(encryption_keys=(SETTINGS["encryption_key"].get_secret_value(),))
    digests = wiring.secret_digests(settings)
    made, secret = await transact(house.core, lambda unit: add_client(unit, "ci", list(scopes), digests))
    secrecy.issue(secret)
    return made.id, secret


def later(house, ms):
    """So much later, in one step."""
    house.clock.set_mode(Mode.FROZEN, at_ms=house.clock.now_ms() + ms)


async def log_in(house, name="sokha", password=PASSWORD):
    answer = await house.client.post(LOGIN, json={"username": name, "password": password})
    if answer.status_code == 200:
        held(answer)
    return answer


def held(answer):
    """Both tokens of an answer, which must stand nowhere in clear."""
    data = answer.json()["data"]
    secrecy.issue(data["accessToken"], data["refreshToken"])
    return data["accessToken"], data["refreshToken"]


async def refresh(house, token):
    return await house.client.post(REFRESH, json={"refreshToken": token})


def bearer(token):
    return {"authorization": f"Bearer {token}"}


async def status_of(house, token, path=READ, method="GET", **sent):
    return (await house.client.request(method, path, headers=bearer(token), **sent)).status_code
