"""What Bakong knows of a world: who may ask, within which limits, and its transactions."""

from collections.abc import Iterable
from dataclasses import replace

from bakong_scenarios import Scenario
from bakong_schemes.bakong.fake.limits import OFF, Limits, Meter
from bakong_schemes.bakong.fake.registrations import Registrations
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.transactions import REVERSED, Receipt, Receipts, Transaction, Transactions, receipt_of
from bakong_schemes.bakong.wire import DEFAULT_PROFILE, PROFILES, Profile
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import AnyScheme, World, WorldError


class BakongState:
    """The state of one world. `limits` may be replaced at any time: replace(limits, geo_block=True) is the 403 abroad.

    by_host: whether a call that names one of the real hosts is answered by the profile of that host.
    receipts: of each payment that was settled, by its md5.
    """

    def __init__(self, scheme: AnyScheme, world: World, registrations: Registrations) -> None:
        self.scheme = scheme
        self.world = world
        self.name = scheme.name
        self.registrations = registrations
        self.profile: Profile = PROFILES[DEFAULT_PROFILE]
        self.by_host = True
        self.limits: Limits = OFF
        self.meter = Meter()
        self.transactions = Transactions()
        self.receipts: dict[str, Receipts] = {}

    # Payments, which are known by their md5

    def payment(self, md5: str) -> Payment | None:
        """The payment of an md5 whose code was shown or paid."""
        return self.world.payments.get((self.name, md5))

    def find(self, md5: str, named: Scenario | None = None) -> Payment:
        """What is known under an md5; an unclaimed payment where nothing is. Raises ScenarioError where none fits."""
        return self.world.find(self.name, md5, named)

    def check(self, md5: str) -> Payment:
        """The payment of an md5, for a check that is about to be answered; each check brings its path on."""
        payment = self.world.find(self.name, md5)
        self.world.player.on_poll(payment)
        return payment

    def check_transaction(self, transaction: Transaction | None) -> Receipt | None:
        """The receipt of a transaction, for a check likewise; None while its payment is hidden."""
        if transaction is None:
            return None
        self.world.player.on_poll(transaction.payment)
        return None if transaction.payment.hidden else transaction.receipt

    def register_code(self, qr: str, named: Scenario | None = None) -> Payment:
        """Let Bakong know a code, as a deep link or a registration does; named: the script that its payment follows.

        Raises ScanError, and ScenarioError where no script fits.
        """
        return self.world.register(self.scheme, scan(qr), qr, named)

    # Receipts

    def receipts_of(self, payment: Payment) -> list[Receipt]:
        """One for each of its settlements, in their order."""
        kept = self.receipts.get(payment.reference)
        return [] if kept is None else kept.rows

    def receipt(self, payment: Payment) -> Receipt | None:
        """The receipt that an md5 shows; None while there is none, or the payment is hidden."""
        at = payment.shown
        return None if at is None else self.receipts[payment.reference].rows[at]

    def settled(self, payment: Payment, at: int) -> None:
        """A settlement has come, or its money went back."""
        rows = self.receipts.setdefault(payment.reference, Receipts()).rows
        settlement = payment.settlements[at]
        if at == len(rows):
            rows.append(receipt_of(settlement, self.world.rng))
        else:
            rows[at] = replace(rows[at], settlement=settlement, tracking_status=REVERSED)
        self.transactions.add(rows[at], payment)

    def tracked(self, payment: Payment, status: str) -> None:
        """The newest transaction of a payment has reached a tracking status."""
        rows = self.receipts[payment.reference].rows
        rows[-1] = replace(rows[-1], tracking_status=status)
        self.transactions.add(rows[-1], payment)

    def put_receipts(self, payment: Payment, receipts: Iterable[Receipt]) -> None:
        """Let a payment have these."""
        self.receipts[payment.reference] = Receipts(list(receipts))
        for receipt in self.receipts[payment.reference].rows:
            self.transactions.add(receipt, payment)

    def reverse(self, hash_: str) -> Receipt:
        """The receiver's bank sends the money of a transaction back, which checks show as its tracking status.

        Raises WorldError, and LedgerError where the receiver has too little left.
        """
        transaction = self.transactions.by_hash(hash_)
        if transaction is None or transaction.receipt.failed or transaction.receipt.tracking_status == REVERSED:
            raise WorldError(f"no transaction with hash {hash_!r} whose money could go back")
        rows = self.receipts[transaction.payment.reference].rows
        at = next(at for at, receipt in enumerate(rows) if receipt.hash == hash_)
        self.world.send_back(transaction.payment, at)
        return rows[at]

    # Limits

    def exhaust_quota(self, token: str | None = None) -> None:
        """Let a token (by default each) have spent its day: code 17 until midnight in Phnom Penh.

        A quota is switched on for it, at the real one's 100, where there was none.
        """
        if self.limits.quota is None:
            self.limits = replace(self.limits, quota=100)
        for spent in self.registrations.tokens if token is None else (token,):
            self.meter.spend_day(spent, self.world.clock.now_ms(), self.limits.quota or 0)
