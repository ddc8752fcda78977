"""The merchant's money: balance transactions, their fees, and what they move in the world's ledger.

| account | what it holds |
|---|---|
| stripe_cardholder | what cards pay from |
| stripe_pending, stripe_available | the merchant's money at Stripe, before and after it settled |
| stripe_fees, stripe_disputed | Stripe's fees; what disputes hold back |
| stripe_reserve | the merchant's bank account, which covers what goes back beyond what is there |
"""

from bakong_contracts.money import exponent
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import agenda, shapes
from bakong_schemes.stripe.fake.records import Json, Totals
from bakong_schemes.stripe.fake.view import View

CARDHOLDER, ISSUER, RESERVE = "stripe_cardholder", "stripe_issuer", "stripe_reserve"
PENDING, AVAILABLE, FEES, DISPUTED = "stripe_pending", "stripe_available", "stripe_fees", "stripe_disputed"


def units(amount: int, currency: str) -> int:
    """An amount of Stripe's in the ledger's minor units: riel have none there, and two decimals here.

    >>> units(400000, "khr"), units(2000, "usd"), units(500, "jpy")
    (4000, 2000, 500)
    """
    ours, theirs = exponent(currency.upper()), wire.decimals(currency)
    return amount if ours == theirs else amount * _power(ours) // _power(theirs)


def amount_of(minor: int, currency: str) -> int:
    """The ledger's minor units as an amount of Stripe's.

    >>> amount_of(4000, "khr"), amount_of(2000, "usd")
    (400000, 2000)
    """
    return minor * _power(wire.decimals(currency)) // _power(exponent(currency.upper()))


def _power(decimals: int) -> int:
    return int(10**decimals)


def move(view: View, debit: str, credit: str, currency: str, minor: int) -> None:
    """Move minor units of the ledger; what the debited account lacks comes from the merchant's bank."""
    if minor <= 0:
        return
    cover(view, debit, currency.upper(), minor)
    view.world.ledger.open(credit, issuer=ISSUER)
    view.world.ledger.post(debit, credit, currency.upper(), minor)


def cover(view: View, account: str, currency: str, minor: int) -> None:
    """Let an account hold so much: a card what it pays, the merchant what goes back."""
    ledger = view.world.ledger
    ledger.open(account, issuer=ISSUER)
    lacking = minor - ledger.balance(account, currency)
    if lacking <= 0:
        return
    if account == CARDHOLDER:
        ledger.post(ISSUER, account, currency, lacking)
        return
    ledger.open(RESERVE, issuer=ISSUER)
    if not ledger.covers(RESERVE, currency, lacking):
        more = lacking - ledger.balance(RESERVE, currency)
        ledger.post(ISSUER, RESERVE, currency, more)
        totals_of(view, currency.lower()).lent += more
    ledger.post(RESERVE, account, currency, lacking)


def totals_of(view: View, currency: str) -> Totals:
    return view.state.totals.setdefault(currency, Totals())


def level(view: View, currency: str) -> None:
    """Let the merchant's two accounts hold what the API says, against the merchant's bank."""
    totals, code = totals_of(view, currency), currency.upper()
    for account, amount in ((PENDING, totals.gross), (AVAILABLE, totals.available)):
        wanted = units(max(0, amount), currency)
        cover(view, account, code, wanted)
        surplus = view.world.ledger.balance(account, code) - wanted
        move(view, account, RESERVE, code, surplus)


def received(view: View, amount: int, currency: str) -> None:
    """Money came for the merchant, whose balance transaction is still to come."""
    totals_of(view, currency).gross += amount


def book(
    view: View,
    source: str,
    amount: int,
    currency: str,
    kind: str,
    *,
    fee: int = 0,
    available: bool = False,
    description: str | None = None,
) -> Json:
    """A balance transaction of something that has moved in the ledger. available: it counts at once."""
    at_s = view.now_s + (0 if available else wire.AVAILABLE_MS // 1000)
    made = shapes.balance_transaction(
        *(view.id("txn_"), view.now_s, amount, currency, fee, at_s),
        description=description,
        reporting_category=_category(kind, amount),
        source=source,
        type=kind,
    )
    view.state.add(made)
    totals = totals_of(view, currency)
    totals.pending += made["net"]
    totals.gross += 0 if kind == "charge" else amount
    if available:
        settle(view, made)
    else:
        agenda.schedule(view, wire.AVAILABLE_MS, "available", made["id"])
        level(view, currency)
    return made


def _category(kind: str, amount: int) -> str:
    """How reports call it: an adjustment is a dispute's here."""
    if kind != "adjustment":
        return kind
    return "dispute" if amount < 0 else "dispute_reversal"


def settle(view: View, transaction: Json) -> None:
    """What was pending is available from now on, less the fee."""
    if transaction["status"] == "available":
        return
    currency, net, amount = transaction["currency"], transaction["net"], transaction["amount"]
    transaction["status"] = "available"
    totals = totals_of(view, currency)
    totals.pending -= net
    totals.gross -= amount
    totals.available += net
    fee = units(transaction["fee"], currency)
    if amount >= 0:
        move(view, PENDING, FEES, currency, fee)
        move(view, PENDING, AVAILABLE, currency, units(max(0, net), currency))
    else:
        move(view, AVAILABLE, FEES, currency, fee)
        move(view, AVAILABLE, PENDING, currency, units(-amount, currency))
    level(view, currency)


def is_available(view: View, transaction_id: str | None) -> bool:
    """Whether the money of a charge has settled."""
    transaction = view.get("balance_transaction", transaction_id)
    return transaction is not None and transaction["status"] == "available"


def balance(view: View) -> Json:
    totals = {currency: (row.available, row.pending) for currency, row in view.state.totals.items()}
    return shapes.balance(totals or {"usd": (0, 0)})
