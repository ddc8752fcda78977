"""What happens by itself, by its name: the table that the agenda's entries are looked up in."""

from collections.abc import Callable

from bakong_schemes.stripe.fake import charging, checkout, disputes, intents, money, refunds
from bakong_schemes.stripe.fake.records import Due
from bakong_schemes.stripe.fake.view import View


def _available(view: View, id_: str) -> None:
    money.settle(view, view.the("balance_transaction", id_))


def _dispute(reason: str) -> Callable[[View, str], None]:
    return lambda view, id_: disputes.open_(view, id_, reason)


HANDLERS: dict[str, Callable[[View, str], None]] = {
    "charge_updated": charging.charge_updated,
    "available": _available,
    "hold_expires": intents.hold_expired,
    "refund_reference": refunds.reference,
    "refund_settles": refunds.settled,
    "refund_fails": refunds.failed,
    "dispute:fraudulent": _dispute("fraudulent"),
    "dispute:product_not_received": _dispute("product_not_received"),
    "dispute:inquiry": _dispute("inquiry"),
    "dispute_decided": disputes.decided,
    "dispute_due": disputes.due,
    "session_expires": checkout.expire_due,
}
# Of each, the kind of the object whose id it has.
KIND_OF = {
    "charge_updated": "charge",
    "available": "balance_transaction",
    "hold_expires": "charge",
    "refund_reference": "refund",
    "refund_settles": "refund",
    "refund_fails": "refund",
    "dispute:fraudulent": "charge",
    "dispute:product_not_received": "charge",
    "dispute:inquiry": "charge",
    "dispute_decided": "dispute",
    "dispute_due": "dispute",
    "session_expires": "checkout.session",
}


def run(view: View, due: Due) -> None:
    HANDLERS[due.what](view, due.id)
