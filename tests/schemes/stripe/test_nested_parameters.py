"""Names inside a parameter's object: those of Stripe's own client are taken, any other is refused by its whole name."""

import sys
import typing

import pytest
import stripe.params
import stripe.params.checkout
from typing_extensions import is_typeddict

from bakong_schemes.stripe.fake.parameters import PARAMETERS, WITHIN

# Of each operation that takes objects, what Stripe's client calls its parameters.
TYPES = {
    "payment_intents.create": stripe.params.PaymentIntentCreateParams,
    "payment_intents.update": stripe.params.PaymentIntentModifyParams,
    "payment_intents.confirm": stripe.params.PaymentIntentConfirmParams,
    "payment_methods.create": stripe.params.PaymentMethodCreateParams,
    "payment_methods.update": stripe.params.PaymentMethodModifyParams,
    "charges.update": stripe.params.ChargeModifyParams,
    "customers.create": stripe.params.CustomerCreateParams,
    "customers.update": stripe.params.CustomerModifyParams,
    "disputes.update": stripe.params.DisputeModifyParams,
    "tokens.create": stripe.params.TokenCreateParams,
    "checkout.sessions.create": stripe.params.checkout.SessionCreateParams,
    "payment_intents.list": stripe.params.PaymentIntentListParams,
}
# Taken as they are: the fake acts on no other method than a card, and keeps evidence without looking into it.
NOT_LOOKED_INTO = ("payment_method_options.", "payment_method_data.", "evidence.")
CARD = ("payment_method_options.card.", "payment_method_data.billing_details.")
# The documentation and recorded calls send the card in payment_method_data, though the client's type lacks it.
MORE = {"payment_method_data": {"card"}}


def object_in(annotation):
    """The typed dictionary in an annotation; None where it has none."""
    if is_typeddict(annotation):
        return annotation
    return next(filter(None, map(object_in, typing.get_args(annotation))), None)


def names_of(cls):
    known = {**vars(typing), **vars(sys.modules[cls.__module__]), "StripeContext": object}
    return typing.get_type_hints(cls, known)


def objects(cls, above=""):
    """Every object within the parameters of a type: its dotted name, and the names in it."""
    for name, annotation in names_of(cls).items():
        if below := object_in(annotation):
            yield f"{above}{name}", set(names_of(below))
            yield from objects(below, f"{above}{name}.")


def known_to_stripe():
    found = {}
    for operation, cls in TYPES.items():
        for name, within in objects(cls):
            looked_into = not name.startswith(NOT_LOOKED_INTO) or f"{name}.".startswith(CARD)
            if name.partition(".")[0] in PARAMETERS[operation].acted and looked_into:
                found.setdefault(name, set()).update(within)
    return found


def test_the_names_are_those_of_stripes_own_client():
    ours = {name: set(names) - MORE.get(name, set()) for name, names in WITHIN.items()}
    assert ours == known_to_stripe()


def operation_with(parameter):
    return next(name for name, known in PARAMETERS.items() if parameter in known.acted)


PATHS = {"disputes.update": "/disputes/du_1", "charges.update": "/charges/ch_1"}


@pytest.mark.parametrize("name", WITHIN)
async def test_an_unknown_name_within_is_refused_by_its_whole_name(name, shop):
    first, *others = name.split(".")
    operation = next(one for one, known in PARAMETERS.items() if first in known.acted)
    resource, _, verb = operation.rpartition(".")
    below = ["0", *others] if first == "line_items" else others
    key = first + "".join(f"[{one}]" for one in [*below, "frobnicate"])
    path = PATHS.get(operation, f"/{resource.replace('.', '/')}")
    is_list = verb == "list"
    asked = (f"{path}?{key}=1", None) if is_list else (path, {key: "1"})
    status, _, code, param, message = await shop.refused("GET" if is_list else "POST", *asked)
    assert (status, code, param, message) == (400, "parameter_unknown", key, f"Received unknown parameter: {key}")


async def test_what_stripe_knows_within_is_taken(shop):
    made = await shop.intent(
        payment_method_options={"card": {"request_three_d_secure": "any", "installments": {"enabled": False}}},
        shipping={"name": "Sokha", "address": {"line1": "1 Road", "city": "Phnom Penh"}},
        card=None, confirm=False,
    )  # fmt: skip
    assert (made.shipping.address.city, made.payment_method_options.card.request_three_d_secure) == (
        "Phnom Penh",
        "any",
    )
