"""What Bakong adds to the control API: tokens, limits, profiles, the mails it sent, and money that goes back."""

from collections.abc import Callable
from dataclasses import asdict, replace
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.rows import tracked
from bakong_schemes.bakong.fake.state import BakongState
from bakong_schemes.bakong.fake.tokens import LIFE_S
from bakong_schemes.bakong.wire import PROFILES, TRANSACTION_KEYS
from bakong_schemes.bakong.words import WORDS
from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld, get_payment
from bakong_simulator.control.requests import MAX_SECONDS, Count, Reference, Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import BodyError, UnknownTokenError
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World, WorldError

ProfileName = Literal["current", "doc-1.0.2", "sit", "prod", "relay"]
TokenText = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


# What it takes


class LimitSetting(Strict):
    """What is left out stays as it is; null and false are off."""

    quota: Annotated[Count | None, Field(description="Calls a day for each token; the real one's is 100.")] = None
    calls_per_minute: Annotated[Count | None, Field(description="For each token; above it 429.")] = None
    geo_block: Annotated[bool, Field(description="Everybody is abroad: CloudFront's 403.")] = False
    cambodia: Annotated[
        list[Annotated[str, StringConstraints(max_length=50)]],
        Field(max_length=1000, description="Networks that are in Cambodia; with any, all others are abroad."),
    ] = Field(default_factory=list)
    mail_down: Annotated[bool, Field(description="No mail leaves: code 7.")] = False


class Settings(Strict):
    """What is left out stays as it is."""

    profile: Annotated[ProfileName | None, Field(description="From then on, whatever host a call names.")] = None
    profile_by_host: Annotated[bool | None, Field(description="The host that a call names says which profile.")] = None
    limits: LimitSetting | None = None


class NewToken(Strict):
    email: Annotated[str, StringConstraints(min_length=3, max_length=30, pattern=r"^[^@\s]+@[^@\s]+$")] = EMAIL
    expires_in_s: Annotated[int, Field(ge=1, le=MAX_SECONDS)] = LIFE_S
    good_for: Annotated[
        Literal["any", "sit", "prod", "relay"],
        Field(description="The host that takes it: SIT's, production's, a relay's, or any."),
    ] = "any"


# What it shows


class Limits(Response):
    quota: int | None
    calls_per_minute: int | None
    geo_block: bool
    cambodia: list[str]
    mail_down: bool


class Mail(Response):
    at_ms: int
    to: str
    subject: str
    code: str | None
    token: str | None


class Facts(Response):
    """quota_used: the most that any token has asked for today, where a quota is on."""

    profile: str
    profile_by_host: bool
    quota_used: int
    limits: Limits
    outbox: list[Mail]


class Token(Response):
    token: str


class BakongPayment(responses.PaymentShown):
    """A payment, and its transaction's 13 keys: null while there is none."""

    md5: str
    hash: str | None
    fromAccountId: str | None
    toAccountId: str | None
    currency: Literal["KHR", "USD"] | None
    description: str | None
    createdDateMs: int | None
    acknowledgedDateMs: int | None
    trackingStatus: str | None
    receiverBank: str | None
    receiverBankAccount: str | None
    instructionRef: str | None
    externalRef: str | None
    hashes: list[str]


def _state(world: World) -> BakongState:
    state: BakongState = world.state_of(WORDS.name)
    return state


def show(world: World) -> dict[str, Any]:
    state = _state(world)
    return {
        "profile": state.profile.name,
        "profile_by_host": state.by_host,
        "quota_used": state.meter.most_today(world.clock.now_ms()),
        "limits": asdict(state.limits) | {"cambodia": [str(network) for network in state.limits.cambodia]},
        "outbox": [asdict(mail) for mail in state.registrations.outbox],
    }


def show_payment(world: World, payment: Payment, at: int | None) -> dict[str, Any]:
    receipts = _state(world).receipts_of(payment)
    return {
        **responses.of_payment(world, payment, at),
        "md5": payment.reference,
        **(dict.fromkeys(TRANSACTION_KEYS) if at is None else tracked(receipts[at])),
        "hashes": [receipt.hash for receipt in receipts],
    }


# What it does


def change(given: Settings) -> Callable[[World], None]:
    """What brings profile and limits about. Raises BodyError."""
    named = {} if given.limits is None else _limits(given.limits)

    def apply(world: World) -> None:
        state = _state(world)
        if given.limits is not None:
            state.limits = replace(state.limits, **named)
        if given.profile is not None:
            state.profile, state.by_host = PROFILES[given.profile], False
        if given.profile_by_host is not None:
            state.by_host = given.profile_by_host

    return apply


def _limits(setting: LimitSetting) -> dict[str, Any]:
    """The limits that the setting names. Raises BodyError."""
    named: dict[str, Any] = {name: getattr(setting, name) for name in setting.model_fields_set}
    try:
        if "cambodia" in named:
            named["cambodia"] = tuple(ip_network(text) for text in setting.cambodia)
    except ValueError as error:
        raise BodyError(f"limits.cambodia: {error}; expected networks such as 36.37.0.0/16") from None
    return named


router = APIRouter()


@router.post("/tokens", response_model=Token)
async def make_token(new: NewToken, world: CurrentWorld) -> dict[str, str]:
    return {"token": _state(world).registrations.issue(new.email, new.expires_in_s, new.good_for)}


@router.delete("/tokens", status_code=204)
async def take_back_tokens(world: CurrentWorld, token: Annotated[TokenText | None, Query()] = None) -> None:
    """Take a token back, or with none named each that was issued: 401 from now on, until one is renewed."""
    registrations = _state(world).registrations
    if token is None:
        registrations.revoke_all()
    elif not registrations.revoke(token):
        raise UnknownTokenError("this world has issued no such token")


@router.delete("/payments/{reference:path}", response_model=BakongPayment)
async def reverse_payment(reference: Reference, world: CurrentWorld) -> dict[str, Any]:
    """The receiver's bank sends the money back. Checks answer it from then on as REFUNDED_BY_RECEIVER."""
    state = _state(world)
    payment = get_payment(world, reference, WORDS.name)
    receipts = state.receipts_of(payment)
    last = next((at for at in reversed(range(len(receipts))) if not receipts[at].failed), None)
    if last is None:
        raise WorldError(f"nobody has paid the code with md5 {reference}: there is nothing to send back")
    state.reverse(receipts[last].hash)
    return show_payment(world, payment, last)


CONTROL = SchemeControl(
    router=router,
    settings=Settings,
    change=change,
    facts=Facts,
    show=show,
    credentials=Token,
    issue=lambda world: {"token": _state(world).registrations.issue()},
    payment=BakongPayment,
    show_payment=show_payment,
)
