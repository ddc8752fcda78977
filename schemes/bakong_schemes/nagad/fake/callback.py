"""Where the browser goes after the pay page: the merchant's URL, with a query that nobody should believe."""

from urllib.parse import quote

from bakong_schemes.nagad import times, wire
from bakong_schemes.nagad.fake.records import NagadState, Purchase
from bakong_schemes.nagad.fake.status import IN_PROGRESS, Standing, payment_of, standing
from bakong_schemes.nagad.wire import Outcome
from bakong_simulator.kernel.world import World


def callback(world: World, state: NagadState, purchase: Purchase, *, as_success: bool = False) -> str | None:
    """The URL; None while there is nothing to tell, and for the customer whose browser is not sent back.

    as_success: it says Success whatever has happened.
    """
    now = standing(world, state, purchase)
    if not purchase.callback or now.is_open or now.status == IN_PROGRESS or _stays(world, purchase):
        return None
    outcome = wire.SUCCESS if as_success or now.paid is not None else _outcome(state, now)
    return _appended(purchase.callback, _query(world, state, purchase, now, outcome))


def _stays(world: World, purchase: Purchase) -> bool:
    payment = payment_of(world, purchase)
    settlement = None if payment is None else payment.settlement
    wallet = None if settlement is None else wire.WALLETS.get(settlement.from_account)
    return wallet is not None and wallet.name == "lost"


def _outcome(state: NagadState, now: Standing) -> Outcome:
    if now.status == "Failed":
        return wire.FAILURE._replace(code=state.settings.failed_code)
    return wire.ABORTED._replace(status=now.status, code=state.settings.aborted_code)


def _query(world: World, state: NagadState, purchase: Purchase, now: Standing, outcome: Outcome) -> str:
    """In the order of the captures; the reference stands raw."""
    fields = {
        "merchant": state.merchant_id,
        "order_id": purchase.order_id,
        "payment_ref_id": purchase.reference,
        "status": outcome.status,
        "status_code": quote(outcome.code, safe=""),
        "message": quote(outcome.message, safe=""),
    }
    if outcome is wire.SUCCESS:
        paid_ms = world.clock.now_ms() if now.paid is None else now.paid.at_ms
        fields["payment_dt"] = times.compact(paid_ms)
        fields["issuer_payment_ref"] = purchase.issuer_reference or "00010000"
    return "&".join(f"{name}={value}" for name, value in fields.items())


def _appended(url: str, query: str) -> str:
    """The URL with a query, before its fragment.

    >>> _appended("https://shop.example/a?b=1#top", "c=2")
    'https://shop.example/a?b=1&c=2#top'
    """
    base, hash_, fragment = url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{query}{hash_}{fragment}"
