"""What PromptPay adds to the control API: who is registered, whether others are paid, and the slips."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response as Raw
from pydantic import Field, StringConstraints

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.fake.payees import DEFAULT_BANK, Biller, Proxy
from bakong_schemes.promptpay.fake.serving import slip_key
from bakong_schemes.promptpay.fake.slips import Issued
from bakong_schemes.promptpay.fake.state import PromptPayState, key_of
from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.requests import Qr, Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World
from khqr.image import svg

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Bank = Annotated[str, StringConstraints(pattern=r"^([0-9]{3}|truemoney)$")]
Payee = Annotated[str, StringConstraints(max_length=64)]
MAX_PAYEES = 10_000

# What it takes


class Settings(Strict):
    """What is left out stays as it is."""

    unknown_payees: Annotated[
        Literal["accept", "refuse"] | None,
        Field(description="Whether codes of payees that nobody has registered are paid; banks refuse them."),
    ] = None


class NewProxy(Strict):
    payee: Annotated[Payee, Field(description="Such as 0800000475@mobile; see docs/promptpay.md.")]
    owner: Name
    bank: Bank = DEFAULT_BANK
    is_closed: bool = False


class NewBiller(Strict):
    biller_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{15}$")]
    owner: Name
    bank: Bank = DEFAULT_BANK
    known_by: Annotated[
        list[Bank] | None, Field(max_length=100, description="The banks whose apps can pay it; by default all.")
    ] = None
    needs_reference2: bool = False
    pays_once: bool = False


# What it shows


class Facts(Response):
    unknown_payees: Literal["accept", "refuse"]
    key: str


class PayeeShown(Response):
    payee: str
    owner: str
    bank: str
    is_closed: bool | None = None
    known_by: list[str] | None = None
    needs_reference2: bool | None = None
    pays_once: bool | None = None


class SlipShown(Response):
    """A transfer, as its slip names it; text is what people read on its picture."""

    bank: str
    ref: str
    slip: str
    amount: str
    currency: str
    payer: str
    payee: str
    payee_name: str
    at: str
    at_ms: int
    returned: bool
    used_for: str | None
    reference: str
    text: str


class PromptPayPayment(responses.PaymentShown):
    """A payment, and the slip of the transfer that it shows: null while there is none."""

    to_account: str | None
    slip: SlipShown | None


def _state(world: World) -> PromptPayState:
    state: PromptPayState = world.state_of(wire.NAME)
    return state


def show(world: World) -> dict[str, Any]:
    state = _state(world)
    return {"unknown_payees": "accept" if state.payees.accepts_unknown else "refuse", "key": key_of(world.name)}


def show_slip(state: PromptPayState, slip: Issued) -> dict[str, Any]:
    shown = state.shown(slip)
    payer_bank = wire.BANKS.get(slip.bank, "TrueMoney" if slip.bank == wire.TRUEMONEY else f"bank {slip.bank}")
    lines = (
        "Transfer completed",
        shown["at"],
        f"From {shown['payer']} ({payer_bank})",
        f"To {shown['payee_name']} ({shown['payee']})"
        if shown["payee_name"] != shown["payee"]
        else f"To {shown['payee']}",
        f"Amount {shown['amount']} {shown['currency']}",
        f"Reference {slip.ref}",
    )
    return shown | {"reference": slip.payment.reference, "text": "\n".join(lines)}


def show_payment(world: World, payment: Payment, at: int | None) -> dict[str, Any]:
    state = _state(world)
    slips = {slip.at: slip for slip in state.slips.by_payment.get(payment.reference, ())}
    slip = None if at is None else slips.get(at)
    return {
        **responses.of_payment(world, payment, at),
        "to_account": payment.order.to_account if payment.order else None,
        "slip": None if slip is None else show_slip(state, slip),
    }


def _show_payee(row: Proxy | Biller) -> dict[str, Any]:
    return asdict(row)


# What it does


def change(given: Settings) -> Callable[[World], None]:
    def apply(world: World) -> None:
        if given.unknown_payees is not None:
            _state(world).payees.accepts_unknown = given.unknown_payees == "accept"

    return apply


router = APIRouter()


@router.get("/payees", response_model=list[PayeeShown])
async def list_payees(world: CurrentWorld) -> list[dict[str, Any]]:
    """Who is registered: proxies and billers."""
    return [_show_payee(row) for row in _state(world).payees.rows.values()]


@router.post("/proxies", response_model=PayeeShown)
async def register_proxy(new: NewProxy, world: CurrentWorld) -> dict[str, Any]:
    """Register a proxy, or change one. Its owner's name is on slips."""
    asked = wire.read_reference(new.payee)
    if asked is None or asked.payee != new.payee:
        raise BodyError(f"payee: read {new.payee!r}, expected such as 0800000475@mobile")
    return _put(world, Proxy(**new.model_dump()))


