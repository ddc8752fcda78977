"""The customer's side: the pay page, what its form posts, and the same without a browser."""

from html import escape

import orjson

from bakong_scenarios import State
from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import shapes
from bakong_schemes.bkash.fake.records import BkashState, Outcome, PaymentRow
from bakong_schemes.bkash.fake.requests import form_of
from bakong_schemes.bkash.fake.standing import is_too_old, standing
from bakong_schemes.bkash.fake.wallets import NAMED, USUAL_WALLET, fate_of, is_wallet
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.wire.reply import HTML, Reply

PAGE_HTML = HTML + b"; charset=utf-8"
PROBLEMS = {"2014": "The PIN is wrong.", "2016": "The code is wrong.", "2057": "That is no bKash wallet."}


def row_of(state: BkashState, call: Call) -> PaymentRow | None:
    """The payment that a page's address names; the checkout family has no hash there."""
    asked = form_of(call.query)
    row = state.payments.get(asked.get("paymentId", [""])[0])
    if row is None or (row.family != wire.CHECKOUT and asked.get("hash") != [row.hash]):
        return None
    return row


def is_decided(world: World, state: BkashState, row: PaymentRow) -> bool:
    """Whether the customer has nothing to say any more."""
    if row.outcome or is_too_old(world, row):
        return True
    return not row.is_agreement and (standing(world, state, row).moved or _payment_has_ended(world, row))


def _payment_has_ended(world: World, row: PaymentRow) -> bool:
    return world.payments[wire.NAME, row.id].has_ended


def decide(
    world: World, state: BkashState, row: PaymentRow, action: str, wallet: str = "", otp: str = "", pin: str = ""
) -> Outcome:
    """The customer's word; what is left out is right. Raises WorldError where it was given, or comes too late.

    action: confirm, cancel or fail.
    """
    if is_decided(world, state, row):
        raise WorldError(f"payment {row.id} is decided, or older than a day: nobody can approve it any more")
    outcome, row.failure = _outcome(world, state, row, action, wallet, otp, pin)
    row.outcome = outcome
    payment = None if row.is_agreement else world.payments[wire.NAME, row.id]
    if payment is not None:
        payment.reached = State.AUTHORIZED if outcome == "success" else State.CANCELLED
    return outcome


def _outcome(
    world: World, state: BkashState, row: PaymentRow, action: str, wallet: str, otp: str, pin: str
) -> tuple[Outcome, str]:
    """What comes of it, and the code of what was wrong."""
    if action == "cancel":
        return "cancel", ""
    if action == "fail":
        return "failure", "2015"
    if row.mode == wire.MODES["with_agreement"]:
        wallet, otp = wallet or state.agreements[row.agreement].wallet, ""
    row.wallet = wallet = wallet or USUAL_WALLET
    fate = fate_of(wallet)
    if not is_wallet(world, wallet):
        return "failure", "2057"
    if fate.page:
        return "failure", fate.page
    known = state.credentials
    if otp not in ("", known.otp):
        return "failure", "2016"
    return ("success", "") if pin in ("", known.pin) else ("failure", "2014")


def show(world: World, state: BkashState, row: PaymentRow | None) -> Reply:
    """GET of the page."""
    if row is None:
        return _page(404, "<p>No such payment.</p>")
    return _form(world, state, row)


def post(world: World, state: BkashState, row: PaymentRow | None, call: Call) -> Reply:
    """What its form posts: the browser is sent to the callback, or is told where the checkout family has none."""
    if row is None:
        return _page(404, "<p>No such payment.</p>")
    fields = form_of(call.body)
    given = {name: fields.get(name, [""])[0].strip()[:64] for name in ("wallet", "otp", "pin")}
    action = fields.get("action", ["confirm"])[0]
    if action not in ("confirm", "cancel"):
        return _page(400, f"<p>action: read {escape(action[:40])}, expected confirm or cancel.</p>")
    try:
        outcome = decide(world, state, row, action, **given)
    except WorldError as error:
        return _page(409, f"<p>{escape(str(error))}</p>")
    if row.family == wire.CHECKOUT:
        return Reply(200, orjson.dumps({"paymentID": row.id, "status": outcome}))
    location = shapes.callback(row, outcome).encode()
    return Reply(302, b"", PAGE_HTML, headers=((b"location", location),))


def _form(world: World, state: BkashState, row: PaymentRow) -> Reply:
    if is_decided(world, state, row):
        return _page(200, f"<p>This payment is {escape(row.outcome or 'over')}.</p>")
    wallets = "".join(f'<option value="{msisdn}">{name}</option>' for name, (msisdn, _) in NAMED.items())
    what = "Agreement" if row.is_agreement else f"{escape(row.amount)} BDT"
    return _page(
        200,
        f"<h1>{what}</h1><p>To {escape(shapes.ORGANIZATION)}, {escape(row.invoice or row.payer_reference)}</p>"
        '<form method="post">'
        '<p><label>Wallet <input name="wallet" inputmode="numeric" list="wallets" placeholder="'
        f'{USUAL_WALLET}"></label><datalist id="wallets">{wallets}</datalist></p>'
        f'<p><label>Code <input name="otp" inputmode="numeric" placeholder="{state.credentials.otp}"></label></p>'
        f'<p><label>PIN <input name="pin" type="password" placeholder="{state.credentials.pin}"></label></p>'
        '<p><button name="action" value="confirm">Confirm</button> '
        '<button name="action" value="cancel">Close</button></p></form>'
        "<p>What is left empty is right. A sandbox's page: no money is paid here.</p>",
    )


def _page(status: int, inside: str) -> Reply:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox payment</title></head>'
        f"<body>{inside}</body></html>\n"
    )
    return Reply(status, html.encode(), PAGE_HTML)
