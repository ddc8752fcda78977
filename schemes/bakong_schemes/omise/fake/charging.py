"""POST /charges: what is asked is checked, the charge is made, and a card is charged at once."""

from typing import Any, NamedTuple

from bakong_scenarios import Scenario
from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import events, money
from bakong_schemes.omise.fake.charged import charged
from bakong_schemes.omise.fake.errors import ApiError, not_found
from bakong_schemes.omise.fake.ids import new_id
from bakong_schemes.omise.fake.promptpay import MERCHANT, code_of
from bakong_schemes.omise.fake.records import Card, Charge, OmiseState, Source, Token
from bakong_schemes.omise.fake.requests import Request
from bakong_schemes.omise.fake.shapes import View
from bakong_schemes.omise.fake.vault import new_source
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.webhooks import OutboxError, check_url
from bakong_simulator.kernel.world import World

AUTHORIZATIONS = (None, "pre_auth", "final_auth")


class Payer(NamedTuple):
    """What a charge is paid with: a card, of a token or a customer's, or a source."""

    card: Card | None = None
    token: Token | None = None
    customer: str | None = None
    source: Source | None = None

    @property
    def method(self) -> str:
        return self.source.type if self.source else "card"


def create(view: View, request: Request, named: Scenario | None) -> Charge:
    """Raises ApiError, before anything has changed, and ScenarioError where no script fits."""
    world, state, place = view
    amount = checked_amount(request, "invalid_charge")
    endpoints = _endpoints(request)
    payer = _payer(view, request, amount)
    charge = Charge(
        id=new_id(world, "chrg"),
        number=state.next_number(),
        amount=amount,
        created_ms=world.clock.now_ms(),
        method=payer.method,
        capture=request.flag("capture", default=True),
        rate=state.settings.rate(payer.method),
        place=place,
        transaction=new_id(world, "trxn"),
        description=request.text("description"),
        metadata=request.object("metadata") or {},
        ip=request.text("ip"),
        return_uri=_return_uri(request, payer),
        authorization_type=_authorization(request),
        card=payer.card,
        customer=payer.customer,
        webhook_endpoints=endpoints,
        expires_ms=_expiry(world, request, payer),
    )
    script = named or _magic(world, amount)
    order = Order(charge.id, MERCHANT, wire.CURRENCY, amount, _bill_number(charge), charge.expires_ms)
    world.player.choose(wire.NAME, order, script)
    _add(view, charge, payer)
    world.register(world.scheme(wire.NAME), order, charge.code, script)
    if payer.card is not None:
        _charge_card(world, state, charge, payer.card)
    return charge


def script_of(world: World, request: Request) -> Scenario | None:
    """The script that a new charge's amount names, whose faults strike the call itself."""
    amount = request.fields.get("amount")
    number = int(amount) if isinstance(amount, str) and amount.isascii() and amount.isdigit() else amount
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return _magic(world, number) or world.library.by_magic(None, "", number, wire.NAME)


def checked_amount(request: Request, code: str) -> int:
    """The amount, within the limits, in baht. Raises ApiError."""
    amount = request.integer("amount", code)
    currency = request.text("currency", code)
    if amount is None:
        raise ApiError(code, "amount is missing")
    if currency is None or currency.upper() != wire.CURRENCY:
        raise ApiError(code, f"currency must be {wire.CURRENCY}")
    if amount < wire.MIN_AMOUNT:
        raise ApiError(code, f"amount must be greater than or equal to {wire.MIN_AMOUNT} (20 THB)")
    if amount > wire.MAX_AMOUNT:
        raise ApiError(code, f"amount must be less than or equal to {wire.MAX_AMOUNT} (150000 THB)")
    return amount


def _magic(world: World, amount: int) -> Scenario | None:
    satang = amount % 100
    return world.library.numbers(wire.NAME).get(satang) if satang in wire.MAGIC_SATANG else None


def _bill_number(charge: Charge) -> str | None:
    """The description, which may name a script, as a bill number does."""
    return None if charge.description is None else charge.description[:99]


def _payer(view: View, request: Request, amount: int) -> Payer:
    """Raises ApiError."""
    named = [name for name in ("card", "customer", "source") if request.fields.get(name) is not None]
    if named == ["card"]:
        token = unused_token(view.state, request.fields["card"])
        return Payer(card=token.card, token=token)
    if named in (["customer"], ["card", "customer"]):
        return _customer_card(view.state, request)
    if named == ["source"]:
        return _source(view, request, amount)
    if not named:
        raise ApiError("missing_card", "expected one of card, customer and source")
    raise ApiError("invalid_charge", f"read {' and '.join(named)}, expected one of card, customer and source")


def unused_token(state: OmiseState, named: Any) -> Token:
    """Raises ApiError for a token that is unknown, or used."""
    if not isinstance(named, str):
        raise ApiError("invalid_card_token", "card must be the id of a token")
    token = state.tokens.get(named)
    if token is None:
        raise not_found("token", named)
    if token.used:
        raise ApiError("used_token")
    return token


