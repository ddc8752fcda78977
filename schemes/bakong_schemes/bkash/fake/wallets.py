"""The wallets of every world, invented: which one a customer types decides what becomes of the payment."""

from typing import NamedTuple

from bakong_schemes.bkash import wire
from bakong_simulator.kernel.scheme import OpeningAccount
from bakong_simulator.kernel.world import World

MERCHANT, HELD, ISSUER = "bkash_merchant", "bkash_held", "bkash_issuer"
OPENING = 100_000_00
PIN, OTP = "24680", "135790"
MSISDN = r"01[3-9][0-9]{8}"


class Fate(NamedTuple):
    """page: the code that the page refuses the wallet with. execute: the code that execution refuses it with.

    once: what befalls the first execution; refund: what befalls refunds. Each is one of the words below.
    """

    page: str = ""
    execute: str = ""
    once: str = ""
    refund: str = ""


HANG_AFTER, HANG_BEFORE, MAINTENANCE, REFUSED = "hang_after", "hang_before", "maintenance", "refused"
USUAL = Fate()
NAMED: dict[str, tuple[str, Fate]] = {
    "ok": ("01300000001", USUAL),
    "ok2": ("01300000002", USUAL),
    "poor": ("01300000011", USUAL),
    "blocked": ("01300000012", Fate(execute="2037")),
    "wrongpin": ("01300000013", Fate(page="2014")),
    "wrongotp": ("01300000014", Fate(page="2016")),
    "nowallet": ("01300000015", Fate(page="2057")),
    "hangpaid": ("01300000016", Fate(once=HANG_AFTER)),
    "hangunpaid": ("01300000017", Fate(once=HANG_BEFORE)),
    "maintenance": ("01300000018", Fate(once=MAINTENANCE)),
    "duplicate": ("01300000019", Fate(execute="2029")),
    "refundhang": ("01300000020", Fate(refund=HANG_AFTER)),
    "refundrefused": ("01300000021", Fate(refund=REFUSED)),
}
USUAL_WALLET = NAMED["ok"][0]
_FATES = dict(NAMED.values())
NO_WALLETS = ("nowallet",)


def fate_of(msisdn: str) -> Fate:
    return _FATES.get(msisdn, USUAL)


def account_of(msisdn: str) -> str:
    """The ledger's name of a wallet.

    >>> account_of("01300000001")
    'bkash_01300000001'
    """
    return f"{wire.NAME}_{msisdn}"


def msisdn_of(account_id: str) -> str:
    return account_id.removeprefix(f"{wire.NAME}_")


def opening_accounts() -> tuple[OpeningAccount, ...]:
    wallets = tuple(
        OpeningAccount(account_of(msisdn), f"Wallet {name}", {wire.CURRENCY: 0 if name == "poor" else OPENING})
        for name, (msisdn, _) in NAMED.items()
        if name not in NO_WALLETS
    )
    return (*wallets, OpeningAccount(MERCHANT, "Sandbox Merchant"), OpeningAccount(HELD, "Held for the merchant"))


def is_wallet(world: World, msisdn: str) -> bool:
    """Whether such a wallet is there, or is one that a page refuses by its own rule."""
    return world.ledger.holds(account_of(msisdn)) or bool(fate_of(msisdn).page)
