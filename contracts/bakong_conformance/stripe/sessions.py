"""Rules of Checkout Sessions: made, paid on their page, declined there, ended by call and by time."""

from bakong_conformance.case import Case
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import Stripe, is_now, refused, session_params

SUITE = Suite("stripe")
rule = SUITE.rule
DAY_S, HALF_HOUR_S = 86_400, 1800
NOT_OPEN = 'Only Checkout Sessions with a status in ["open"] can be expired.'


@rule("session.created", "A new session is open", forbids="a session that is paid, or has an intent, before its payer")
def _created(stripe: Stripe, case: Case) -> None:
    """Its total, its states, its page, its end after a day; what the shop gave it is told again."""
    made = stripe.session(case, client_reference_id="order-7", metadata={"order": "7"})
    is_now(made, "a new session", object="checkout.session", status="open", payment_status="unpaid", mode="payment")
    is_now(made, "a new session", amount_total=2000, amount_subtotal=2000, currency="usd", livemode=False)
    is_now(made, "a new session", payment_intent=None, client_reference_id="order-7", metadata={"order": "7"})
    require(made["id"].startswith("cs_test_"), f"the id is {made['id']!r}")
    require(str(made.get("url")).startswith("http"), f"the page's url is {made.get('url')!r}")
    lives_s = made["expires_at"] - made["created"]
    require(lives_s == DAY_S, f"a session lives for {lives_s} s, expected a day")
    now = stripe.read(case, f"checkout/sessions/{made['id']}")
    is_now(now, "a session, read again", id=made["id"], url=made["url"], amount_total=2000, status="open")


@rule("session.items", "The lines of a session can be read", forbids="a receipt without lines")
def _items(stripe: Stripe, case: Case) -> None:
    """line_items: one line of 2 x 10.00."""
    made = stripe.session(case)
    require("line_items" not in made or made["line_items"] is None, "line_items stand in a session without expand")
    lines = stripe.read(case, f"checkout/sessions/{made['id']}/line_items").get("data") or []
    require(len(lines) == 1, f"a session of one line has {len(lines)}")
    is_now(lines[0], "a line", object="item", quantity=2, amount_total=2000, currency="usd")


@rule("session.life", "A session lives for 30 minutes to a day", forbids="a life that real life refuses")
def _life(stripe: Stripe, case: Case) -> None:
    """29 minutes and 25 hours are refused; an hour is taken."""
    start = stripe.session(case)["created"]
    for life_s in (29 * 60, 25 * 3600):
        answer = stripe.post(case, "checkout/sessions", session_params(expires_at=start + life_s))
        require(answer.status == 400, f"a session's life of {life_s} s was answered {answer.summary[:120]}")
    is_now(stripe.session(case, expires_at=start + 3600), "a session of an hour", expires_at=start + 3600)


@rule("session.paid", "A session is paid on its page", forbids="a page that completes nothing")
def _paid(stripe: Stripe, case: Case) -> None:
    """Paid with pm_card_visa: complete and paid, without a page, with an intent that has the given metadata."""
    made = stripe.session(case, payment_intent_data={"metadata": {"order": "7"}}, metadata={"of": "session"})
    stripe.command(case, f"/stripe/checkout/{made['id']}/pay", {"payment_method": "pm_card_visa"})
    now = stripe.read(case, f"checkout/sessions/{made['id']}")
    is_now(now, "a paid session", status="complete", payment_status="paid", url=None, amount_total=2000)
    intent = stripe.read(case, f"payment_intents/{now.get('payment_intent')}")
    is_now(intent, "its intent", status="succeeded", amount=2000, amount_received=2000, metadata={"order": "7"})


@rule("session.declined", "A decline on the page leaves it open", forbids="an order that ends by one wrong card")
def _declined(stripe: Stripe, case: Case) -> None:
    """Declined, then paid by another card; one intent."""
    made = stripe.session(case)
    pay, path = f"/stripe/checkout/{made['id']}/pay", f"checkout/sessions/{made['id']}"
    stripe.command(case, pay, {"payment_method": "pm_card_visa_chargeDeclined"})
    is_now(stripe.read(case, path), "a declined session", status="open", payment_status="unpaid", url=made["url"])
    stripe.command(case, pay, {"payment_method": "pm_card_visa"})
    is_now(stripe.read(case, path), "a session, paid at last", status="complete", payment_status="paid")


@rule("session.expire", "A session is ended by call, once", forbids="a page that still takes money afterwards")
def _expire(stripe: Stripe, case: Case) -> None:
    """Ended: expired, without a page; then again."""
    path = f"checkout/sessions/{stripe.session(case)['id']}"
    is_now(stripe.made(case, f"{path}/expire"), "an ended session", status="expired", url=None, payment_status="unpaid")
    refused(stripe.post(case, f"{path}/expire"), "ending it again", begins=NOT_OPEN)


@rule("session.expire.paid", "A paid session is not ended", forbids="an order that is closed while its money is there")
def _expire_paid(stripe: Stripe, case: Case) -> None:
    """Paid, then ended by call: refused, and it stays complete."""
    made = stripe.session(case)
    stripe.command(case, f"/stripe/checkout/{made['id']}/pay", {"payment_method": "pm_card_visa"})
    path = f"checkout/sessions/{made['id']}"
    refused(stripe.post(case, f"{path}/expire"), "ending a paid session", begins=NOT_OPEN)
    is_now(stripe.read(case, path), "a paid session", status="complete", payment_status="paid")


@rule("session.end", "A session ends by time", forbids="a page that lives for ever, or dies early")
def _end(stripe: Stripe, case: Case) -> None:
    """A minute before its end it is open, a minute after it expired."""
    stripe.need_control()
    made = stripe.session(case)
    path = f"checkout/sessions/{made['id']}"
    stripe.advance(case, DAY_S - 60)
    is_now(stripe.read(case, path), "a session a minute before its end", status="open")
    stripe.advance(case, 120)
    is_now(stripe.read(case, path), "a session a minute after its end", status="expired", url=None)
