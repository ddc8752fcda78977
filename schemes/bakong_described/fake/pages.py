"""The page on which a payer decides, and a code as a picture."""

from html import escape

from bakong_described.description import Description
from bakong_described.forms import Money
from bakong_scenarios import State
from bakong_simulator.kernel.payments import Order
from bakong_simulator.wire.reply import HTML, Reply


def page_of(description: Description, order: Order, at: State) -> Reply:
    """A plain page with two buttons, while the payment waits."""
    money = Money(order.minor or 0, order.currency)
    amount = f"{money.decimal} {money.currency}"
    buttons = (
        '<form method="post"><button name="decision" value="pay">Pay</button> '
        '<button name="decision" value="refuse">Refuse</button></form>'
        if at is State.UNPAID
        else f"<p>{escape(description.states[at])}</p>"
    )
    page = (
        f"<!doctype html><meta charset=utf-8><title>{escape(description.about)}</title>"
        f"<h1>{escape(amount)}</h1><p>{escape(description.about)}, payment {escape(order.reference)}</p>{buttons}"
    )
    return Reply(200, page.encode(), HTML)


def picture(status: int, code: str) -> Reply:
    """The code as a PNG."""
    from io import BytesIO  # noqa: PLC0415  Pillow and qrcode are loaded for a picture alone

    import qrcode  # noqa: PLC0415

    drawn = BytesIO()
    qrcode.make(code).save(drawn, "PNG")
    return Reply(status, drawn.getvalue(), b"image/png")