@router.post("/billers", response_model=PayeeShown)
async def register_biller(new: NewBiller, world: CurrentWorld) -> dict[str, Any]:
    """Register a biller, or change one."""
    given = new.model_dump(exclude={"biller_id", "known_by"})
    known_by = None if new.known_by is None else tuple(new.known_by)
    return _put(world, Biller(payee=f"{new.biller_id}@{wire.BILLER}", known_by=known_by, **given))


def _put(world: World, row: Proxy | Biller) -> dict[str, Any]:
    rows = _state(world).payees.rows
    if len(rows) >= MAX_PAYEES and row.payee not in rows:
        raise BodyError(f"this world has {MAX_PAYEES} payees, and takes no more")
    rows[row.payee] = row
    world.ledger.open(row.payee, row.owner)
    return _show_payee(row)


@router.delete("/payees/{payee}", status_code=204)
async def forget_payee(payee: Annotated[str, Path(max_length=64)], world: CurrentWorld) -> None:
    """Let nobody be registered under it any more."""
    if _state(world).payees.rows.pop(payee, None) is None:
        raise UnknownPaymentError(f"nobody has registered {payee} in this world")


@router.get("/slips", response_model=list[SlipShown])
async def list_slips(world: CurrentWorld, qr: Annotated[Qr | None, Query()] = None) -> list[dict[str, Any]]:
    """The slips of all transfers; with qr, the one that this mini QR is of."""
    state = _state(world)
    if qr is None:
        return [show_slip(state, slip) for slip in state.slips.rows.values()]
    key = slip_key(qr)
    if key is None:
        raise BodyError(f"qr: read {qr[:80]!r}, expected the mini QR of a slip")
    return [show_slip(state, _issued(state, *key))]


@router.get("/slips/{bank}/{ref}", response_model=SlipShown)
async def get_slip(bank: Bank, ref: Name, world: CurrentWorld) -> dict[str, Any]:
    """What transfer a slip names: amount, payee, time, and for which order a shop has used it."""
    state = _state(world)
    return show_slip(state, _issued(state, bank, ref))


@router.get("/slips/{bank}/{ref}/picture", response_class=Raw, responses={200: {"content": {"image/svg+xml": {}}}})
async def draw_slip(bank: Bank, ref: Name, world: CurrentWorld) -> Raw:
    """The mini QR as a picture."""
    return Raw(svg(_issued(_state(world), bank, ref).text), media_type="image/svg+xml")


def _issued(state: PromptPayState, bank: str, ref: str) -> Issued:
    slip = state.slips.rows.get((bank, ref))
    if slip is None:
        raise UnknownPaymentError(f"no transfer of bank {bank} has the reference {ref}")
    return slip


CONTROL = SchemeControl(
    router=router,
    settings=Settings,
    change=change,
    facts=Facts,
    show=show,
    payment=PromptPayPayment,
    show_payment=show_payment,
)
