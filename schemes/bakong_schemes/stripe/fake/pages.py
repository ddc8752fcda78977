"""What a payer sees: the hosted checkout, the bank's 3-D Secure page, a receipt. No key is needed for any."""

from html import escape

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import acts, checkout, vault
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.world import WorldError
from bakong_simulator.wire.reply import HTML, Reply

PLACES = ("pay", "receipts", "logs")
PAGE_HTML = HTML + b"; charset=utf-8"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#1a1f36}"
    "input,select,button{font:inherit;padding:.5rem;margin:.2rem 0;width:100%;box-sizing:border-box}"
    "table{width:100%;border-collapse:collapse}td{padding:.25rem 0;border-bottom:1px solid #e3e8ee}"
    "td:last-child{text-align:right}.problem{color:#a41c4e}fieldset{border:1px solid #e3e8ee;margin:1rem 0}"
    "button{background:#635bff;color:#fff;border:0;border-radius:4px}.quiet{background:#fff;color:#1a1f36}"
)
# What the list of the page offers, in words.
OFFERED = {
    "visa": "Visa: pays",
    "mastercard": "Mastercard: pays",
    "th": "Visa of Thailand: pays",
    "authenticationRequired": "Visa: the bank asks (3-D Secure)",
    "visa_chargeDeclined": "Visa: declined",
    "visa_chargeDeclinedInsufficientFunds": "Visa: insufficient funds",
    "chargeDeclinedExpiredCard": "Visa: expired",
    "chargeDeclinedIncorrectCvc": "Visa: incorrect security code",
    "chargeDeclinedProcessingError": "Visa: processing error",
    "createDispute": "Visa: pays, then disputed",
    "refundFail": "Visa: pays, a refund fails later",
}


def answer(view: View, method: str, segments: list[str], fields: Json, origin: str) -> Reply:
    """The page of a path, or what its form brings about."""
    if method not in ("GET", "HEAD", "POST"):
        return problem("This page is read, or posted to.", 405)
    kind, *rest = segments
    if kind == "pay" and len(rest) == 2 and rest[0] == "c":
        session = view.get("checkout.session", rest[1])
        return (
            problem("There is no such checkout.", 404) if session is None else _checkout(view, method, session, fields)
        )
    if kind == "pay" and len(rest) == 2 and rest[0] == "3ds":
        intent = view.get("payment_intent", rest[1])
        return problem("There is no such payment.", 404) if intent is None else _bank(view, method, intent, fields)
    if kind == "receipts" and len(rest) == 1 and method != "POST":
        charge = view.get("charge", rest[0])
        return problem("There is no such charge.", 404) if charge is None else _receipt(charge)
    if kind == "logs" and len(rest) == 1:
        world = view.world.name
        base = origin.removesuffix(wire.PREFIX).removesuffix(f"/w/{world}")
        return _see(f"{base}/sandbox/worlds/{world}/journal")
    return problem("There is no such page.", 404)


def problem(text: str, status: int) -> Reply:
    return _page("Sandbox", f'<p class="problem" role="alert">{escape(text)}</p>', status)


def _page(title: str, body: str, status: int = 200) -> Reply:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{body}<p><small>A sandbox's page: no money is paid here.</small></p></body></html>\n"
    )
    return Reply(status, html.encode(), PAGE_HTML)


def _see(url: str) -> Reply:
    """303; a URL is checked where it is taken, and this checks again that it is one header."""
    if not url.isascii() or not url.isprintable():
        return problem("The return URL cannot be sent.", 400)
    return Reply(303, b"", PAGE_HTML, headers=((b"location", url.encode()),))


# Checkout


def _checkout(view: View, method: str, session: Json, fields: Json) -> Reply:
    if method != "POST":
        return _checkout_page(view, session)
    action = fields.get("action", "pay")
    if action == "cancel":
        url = session["cancel_url"]
        return _see(url) if url and session["status"] == "open" else _checkout_page(view, session)
    if action != "pay":
        return _checkout_page(view, session, f"action: read {action!r}, expected pay or cancel", status=400)
    try:
        card = _method(view, fields)
        email, name = (_short(fields.get(key)) for key in ("email", "name"))
        outcome = checkout.pay(view, session, card, {"email": email, "name": name})
    except (ApiError, WorldError) as error:
        return _checkout_page(view, session, str(error))
    if outcome.redirect is not None:
        return _see(outcome.redirect)
    return _checkout_page(view, session, outcome.problem)


