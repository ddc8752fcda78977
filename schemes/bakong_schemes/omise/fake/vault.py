"""Tokens, cards, customers and sources."""

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake.errors import ApiError, not_found
from bakong_schemes.omise.fake.ids import new_id
from bakong_schemes.omise.fake.records import Card, Customer, OmiseState, Source, Token
from bakong_schemes.omise.fake.requests import Request
from bakong_schemes.omise.fake.shapes import View
from bakong_simulator.kernel.world import World

ADDRESS = ("street1", "street2", "city", "state", "postal_code", "country", "phone_number")
SOURCE_FIELDS = ("email", "name", "phone_number", "mobile_number", "platform_type", "bank")


def create_token(view: View, request: Request) -> Token:
    """Raises ApiError. The number is looked up in the test cards, and not kept."""
    asked = request.object("card")
    if asked is None:
        raise ApiError("invalid_card", "card is missing")
    given = Request(request.method, (), "", request.place, asked)
    token = Token(new_id(view.world, "tokn"), _card(view.world, given), view.world.clock.now_ms())
    view.state.tokens[token.id] = token
    return token


def _card(world: World, given: Request) -> Card:
    number = (given.text("number", "invalid_card") or "").replace(" ", "").replace("-", "")
    known = wire.CARDS.get(number)
    if known is None:
        raise ApiError("invalid_card", "number is invalid" if not _luhn(number) else "number is not of a test card")
    name = given.text("name", "invalid_card")
    month, year = given.integer("expiration_month", "invalid_card"), given.integer("expiration_year", "invalid_card")
    if not name:
        raise ApiError("invalid_card", "name can't be blank")
    if month is None or not 1 <= month <= 12:
        raise ApiError("invalid_card", "expiration date is invalid")
    if year is None or not 0 <= year <= 9999:
        raise ApiError("invalid_card", "expiration date is invalid")
    return Card(
        id=new_id(world, "card"),
        name=name,
        last_digits=number[-4:],
        brand=known.brand,
        expiration_month=month,
        expiration_year=year + 2000 if year < 100 else year,
        fingerprint=world.rng.hex("omise/fingerprint", 32),
        failure=known.failure,
        three_d_secure=known.three_d_secure,
        created_ms=world.clock.now_ms(),
        address={field: given.text(field, "invalid_card") for field in ADDRESS},
        has_code=bool(given.fields.get("security_code")),
    )


def _luhn(number: str) -> bool:
    """Whether the last digit of a card's number fits the others."""
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):
        return False
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def create_source(view: View, request: Request, amount: int) -> Source:
    """Raises ApiError."""
    source = new_source(view, request, amount)
    view.state.sources[source.id] = source
    return source


def new_source(view: View, request: Request, amount: int) -> Source:
    """A source that the world does not know yet. Raises ApiError."""
    kind = request.text("type")
    method = wire.METHODS.get(kind or "")
    if kind is None or method is None:
        raise ApiError("bad_request", f"type {kind!r} is not supported, expected one of {', '.join(wire.METHODS)}")
    if amount > method.max_amount:
        raise ApiError("bad_request", f"amount must be less than or equal to {method.max_amount} for {kind}")
    if kind in wire.PHONE_METHODS and not request.text("phone_number"):
        raise ApiError("bad_request", "phone_number is missing")
    given = {field: request.text(field) for field in SOURCE_FIELDS}
    return Source(
        *(new_id(view.world, "src"), kind, amount, view.world.clock.now_ms(), new_id(view.world, "pay2")),
        fields={name: value for name, value in given.items() if value is not None},
    )


# Customers


def create_customer(view: View, request: Request, token: Token | None) -> Customer:
    """Raises ApiError."""
    world, state, _ = view
    email, description, metadata = request.text("email"), request.text("description"), request.object("metadata")
    customer = Customer(
        *(new_id(world, "cust"), state.next_number(), world.clock.now_ms()),
        *(email, description, metadata or {}),
    )
    state.customers[customer.id] = customer
    if token is not None:
        attach(customer, token)
    return customer


def update_customer(customer: Customer, request: Request, token: Token | None) -> None:
    """What is left out stays. Raises ApiError."""
    email, description, metadata = request.text("email"), request.text("description"), request.object("metadata")
    customer.email = customer.email if email is None else email
    customer.description = customer.description if description is None else description
    customer.metadata = customer.metadata if metadata is None else metadata
    if token is not None:
        attach(customer, token)
    wanted = request.text("default_card")
    if wanted is not None:
        if all(card.id != wanted or card.deleted for card in customer.cards):
            raise not_found("card", wanted)
        customer.default_card = wanted


def attach(customer: Customer, token: Token) -> None:
    """The token's card is the customer's, and the one that is charged."""
    token.used = True
    token.card.customer = customer.id
    customer.cards.append(token.card)
    customer.default_card = token.card.id


def customer_of(state: OmiseState, id_: str) -> Customer:
    """Raises ApiError."""
    customer = state.customers.get(id_)
    if customer is None:
        raise not_found("customer", id_)
    return customer


def card_of(customer: Customer, id_: str) -> Card:
    """Raises ApiError."""
    card = next((row for row in customer.cards if row.id == id_ and not row.deleted), None)
    if card is None:
        raise not_found("card", id_)
    return card


def update_card(card: Card, request: Request) -> None:
    """Raises ApiError, before anything has changed."""
    month, year = request.integer("expiration_month"), request.integer("expiration_year")
    if not 1 <= (month or 1) <= 12 or not 0 <= (year or 0) <= 9999:
        raise ApiError("invalid_card", "expiration date is invalid")
    address = {field: request.text(field) for field in ADDRESS}
    card.name = request.text("name") or card.name
    card.expiration_month, card.expiration_year = month or card.expiration_month, year or card.expiration_year
    card.address |= {field: value for field, value in address.items() if value is not None}


def drop_card(customer: Customer, card: Card) -> None:
    card.deleted = True
    if customer.default_card == card.id:
        left = [row.id for row in customer.cards if not row.deleted]
        customer.default_card = left[-1] if left else None
