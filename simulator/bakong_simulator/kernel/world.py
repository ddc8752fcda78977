"""One isolated Bakong: clock, seed, ledger, payments, tokens, scenario, journal."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bakong_scenarios import Scenario, ScriptFile, State, Step, find
from bakong_schemes.bakong.fake.limits import OFF, Limits, Meter
from bakong_schemes.bakong.fake.registrations import Registrations
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.transactions import Transaction, Transactions
from bakong_schemes.bakong.wire import DEFAULT_PROFILE, PROFILES, Profile
from bakong_simulator.kernel.clock import WallMs, WorldClock
from bakong_simulator.kernel.journal import MAX_BYTES, Journal
from bakong_simulator.kernel.ledger import Ledger
from bakong_simulator.kernel.payments import Order, Payment, Pending, Receipt
from bakong_simulator.kernel.player import Player, as_scripted
from bakong_simulator.kernel.rng import Rng

WALLET = "sandkhppxxx@sand"  # a bank's settlement account, as the payers of most banks show
MERCHANT = "sandbox_merchant@sand"
OPENING_BALANCE = {"USD": 100_000_000_00, "KHR": 400_000_000_000}
DEFAULT_AMOUNT = {"USD": 1_00, "KHR": 4000}  # what a scenario pays where the code names no amount
DEFAULT_SCENARIO = "manual"
REVERSED = "REFUNDED_BY_RECEIVER"
MAX_UNCLAIMED = 10_000  # md5s that were asked for and that nobody ever showed or paid


class WorldError(ValueError):
    """An act that this world does not allow. The message says why."""


class World:
    """Everything that one Bakong knows."""

    def __init__(self, name: str, seed: int, wall_ms: WallMs, scenario: Scenario | None = None) -> None:
        self.name = name
        self.seed = seed
        self._wall_ms = wall_ms
        self.clock = WorldClock(wall_ms)
        self.clock.on_failure = lambda failure: self.journal.fail(*failure)
        self.profile: Profile = PROFILES[DEFAULT_PROFILE]
        self.limits: Limits = OFF
        self.baseline: Callable[[World], Mapping[str, Any]] = no_baseline
        self._journal_bytes = MAX_BYTES
        self.rng = Rng(seed)
        self.registrations = Registrations(name, self.rng, self.clock.now_ms)
        self._begin(scenario or find(DEFAULT_SCENARIO))

    def _begin(self, scenario: Scenario) -> None:
        self.rng = Rng(self.seed)
        self.meter = Meter()
        self.ledger = Ledger()
        self.transactions = Transactions()
        self.payments: dict[str, Payment] = {}
        self.unclaimed: OrderedDict[str, Payment] = OrderedDict()
        self.calls: dict[str, int] = {}
        self.journal = Journal(lambda: self.baseline(self), self._journal_bytes)
        self.player = Player(self.clock, self.rng, scenario, settle=self._settle_by_script, track=self._track)
        self.ledger.open(WALLET, "Sandbox Bank", OPENING_BALANCE)
        self.ledger.open(MERCHANT, "Sandbox Merchant")
        self.registrations.reset(self.rng)

    def reset(self) -> None:
        """As new: same seed, clock, scenario, profile and limits; tokens that were issued stay good."""
        file = self.player.file
        self.begin_as(self.seed, self.scenario)
        if file is not None:
            self.player.watch_file(file)

    def begin_as(self, seed: int, scenario: Scenario) -> None:
        """As new, with this seed and scenario."""
        self.player.stop()
        self.seed = seed
        self._begin(scenario)

    @property
    def scenario(self) -> Scenario:
        return self.player.scenario

    @property
    def playing(self) -> str:
        """The name of the scenario that is played, without a look at its file."""
        return self.player.name

    @property
    def journal_bytes(self) -> int:
        """So much is kept of the calls' bodies, and so much of the control actions'."""
        return self._journal_bytes

    @journal_bytes.setter
    def journal_bytes(self, size: int) -> None:
        self._journal_bytes = self.journal.max_bytes = size

    # Limits. `world.limits` may be replaced at any time: replace(world.limits, geo_block=True) is the 403 abroad.

    def exhaust_quota(self, token: str | None = None) -> None:
        """Let a token (by default each) have spent its day: code 17 until midnight in Phnom Penh.

        A quota is switched on for it, at the real one's 100, where there was none.
        """
        if self.limits.quota is None:
            self.limits = replace(self.limits, quota=100)
        for spent in self.registrations.tokens if token is None else (token,):
            self.meter.spend_day(spent, self.clock.now_ms(), self.limits.quota or 0)

    # Payments

    def register_code(self, qr: str, named: Scenario | None = None) -> Payment:
        """Let Bakong know a code, as a deep link or a registration does; named: the script that its payment follows.

        Raises ScanError, and ScenarioError where no script fits.
        """
        return self._get_or_create(scan(qr), qr, named)

    def pay(
        self,
        order: Order,
        qr: str | None = None,
        *,
        minor: int | None = None,
        currency: str | None = None,
        from_account: str = WALLET,
        outcome: State | None = None,
        named: Scenario | None = None,
    ) -> Payment:
        """A wallet pays. It settles as the scenario says, or as `outcome` does, which wins.

        Where the payer has too little when the money moves, the payment fails; where it would move at once, LedgerError
        is raised instead. Raises WorldError, and ScenarioError where no script fits.
        """
        amount = order.minor if minor is None else minor
        if amount is None or amount <= 0:
            raise WorldError("the code names no amount: give one as 'amount'")
        if not self.ledger.holds(from_account):
            raise WorldError(f"no account {from_account!r} in world {self.name!r} to pay from")
        payment = self._get_or_create(order, qr, named)
        step = self.player.outcome(payment) if outcome is None else Step(outcome)
        paid = replace(order, minor=amount, currency=currency or order.currency)
        if minor is None and currency is None:
            paid = as_scripted(paid, step)
        if step.state is State.PAID and self.player.is_due(payment, step):
            self.ledger.check_covered(from_account, paid.currency, paid.minor or 0)
        payment.pending = Pending(paid, from_account, step)
        self.player.schedule_settlement(payment, step, lambda: self._arrive(payment))
        return payment

    def resume(self, payment: Payment, dues: Mapping[int, int]) -> None:
        """Let a payment go on where a snapshot left it."""
        self.player.resume(payment, dues, lambda: self._arrive(payment))

    def _arrive(self, payment: Payment) -> None:
        """What a wallet has sent is there."""
        if sent := payment.pending:
            payment.pending = None
            self._settle(payment, sent.order, sent.from_account, sent.step)

    def check(self, md5: str) -> Payment:
        """The payment of an md5, for a check that is about to be answered; each check brings its path on."""
        payment = self.find(md5)
        self.player.on_poll(payment)
        return payment

    def check_transaction(self, transaction: Transaction | None) -> Receipt | None:
        """The receipt of a transaction, for a check likewise; None while its payment is hidden."""
        if transaction is None:
            return None
        self.player.on_poll(transaction.payment)
        return None if transaction.payment.hidden else transaction.receipt

    def find(self, md5: str, named: Scenario | None = None) -> Payment:
        """What is known under an md5; a stranger's record where nothing is. Raises ScenarioError where none fits."""
        payment = self.payments.get(md5) or self.unclaimed.get(md5)
        if payment is None:
            script = self.player.choose(None, named)
            payment = self.unclaimed[md5] = Payment(md5)
            if len(self.unclaimed) > MAX_UNCLAIMED:
                self.unclaimed.popitem(last=False)
            self.player.begin(payment, script)
        else:
            self.player.switch(payment, named)
        return payment

    def count(self, endpoint: str) -> int:
        """The number of this call to an endpoint, from 1."""
        self.calls[endpoint] = self.calls.get(endpoint, 0) + 1
        return self.calls[endpoint]

    def reverse(self, hash_: str) -> Receipt:
        """The receiver's bank sends the money of a transaction back, which checks show as its tracking status.

        Raises WorldError, and LedgerError where the receiver has too little left.
        """
        transaction = self.transactions.by_hash(hash_)
        if transaction is None or transaction.receipt.failed or transaction.receipt.tracking_status == REVERSED:
            raise WorldError(f"no transaction with hash {hash_!r} whose money could go back")
        receipt, payment = transaction
        self.ledger.post(receipt.to_account, receipt.from_account, receipt.currency, receipt.minor)
        return self._follow_money(receipt, REVERSED, payment)

    def set_scenario(self, scenario: Scenario) -> None:
        """Play another scenario, for the payments that begin from now on; its faults strike at once."""
        self.player.set_scenario(scenario)
        self.unclaimed.clear()

    def watch_file(self, file: ScriptFile) -> None:
        """Play the script in a file, as it is at each time."""
        self.set_scenario(file.scenario)
        self.player.watch_file(file)

    def _get_or_create(self, order: Order, qr: str | None, named: Scenario | None = None) -> Payment:
        known = self.payments.get(order.md5)
        if known is not None:
            self.player.switch(known, named)
            return known
        script = self.player.choose(order, named)
        payment = Payment(order.md5, order, qr)
        if stranger := self.unclaimed.pop(order.md5, None):
            payment.attempts = stranger.attempts
        self.payments[order.md5] = payment
        self.player.begin(payment, script)
        return payment

    def _settle_by_script(self, payment: Payment, step: Step) -> None:
        order = payment.order or _unclaimed_order(payment.md5)
        paid = as_scripted(replace(order, minor=order.minor or DEFAULT_AMOUNT[order.currency]), step)
        self._fund(paid.currency, paid.minor or 0)
        self._settle(payment, paid, WALLET, step)

    def _fund(self, currency: str, minor: int) -> None:
        """A script's payer has what the script pays."""
        held = self.ledger.accounts[WALLET].balances[currency]
        if held < minor:
            self.ledger.open(WALLET, balances={currency: minor - held})

    def _track(self, payment: Payment, status: str) -> None:
        """The newest transaction of a payment reaches a tracking status."""
        self._follow_money(payment.receipts[-1], status, payment)

    def _follow_money(self, receipt: Receipt, status: str, payment: Payment) -> Receipt:
        """The transaction with another tracking status, wherever it is asked for."""
        tracked = replace(receipt, tracking_status=status)
        self.transactions.add(tracked, payment)
        payment.receipts = [tracked if held.hash == receipt.hash else held for held in payment.receipts]
        return tracked

    def _settle(self, payment: Payment, order: Order, from_account: str, step: Step) -> None:
        minor = order.minor or DEFAULT_AMOUNT[order.currency]
        paid = step.state is State.PAID and self.ledger.covers(from_account, order.currency, minor)
        if paid:
            self.ledger.open(order.to_account)
            self.ledger.post(from_account, order.to_account, order.currency, minor)
        receipt = self._receipt(order, minor, from_account, failed=not paid)
        payment.receipts.append(receipt)
        self.transactions.add(receipt, payment)
        if payment.md5 in self.unclaimed:
            self.payments[payment.md5] = self.unclaimed.pop(payment.md5)

    def _receipt(self, order: Order, minor: int, from_account: str, *, failed: bool) -> Receipt:
        """A transaction of now, with hash and references from the world's seed; its times end in 000, as live ones."""
        draw = self.rng
        created = self.clock.now_ms() // 1000 * 1000
        account = draw.digits("account", 4)
        return Receipt(
            hash=draw.hex("hash", 64),
            from_account=from_account,
            to_account=order.to_account,
            currency=order.currency,
            minor=minor,
            created_ms=created,
            acknowledged_ms=created + 1000 * draw.between("acknowledged", 1, 3),
            external_ref="100FT" + draw.digits("reference", 11),
            instruction_ref="SB" + draw.digits("instruction", 14),
            receiver_bank=f"{order.to_account.rpartition('@')[2].upper()} Bank",
            receiver_bank_account=f"{account[0]}*******{account[1:]}",
            failed=failed,
        )


def no_baseline(_world: World) -> Mapping[str, Any]:
    """Of a world whose journal nobody will replay."""
    return {}


def _unclaimed_order(md5: str) -> Order:
    """What a scenario pays under an md5 whose code nobody has shown: one dollar to the sandbox's merchant."""
    return Order(md5, MERCHANT, "USD", None, None, None)
