"""New transactions: initialised, to be paid on a page, or charged at once with an authorization."""

import re
from typing import Any, NamedTuple

from bakong_scenarios import Scenario
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import ids, paying
from bakong_schemes.paystack.fake.errors import ApiError
from bakong_schemes.paystack.fake.records import Authorization, PaystackState, Transaction
from bakong_schemes.paystack.fake.requests import Request, metadata_of, parsed
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.world import World

_REFERENCE = re.compile(r"[A-Za-z0-9=.\-_]+", re.ASCII)
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,200}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")
UNDOCUMENTED = "a reference with _ is accepted, though the documentation allows only - . = and alphanumeric characters"


class Wanted(NamedTuple):
    """What a new transaction is to be, checked."""

    email: str
    amount: int
    currency: str
    reference: str | None
    metadata: Any
    label: str | None


def wanted(state: PaystackState, request: Request) -> Wanted:
    """Raises ApiError."""
    email = request.text("email", most=320)
    if email is None or not _EMAIL.fullmatch(email):
        raise ApiError("invalid_email_address")
    amount = amount_of(request)
    currency = (request.text("currency") or wire.CURRENCIES[0]).upper()
    if currency not in wire.CURRENCIES:
        raise ApiError("unsupported_currency")
    if not wire.MINIMUMS[currency] <= amount <= wire.MAX_AMOUNT:
        raise ApiError("invalid_amount")
    reference = request.text("reference", most=wire.MAX_REFERENCE)
    if reference is not None and not _REFERENCE.fullmatch(reference):
        raise ApiError("invalid_params", '"reference" may hold only -, ., = and alphanumeric characters')
    if reference in state.transactions:
        raise ApiError("duplicate_reference")
    return Wanted(
        *(email, amount, currency, reference),
        metadata_of(request.fields.get("metadata")),
        request.text("label"),
    )


def amount_of(request: Request) -> int:
    """Raises ApiError."""
    value = request.fields.get("amount")
    if value is None or value == "":
        raise ApiError("invalid_amount")
    try:
        amount = request.integer("amount")
    except ApiError:
        raise ApiError("invalid_params", wire.NOT_AN_INTEGER) from None
    if amount is None or amount <= 0:
        raise ApiError("invalid_amount")
    return amount


def script_of(world: World, request: Request) -> Scenario | None:
    """The script that a new transaction's amount names, whose faults strike the call itself."""
    try:
        amount = amount_of(request)
    except ApiError:
        return None
    return _magic(world, amount) or world.library.by_magic(None, "", amount, wire.NAME)


def _magic(world: World, amount: int) -> Scenario | None:
    kobo = amount % 100
    return world.library.numbers(wire.NAME).get(kobo) if kobo in wire.MAGIC_KOBO else None


def initialize(world: World, state: PaystackState, request: Request, named: Scenario | None) -> Transaction:
    """Raises ApiError, before anything has changed, and ScenarioError where no script fits."""
    want = wanted(state, request)
    channels, callback = _channels(request), _callback(request)
    row = _new(world, state, request, want)
    row.channels, row.callback_url = channels, callback
    _add(world, state, row, want, named)
    return row


def charge(world: World, state: PaystackState, request: Request, named: Scenario | None) -> Transaction:
    """Charge a card that a customer has used before. Raises ApiError, before a reference is used up."""
    want = wanted(state, request)
    code = request.text("authorization_code")
    known = state.authorizations.get(code or "")
    if known is None:
        raise ApiError("invalid_params", wire.BAD_AUTHORIZATION)
    if known.email != want.email.lower() or not known.active or not known.reusable:
        raise ApiError("invalid_params", wire.OTHER_AUTHORIZATION)
    row = _new(world, state, request, want)
    row.authorization, row.instrument, row.response = _used(world, state, known), known.number, wire.APPROVED
    _add(world, state, row, want, named)
    if payable(world, row):
        paying.settle(world, row)
    return row


def payable(world: World, row: Transaction) -> bool:
    """Whether no script has paid it, or let it fail, at once."""
    payment = world.payments[wire.NAME, row.reference]
    return not payment.settlements and payment.pending is None and not payment.has_ended


def _used(world: World, state: PaystackState, known: Authorization) -> str:
    """The code that the new transaction shows: the same, or a new one of the same card."""
    if not state.settings.new_authorization:
        return known.code
    code = f"AUTH_{ids.token(world, 'authorization', 10)}"
    state.authorizations[code] = Authorization(
        **{name: getattr(known, name) for name in Authorization.__slots__} | {"code": code}
    )
    return code


def _new(world: World, state: PaystackState, request: Request, want: Wanted) -> Transaction:
    return Transaction(
        id=state.next_id,
        reference=want.reference or _free_reference(world, state),
        access_code=ids.token(world, "access", 15),
        email=want.email,
        amount=want.amount,
        currency=want.currency,
        created_ms=world.clock.now_ms(),
        origin=request.origin,
        metadata=want.metadata,
    )


def _free_reference(world: World, state: PaystackState) -> str:
    made = ids.token(world, "reference", 10)
    return made if made not in state.transactions else _free_reference(world, state)


def _add(world: World, state: PaystackState, row: Transaction, want: Wanted, named: Scenario | None) -> None:
    """Let the world know a transaction, which nobody has paid; its label may name a script."""
    label = None if want.label is None else want.label[:99]
    order = Order(row.reference, paying.BALANCE, row.currency, row.amount, label, None)
    script = named or _magic(world, row.amount)
    world.player.choose(wire.NAME, order, script)
    paying.customer_of(world, state, row.email)
    state.add(row)
    world.register(world.scheme(wire.NAME), order, None, script)


def _channels(request: Request) -> list[str]:
    given = request.fields.get("channels")
    read = parsed(given) if isinstance(given, str) and given.startswith("[") else given
    rows = [] if read in (None, "") else read if isinstance(read, list) else [read]
    if unknown := [row for row in rows if row not in wire.CHANNELS]:
        expected = ", ".join(wire.CHANNELS)
        raise ApiError("invalid_params", f'"channels": read {str(unknown[0])[:50]!r}, expected {expected}')
    return rows


def _callback(request: Request) -> str | None:
    url = request.text("callback_url", most=2_048)
    if url is not None and not paying.is_url(url):
        raise ApiError("invalid_params", '"callback_url" must be a valid uri')
    return url
