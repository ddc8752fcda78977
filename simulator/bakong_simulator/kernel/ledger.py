"""Double entry: accounts with balances in USD and KHR, and postings that sum to zero."""

from dataclasses import dataclass, field
from typing import NamedTuple

ISSUER = "issuer@nbc"  # where opening balances come from; the only account that may go below zero
CURRENCIES = ("KHR", "USD")


class LedgerError(ValueError):
    """A posting that would break a rule; nothing was posted."""


class Posting(NamedTuple):
    """Money that moved, in minor units (cents of USD, whole KHR)."""

    debit: str
    credit: str
    currency: str
    minor: int


@dataclass(slots=True)
class Account:
    """A Bakong account, and what it holds in minor units."""

    account_id: str
    name: str
    balances: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CURRENCIES, 0))


class Ledger:
    """All accounts of a world. For each currency the balances sum to zero, always."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {ISSUER: Account(ISSUER, "Issuer")}
        self.postings: list[Posting] = []

    def open(self, account_id: str, name: str = "", balances: dict[str, int] | None = None) -> Account:
        """Open an account, or fund one that is open; opening balances come from the issuer."""
        account = self.accounts.setdefault(account_id, Account(account_id, name or account_id.partition("@")[0]))
        for currency, minor in (balances or {}).items():
            self.post(ISSUER, account_id, currency, minor)
        return account

    def holds(self, account_id: str) -> bool:
        return account_id in self.accounts and account_id != ISSUER

    def covers(self, account_id: str, currency: str, minor: int) -> bool:
        """Whether an account can pay so much; the issuer always can."""
        return account_id == ISSUER or self.accounts[account_id].balances[currency] >= minor

    def check_covered(self, account_id: str, currency: str, minor: int) -> None:
        """Raises LedgerError where an account cannot pay so much."""
        if not self.covers(account_id, currency, minor):
            held = self.accounts[account_id].balances[currency]
            raise LedgerError(f"{account_id} holds {held} minor units of {currency}, {minor} are asked")

    def post(self, debit: str, credit: str, currency: str, minor: int) -> None:
        """Move minor units from one account to another. Raises LedgerError and moves nothing."""
        if minor < 0:
            raise LedgerError(f"an amount of {minor} minor units cannot be moved")
        payer, payee = self.accounts[debit], self.accounts[credit]
        self.check_covered(debit, currency, minor)
        payer.balances[currency] -= minor
        payee.balances[currency] += minor
        self.postings.append(Posting(debit, credit, currency, minor))

    def sum(self, currency: str) -> int:
        """Zero, whatever happened."""
        return sum(account.balances[currency] for account in self.accounts.values())
