"""What has become of a payment, in the words of verify: its own record and the money of its kernel payment together."""

from typing import Any, NamedTuple

from bakong_scenarios import State
from bakong_schemes.nagad import times, wire
from bakong_schemes.nagad.fake.records import NagadState, Purchase
from bakong_simulator.kernel.payments import Payment, Settlement
from bakong_simulator.kernel.world import World

IN_PROGRESS = "InProgress"
# Of settings.refund_status: after a part, and after the whole.
REFUND_STATUSES = {
    "cancelled": ("PartialCancelled", "Cancelled"),
    "refunded": ("PartialRefunded", "Refunded"),
    "success": ("PartialCancelled", "Cancelled"),  # of the refund's own answer; verify goes on to say Success
}


class Standing(NamedTuple):
    """status: a word of verify. paid: the settlement whose money came, and at: its number."""

    status: str
    paid: Settlement | None = None
    at: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the customer may still decide."""
        return self.status in ("Ready", "OrderInitiated", "Initiated")


def payment_of(world: World, purchase: Purchase) -> Payment | None:
    """The kernel's; None before complete."""
    return world.payments.get((wire.NAME, purchase.reference))


def standing(world: World, state: NagadState, purchase: Purchase) -> Standing:
    """What verify says by now."""
    payment = payment_of(world, purchase)
    if payment is None:
        return Standing("OrderInitiated")
    at = payment.shown
    settlement = None if at is None else payment.settlements[at]
    if settlement is not None and not settlement.failed:
        return Standing(_refund_status(state, purchase, settlement), settlement, at)
    return Standing(_unpaid_status(state, payment))


def _unpaid_status(state: NagadState, payment: Payment) -> str:
    if payment.hidden:
        return state.settings.unpaid_status
    ended = {State.CANCELLED: state.settings.abort_status, State.EXPIRED: "Aborted", State.AUTHORIZED: IN_PROGRESS}
    if payment.reached in ended:
        return ended[payment.reached]
    if payment.settlements:
        return "Failed"
    return state.settings.unpaid_status if payment.pending is None or _is_late(payment) else IN_PROGRESS


def _is_late(payment: Payment) -> bool:
    """Whether the customer has put the page aside, and will come back to it."""
    wallet = wire.WALLETS.get(payment.pending.from_account if payment.pending else "")
    return wallet is not None and wallet.name == "late"


def _refund_status(state: NagadState, purchase: Purchase, settlement: Settlement) -> str:
    setting = state.settings.refund_status
    if not settlement.returned_minor or setting == "success" or not purchase.refunds:
        return "Success"
    return refund_status(setting, settlement)


def refund_status(setting: str, settlement: Settlement) -> str:
    return REFUND_STATUSES[setting][settlement.returned]


def verified(world: World, state: NagadState, purchase: Purchase) -> dict[str, Any]:
    """The answer of verify, its keys in the order of the captures."""
    now = standing(world, state, purchase)
    paid, refund = now.paid, purchase.refunds[-1] if purchase.refunds and now.paid else None
    return {
        "merchantId": state.merchant_id,
        "orderId": purchase.order_id,
        "paymentRefId": purchase.reference,
        "amount": _amount(purchase, paid),
        "clientMobileNo": None if paid is None else masked(paid.from_account),
        "merchantMobileNo": wire.MERCHANT_NUMBER,
        "orderDateTime": times.shown(purchase.initialized_ms),
        "issuerPaymentDateTime": None if paid is None else times.shown(paid.at_ms),
        "issuerPaymentRefNo": None if paid is None else purchase.issuer_reference,
        "additionalMerchantInfo": purchase.info,
        "status": now.status,
        "statusCode": wire.STATUS_CODES.get(now.status, wire.OTHER_STATUS_CODE),
        "cancelIssuerDateTime": None if refund is None else times.shown(refund.at_ms),
        "cancelIssuerRefNo": None if refund is None else refund.issuer_reference,
    }


def _amount(purchase: Purchase, paid: Settlement | None) -> str | None:
    """As complete wrote it; a script may have let the customer pay something else."""
    return purchase.amount if paid is None or paid.minor == purchase.minor else wire.text_of(paid.minor)


def masked(wallet: str) -> str:
    """A wallet's number as verify shows it.

    >>> masked("01400000001"), masked("nagad_friend")
    ('014****0001', '014****0001')
    """
    number = wallet if wallet.isdigit() and len(wallet) == 11 else next(iter(wire.WALLETS))
    return f"{number[:3]}****{number[-4:]}"
