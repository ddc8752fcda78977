"""The hosted page: what a payer sees and posts. No key is needed; every text in it is escaped."""

from html import escape

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake.paying import Attempt, Given, abandon, attempt, callback_of, cancel_url_of
from bakong_schemes.paystack.fake.records import PaystackState, Transaction
from bakong_schemes.paystack.fake.requests import Request
from bakong_schemes.paystack.fake.status import Status, status_of
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.money import text_of
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.wire.reply import HTML, Reply

PAGE_HTML = HTML + b"; charset=utf-8"
ANSWERS = ("pin", "otp", "phone", "bank")
QUESTIONS = {
    "pin": "Your card's PIN",
    "otp": "The code that your bank has sent you",
    "phone": "Your phone number",
    "bank": "Your bank asks whether you are paying: type yes",
}
_CARDS = tuple(
    (number, f"{card.channel.replace('_', ' ')}: {card.fails or ', '.join(kind for kind, _ in card.asks) or 'success'}")
    for number, card in wire.INSTRUMENTS.items()
)


def serve(world: World, state: PaystackState, row: Transaction, request: Request) -> Reply:
    """The page, and what its buttons post: action=pay or cancel. Whoever has paid is sent on to the callback."""
    if request.method != "POST":
        return _page(world, state, row, 200)
    action = request.fields.get("action", "pay")
    if action not in ("pay", "cancel"):
        return _page(world, state, row, 400, f"action: read {str(action)[:50]!r}, expected pay or cancel")
    try:
        if action == "cancel":
            return _cancelled(world, state, row)
        came = attempt(world, state, row, given_of(request))
    except (WorldError, BodyError, LedgerError) as error:
        return _page(world, state, row, 400, f"{error}.")
    return _after(world, state, row, came)


def given_of(request: Request) -> Given:
    """What the form's fields hold."""
    texts = {name: str(request.fields.get(name) or "")[:50].strip() for name in ("card", "cvv", "expiry", *ANSWERS)}
    return Given(texts["card"], texts["cvv"], texts["expiry"], {name: texts[name] for name in ANSWERS})


def _cancelled(world: World, state: PaystackState, row: Transaction) -> Reply:
    abandon(world, state, row)
    url = cancel_url_of(row)
    return _page(world, state, row, 200, "You have cancelled the payment.") if url is None else _to(url)


def _after(world: World, state: PaystackState, row: Transaction, came: Attempt) -> Reply:
    if came.status == "success" and (url := callback_of(state, row)) is not None:
        return _to(url)
    refused = f"{row.response}. You may try again." if came.status == "failed" else ""
    return _page(world, state, row, 200, refused)


def _to(url: str) -> Reply:
    return Reply(303, b"", PAGE_HTML, headers=((b"location", url.encode()),))


def _page(world: World, state: PaystackState, row: Transaction, code: int, problem: str = "") -> Reply:
    now = status_of(world, state, row)
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Sandbox checkout</title>'
        "<style>body{font:1rem sans-serif;max-width:26rem;margin:2rem auto;padding:0 1rem}label,input,button"
        "{display:block;width:100%;box-sizing:border-box;margin:.3rem 0;font:inherit}</style></head><body><main>"
        f"<h1>{escape(text_of(now.amount, now.currency))} {escape(now.currency)}</h1>"
        f"<p>{escape(row.email)}: {escape(row.reference)}, {escape(now.status)}.</p>{alert}"
        f"{_form(state, row, now)}<p>A sandbox's page: no money is paid here.</p></main></body></html>\n"
    )
    return Reply(code, html.encode(), PAGE_HTML)


def _form(state: PaystackState, row: Transaction, now: Status) -> str:
    if not now.payable:
        url = callback_of(state, row) if now.at is not None else None
        return "" if url is None else f'<p><a href="{escape(url)}">Back to the shop</a></p>'
    asked = wire.INSTRUMENTS[row.instrument].asks[row.given][0] if row.asking else None
    fields = _card_fields() if asked is None else _field(asked, QUESTIONS[asked])
    return (
        f'<form method="post">{fields}<button name="action" value="pay">Pay</button>'
        '<button name="action" value="cancel" formnovalidate>Cancel</button></form>'
    )


def _card_fields() -> str:
    options = "".join(f'<option value="{escape(number)}">{escape(what)}</option>' for number, what in _CARDS)
    return (
        _field("card", "Card number, or phone of mobile money", f' list="test-cards" value="{wire.GOOD_CARD}"')
        + _field("expiry", "Expiry", ' value="12/30"')
        + _field("cvv", "CVV", ' value="408"')
        + f'<datalist id="test-cards">{options}</datalist>'
    )


def _field(name: str, label: str, more: str = "") -> str:
    return f'<label for="{name}">{escape(label)}</label><input id="{name}" name="{name}" required{more}>'
