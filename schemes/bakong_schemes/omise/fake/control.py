"""What Omise adds to the control API: keys, the webhook and its secret, settings, and the payer's side of a charge."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from bakong_scenarios import State
from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import charging, events, money, shapes
from bakong_schemes.omise.fake.records import Charge, OmiseState
from bakong_schemes.omise.fake.shapes import View
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.requests import Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.world import World, WorldError

Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,4})?$")]
ChargeId = Annotated[str, StringConstraints(max_length=100)]


# What it takes


class Setting(Strict):
    """What is left out stays as it is. Rates are percent, as text, of the charges that are made from now on."""

    three_d_secure: Literal["off", "card", "all"] | None = None
    promptpay_refunds: bool | None = None
    redeliver: Annotated[bool | None, Field(description="Webhooks are tried five times, in place of once.")] = None
    card_complete: Annotated[bool | None, Field(description="A card charged at once sends charge.complete.")] = None
    raw_data: Annotated[bool | None, Field(description="scannable_code.raw_data holds the code's text.")] = None
    refund_status: Literal["closed", "pending"] | None = None
    card_rate: Rate | None = None
    promptpay_rate: Rate | None = None
    other_rate: Rate | None = None


class Settings(Strict):
    """Of a world: see /omise/settings."""

    settings: Setting | None = None


class NewWebhook(Strict):
    url: Annotated[str | None, StringConstraints(max_length=2048)]


class Failure(Strict):
    """code: one of the API's failure codes."""

    code: Annotated[str, StringConstraints(max_length=100)] = "failed_processing"


# What it shows


class WebhookShown(Response):
    url: str | None
    secret: str


class SettingsShown(Response):
    three_d_secure: str
    promptpay_refunds: bool
    redeliver: bool
    card_complete: bool
    raw_data: bool
    refund_status: str
    card_rate: str
    promptpay_rate: str
    other_rate: str


class Facts(Response):
    secretKey: str  # noqa: N815  the contract's own names
    publicKey: str  # noqa: N815
    webhook: WebhookShown
    settings: SettingsShown


def _state(world: World) -> OmiseState:
    state: OmiseState = world.state_of(wire.NAME)
    return state


def _webhook(world: World) -> dict[str, Any]:
    return {"url": events.webhook_url(world), "secret": _state(world).secret}


# What it does


def change(given: Settings) -> Callable[[World], None]:
    """What brings the settings about."""
    return lambda world: None if given.settings is None else _set(world, given.settings)


def _set(world: World, setting: Setting) -> None:
    state = _state(world)
    state.settings = replace(state.settings, **setting.model_dump(exclude_none=True))
    world.outbox.register(events.webhooks(redeliver=state.settings.redeliver))


def _charge(world: World, id_: str) -> Charge:
    charge = _state(world).charges.get(id_)
    if charge is None:
        raise UnknownPaymentError(f"no charge has the id {id_}")
    return charge


def _shown(world: World, charge: Charge) -> dict[str, Any]:
    return shapes.charge(View(world, _state(world), charge.place), charge)


router = APIRouter()


@router.get("", response_model=Facts)
async def show(world: CurrentWorld) -> dict[str, Any]:
    """The keys of a world's account, its webhook, and its settings."""
    state = _state(world)
    return {
        "secretKey": state.secret_key,
        "publicKey": state.public_key,
        "webhook": _webhook(world),
        "settings": asdict(state.settings),
    }


@router.put("/webhook", response_model=WebhookShown)
async def set_webhook(new: NewWebhook, world: CurrentWorld) -> dict[str, Any]:
    """Let the account's webhook go to a URL, as PATCH /account does; null: nowhere."""
    events.set_webhook(world, _state(world), new.url)
    return _webhook(world)


@router.post("/webhook/roll", response_model=WebhookShown)
async def roll_webhook(world: CurrentWorld) -> dict[str, Any]:
    """A new secret. For 24 h of the world's time webhooks bear two signatures, the new one first."""
    events.roll_secret(world, _state(world))
    return _webhook(world)


@router.put("/settings", response_model=SettingsShown)
async def set_settings(new: Setting, world: CurrentWorld) -> dict[str, Any]:
    _set(world, new)
    return asdict(_state(world).settings)


@router.post("/charges/{id}/pay")
async def pay(id: ChargeId, world: CurrentWorld) -> dict[str, Any]:  # noqa: A002  the path's own word
    """The payer pays, whatever the script says, from what the payer has."""
    charge = _charge(world, id)
    money.pay(world, _state(world), charge, State.PAID)
    return _shown(world, charge)


@router.post("/charges/{id}/fail")
async def fail(id: ChargeId, world: CurrentWorld, why: Failure | None = None) -> dict[str, Any]:  # noqa: A002
    """The payment comes to nothing."""
    charge, code = _charge(world, id), (why or Failure()).code
    if code not in wire.FAILURES:
        raise BodyError(f"code: read {code!r}, expected one of {', '.join(wire.FAILURES)}")
    money.fail(world, _state(world), charge, code)
    return _shown(world, charge)


@router.post("/charges/{id}/authorize")
async def authorize(id: ChargeId, world: CurrentWorld) -> dict[str, Any]:  # noqa: A002
    """The payer says yes on the pay page: a card of a charge with capture=false is held, all else is paid."""
    charge = _charge(world, id)
    if charge.page is None:
        raise WorldError(f"charge {id} has no pay page")
    charging.approve(world, _state(world), charge)
    return _shown(world, charge)


CONTROL = SchemeControl(
    router=router,
    settings=Settings,
    change=change,
)
