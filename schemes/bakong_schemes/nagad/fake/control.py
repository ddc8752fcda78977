"""What Nagad adds to the control API: keys, the whitelist, settings, and the customer without a browser."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake import money
from bakong_schemes.nagad.fake.callback import callback
from bakong_schemes.nagad.fake.keys import keys_of
from bakong_schemes.nagad.fake.records import Keys, NagadState, Purchase
from bakong_schemes.nagad.fake.serving import lies
from bakong_schemes.nagad.fake.snapshot import check_keys
from bakong_schemes.nagad.fake.status import payment_of, standing
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.requests import Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.world import World

Reference = Annotated[str, StringConstraints(max_length=255)]
KeyText = Annotated[str, StringConstraints(max_length=8000)]
Ip = Annotated[str, StringConstraints(max_length=64)]
Seconds = Annotated[int, Field(ge=1, le=10 * 366 * 86_400)]


# What it takes


class Setting(Strict):
    """What is left out stays as it is; null lifts a limit."""

    merchant: Literal["active", "inactive"] = "active"
    unpaid_status: Literal["Ready", "OrderInitiated", "Initiated"] = "Ready"
    abort_status: Literal["Aborted", "Cancelled"] = "Aborted"
    refund_status: Literal["cancelled", "refunded", "success"] = "cancelled"
    complete_answer: Literal["plain", "sealed"] = "plain"
    complete_again: Literal["duplicate", "same"] = "duplicate"
    refund_again: Literal["same", "another"] = "same"
    reasons: Literal["kinds", "opaque"] = "kinds"
    error_status: Annotated[int, Field(ge=200, le=599)] = wire.ERROR_STATUS
    aborted_code: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,40}$")] = wire.ABORTED.code
    failed_code: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,40}$")] = wire.FAILURE.code
    max_order_id: Annotated[int, Field(ge=1, le=wire.LONGEST_ORDER_ID)] = wire.MAX_ORDER_ID
    clock_difference_s: Seconds | None = None
    reference_life_s: Seconds | None = None
    refund_days: Annotated[int, Field(ge=0, le=3660)] | None = None
    max_refunds: Annotated[int, Field(ge=0, le=1000)] | None = None


class Settings(Strict):
    """Of a world: see /nagad/settings."""

    settings: Setting | None = None


class Whitelist(Strict):
    """ips: the addresses in X-KM-IP-V4 that are let in; null: all."""

    ips: Annotated[list[Ip], Field(max_length=1000)] | None


class NewKeys(Strict):
    """One line of base64 each. Either half of the merchant's pair is enough; what is left out stays as it is."""

    privateKey: Annotated[KeyText | None, Field(description="The merchant's, PKCS#8.")] = None  # noqa: N815
    merchantPublicKey: Annotated[KeyText | None, Field(description="The merchant's, SPKI.")] = None  # noqa: N815
    nagadPrivateKey: Annotated[KeyText | None, Field(description="Nagad's, PKCS#8.")] = None  # noqa: N815


class Customer(Strict):
    """wallet: one of those that GET shows; by default the one that pays."""

    wallet: Annotated[str | None, StringConstraints(max_length=40)] = None


# What it shows


class WalletShown(Response):
    number: str
    name: str
    about: str


class SettingsShown(Response):
    merchant: str
    unpaid_status: str
    abort_status: str
    refund_status: str
    complete_answer: str
    complete_again: str
    refund_again: str
    reasons: str
    error_status: int
    aborted_code: str
    failed_code: str
    max_order_id: int
    clock_difference_s: int | None
    reference_life_s: int | None
    refund_days: int | None
    max_refunds: int | None


class WhitelistShown(Response):
    ips: list[str] | None


class Facts(Response):
    """Keys are lines of base64: publicKey is Nagad's, privateKey the merchant's, null where it kept it to itself."""

    merchantId: str  # noqa: N815  the contract's own names
    merchantNumber: str  # noqa: N815
    publicKey: str  # noqa: N815
    privateKey: str | None  # noqa: N815
    merchantPublicKey: str  # noqa: N815
    pin: str
    wallets: list[WalletShown]
    whitelist: WhitelistShown
    settings: SettingsShown


class Decided(Response):
    """redirect: where the browser goes; null where it is not sent back, or not yet."""

    paymentRefId: str  # noqa: N815
    status: str
    redirect: str | None


def _state(world: World) -> NagadState:
    state: NagadState = world.state_of(wire.NAME)
    return state


def _facts(world: World) -> dict[str, Any]:
    from bakong_schemes.nagad.sealing import public_half  # noqa: PLC0415  a control API without it starts without it

    state = _state(world)
    keys = keys_of(world, state)
    return {
        "merchantId": state.merchant_id,
        "merchantNumber": wire.MERCHANT_NUMBER,
        "publicKey": public_half(keys.nagad_private, is_ours=state.keys is None),
        "privateKey": keys.merchant_private,
        "merchantPublicKey": keys.merchant_public,
        "pin": wire.PIN,
        "wallets": [{"number": number, **wallet._asdict()} for number, wallet in wire.WALLETS.items()],
        "whitelist": {"ips": state.whitelist},
        "settings": asdict(state.settings),
    }


