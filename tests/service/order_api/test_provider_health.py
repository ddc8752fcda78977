"""Health asks the providers that cost nothing to ask: seldom, not for long; one that is down shuts nobody out."""

import asyncio

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_service.adapters import provider_probe
from bakong_service.adapters.provider_probe import FRESH_US, ProviderProbe
from bakong_service.domain.payments import NoAnswer
from bakong_service.usecases.core import UpstreamState
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes.stories import STORIES
from tests.service.order_api.gateways import open_order_shop


async def test_health_asks_the_providers_at_most_every_30_s_and_one_that_is_down_degrades(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as shop:
        health = (await shop.client.get("/api/health")).json()
        assert health["services"]["stripe"]["status"] == "healthy"
        assert health["services"]["stripe"]["lastSuccessAt"] is not None
        assert (shop.stripe.probes, shop.paystack.probes) == (1, 1)
        await asyncio.gather(*(shop.client.get("/api/health") for _ in range(5)))
        assert (shop.stripe.probes, shop.paystack.probes) == (1, 1)


async def test_a_provider_that_does_not_answer_degrades_the_service_and_keeps_it_ready(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as shop:
        shop.stripe.is_down = True
        answer = await shop.client.get("/api/health")
        health = answer.json()
        assert (answer.status_code, health["status"]) == (200, "degraded")
        stripe = health["services"]["stripe"]
        assert (stripe["status"], stripe["message"]) == ("unhealthy", "does not answer: unreachable")
        assert health["services"]["paystack"]["status"] == "healthy"
        assert (await shop.client.get("/api/health/ready")).status_code == 200
        assert stripe["breaker"] == "closed", "health is no checkout: it opens no breaker"


async def test_it_is_asked_again_once_what_is_known_is_old_or_it_has_answered_meanwhile():
    now_us, answers, upstream = [0], [NoAnswer("unreachable"), None], UpstreamState()

    async def ask():
        return answers.pop(0)

    probe = ProviderProbe(ask, upstream, lambda: now_us[0] // 1000, lambda: now_us[0])
    assert await probe.problem() == "unreachable"
    now_us[0] = FRESH_US - 1
    assert await probe.problem() == "unreachable"
    upstream.answered(7)
    assert await probe.problem() == ""
    now_us[0] = FRESH_US
    assert await probe.problem() == ""
    assert (answers, upstream.success_ms) == ([], FRESH_US // 1000)


async def test_one_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(provider_probe, "WAIT_S", 0)
    probe = ProviderProbe(asyncio.Event().wait, UpstreamState(), lambda: 0, lambda: 0)
    assert await probe.problem() == "timeout"


@pytest.mark.parametrize("name", ["stripe", "paystack"])
async def test_the_adapters_ask_their_providers(name):
    [story] = [one for one in STORIES if one.scheme.name == name]
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds)) as client:
        provider = story.provider(client, worlds.default)
        assert await provider.probe() is None
        text = f"name: f\nscheme: {name}\nfaults: [{{fault: reset}}]"
        worlds.default.set_scenario(worlds.library.read(text))
        assert isinstance(await provider.probe(), NoAnswer)
