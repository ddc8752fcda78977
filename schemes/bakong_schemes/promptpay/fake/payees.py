"""Who is registered for PromptPay in a world, and what a payer's bank refuses: by registration, never by form."""

from dataclasses import dataclass, field

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.wire import Reference
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import WorldError

DEFAULT_BANK = "014"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that somebody has registered at a bank. payee: its account in the ledger, such as 0800000475@mobile."""

    payee: str
    owner: str
    bank: str = DEFAULT_BANK
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Biller:
    """Who takes bills. known_by: the banks whose apps can pay it; None: all.

    needs_reference2: a bill without one is refused. pays_once: so is a bill that has been paid.
    """

    payee: str
    owner: str
    bank: str = DEFAULT_BANK
    known_by: tuple[str, ...] | None = None
    needs_reference2: bool = False
    pays_once: bool = False


@dataclass(slots=True)
class Payees:
    """Those that a world knows, by their account. accepts_unknown: any other is paid as well."""

    rows: dict[str, Proxy | Biller] = field(default_factory=dict)
    accepts_unknown: bool = True

    def owner(self, payee: str) -> str:
        row = self.rows.get(payee)
        return payee if row is None else row.owner

    def bank_of(self, account: str) -> str:
        """The bank that an account is at: by its own name, as payer@004, or by its registration."""
        bank = account.rpartition("@")[2]
        if bank in wire.BANKS or bank == wire.TRUEMONEY:
            return bank
        row = self.rows.get(account)
        return DEFAULT_BANK if row is None else row.bank

    def check(self, asked: Reference, from_account: str, known: Payment | None) -> None:
        """Raises WorldError, its reason first, where the payer's bank refuses. known: what was paid so far."""
        row = self.rows.get(asked.payee)
        what = "biller" if asked.kind == wire.BILLER else "proxy"
        if row is None:
            if not self.accepts_unknown:
                raise WorldError(f"{what}_unknown: nobody has registered {asked.payee} in this world")
        elif isinstance(row, Proxy):
            if row.is_closed:
                raise WorldError(f"proxy_closed: {asked.payee} of {row.owner} takes no money any more")
        else:
            _check_bill(row, asked, self.bank_of(from_account), known)


def _check_bill(biller: Biller, asked: Reference, bank: str, known: Payment | None) -> None:
    if biller.known_by is not None and bank not in biller.known_by:
        raise WorldError(
            f"biller_unknown: bank {bank} does not know {biller.payee}, only {', '.join(biller.known_by)} do"
        )
    if biller.needs_reference2 and asked.ref2 is None:
        raise WorldError(f"reference2_missing: {biller.owner} demands reference 2 (30.03)")
    if biller.pays_once and known and any(not (row.failed or row.returned) for row in known.settlements):
        raise WorldError(f"bill_paid: {asked} has been paid, and {biller.owner} takes a bill once")
