"""The objects' fields, against those that Stripe's own client for Python declares; what is left out has its reason."""

import pytest
import stripe

# Fields that Stripe's client knows and no answer of the test mode was seen to have without the feature named here.
ABSENT = {
    "PaymentIntent": {
        "allowed_payment_method_types": "of a preview",
        "hooks": "of tax hooks",
        "managed_payments": "of managed payments",
        "payment_details": "only where it was given",
        "payment_record": "of payment records",
        "presentment_details": "of adaptive pricing",
    },
    "Charge": {
        "authorization_code": "on the card's details; here only with a feature",
        "level3": "only where it was given",
        "presentment_details": "of adaptive pricing",
        "refunds": "only expanded, since 2022-11-15",
        "transfer": "of Connect",
    },
    "Refund": {
        "customer": "of a customer's balance",
        "customer_account": "of accounts v2",
        "description": "of refunds outside of cards",
        "failure_balance_transaction": "of a refund that failed",
        "failure_reason": "of a refund that failed",
        "instructions_email": "only where it was given",
        "next_action": "of a customer's balance",
        "payment_method": "of refunds without a charge",
        "pending_reason": "of a refund that is pending",
        "presentment_details": "of adaptive pricing",
    },
    "Card": {
        "description": "only for accounts with the permission",
        "iin": "only for accounts with the permission",
        "issuer": "only for accounts with the permission",
    },
    "Session": {
        "allowed_payment_method_types": "of a preview",
        "line_items": "only expanded",
        "managed_payments": "of managed payments",
        "tax_id_collection": "only where it was given",
    },
    "Event": {"account": "of Connect", "context": "of organizations"},
    "WebhookEndpoint": {"deleted": "of a deleted one", "secret": "in the answer to its creation alone"},
    "Dispute": {"intended_submission_method": "of a preview", "network_reason_code": "deprecated, within the details"},
    "BalanceTransaction": {},
    "Customer": {
        "business_name": "of a preview",
        "cash_balance": "only expanded",
        "customer_account": "of accounts v2",
        "deleted": "of a deleted one",
        "individual_name": "of a preview",
        "invoice_credit_balance": "only expanded",
        "sources": "only expanded",
        "subscriptions": "only expanded",
        "tax": "only expanded",
        "tax_ids": "only expanded",
    },
    "Balance": {
        "connect_reserved": "of Connect",
        "instant_available": "of instant payouts",
        "issuing": "of Issuing",
        "refund_and_dispute_prefunding": "of prefunding",
    },
    "Token": {"bank_account": "of bank accounts"},
    "LineItem": {"discounts": "only expanded", "taxes": "only expanded"},
    "Price": {
        "currency_options": "only expanded",
        "deleted": "of a deleted one",
        "tiers": "only expanded",
    },
}
# Fields that the fixtures of the OpenAPI document have and today's client does not declare.
BEYOND = {
    "Charge": {"destination", "dispute", "invoice", "order"},
    "Customer": {"discount"},
    "Token": set(),
}


def fields_of(kind):
    return {name for name in kind.__annotations__ if not name.startswith("_") and name != "OBJECT_NAME"}


@pytest.fixture
async def made(shop):
    """An object of each kind, by the name of its class."""
    intent = await shop.intent(card="pm_card_createDispute", capture_method="automatic")
    await shop.advance(2)
    other = await shop.intent(capture_method="automatic")
    charge = await shop.sdk.charges.retrieve_async(other.latest_charge)
    method = await shop.sdk.payment_methods.retrieve_async(other.payment_method)
    session = await shop.session()
    await shop.listen()
    card = {"number": "4242424242424242", "exp_month": "8", "exp_year": "2031"}
    line = (await shop.sdk.checkout.sessions.line_items.list_async(session.id)).data[0]
    return {
        "PaymentIntent": (stripe.PaymentIntent, other),
        "Charge": (stripe.Charge, charge),
        "Refund": (stripe.Refund, await shop.sdk.refunds.create_async({"payment_intent": other.id})),
        "Card": (stripe.PaymentMethod.Card, method.card),
        "Session": (stripe.checkout.Session, session),
        "Event": (stripe.Event, (await shop.sdk.events.list_async()).data[0]),
        "WebhookEndpoint": (
            stripe.WebhookEndpoint,
            await shop.sdk.webhook_endpoints.retrieve_async(shop.endpoint.id),
        ),
        "Dispute": (stripe.Dispute, (await shop.sdk.disputes.list_async({"payment_intent": intent.id})).data[0]),
        "BalanceTransaction": (
            stripe.BalanceTransaction,
            await shop.sdk.balance_transactions.retrieve_async(charge.balance_transaction),
        ),
        "Customer": (stripe.Customer, await shop.sdk.customers.create_async({})),
        "Balance": (stripe.Balance, await shop.sdk.balance.retrieve_async()),
        "Token": (stripe.Token, await shop.sdk.tokens.create_async({"card": card})),
        "LineItem": (stripe.LineItem, line),
        "Price": (stripe.Price, line.price),
    }


async def test_each_object_has_the_fields_that_stripes_client_declares(made):
    wrong = {}
    for name, (kind, row) in made.items():
        theirs, ours = fields_of(kind), set(row.to_dict())
        missing = theirs - ours - set(ABSENT[name])
        stale = set(ABSENT[name]) & ours
        unknown = ours - theirs - BEYOND.get(name, set())
        if missing or stale or unknown:
            wrong[name] = {"missing": missing, "absent but there": stale, "unknown": unknown}
    assert wrong == {}
    assert all(reason for rows in ABSENT.values() for reason in rows.values())


CHOICES = [
    ("PaymentIntent", "status"),
    ("PaymentIntent", "capture_method"),
    ("PaymentIntent", "confirmation_method"),
    ("Charge", "status"),
    ("Session", "status"),
    ("Session", "payment_status"),
    ("Session", "mode"),
    ("Session", "ui_mode"),
    ("Dispute", "status"),
    ("BalanceTransaction", "type"),
    ("BalanceTransaction", "balance_type"),
    ("Event", "type"),
]


async def test_values_are_among_those_that_the_client_knows(made):
    for name, field in CHOICES:
        kind, row = made[name]
        declared = str(kind.__annotations__[field])
        assert f"'{row.to_dict()[field]}'" in declared, (name, field)
    assert made["Charge"][1].outcome.to_dict().keys() <= fields_of(stripe.Charge.Outcome)
    card = made["Charge"][1].payment_method_details.card.to_dict()
    assert card.keys() <= fields_of(stripe.Charge.PaymentMethodDetails.Card)


def test_every_type_of_event_that_is_sent_is_one_of_stripes():
    import re
    from pathlib import Path

    from bakong_schemes.stripe import fake

    known = str(stripe.Event.__annotations__["type"])
    sources = "".join(path.read_text() for path in Path(fake.__file__).parent.glob("*.py"))
    sent = set(re.findall(r'publish(?:_raw)?\(\s*(?:ask\.)?view,\s*"([a-z_.]+)"', sources))
    assert len(sent) > 20
    assert [name for name in sent if f"'{name}'" not in known] == []
