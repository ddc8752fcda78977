"""The transactions of a world, found by hash, short hash and the banks' references."""

from typing import NamedTuple

from bakong_simulator.kernel.payments import Payment, Receipt

SHORT = 8


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
            if transaction.receipt.currency == currency and transaction.receipt.amount == amount:
                return transaction
        return None
