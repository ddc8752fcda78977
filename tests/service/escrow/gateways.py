"""bKash and Nagad for tests, scripted: each has its own ledger, and may hang before or after the money has moved."""

import hashlib
from collections import deque
from dataclasses import dataclass, field

from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Authorized, Failed, NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Created, Polling, Provider
from bakong_service.provider_factory import ProviderFactory
from bakong_service.usecases.own_pace import OwnPace

BEFORE, AFTER, REFUSE = "hang before", "hang after", "refuse"  # the money moves, or not; the answer is lost, or a no
CRASH, CRASH_AFTER = "crash", "crash after"  # as a process that dies there: nothing of ours is written after it
ACCOUNT = "acct_care"


class CrashError(Exception):
    """The process dies here."""


def lost(fault):
    """What is answered after the money has moved. Raises CrashError."""
    if fault == CRASH_AFTER:
        raise CrashError
    return NoAnswer("timeout") if fault == AFTER else None


@dataclass
class Account:
    """One payment at the provider: what its payer did, what moved, and what went back."""

    amount: int
    state: str = "open"
    hash: str = ""
    moves: int = 0
    paid_ms: int | None = None
    back: list = field(default_factory=list)


class Gateway:
    """faults: of each operation, one for each of its next calls; None is no fault."""

    executes = False
    naive = False  # it moves the money as often as it is asked to

    def __init__(self, name):
        self.name = name
        self.accounts, self.by_payment, self.checkouts = {}, {}, {}
        self.calls, self.given = [], []
        self.faults = {name: deque() for name in ("create", "check", "finalise", "refund", "list")}
        self.now_ms = int
        self.step = None

    async def _begin(self, operation, what):
        if self.step is not None:
            self.step()
        self.calls.append((operation, what, self.now_ms()))
        fault = self.faults[operation].popleft() if self.faults[operation] else None
        if fault == CRASH:
            raise CrashError
        return fault

    async def create(self, checkout):
        fault = await self._begin("create", checkout.payment_id)
        if fault == REFUSE:
            return NoAnswer("refused", "no")
        if fault == BEFORE:
            return NoAnswer("timeout")
        if checkout.payment_id not in self.by_payment:
            reference = f"{self.name}-{len(self.by_payment) + 1}"
            self.by_payment[checkout.payment_id] = reference
            self.accounts[reference] = Account(checkout.money.minor)
            self.checkouts[reference] = checkout
        reference = self.by_payment[checkout.payment_id]
        return lost(fault) or Created(reference, ACCOUNT, Redirect(f"https://{self.name}.test/pay/{reference}"))

    async def check(self, reference):
        if await self._begin("check", reference):
            return NoAnswer("timeout")
        account = self.accounts[reference]
        if account.state == "paid":
            return self._paid(reference)
        return {"approved": Authorized(), "failed": Failed()}.get(account.state, NotFound())

    async def finalise(self, reference):
        fault = await self._begin("finalise", reference)
        account = self.accounts[reference]
        if fault == BEFORE:
            return NoAnswer("timeout")
        if fault == REFUSE:
            account.state = "failed"
        if account.state == "approved" or (self.naive and account.state == "paid"):
            self.move(reference)
        return lost(fault) or (self._paid(reference) if account.state == "paid" else Failed())

    async def refund(self, reference, money, key):
        """Knows no key: asked twice, it gives twice."""
        fault = await self._begin("refund", reference)
        account = self.accounts[reference]
        if fault == BEFORE:
            return NoAnswer("timeout")
        if fault == REFUSE:
            return NoAnswer("refused", "2074")
        if sum(minor for _, minor in account.back) + money.minor > account.amount * account.moves:
            return Failed()
        made = (f"RF{reference}-{len(account.back) + 1}", money.minor)
        account.back.append(made)
        self.given.append((key, reference, money.minor))
        return lost(fault) or Refunded(made[0], money)

    async def list_refunds(self, reference):
        if await self._begin("list", reference):
            return NoAnswer("timeout")
        return [Refunded(name, Money(minor, "BDT")) for name, minor in self.accounts[reference].back]

    def move(self, reference, *, minor=None):
        """The money moves, now."""
        account = self.accounts[reference]
        account.state, account.moves, account.paid_ms = "paid", account.moves + 1, self.now_ms()
        account.amount = account.amount if minor is None else minor
        account.hash = hashlib.sha256(reference.encode()).hexdigest()[:10].upper()

    def approve(self, reference):
        """What a payer does at the page."""
        if self.executes:
            self.accounts[reference].state = "approved"
        else:
            self.move(reference)

    def _paid(self, reference):
        account = self.accounts[reference]
        return Paid(account.hash, Money(account.amount, "BDT"), ACCOUNT, account.paid_ms)

    @property
    def balance(self):
        """What it has of ours: all that moved, less what went back."""
        paid = sum(one.amount * one.moves for one in self.accounts.values())
        return paid - sum(minor for one in self.accounts.values() for _, minor in one.back)

    def count(self, operation, reference=None):
        return sum(1 for name, what, _ in self.calls if name == operation and reference in (None, what))

    def factory(self, **changes):
        def make(given):
            self.now_ms = given.now_ms
            finalise = {"finalise": self.finalise} if self.executes else {}
            record = {
                "name": self.name,
                "currencies": frozenset({"BDT"}),
                "life_ms": 900_000,
                "create": self.create,
                "polling": Polling(check=self.check, pace=OwnPace()),
                "refund": self.refund,
                "list_refunds": self.list_refunds,
            }
            return Provider(**record | finalise | changes)

        return ProviderFactory(name=self.name, make=make)


class Bkash(Gateway):
    executes = True

    def __init__(self):
        super().__init__("bkash")


class Nagad(Gateway):
    def __init__(self):
        super().__init__("nagad")
