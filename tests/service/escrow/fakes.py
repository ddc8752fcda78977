"""The care platform with the sandbox's own bKash and Nagad, in this process and on their world's clock.

What is asked goes through the adapters as `up --providers` configures them; nothing is scripted but the wire. A hang
that is longer than the adapter waits takes no time.
"""

from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import httpx

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.embedded_providers import embedded
from bakong_sandbox.stack.options import ESCROW, Options, Stack
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bkash import wire as bkash_wire
from bakong_schemes.bkash.fake import pages
from bakong_schemes.bkash.fake import wallets as bkash_wallets
from bakong_schemes.nagad import wire as nagad_wire
from bakong_schemes.nagad.fake import money
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.service.escrow.care import Care, open_care

ORIGIN = "http://sandbox.test"
NAGAD_WALLETS = {wallet.name: number for number, wallet in nagad_wire.WALLETS.items()}


class Wire(Transport):
    """The way to the fakes. down: parts of paths that lead nowhere; down_after: what is so once a path was called."""

    def __init__(self, worlds):
        super().__init__(worlds)
        self.down, self.down_after = set(), {}

    async def handle_async_request(self, request):
        path = request.url.path
        if any(part in path for part in self.down):
            raise httpx.ConnectError("nobody is there", request=request)
        self.down.update(part for ending, part in self.down_after.items() if path.endswith(ending))
        return await super().handle_async_request(request)


class Fake:
    """One provider of the world, as the checks of the laws look at it."""

    merchant = name = ""

    def __init__(self, world, wire, settings):
        self.world, self.wire, self.settings = world, wire, settings

    def factory(self, **changes):
        made = self.settings.factory()

        def make(given):
            provider = made.make(replace(given, open_client=self._open))
            return replace(provider, **changes)

        return replace(made, make=make)

    def _open(self, base_url, *, timeout_ms, ca_file=None):
        return httpx.AsyncClient(transport=self.wire, base_url=base_url, timeout=timeout_ms / 1000)

    @property
    def state(self):
        return self.world.state_of(self.name)

    @property
    def balance(self):
        """What it has of ours."""
        return self.world.ledger.balance(self.merchant, "BDT")

    @property
    def accounts(self):
        """Of each payment, how often its money has moved."""
        return {
            reference: SimpleNamespace(moves=sum(1 for one in payment.settlements if not one.failed))
            for (scheme, reference), payment in self.world.payments.items()
            if scheme == self.name
        }

    def count(self, operation):
        return sum(entry.endpoint == operation for entry in self.world.journal.entries)

    def order(self, *operations):
        """The calls of these kinds, in order."""
        return [entry.endpoint for entry in self.world.journal.entries if entry.endpoint in operations]


class Bkash(Fake):
    name, merchant = bkash_wire.NAME, bkash_wallets.MERCHANT

    def approve(self, reference, wallet="ok", action="confirm"):
        number = bkash_wallets.NAMED[wallet][0]
        return pages.decide(self.world, self.state, self.state.payments[reference], action, number)


class Nagad(Fake):
    name, merchant = nagad_wire.NAME, money.MERCHANT

    def approve(self, reference, wallet="ok", action="confirm"):
        purchase = self.state.purchases[reference]
        if action == "cancel":
            money.give_up(self.world, self.state, purchase)
        else:
            money.approve(self.world, self.state, purchase, NAGAD_WALLETS[wallet])


class RealCare(Care):
    """A care platform, and what lies between it and the fakes."""

    async def open(self, number=1, method="BKASH", wallet="ok", amount=15000):
        """A payment that its payer has approved, and its name at the provider."""
        payment = await self.made(number, amount, method)
        reference = await self.attempt(payment)
        self.gateway(payment).approve(reference, wallet)
        return payment, reference

    async def held(self, number=1, method="BKASH", wallet="ok", amount=15000):
        """A payment whose money is held."""
        payment, reference = await self.open(number, method, wallet, amount)
        answer = await self.conclude(payment, reference)
        assert answer.status_code == 200, answer.text
        assert (await self.states(payment)) == ("COMPLETED", "HELD")
        return payment

    async def come_back(self, payment, reference, status="success"):
        """The payer's browser returns from the provider."""
        field = "paymentID" if payment["method"] == "BKASH" else "payment_ref_id"
        page = f"/pay/{payment['id']}/return"
        return await self.client.get(page, params={field: reference, "status": status}, headers={"authorization": ""})

    async def refunds(self, payment):
        return [(one["amount"], one["status"]) for one in (await self.seen(payment))["refunds"]]

    async def reconciled(self):
        answer = await self.call("GET", "/api/escrow/reconciliation", by=("s", "SUPER_ADMIN"))
        return [(one["what"], one["ours"], one["theirs"]) for one in answer.json()["data"]["differences"]]

    def play(self, text):
        """A script for the payments that begin from now on."""
        self.bkash.world.set_scenario(self.bkash.world.library.find(text))


@asynccontextmanager
async def open_real(folder, storage=None, *, at_ms=NOW_MS, worlds=None, **changes):
    """worlds: those of an earlier life of the service."""
    worlds = worlds or Worlds(lambda: at_ms, SCHEMES)
    world = worlds.default
    world.clock.set_mode(Mode.FROZEN, at_ms=at_ms)
    wire = Wire(worlds)
    stack = Stack(bakong_url=ORIGIN, token="", data_dir=folder, worlds=worlds)
    options = Options(data_dir=folder, providers=ESCROW, provider_timeout_ms=30_000)
    _, bkash, nagad = embedded(options, stack)
    gateways = (Bkash(world, wire, bkash), Nagad(world, wire, nagad))
    async with open_care(folder, storage or {}, gateways=gateways, clock=world.clock, at_ms=at_ms, **changes) as care:
        yield RealCare(wire=wire, worlds=worlds, **vars(care))
