"""What a payer sees: the pay page of a charge, and the picture of its QR. No key is needed for either."""

from html import escape

from bakong_schemes.omise.fake.charged import charged
from bakong_schemes.omise.fake.charging import approve
from bakong_schemes.omise.fake.errors import refusal
from bakong_schemes.omise.fake.money import fail
from bakong_schemes.omise.fake.records import Charge, OmiseState
from bakong_schemes.omise.fake.requests import Request
from bakong_simulator.kernel.money import text_of
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.wire.reply import HTML, Reply
from khqr.errors import ImageError

PAGE_HTML = HTML + b"; charset=utf-8"
SVG = b"image/svg+xml"


def charge_of_page(state: OmiseState, page: str) -> Charge | None:
    return next((charge for charge in state.charges.values() if charge.page == page), None)


def charge_of_document(state: OmiseState, segments: tuple[str, ...]) -> Charge | None:
    """The charge whose picture a path charges/<id>/documents/<docu>/downloads/<name> leads to."""
    charge = state.charges.get(segments[1]) if len(segments) == 6 else None
    if charge is None or (charge.document, charge.download) != (segments[3], segments[5]):
        return None
    return charge if charge.code else None


def picture(charge: Charge) -> Reply:
    from khqr.image import svg  # noqa: PLC0415  the libraries of pictures are an extra

    try:
        return Reply(200, svg(charge.code or "").encode(), SVG)
    except ImageError as error:
        return refusal("internal_error", str(error))


def authorize(world: World, state: OmiseState, charge: Charge, request: Request) -> Reply:
    """The page, and what its buttons post: outcome=success, or =fail. Afterwards the payer goes to the return_uri."""
    now = charged(world, state, charge)
    if request.method != "POST":
        return _page(charge, now.status, 200)
    outcome = request.fields.get("outcome", "success")
    if outcome not in ("success", "fail"):
        return _page(charge, now.status, 400, f"outcome: read {outcome!r}, expected success or fail")
    try:
        if now.status != "pending" or now.is_held:
            raise WorldError(f"This payment is {now.status}.")  # noqa: TRY301  shown as the kernel's own are
        if outcome == "success":
            approve(world, state, charge)
        else:
            fail(world, state, charge, "payment_rejected" if charge.method == "card" else "payment_cancelled")
    except WorldError as error:
        return _page(charge, charged(world, state, charge).status, 400, str(error))
    if charge.return_uri is None:
        return _page(charge, charged(world, state, charge).status, 200)
    return Reply(302, b"", PAGE_HTML, headers=((b"location", charge.return_uri.encode()),))


def _page(charge: Charge, status: str, code: int, problem: str = "") -> Reply:
    buttons = (
        '<button name="outcome" value="success">Approve</button> <button name="outcome" value="fail">Refuse</button>'
        if status == "pending"
        else ""
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox payment</title></head><body>'
        f"<h1>{escape(text_of(charge.amount, 'THB'))} THB</h1>"
        f"<p>{escape(charge.description or charge.id)}: {escape(status)}, by {escape(charge.method)}.</p>"
        f'<p>{escape(problem)}</p><form method="post">{buttons}</form>'
        "<p>A sandbox's page: no money is paid here.</p></body></html>\n"
    )
    return Reply(code, html.encode(), PAGE_HTML)
