"""The transactions of a world: what a settlement is called at Bakong, found by hash, short hash and references."""

from dataclasses import dataclass, field
from typing import NamedTuple

from bakong_schemes.bakong.wire import Profile
from bakong_simulator.kernel.money import json_number
from bakong_simulator.kernel.payments import Payment, Settlement
from bakong_simulator.kernel.rng import Rng
from bakong_simulator.wire.reply import Reply

SHORT = 8
ACKNOWLEDGED = "ACKNOWLEDGED_BY_FI"
REVERSED = "REFUNDED_BY_RECEIVER"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A settlement as Bakong names it. Its times end in 000, as live ones do."""

    settlement: Settlement
    hash: str
    acknowledged_ms: int
    external_ref: str
    instruction_ref: str
    receiver_bank: str
    receiver_bank_account: str
    tracking_status: str = ACKNOWLEDGED

    @property
    def created_ms(self) -> int:
        return self.settlement.at_ms // 1000 * 1000

    @property
    def failed(self) -> bool:
        return self.settlement.failed

    @property
    def amount(self) -> float | int:
        return json_number(self.settlement.minor, self.settlement.currency)


def receipt_of(settlement: Settlement, rng: Rng) -> Receipt:
    """A new receipt, with hash and references from the world's seed."""
    account = rng.digits("account", 4)
    return Receipt(
        settlement,
        hash=rng.hex("hash", 64),
        acknowledged_ms=settlement.at_ms // 1000 * 1000 + 1000 * rng.between("acknowledged", 1, 3),
        external_ref="100FT" + rng.digits("reference", 11),
        instruction_ref="SB" + rng.digits("instruction", 14),
        receiver_bank=f"{settlement.to_account.rpartition('@')[2].upper()} Bank",
        receiver_bank_account=f"{account[0]}*******{account[1:]}",
    )


@dataclass(slots=True)
class Receipts:
    """Those of one payment, one for each of its settlements; and how its md5 was answered last, and with which."""

    rows: list[Receipt] = field(default_factory=list)
    last_answer: tuple[Receipt, Profile, Reply] | None = None


class Transaction(NamedTuple):
    """A receipt as it is now, and the payment that it belongs to."""

    receipt: Receipt
    payment: Payment


class Transactions:
    """Every transaction of a world, under the names that it can be asked by."""

    def __init__(self) -> None:
        self._by_hash: dict[str, Transaction] = {}
        self._by_short_hash: dict[str, list[str]] = {}
        self._by_instruction_ref: dict[str, str] = {}
        self._by_external_ref: dict[str, str] = {}

    def add(self, receipt: Receipt, payment: Payment) -> None:
        """A new transaction, or a known one whose receipt has changed."""
        if receipt.hash not in self._by_hash:
            self._by_short_hash.setdefault(receipt.hash[:SHORT], []).append(receipt.hash)
            self._by_instruction_ref[receipt.instruction_ref] = receipt.hash
            self._by_external_ref[receipt.external_ref] = receipt.hash
        self._by_hash[receipt.hash] = Transaction(receipt, payment)

    def by_hash(self, hash_: str) -> Transaction | None:
        return self._by_hash.get(hash_)

    def by_instruction_ref(self, reference: str) -> Transaction | None:
        return self._by_hash.get(self._by_instruction_ref.get(reference, ""))

    def by_external_ref(self, reference: str) -> Transaction | None:
        return self._by_hash.get(self._by_external_ref.get(reference, ""))

    def by_short_hash(self, short: str, amount: float, currency: str) -> Transaction | None:
        """The one whose hash begins so, of exactly this amount and currency."""
        for hash_ in self._by_short_hash.get(short, ()):
            transaction = self._by_hash[hash_]
            if transaction.receipt.settlement.currency == currency and transaction.receipt.amount == amount:
                return transaction
        return None