# What it does


def change(given: Settings) -> Callable[[World], None]:
    """What brings the settings about."""
    return lambda world: None if given.settings is None else _set(world, given.settings)


def _set(world: World, setting: Setting) -> None:
    state = _state(world)
    state.settings = replace(state.settings, **setting.model_dump(exclude_unset=True))


router = APIRouter()


@router.get("", response_model=Facts)
async def show(world: CurrentWorld) -> dict[str, Any]:
    """What a merchant of this world is configured with, its customers, and the settings."""
    return _facts(world)


@router.put("/settings", response_model=SettingsShown)
async def set_settings(new: Setting, world: CurrentWorld) -> dict[str, Any]:
    _set(world, new)
    return asdict(_state(world).settings)


@router.put("/whitelist", response_model=WhitelistShown)
async def set_whitelist(new: Whitelist, world: CurrentWorld) -> dict[str, Any]:
    """Let in these addresses alone, as X-KM-IP-V4 of a POST names them; null: everybody."""
    _state(world).whitelist = new.ips
    return {"ips": new.ips}


@router.put("/keys", response_model=Facts)
async def set_keys(new: NewKeys, world: CurrentWorld) -> dict[str, Any]:
    """Work with these keys in place of the sandbox's."""
    from bakong_schemes.nagad.sealing import KeyTextError, public_half  # noqa: PLC0415  as above

    state = _state(world)
    before = keys_of(world, state)
    private, public = before.merchant_private, before.merchant_public
    check_keys(Keys(new.nagadPrivateKey or before.nagad_private, new.merchantPublicKey or public, new.privateKey))
    try:
        half = None if new.privateKey is None else public_half(new.privateKey)
    except KeyTextError as error:
        raise BodyError(f"privateKey: {error}") from None
    if half is not None and new.merchantPublicKey not in (None, half):
        raise BodyError("privateKey and merchantPublicKey are not of one pair")
    if new.privateKey is not None or new.merchantPublicKey is not None:
        private, public = new.privateKey, half or new.merchantPublicKey or public
    state.keys = Keys(new.nagadPrivateKey or before.nagad_private, public, private)
    return _facts(world)


@router.delete("/keys", response_model=Facts)
async def drop_keys(world: CurrentWorld) -> dict[str, Any]:
    """The sandbox's keys again."""
    _state(world).keys = None
    return _facts(world)


def _purchase(world: World, reference: str) -> Purchase:
    purchase = _state(world).purchases.get(reference)
    if purchase is None:
        raise UnknownPaymentError(f"no payment has the paymentReferenceId {reference}")
    return purchase


def _wallet(customer: Customer | None) -> str:
    wallet = (customer.wallet if customer else None) or money.OK
    if wallet not in wire.WALLETS:
        raise BodyError(f"wallet: read {wallet!r}, expected one of {', '.join(wire.WALLETS)}")
    return wallet


def _decided(world: World, purchase: Purchase) -> dict[str, Any]:
    """What came of it, and where the browser goes, unless the payment's script lets it go nowhere or lie."""
    state, payment = _state(world), payment_of(world, purchase)
    script = None if payment is None else payment.scenario
    rules = world.player.faults(wire.NAME, "page", 1, script)
    is_lost = any(rule.fault == "callback" and rule.parameters["as"] == "lost" for rule in rules)
    url = None if is_lost else callback(world, state, purchase, as_success=lies(rules))
    return {
        "paymentRefId": purchase.reference,
        "status": standing(world, state, purchase).status,
        "redirect": url,
    }


@router.post("/payments/{reference}/approve", response_model=Decided)
async def approve(reference: Reference, world: CurrentWorld, customer: Customer | None = None) -> dict[str, Any]:
    """The customer confirms on the pay page. Whoever does not follow `redirect` is the one who never comes back."""
    purchase, wallet = _purchase(world, reference), _wallet(customer)
    money.approve(world, _state(world), purchase, wallet)
    return _decided(world, purchase)


@router.post("/payments/{reference}/cancel", response_model=Decided)
async def cancel(reference: Reference, world: CurrentWorld, customer: Customer | None = None) -> dict[str, Any]:
    """The customer closes the pay page."""
    purchase, _ = _purchase(world, reference), _wallet(customer)
    money.give_up(world, _state(world), purchase)
    return _decided(world, purchase)


@router.post("/payments/{reference}/fail", response_model=Decided)
async def fail(reference: Reference, world: CurrentWorld, customer: Customer | None = None) -> dict[str, Any]:
    """The payment is refused."""
    purchase, wallet = _purchase(world, reference), _wallet(customer)
    money.fail(world, _state(world), purchase, wallet)
    return _decided(world, purchase)


CONTROL = SchemeControl(router=router, settings=Settings, change=change)
