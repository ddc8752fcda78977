"""Double entry: accounts with balances in any currency, and postings that sum to zero."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


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
    """An account, and what it holds in minor units of each currency."""

    account_id: str
    name: str
    balances: dict[str, int] = field(default_factory=dict)


class Ledger:
    """All accounts of a world. For each currency the balances sum to zero, always.

    issuers: where opening balances come from, each with its currencies, which the accounts that are opened under it are
    shown to hold from their beginning. Issuers alone may go below zero.
    """

    def __init__(self, issuers: Mapping[str, Collection[str]]) -> None:
        self.issuers = issuers
        self.accounts: dict[str, Account] = {issuer: self._made(issuer, "Issuer", issuer) for issuer in issuers}
        self.postings: list[Posting] = []

    def open(
        self, account_id: str, name: str = "", balances: Mapping[str, int] | None = None, issuer: str = ""
    ) -> Account:
        """Open an account, or fund one that is open, under an issuer, by default the first."""
        issuer = issuer or next(iter(self.issuers))
        account = self.accounts.get(account_id)
        if account is None:
            account = self.accounts[account_id] = self._made(account_id, name or account_id.partition("@")[0], issuer)
        for currency, minor in (balances or {}).items():
            self.post(issuer, account_id, currency, minor)
        return account

    @property
    def currencies(self) -> list[str]:
        """Those of all issuers, each once."""
        return list(dict.fromkeys(currency for held in self.issuers.values() for currency in held))

    def holds(self, account_id: str) -> bool:
        return account_id in self.accounts and account_id not in self.issuers

    def balance(self, account_id: str, currency: str) -> int:
        return self.accounts[account_id].balances.get(currency, 0)

    def covers(self, account_id: str, currency: str, minor: int) -> bool:
        """Whether an account can pay so much; an issuer always can."""
        return account_id in self.issuers or self.balance(account_id, currency) >= minor

    def check_covered(self, account_id: str, currency: str, minor: int) -> None:
        """Raises LedgerError where an account cannot pay so much."""
        if not self.covers(account_id, currency, minor):
            held = self.balance(account_id, currency)
            raise LedgerError(f"{account_id} holds {held} minor units of {currency}, {minor} are asked")

    def post(self, debit: str, credit: str, currency: str, minor: int) -> None:
        """Move minor units from one account to another. Raises LedgerError and moves nothing."""
        if minor < 0:
            raise LedgerError(f"an amount of {minor} minor units cannot be moved")
        payer, payee = self.accounts[debit].balances, self.accounts[credit].balances
        self.check_covered(debit, currency, minor)
        payer[currency] = payer.get(currency, 0) - minor
        payee[currency] = payee.get(currency, 0) + minor
        self.postings.append(Posting(debit, credit, currency, minor))

    def sum(self, currency: str) -> int:
        """Zero, whatever happened."""
        return sum(account.balances.get(currency, 0) for account in self.accounts.values())

    def _made(self, account_id: str, name: str, issuer: str) -> Account:
        return Account(account_id, name, dict.fromkeys(self.issuers[issuer], 0))
