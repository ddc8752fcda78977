"""What a customer sees: the pay page of a reference, what its buttons do, and where the browser goes afterwards."""

import re
from html import escape
from urllib.parse import parse_qsl

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake import money
from bakong_schemes.nagad.fake.callback import callback
from bakong_schemes.nagad.fake.records import NagadState, Purchase
from bakong_schemes.nagad.fake.status import payment_of, standing
from bakong_simulator.kernel.scheme import MAX_BODY, Call
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.wire.reply import HTML, Reply

PAGE_HTML = HTML + b"; charset=utf-8"
_OTP = re.compile(r"[0-9]{4,8}", re.ASCII)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:26rem;padding:1rem}"
    "label{display:block;margin:.75rem 0}input{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}"
    "button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}[role=alert]{color:#a00000;font-weight:600}"
)


def page(world: World, state: NagadState, call: Call, reference: str) -> Reply:
    """The page of a reference, and what its form posts: wallet, otp, pin, action."""
    purchase = state.purchases.get(reference)
    if purchase is None or payment_of(world, purchase) is None:
        return _html(404, "Payment not found", "<p>This address is of no payment that waits to be paid.</p>")
    return _posted(world, state, call, purchase) if call.method == "POST" else _shown(world, state, purchase)


def _posted(world: World, state: NagadState, call: Call, purchase: Purchase) -> Reply:
    try:
        money.check_open(world, state, purchase)
    except WorldError as error:
        return _shown(world, state, purchase, 409, str(error))
    fields = _fields(call)
    if problem := _problem(fields):
        return _shown(world, state, purchase, 400, problem, wallet=fields.get("wallet", ""))
    if fields["action"] == "cancel":
        money.give_up(world, state, purchase)
    else:
        money.approve(world, state, purchase, fields["wallet"])
    return after(world, state, purchase)


def _fields(call: Call) -> dict[str, str]:
    if len(call.body) > MAX_BODY:
        return {}
    try:
        return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}


def _problem(fields: dict[str, str]) -> str:
    """What is wrong with a form; "" where nothing is."""
    action, wallet = fields.get("action"), fields.get("wallet", "")
    if action not in ("confirm", "cancel"):
        return f"action: read {action!r}, expected confirm or cancel"
    if action == "cancel":
        return ""
    if wallet not in wire.WALLETS:
        return f"wallet: read {wallet[:40]!r}, expected one of {', '.join(wire.WALLETS)}"
    if not _OTP.fullmatch(fields.get("otp", "")):
        return "otp: expected 4 to 8 digits; the sandbox takes any"
    if fields.get("pin") != wire.PIN and wire.WALLETS[wallet].name != "wrongpin":
        return f"pin: that is not the sandbox's PIN, which is {wire.PIN}"
    return ""


def after(world: World, state: NagadState, purchase: Purchase) -> Reply:
    """The browser goes back to the merchant, or the page stays."""
    url = callback(world, state, purchase)
    if url is None:
        return _shown(world, state, purchase)
    return Reply(302, b"", PAGE_HTML, headers=((b"location", url.encode()),))


def twice(url: str) -> Reply:
    """A page by which a browser calls the merchant two times."""
    target = escape(url, quote=True)
    return _html(
        200,
        "Going back twice",
        f'<img src="{target}" alt="" hidden><p><a href="{target}">Back to the merchant</a></p>',
        f'<meta http-equiv="refresh" content="1;url={target}">',
    )


def stays() -> Reply:
    """A page that leads nowhere: the customer who does not come back."""
    return _html(200, "Thank you", "<p>You may close this page.</p>")


def _shown(
    world: World, state: NagadState, purchase: Purchase, code: int = 200, problem: str = "", *, wallet: str = ""
) -> Reply:
    now, payment = standing(world, state, purchase), payment_of(world, purchase)
    url = callback(world, state, purchase)
    is_open = now.is_open and payment is not None and payment.pending is None
    back = "" if url is None else f'<p><a href="{escape(url, quote=True)}">Back to the merchant</a></p>'
    body = (
        f"<p><strong>{escape(purchase.amount or '')} BDT</strong> for order {escape(purchase.order_id)}: "
        f"<span id=status>{escape(now.status)}</span></p>"
        + (f"<p role=alert>{escape(problem)}</p>" if problem else "")
        + (_form(wallet or money.OK) if is_open else back)
    )
    return _html(code, "Pay with the sandbox's Nagad", body)


def _form(wallet: str) -> str:
    options = "".join(
        f'<option value="{number}">{escape(one.name)}: {escape(one.about)}</option>'
        for number, one in wire.WALLETS.items()
    )
    return (
        '<form method="post">'
        f'<label>Wallet <input name="wallet" list="wallets" inputmode="numeric" value="{escape(wallet, quote=True)}">'
        f'</label><datalist id="wallets">{options}</datalist>'
        '<label>One-time code, any digits <input name="otp" inputmode="numeric" value="123456"></label>'
        f'<label>PIN, {wire.PIN} in every sandbox <input name="pin" type="password" inputmode="numeric"></label>'
        '<button name="action" value="confirm">Confirm</button> '
        '<button name="action" value="cancel">Cancel</button></form>'
    )


def _html(code: int, title: str, body: str, head: str = "") -> Reply:
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>{head}</head>'
        f"<body><main><h1>{escape(title)}</h1>{body}"
        "<p>A sandbox's page: no money is paid here.</p></main></body></html>\n"
    )
    return Reply(code, page.encode(), PAGE_HTML)
