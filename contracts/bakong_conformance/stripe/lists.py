"""Rules of lists and of expand."""

from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import Stripe, is_now, refused

SUITE = Suite("stripe")
rule = SUITE.rule


def _three(stripe: Stripe, case: Case) -> tuple[str, list[str]]:
    """A new customer, and the ids of three intents of theirs, newest first; a newer one is nobody's."""
    customer = stripe.made(case, "customers", {"email": "sokha@shop.example"})["id"]
    ids = [stripe.intent(case, customer=customer)["id"] for _ in range(3)]
    stripe.intent(case)
    return customer, ids[::-1]


def _ids(page: dict[str, Any]) -> list[Any]:
    return [one.get("id") for one in page.get("data") or []]


@rule("list.form", "A list has Stripe's form, newest first", forbids="the oldest first, and pages that never end")
def _form(stripe: Stripe, case: Case) -> None:
    """Three intents of a customer, whole and two of them."""
    customer, ids = _three(stripe, case)
    page = stripe.read(case, "payment_intents", {"customer": customer})
    is_now(page, "a list", object="list", url="/v1/payment_intents", has_more=False)
    require(_ids(page) == ids, f"the list of a customer's intents is {_ids(page)}, expected {ids}")
    page = stripe.read(case, "payment_intents", {"customer": customer, "limit": 2})
    is_now(page, "a first page", has_more=True)
    require(_ids(page) == ids[:2], f"the first page of two is {_ids(page)}, expected {ids[:2]}")


@rule("list.ten", "A page has ten unless it is said", forbids="answers that grow with the account")
def _ten(stripe: Stripe, case: Case) -> None:
    """Eleven refunds of a charge."""
    paid = stripe.paid(case)
    for _ in range(11):
        stripe.made(case, "refunds", {"payment_intent": paid["id"], "amount": 10})
    page = stripe.read(case, "refunds", {"payment_intent": paid["id"]})
    require(len(_ids(page)) == 10, f"a page without limit has {len(_ids(page))}, expected 10")
    is_now(page, "a first page of eleven", has_more=True)


@rule("list.pages", "Cursors exclude themselves", forbids="auto-pagination that repeats, or skips, an object")
def _pages(stripe: Stripe, case: Case) -> None:
    """starting_after the first and the last; ending_before the last: the page just before it, newest first."""
    customer, ids = _three(stripe, case)
    asked = {
        ("starting_after", ids[0], 10): (ids[1:], False),
        ("starting_after", ids[0], 1): (ids[1:2], True),
        ("starting_after", ids[2], 10): ([], False),
        ("ending_before", ids[2], 10): (ids[:2], False),
        ("ending_before", ids[2], 1): (ids[1:2], True),
    }
    for (name, cursor, limit), (expected, more) in asked.items():
        page = stripe.read(case, "payment_intents", {"customer": customer, name: cursor, "limit": limit})
        about = f"{name} the {ids.index(cursor) + 1}. of 3 with limit {limit}"
        require(_ids(page) == expected, f"{about} is {_ids(page)}, expected {expected}")
        is_now(page, about, has_more=more)


@rule("list.limit", "A page has 1 to 100", forbids="a limit that real life refuses")
def _limit(stripe: Stripe, case: Case) -> None:
    """0 and 101."""
    for limit in (0, 101):
        answer = stripe.get(case, "payment_intents", {"limit": limit})
        refused(answer, f"limit {limit}", param="limit")


@rule("list.cursor", "A cursor is known", forbids="a first page again for a cursor that is gone")
def _cursor(stripe: Stripe, case: Case) -> None:
    """starting_after an id of nobody's."""
    answer = stripe.get(case, "customers", {"starting_after": "cus_nobody"})
    refused(answer, "an unknown cursor", code="resource_missing", param="starting_after")


@rule("expand", "What is expanded is whole", forbids="an expand that is overlooked")
def _expand(stripe: Stripe, case: Case) -> None:
    """The charge and the customer of an intent; of a list; at a POST."""
    customer = stripe.made(case, "customers", {"email": "sokha@shop.example"})["id"]
    paid = stripe.paid(case, customer=customer, expand=["latest_charge"])
    charge = paid.get("latest_charge")
    require(isinstance(charge, dict), f"latest_charge, expanded at a POST, is {charge!r}")
    is_now(charge or {}, "the expanded charge", object="charge", payment_intent=paid["id"], amount=2000)
    read = stripe.read(case, f"payment_intents/{paid['id']}", {"expand": ["customer", "latest_charge"]})
    for name in ("customer", "latest_charge"):
        require(isinstance(read.get(name), dict), f"{name}, expanded, is {read.get(name)!r}")
    page = stripe.read(case, "payment_intents", {"customer": customer, "expand": ["data.customer"]})
    told = page["data"][0].get("customer")
    require(isinstance(told, dict) and told.get("id") == customer, f"data.customer, expanded in a list, is {told!r}")
    plain = stripe.read(case, f"payment_intents/{paid['id']}")
    is_now(plain, "an intent that is not expanded", customer=customer)


@rule("expand.nothing", "What cannot be expanded is refused", forbids="a typing error that is overlooked")
def _nothing(stripe: Stripe, case: Case) -> None:
    """expand[]=frob, of an id that is not there: the expand is refused first."""
    answer = stripe.get(case, "charges/ch_nobody", {"expand": ["frob"]})
    refused(answer, "an expand of nothing", begins="This property cannot be expanded (frob)")
