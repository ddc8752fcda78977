"""What Paystack adds to the control API: keys, the dashboard's URLs, settings, and the payer's side."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import events, paying
from bakong_schemes.paystack.fake.paying import Attempt, Given
from bakong_schemes.paystack.fake.records import PaystackState, Transaction
from bakong_schemes.paystack.fake.status import status_of
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.requests import Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import DEFAULT

Reference = Annotated[str, StringConstraints(max_length=wire.MAX_REFERENCE)]
Typed = Annotated[str, StringConstraints(max_length=50)]


# What it takes


class Setting(Strict):
    """What is left out stays as it is."""

    unknown_reference_status: Literal[400, 404] | None = None
    initial_status: Literal["abandoned", "pending"] | None = None
    failed_payable: Annotated[bool | None, Field(description="A declined transaction may be tried again.")] = None
    reversed_at: Annotated[
        Literal["processed", "created"] | None, Field(description="When a full refund makes a transaction reversed.")
    ] = None
    per_page: Annotated[
        Literal["number", "text"] | None, Field(description="How a list's meta gives perPage back.")
    ] = None
    refund_event: Annotated[
        Literal["merged", "documented"] | None, Field(description="merged: with the refund's id.")
    ] = None
    new_authorization: Annotated[bool | None, Field(description="Each use of a card makes a new code.")] = None
    retries: Annotated[Literal["test", "live"] | None, Field(description="The ladder of webhooks.")] = None
    fees: Literal["standard", "none"] | None = None


class Settings(Strict):
    """Of a world: see /paystack/settings."""

    settings: Setting | None = None


class NewUrl(Strict):
    url: Annotated[str | None, StringConstraints(max_length=2048)]


class Payer(Strict):
    """What the payer types; left out: the card that succeeds, and of a card the right CVV."""

    card: Typed = ""
    cvv: Typed = ""
    expiry: Typed = ""
    pin: Typed = ""
    otp: Typed = ""
    phone: Typed = ""
    bank: Annotated[Typed, Field(description="Whatever it holds, the payer's bank has agreed.")] = ""


# What it shows


class SettingsShown(Response):
    unknown_reference_status: int
    initial_status: str
    failed_payable: bool
    reversed_at: str
    per_page: str
    refund_event: str
    new_authorization: bool
    retries: str
    fees: str


class Facts(Response):
    secretKey: str  # noqa: N815  the contract's own names
    publicKey: str  # noqa: N815
    webhookUrl: str | None  # noqa: N815
    callbackUrl: str | None  # noqa: N815
    baseUrl: str  # noqa: N815
    settings: SettingsShown


class Tried(Response):
    """asks: what the payer has to give next; redirect: where the payer's browser goes."""

    status: str
    redirect: str | None
    asks: str | None
    warning: str | None


def _state(world: World) -> PaystackState:
    state: PaystackState = world.state_of(wire.NAME)
    return state


def _facts(world: World, request: Request) -> dict[str, Any]:
    state = _state(world)
    below = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "secretKey": state.secret_key,
        "publicKey": state.public_key,
        "webhookUrl": events.webhook_url(world),
        "callbackUrl": state.callback_url,
        "baseUrl": f"{str(request.base_url).rstrip('/')}{below}{wire.PREFIX}",
        "settings": asdict(state.settings),
    }


# What it does


def change(given: Settings) -> Callable[[World], None]:
    """What brings the settings about."""
    return lambda world: None if given.settings is None else _set(world, given.settings)


def _set(world: World, setting: Setting) -> None:
    state = _state(world)
    state.settings = replace(state.settings, **setting.model_dump(exclude_none=True))
    world.outbox.register(events.webhooks(state))


def _transaction(world: World, reference: str) -> Transaction:
    row = _state(world).transactions.get(reference)
    if row is None:
        raise UnknownPaymentError(f"no transaction has the reference {reference}")
    return row


router = APIRouter()


@router.get("", response_model=Facts)
async def show(world: CurrentWorld, request: Request) -> dict[str, Any]:
    """The keys of a world's account, its URLs, and its settings."""
    return _facts(world, request)


@router.put("/webhook", response_model=Facts)
async def set_webhook(new: NewUrl, world: CurrentWorld, request: Request) -> dict[str, Any]:
    """Let the dashboard's webhook go to a URL; null: nowhere."""
    events.set_webhook(world, _state(world), new.url)
    return _facts(world, request)


@router.put("/callback", response_model=Facts)
async def set_callback(new: NewUrl, world: CurrentWorld, request: Request) -> dict[str, Any]:
    """Where payers go whose transaction names no callback_url; null: nowhere."""
    if new.url is not None and not paying.is_url(new.url):
        raise BodyError(f"url: read {new.url[:100]!r}, expected one like https://shop.test/callback")
    _state(world).callback_url = new.url
    return _facts(world, request)


@router.put("/settings", response_model=SettingsShown)
async def set_settings(new: Setting, world: CurrentWorld) -> dict[str, Any]:
    _set(world, new)
    return asdict(_state(world).settings)


@router.post("/transactions/{reference}/pay", response_model=Tried)
async def pay(reference: Reference, world: CurrentWorld, payer: Payer | None = None) -> dict[str, Any]:
    """The payer pays, as on the page; a script may let it fail."""
    row, typed = _transaction(world, reference), payer or Payer()
    answers = {name: getattr(typed, name) for name in ("pin", "otp", "phone", "bank")}
    came = paying.attempt(world, _state(world), row, Given(typed.card, typed.cvv, typed.expiry, answers))
    return _tried(came, paying.callback_of(_state(world), row) if came.status == "success" else None)


@router.post("/transactions/{reference}/abandon", response_model=Tried)
async def abandon(reference: Reference, world: CurrentWorld) -> dict[str, Any]:
    """The payer goes away without paying, and may come back."""
    row = _transaction(world, reference)
    paying.abandon(world, _state(world), row)
    status = status_of(world, _state(world), row).status
    return _tried(Attempt(status), paying.cancel_url_of(row))


def _tried(came: Attempt, redirect: str | None) -> dict[str, Any]:
    return {"status": came.status, "redirect": redirect, "asks": came.asks, "warning": came.warning}


CONTROL = SchemeControl(router=router, settings=Settings, change=change)
