"""A second provider, for tests: the payer goes to its page, it is asked one by one, and it pushes signed events."""

import hashlib
import hmac
import itertools
import json
from decimal import Decimal

from bakong_contracts.service_api import Plan
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NotFound, Paid
from bakong_service.ports import Created, Event, Polling, Provider
from bakong_service.provider_factory import ProviderFactory
from bakong_service.usecases.create_payment import create_payment
from bakong_service.usecases.idempotency import _plain
from bakong_service.usecases.own_pace import OwnPace

NAME, ACCOUNT = "riverpay", "acct_river"
SECRET = b"sandbox_river_signing_secret"


class River:
    """Its side: what it says of each reference, and what it was asked."""

    def __init__(self):
        self.reports = {}
        self.default = NotFound()
        self.asked = []
        self.finalised = []
        self.references = (f"riv_{number}" for number in itertools.count(1))
        self.made = None  # what create answers, where it makes nothing

    async def create(self, checkout):
        if self.made is not None:
            return self.made
        reference = next(self.references)
        return Created(reference, ACCOUNT, Redirect(f"https://pay.river.test/{reference}"))

    async def check(self, reference):
        self.asked.append(reference)
        return self.reports.get(reference, self.default)

    async def finalise(self, reference):
        self.finalised.append(reference)
        self.reports[reference] = received(reference)
        return self.reports[reference]

    async def read_event(self, headers, body):
        if not hmac.compare_digest(headers.get("river-signature", ""), signature(body)):
            raise ForgedEventError("river-signature: expected the HMAC of the body")
        return Event(json.loads(body).get("reference"))

    def provider(self, **changes):
        polling = Polling(check=self.check, pace=OwnPace())
        record = {
            "name": NAME,
            "currencies": frozenset({"USD"}),
            "life_ms": 1_800_000,
            "create": self.create,
            "polling": polling,
            "read_event": self.read_event,
        }
        return Provider(**record | changes)

    def factory(self, **changes):
        def make(given):
            self.on_call = given.on_call
            return self.provider(**changes)

        return ProviderFactory(name=NAME, make=make, secrets=(SECRET.decode(),))


def received(reference, minor=50):
    return Paid(hashlib.sha256(reference.encode()).hexdigest(), Money(minor, "USD"), ACCOUNT)


def signature(body):
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


async def order(core, user="sokha", currency="USD", provider=NAME):
    """A payment of this provider."""
    price = Decimal("0.5") if currency == "USD" else Decimal(2000)
    return await create_payment(core, _plain(core), user, Plan.PREMIUM, price, currency, None, provider=provider)


async def tell(client, reference, *, name=NAME, signed=True, **headers):
    """The answer to an event, sent as a provider sends it: without a key, in a media type of its own."""
    body = json.dumps({"reference": reference}).encode()
    headers = {"authorization": "", "content-type": "text/plain"} | headers
    if signed:
        headers["river-signature"] = signature(body)
    return await client.post(f"/api/providers/{name}/events", content=body, headers=headers)