def _customer_card(state: OmiseState, request: Request) -> Payer:
    named = request.text("customer", "invalid_charge") or ""
    customer = state.customers.get(named)
    if customer is None or customer.deleted:
        raise not_found("customer", named)
    wanted = request.text("card", "invalid_charge") or customer.default_card
    if wanted is None:
        raise ApiError("missing_card", f"customer {customer.id} has no card")
    card = next((row for row in state.cards_of(customer) if row.id == wanted), None)
    if card is None:
        raise not_found("card", wanted)
    return Payer(card=card, customer=customer.id)


def _source(view: View, request: Request, amount: int) -> Payer:
    named = request.fields["source"]
    if isinstance(named, dict):
        made = new_source(view, Request(request.method, (), "", request.place, named), amount)
        return Payer(source=made)
    if not isinstance(named, str):
        raise ApiError("invalid_charge", "source must be the id of a source, or an object with its type")
    source = view.state.sources.get(named)
    if source is None:
        raise not_found("source", named)
    if source.charge is not None:
        raise ApiError("invalid_charge", "source was already used")
    if source.amount != amount:
        raise ApiError("invalid_charge", "amount must be the source's")
    return Payer(source=source)


def _return_uri(request: Request, payer: Payer) -> str | None:
    uri = request.text("return_uri", "invalid_charge")
    if uri is not None and not ("://" in uri and uri.isascii() and uri.isprintable()):
        raise ApiError("invalid_charge", "return_uri must be a URL")
    if uri is None and payer.source is not None and wire.METHODS[payer.source.type].flow == "redirect":
        raise ApiError("invalid_charge", f"return_uri is required for {payer.source.type}")
    return uri


def _authorization(request: Request) -> str | None:
    kind = request.text("authorization_type", "invalid_charge")
    if kind not in AUTHORIZATIONS:
        raise ApiError("invalid_charge", "authorization_type must be pre_auth or final_auth")
    return kind


def _endpoints(request: Request) -> list[str]:
    urls = request.fields.get("webhook_endpoints") or []
    if not isinstance(urls, list) or len(urls) > wire.MAX_ENDPOINTS:
        raise ApiError("invalid_charge", f"webhook_endpoints must be a list of at most {wire.MAX_ENDPOINTS} URLs")
    try:
        for url in urls:
            check_url(url if isinstance(url, str) else "")
    except OutboxError as error:
        raise ApiError("invalid_charge", f"webhook_endpoints: {error}") from None
    return urls


def _expiry(world: World, request: Request, payer: Payer) -> int | None:
    now_ms = world.clock.now_ms()
    asked_ms = request.moment("expires_at")
    if asked_ms is not None and asked_ms <= now_ms:
        raise ApiError("invalid_charge", "expires_at must be in the future")
    latest_ms = now_ms + wire.QR_LIFE_MS
    if payer.source is None and not (request.fields.get("return_uri")):
        return asked_ms
    return latest_ms if asked_ms is None else min(asked_ms, latest_ms)


def _add(view: View, charge: Charge, payer: Payer) -> None:
    """Let the world know the charge, which nobody has paid."""
    world, state, _ = view
    if payer.token is not None:
        payer.token.used = True
    if payer.source is not None:
        state.sources[payer.source.id] = payer.source
        payer.source.charge = charge.id
        charge.source = payer.source.id
        _add_handoff(world, charge, payer.source)
    state.charges[charge.id] = charge
    if payer.card is not None and _asks(state, charge, payer.card):
        charge.page = new_id(world, "pay2")
    events.of_charge(world, state, "charge.create", charge)


def _add_handoff(world: World, charge: Charge, source: Source) -> None:
    """What the payer of a source is given: a picture, or a page."""
    if source.type in wire.QR_METHODS:
        charge.code = code_of(charge.id, charge.amount)
        charge.document = new_id(world, "docu")
        charge.download = world.rng.hex("omise/download", 16).upper()
    else:
        charge.page = source.reference


def _asks(state: OmiseState, charge: Charge, card: Card) -> bool:
    """Whether 3-D Secure asks the payer, on a page."""
    setting = state.settings.three_d_secure
    if setting == "off" or charge.return_uri is None or card.three_d_secure == "enrolment_fails":
        return False
    return setting == "all" or bool(card.three_d_secure)


def _charge_card(world: World, state: OmiseState, charge: Charge, card: Card) -> None:
    if charge.page is not None:
        return
    if charged(world, state, charge).status != "pending":
        return
    is_secure = state.settings.three_d_secure != "off" and charge.return_uri is not None
    failure = card.failure
    if is_secure and card.three_d_secure == "enrolment_fails":
        failure = "failed_processing"
    if failure:
        money.fail(world, state, charge, failure)
    else:
        money.authorize(world, state, charge)


def approve(world: World, state: OmiseState, charge: Charge) -> None:
    """The payer has said yes on the pay page. Raises WorldError where the charge has ended."""
    card = charge.card
    failure = "" if card is None else card.failure
    if card is not None and card.three_d_secure == "validation_fails":
        failure = "failed_processing"
    if failure:
        money.fail(world, state, charge, failure)
    else:
        money.authorize(world, state, charge)