def _short(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _method(view: View, fields: Json) -> Json:
    """The card of the form: the one that was chosen from the list, else the one that was typed. Raises ApiError."""
    chosen = fields.get("card")
    if isinstance(chosen, str) and chosen:
        return vault.find_method(view, chosen)
    number, expiry = fields.get("number"), fields.get("exp")
    if not number:
        raise ApiError("Choose a card from the list, or type the number of one.")
    month, slash, year = expiry.partition("/") if isinstance(expiry, str) else ("", "", "")
    card = {
        "number": number,
        "exp_month": month.strip() if slash else fields.get("exp_month"),
        "exp_year": year.strip() if slash else fields.get("exp_year"),
        "cvc": fields.get("cvc"),
    }
    return vault.method_of(view, Params({"type": "card", "card": {k: v for k, v in card.items() if v is not None}}))


def _checkout_page(view: View, session: Json, trouble: str = "", *, status: int = 200) -> Reply:
    currency = session["currency"]
    items = view.state.checkouts[session["id"]].items
    rows = "".join(
        f"<tr><td>{escape(str(item['description']))} &times; {item['quantity']}</td>"
        f"<td>{escape(wire.amount_text(item['amount_total'], currency))}</td></tr>"
        for item in items
    )
    total = escape(wire.amount_text(session["amount_total"], currency))
    told = f'<p class="problem" role="alert">{escape(trouble)}</p>' if trouble else ""
    if session["status"] != "open":
        body = f"<table>{rows}</table>{told}<p>This checkout is {escape(session['status'])}.</p>"
        return _page("Checkout", body, status)
    cards = "".join(
        f'<option value="pm_card_{name}">{escape(words)} ({wire.CARDS[name].number})</option>'
        for name, words in OFFERED.items()
    )
    email = escape(session["customer_email"] or "", quote=True)
    form = (
        '<form method="post"><fieldset><legend>Card</legend>'
        f'<label>A test card<select name="card"><option value="">typed below</option>{cards}</select></label>'
        '<label>Number<input name="number" inputmode="numeric" autocomplete="off"></label>'
        '<label>Expiry (MM/YY)<input name="exp" autocomplete="off"></label>'
        '<label>CVC<input name="cvc" inputmode="numeric" autocomplete="off"></label></fieldset>'
        f'<label>Email<input name="email" type="email" value="{email}"></label>'
        '<label>Name<input name="name" autocomplete="off"></label>'
        f'<button name="action" value="pay">Pay {total}</button>'
        '<button class="quiet" name="action" value="cancel" formnovalidate>Cancel</button></form>'
    )
    return _page("Checkout", f"<table>{rows}<tr><td>Total</td><td>{total}</td></tr></table>{told}{form}", status)


# The bank


def _bank(view: View, method: str, intent: Json, fields: Json) -> Reply:
    amount = escape(wire.amount_text(intent["amount"], intent["currency"]))
    if method == "POST":
        action = fields.get("action", "complete")
        if action not in ("complete", "fail"):
            return _bank_page(amount, intent, f"action: read {action!r}, expected complete or fail", status=400)
        try:
            redirect = acts.authenticate(view, intent, succeeds=action == "complete")
        except (ApiError, WorldError) as error:
            return _bank_page(amount, intent, str(error), status=400)
        if redirect is not None:
            return _see(redirect)
    return _bank_page(amount, intent)


def _bank_page(amount: str, intent: Json, trouble: str = "", *, status: int = 200) -> Reply:
    told = f'<p class="problem" role="alert">{escape(trouble)}</p>' if trouble else ""
    if intent["status"] != "requires_action":
        return _page("Your bank", f"<p>This payment is {escape(intent['status'])}.</p>{told}", status)
    form = (
        f"<p>Do you pay {amount}?</p>{told}"
        '<form method="post"><button name="action" value="complete">Complete authentication</button>'
        '<button class="quiet" name="action" value="fail">Fail authentication</button></form>'
    )
    return _page("Your bank (3-D Secure)", form, status)


def _receipt(charge: Json) -> Reply:
    amount = escape(wire.amount_text(charge["amount_captured"], charge["currency"]))
    text = f"<p>{amount}, {escape(charge['status'])}: {escape(charge['description'] or charge['id'])}</p>"
    return _page("Receipt", text)
