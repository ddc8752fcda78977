"""A service in this process, on a frozen clock, with its core in reach: for states that no caller can bring about."""

from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import httpx
from pydantic import SecretStr

from bakong_contracts.service_api import Plan, SubscriptionStatus
from bakong_schemes.bakong.adapter.settings import BakongSettings
from bakong_service import app as service_app
from bakong_service.domain.subscriptions import Subscription
from bakong_service.settings import Settings
from bakong_simulator.kernel.clock import Mode, WorldClock
from tests import answered, secrecy
from tests.conftest import NOW_MS

KEY = "sandbox_key_of_the_house_0123456789"
BAKONG = {
    "bakong_base_url": "http://127.0.0.1:9",
    "bakong_merchant_id": "sandbox_merchant@sand",
    "bakong_developer_token": SecretStr("sandbox_token_0123456789012345678901"),
    "bakong_timeout_ms": 500,
    "bakong_daily_calls": 0,
}
SETTINGS = {
    "mode": "sandbox",
    "allow_private_callbacks": True,
    "main_backend_api_key": SecretStr(KEY),
    "webhook_secret": SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    "encryption_key": SecretStr("sandbox_encryption_key_0123456789abcdef"),
    "rate_limit_per_minute": 0,
    "database_deadline_s": 60.0,  # a disk that stalls under a test is no outage
}
ALL = SETTINGS | BAKONG
secrecy.issue(*(value.get_secret_value() for value in ALL.values() if isinstance(value, SecretStr)))


def bakong(**changes):
    """The factory of a Bakong that answers nothing."""
    return BakongSettings.model_construct(**BAKONG | changes).factory()


def put_bakong(core, stand_in):
    """Let a stand-in answer for Bakong: its check and check_many, and its short_link where it has one."""
    put(core, "bakong", check=stand_in.check, check_many=stand_in.check_many)


def put(core, name, **polling):
    """Change how a provider is asked."""
    provider = core.providers[name]
    core.providers = {**core.providers, name: replace(provider, polling=replace(provider.polling, **polling))}


def limit_calls(core, daily):
    """Let Bakong's calls of the day be limited."""
    pace_of(core).daily = daily


def pace_of(core, name="bakong"):
    return core.providers[name].polling.pace


@asynccontextmanager
async def open_house(
    folder, *, database_url="", at_ms=NOW_MS, providers=(), clock=None, instruments=None, bakong_at=None, **changes
):
    """core, worker, clock and client of a service; its Bakong answers nothing, unless a test puts one in its place.

    clock: a world's, which stands still. bakong_at: settings of a Bakong that answers. instruments: collect spans.
    """
    clock = clock or WorldClock(lambda: at_ms)
    clock.set_mode(Mode.FROZEN, at_ms=at_ms)
    url = database_url or f"sqlite:///{folder / 'house.db'}"
    settings = Settings.model_construct(**SETTINGS | {"database_url": url, "log_dir": folder / "logs"} | changes)
    made = [bakong(**bakong_at or {}), *providers]
    async with service_app.run(settings, made, timers=clock, instruments=instruments) as running:
        transport = httpx.ASGITransport(running.app)
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service", headers=headers, event_hooks=answered.HOOKS
        ) as client:
            yield SimpleNamespace(core=running.core, worker=running.worker, clock=clock, client=client)
    clock.close()


def subscription(user_id="sokha", *, plan=Plan.PREMIUM, begin_ms=NOW_MS, end_ms, currency="USD", paid_minor=50):
    """A running subscription that has paid for one period."""
    return Subscription(
        id=f"subscription-of-{user_id}",
        user_id=user_id,
        plan=plan,
        status=SubscriptionStatus.ACTIVE,
        start_ms=begin_ms,
        last_billing_ms=begin_ms,
        next_billing_ms=end_ms,
        created_ms=begin_ms,
        updated_ms=begin_ms,
        currency=currency,
        period_start_ms=begin_ms,
        period_cycles=1,
        paid_minor=paid_minor,
    )


async def keep(core, kept):
    """Put a subscription into the store."""
    await core.store.write(lambda records: records.save_subscription(kept, "put there", kept.due_ms(core.grace_ms)))
