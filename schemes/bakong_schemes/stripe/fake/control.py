"""What Stripe adds to the control API: keys, settings, the payer's side, and the answers of the next calls."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import acts, checkout, events, vault
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.records import Json, StripeState
from bakong_schemes.stripe.fake.view import View
from bakong_schemes.stripe.words import OPERATIONS
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.requests import Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT

Id = Annotated[str, StringConstraints(max_length=100)]
MAX_NEXT = 100
_WEBHOOK = "stripe.webhook.deliver"

# What it takes


class Setting(Strict):
    """What is left out stays as it is."""

    limits: Annotated[bool | None, Field(description="Stripe's own rate limits: 25 requests a second.")] = None
    retries: Literal["test", "live"] | None = None
    conflict_type: Literal["idempotency_error", "invalid_request_error"] | None = None
    over_refund_code: bool | None = None
    intent_param: Literal["intent", "id"] | None = None
    expired_card_decline_code: bool | None = None
    hold_expires_as: Literal["canceled", "requires_payment_method"] | None = None
    created_last: bool | None = None
    released_hold_event: Literal["none", "charge.refunded", "charge.expired"] | None = None
    unknown_card: Literal["paid", "declined"] | None = None
    dispute_prefix: Literal["du", "dp"] | None = None
    keep_validation_errors: bool | None = None


class Settings(Strict):
    """Of a world: see /stripe/settings."""

    settings: Setting | None = None


class Payer(Strict):
    """payment_method: a test id such as pm_card_visa, or the id of one that was made."""

    payment_method: Annotated[str, StringConstraints(max_length=200)] = "pm_card_visa"
    email: Annotated[str, StringConstraints(max_length=200)] | None = None


class Next(Strict):
    """What the next calls are answered with. operation: such as stripe.payment_intents.confirm; left out: any."""

    status: Annotated[int, Field(ge=400, le=599)]
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    operation: Annotated[str, StringConstraints(max_length=100)] | None = None


# What it shows


class SettingsShown(Response):
    limits: bool
    retries: str
    conflict_type: str
    over_refund_code: bool
    intent_param: str
    expired_card_decline_code: bool
    hold_expires_as: str
    created_last: bool
    released_hold_event: str
    unknown_card: str
    dispute_prefix: str
    keep_validation_errors: bool


class NextShown(Response):
    status: int
    times: int
    operation: str | None


class Facts(Response):
    """warnings: what calls asked for that Stripe knows and the sandbox does not act on."""

    secretKey: str  # noqa: N815  the contract's own names
    publishableKey: str  # noqa: N815
    accountId: str  # noqa: N815
    apiVersion: str  # noqa: N815
    baseUrl: str  # noqa: N815
    settings: SettingsShown
    warnings: list[str]


class Acted(Response):
    """status: of the PaymentIntent or the session. redirect: where the payer's browser goes."""

    status: str
    redirect: str | None
    problem: str | None = None


def _state(world: World) -> StripeState:
    state: StripeState = world.state_of(wire.NAME)
    return state


# What it does


def change(given: Settings) -> Callable[[World], None]:
    """What brings the settings about."""
    return lambda world: None if given.settings is None else _set(world, given.settings)


def _set(world: World, setting: Setting) -> None:
    state = _state(world)
    state.settings = replace(state.settings, **setting.model_dump(exclude_none=True))
    world.outbox.register(events.webhooks(state))


def _object(world: World, kind: str, id_: str) -> Json:
    made = View(world, _state(world)).get(kind, id_)
    if made is None:
        raise UnknownPaymentError(f"no {kind} has the id {id_}")
    return made


router = APIRouter()


@router.get("", response_model=Facts)
async def show(world: CurrentWorld, request: Request) -> dict[str, Any]:
    """The keys of a world's account, where its client begins, and its settings."""
    state = _state(world)
    prefix = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "secretKey": state.secret_key,
        "publishableKey": state.publishable_key,
        "accountId": state.account,
        "apiVersion": wire.VERSION,
        "baseUrl": f"{str(request.base_url).rstrip('/')}{prefix}{wire.PREFIX}",
        "settings": asdict(state.settings),
        "warnings": state.warnings,
    }


@router.put("/settings", response_model=SettingsShown)
async def set_settings(new: Setting, world: CurrentWorld) -> dict[str, Any]:
    _set(world, new)
    return asdict(_state(world).settings)


@router.post("/payment_intents/{id}/authenticate", response_model=Acted)
async def authenticate(id: Id, world: CurrentWorld) -> dict[str, Any]:  # noqa: A002  the path's own word
    """The payer says yes to the bank."""
    return _answer_bank(world, id, succeeds=True)


@router.post("/payment_intents/{id}/fail_authentication", response_model=Acted)
async def fail_authentication(id: Id, world: CurrentWorld) -> dict[str, Any]:  # noqa: A002
    """The payer says no to the bank."""
    return _answer_bank(world, id, succeeds=False)


def _answer_bank(world: World, id_: str, *, succeeds: bool) -> dict[str, Any]:
    intent = _object(world, "payment_intent", id_)
    try:
        redirect = acts.authenticate(View(world, _state(world)), intent, succeeds=succeeds)
    except ApiError as error:
        raise WorldError(str(error)) from None
    return {"status": intent["status"], "redirect": redirect}


@router.post("/checkout/{id}/pay", response_model=Acted)
async def pay(id: Id, world: CurrentWorld, payer: Payer | None = None) -> dict[str, Any]:  # noqa: A002
    """The payer submits the page of a session; a decline leaves it open."""
    session, given = _object(world, "checkout.session", id), payer or Payer()
    view = View(world, _state(world))
    try:
        method = vault.find_method(view, given.payment_method)
    except ApiError as error:
        raise BodyError(f"payment_method: {error}") from None
    try:
        outcome = checkout.pay(view, session, method, {"email": given.email})
    except ApiError as error:
        raise WorldError(str(error)) from None
    return {"status": session["status"], "redirect": outcome.redirect, "problem": outcome.problem or None}


@router.post("/checkout/{id}/cancel", response_model=Acted)
async def cancel(id: Id, world: CurrentWorld) -> dict[str, Any]:  # noqa: A002
    """The payer goes back to the shop; the session stays open."""
    session = _object(world, "checkout.session", id)
    return {"status": session["status"], "redirect": session["cancel_url"]}


@router.post("/next", response_model=list[NextShown])
async def answer_next(new: Next, world: CurrentWorld) -> list[dict[str, Any]]:
    """Let the next calls, of one operation or of any, be answered with a status; the API does nothing then."""
    state, operation = _state(world), (new.operation or "").removeprefix(f"{wire.NAME}.")
    if new.operation == _WEBHOOK:
        raise BodyError("operation: faults of webhooks are set at /sandbox/worlds/<world>/webhooks/faults")
    if operation and operation not in OPERATIONS:
        known = ", ".join(f"{wire.NAME}.{name}" for name in OPERATIONS)
        raise BodyError(f"operation: read {new.operation!r}, expected one of {known}")
    if len(state.next_faults) >= MAX_NEXT:
        raise WorldError(f"{MAX_NEXT} wait already: use them up first")
    state.next_faults = [*state.next_faults, (new.status, operation, new.times)]
    return [
        {"status": status, "times": times, "operation": f"{wire.NAME}.{name}" if name else None}
        for status, name, times in state.next_faults
    ]


CONTROL = SchemeControl(router=router, settings=Settings, change=change)
