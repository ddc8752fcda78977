"""A shop at the fake Stripe, in process: Stripe's own client for Python, its payer, and what is posted to it."""

import json

import httpx
import pytest
import stripe

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

WORLD = "/sandbox/worlds/default"
HOOK = "http://shop.test/hooks"
BACK = "https://shop.test/back?order=7"
BASE = "http://sandbox.test"


class Shop:
    """sdk: the client with the default world's secret key. http: plain calls. posts: what webhooks were sent."""

    def __init__(self, http, worlds, transport):
        self.http, self.worlds, self.world, self.transport = http, worlds, worlds.default, transport
        self.posts = []
        self.status = 200
        self.sdk = self.client("sk_test_sandbox")

    def client(self, key, *, base=f"{BASE}/stripe", timeout=80, **more):
        """Stripe's client, unmodified but for the transport of its own httpx."""
        asked = stripe.HTTPXClient(timeout=timeout, verify_ssl_certs=False)
        asked._client_async = httpx.AsyncClient(transport=self.transport)
        options = {"max_network_retries": 0, **more}
        return stripe.StripeClient(key, http_client=asked, base_addresses={"api": base}, **options).v1

    async def intent(self, amount=2000, currency="usd", *, card="pm_card_visa", confirm=True, sdk=None, **more):
        given = {"amount": amount, "currency": currency, "payment_method_types": ["card"], **more}
        if card:
            given["payment_method"] = card
        return await (sdk or self.sdk).payment_intents.create_async({**given, "confirm": confirm} if confirm else given)

    async def now(self, made, **more):
        return await self.sdk.payment_intents.retrieve_async(made.id, more or None)

    async def session(self, amount=5000, currency="usd", **more):
        item = {"price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "Tea <1 kg>"}}}
        urls = {"success_url": "https://shop.test/ok?id={CHECKOUT_SESSION_ID}", "cancel_url": "https://shop.test/cart"}
        given = {"mode": "payment", "line_items": [{**item, "quantity": 1}], **urls, **more}
        return await self.sdk.checkout.sessions.create_async(given)

    async def control(self, method, path, body=None):
        return await self.http.request(method, f"{WORLD}{path}", json=body)

    async def set(self, **settings):
        assert (await self.control("PUT", "/stripe/settings", settings)).status_code == 200

    async def play(self, name):
        answer = await self.control("PUT", "/scenario", {"name": name, "scheme": "stripe"})
        assert answer.status_code == 200, answer.text

    async def advance(self, seconds):
        assert (await self.control("POST", "/clock/advance", {"seconds": seconds})).status_code == 200

    async def listen(self, *types):
        """Let webhooks come; the secret."""
        made = await self.sdk.webhook_endpoints.create_async({"url": HOOK, "enabled_events": list(types or "*")})
        self.endpoint = made
        return made.secret

    def types(self):
        return [json.loads(post.body)["type"] for post in self.posts]

    async def events(self):
        """The types of all events, oldest first."""
        kept = await self.sdk.events.list_async({"limit": 100})
        return [event.type for event in reversed(kept.data)]

    async def raw(self, method, path, data=None, key="sk_test_sandbox", **headers):
        sent = {"authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.http.request(method, f"/stripe/v1{path}", data=data, headers=sent)

    async def refused(self, method, path, data=None, **more):
        """Status, type, code, param and message of an error."""
        answer = await self.raw(method, path, data, **more)
        error = answer.json()["error"]
        return answer.status_code, error["type"], error.get("code"), error.get("param"), error["message"]

    def held(self, account, currency="USD"):
        return self.world.ledger.accounts[account].balances.get(currency, 0) if self._has(account) else 0

    def _has(self, account):
        return account in self.world.ledger.accounts

    def check_ledger(self):
        """Double entry, and the merchant's accounts hold what the API says, less what the merchant's bank lent."""
        world = self.world
        assert all(world.ledger.sum(currency) == 0 for currency in world.ledger.currencies)
        state = world.state_of("stripe")
        for currency, row in state.totals.items():
            if currency == "khr":
                continue
            accounts = [self.held(name, currency.upper()) for name in ("stripe_pending", "stripe_available")]
            bank = self.held("stripe_reserve", currency.upper()) - row.lent
            assert sum(accounts) + bank == row.gross + row.available, currency


@pytest.fixture
async def shop():
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    transport = Transport(worlds)
    async with httpx.AsyncClient(base_url=BASE, transport=transport, timeout=100) as client:
        made = Shop(client, worlds, transport)

        async def send(attempt, done):
            made.posts.append(attempt)
            done(Outcome(made.status))

        worlds.send = send
        yield made
        if "stripe_pending" in made.world.ledger.accounts:
            made.check_ledger()
        assert not list(made.world.journal.failures)
