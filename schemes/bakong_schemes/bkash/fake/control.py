"""What bKash adds to the control API: credentials, wallets, payments and their customers, the webhook, the switches."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import pages, shapes, sns
from bakong_schemes.bkash.fake.records import BkashState, PaymentRow
from bakong_schemes.bkash.fake.standing import standing
from bakong_schemes.bkash.fake.wallets import ISSUER, MSISDN, NAMED, account_of, msisdn_of
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.requests import Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl
from bakong_simulator.kernel.errors import UnknownPaymentError
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import DEFAULT

PaymentId = Annotated[str, StringConstraints(max_length=100)]
Msisdn = Annotated[str, StringConstraints(pattern=f"^{MSISDN}$")]
Word = Annotated[str, StringConstraints(max_length=64)]


# What it takes


class Setting(Strict):
    """What is left out stays as it is. Each is a guess about bKash, or a point that sources disagree about."""

    execute_twice: Literal["2117", "2062"] | None = None
    execute_early: Literal["2056", "2060"] | None = None
    invoice_rule: Annotated[bool | None, Field(description="create refuses an invoice that was paid already.")] = None
    duplicate_rule: Annotated[bool | None, Field(description="execute refuses the same within two minutes.")] = None
    cancelled_query: Literal["Initiated", "Cancelled"] | None = None
    refund_days: Annotated[int | None, Field(ge=0, le=3650)] = None
    refund_once: bool | None = None
    refund_charge: Annotated[str | None, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,6})\.[0-9]{2}$")] = None
    refund_status_shows: Literal["last", "first"] | None = None
    void_status: Literal["Cancelled", "Completed"] | None = None
    token_rule: Annotated[bool | None, Field(description="At most two token calls an hour, else blocked.")] = None
    blocked_status: Literal[403, 429] | None = None
    refresh_ends_token: bool | None = None
    accept_bearer: bool | None = None
    agreement_url: bool | None = None
    refused_uses_up: bool | None = None
    maintenance_status: Literal[200, 503] | None = None
    credentials_status: Literal[200, 401] | None = None
    raw_credentials_error: Annotated[bool | None, Field(description="9999 with a raw line feed: no legal JSON.")] = None
    sns_base: Annotated[str | None, StringConstraints(pattern=r"^https?://[!-~]{1,200}$")] = None


class Settings(Strict):
    """Of a world: see /bkash/settings."""

    settings: Setting | None = None


class NewWallet(Strict):
    """balance: BDT with two decimals; a wallet that is there is set to it."""

    msisdn: Msisdn
    balance: Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$")] = "100000.00"


class NewWebhook(Strict):
    """confirmed: nothing has to be confirmed first."""

    url: Annotated[str | None, StringConstraints(max_length=2048)]
    confirmed: bool = False


class Customer(Strict):
    """What the customer types; what is left out is right."""

    wallet: Word = ""
    otp: Word = ""
    pin: Word = ""


# What it shows


class WebhookShown(Response):
    url: str | None
    confirmed: bool
    topicArn: str  # noqa: N815  the contract's own names
    signingCertURL: str  # noqa: N815


class Facts(Response):
    username: str
    password: str
    appKey: str  # noqa: N815
    appSecret: str  # noqa: N815
    pin: str
    otp: str
    wallets: dict[str, str]
    baseUrl: str  # noqa: N815
    webhook: WebhookShown
    settings: dict[str, Any]


class WalletShown(Response):
    msisdn: str
    name: str
    balance: str


class Decided(Response):
    paymentID: str  # noqa: N815
    status: str
    redirect: str | None


class PaymentShownHere(Response):
    paymentID: str  # noqa: N815
    family: str
    mode: str
    amount: str
    merchantInvoiceNumber: str  # noqa: N815
    outcome: str
    wallet: str
    transactionStatus: str  # noqa: N815
    trxID: str | None  # noqa: N815
    refunded: str


def _state(world: World) -> BkashState:
    state: BkashState = world.state_of(wire.NAME)
    return state


def _row(world: World, id_: str) -> PaymentRow:
    row = _state(world).payments.get(id_)
    if row is None:
        raise UnknownPaymentError(f"no payment has the paymentID {id_}")
    return row


def _webhook(world: World) -> dict[str, Any]:
    state = _state(world)
    known = state.webhook
    return {
        "url": None if known is None else known.url or None,
        "confirmed": known is not None and known.confirmed,
        "topicArn": sns.topic_arn(world.name),
        "signingCertURL": sns.certificate_url(state.sns_secret),
    }


def _payment(world: World, row: PaymentRow) -> dict[str, Any]:
    now = None if row.is_agreement else standing(world, _state(world), row)
    return {
        "paymentID": row.id,
        "family": row.family,
        "mode": row.mode,
        "amount": row.amount,
        "merchantInvoiceNumber": row.invoice,
        "outcome": row.outcome,
        "wallet": row.wallet,
        "transactionStatus": (wire.COMPLETED if row.agreement else wire.INITIATED) if now is None else now.status,
        "trxID": row.trx or None,
        "refunded": wire.two_decimals(row.refunded),
    }


def _wallets(world: World) -> list[dict[str, Any]]:
    names = {msisdn: name for name, (msisdn, _) in NAMED.items()}
    accounts = [one for one in world.ledger.accounts.values() if msisdn_of(one.account_id).isdigit()]
    return [
        {
            "msisdn": msisdn_of(one.account_id),
            "name": names.get(msisdn_of(one.account_id), ""),
            "balance": wire.two_decimals(one.balances.get(wire.CURRENCY, 0)),
        }
        for one in accounts
        if one.account_id.startswith(f"{wire.NAME}_")
    ]


def change(given: Settings) -> Callable[[World], None]:
    """What brings the settings about."""
    return lambda world: None if given.settings is None else _set(world, given.settings)


def _set(world: World, setting: Setting) -> None:
    state = _state(world)
    state.settings = replace(state.settings, **setting.model_dump(exclude_none=True))


router = APIRouter()


@router.get("", response_model=Facts)
async def show(world: CurrentWorld, request: Request) -> dict[str, Any]:
    """The credentials of a world's merchant, its wallets, where its API is, its webhook and its switches."""
    state = _state(world)
    known = state.credentials
    place = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "username": known.username,
        "password": known.password,
        "appKey": known.app_key,
        "appSecret": known.app_secret,
        "pin": known.pin,
        "otp": known.otp,
        "wallets": {name: msisdn for name, (msisdn, _) in NAMED.items()},
        "baseUrl": f"{str(request.base_url).rstrip('/')}{place}{wire.PREFIX}/{wire.VERSION}",
        "webhook": _webhook(world),
        "settings": asdict(state.settings),
    }


@router.put("/settings")
async def set_settings(new: Setting, world: CurrentWorld) -> dict[str, Any]:
    _set(world, new)
    return asdict(_state(world).settings)


@router.put("/webhook", response_model=WebhookShown)
async def set_webhook(new: NewWebhook, world: CurrentWorld) -> dict[str, Any]:
    """Let the IPN go to a URL, which is sent a SubscriptionConfirmation first; null: nowhere."""
    sns.subscribe(world, _state(world), new.url, confirmed=new.confirmed)
    return _webhook(world)


@router.get("/wallets", response_model=list[WalletShown])
async def wallets(world: CurrentWorld) -> list[dict[str, Any]]:
    return _wallets(world)


@router.post("/wallets", response_model=WalletShown)
async def set_wallet(new: NewWallet, world: CurrentWorld) -> dict[str, Any]:
    """A wallet with this balance, new or known."""
    account = account_of(new.msisdn)
    whole, _, part = new.balance.partition(".")
    wanted = int(whole + f"{part:0<2}")
    held = world.ledger.balance(account, wire.CURRENCY) if world.ledger.holds(account) else 0
    if wanted >= held:
        world.ledger.open(account, f"Wallet {new.msisdn}", {wire.CURRENCY: wanted - held}, ISSUER)
    else:
        world.ledger.post(account, ISSUER, wire.CURRENCY, held - wanted)
    return next(row for row in _wallets(world) if row["msisdn"] == new.msisdn)


@router.get("/payments", response_model=list[PaymentShownHere])
async def list_payments(world: CurrentWorld, limit: Annotated[int, Field(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
    """The newest payments first, and requests for agreements."""
    rows = list(_state(world).payments.values())
    return [_payment(world, row) for row in reversed(rows[-limit:])]


@router.post("/payments/{id}/{action}", response_model=Decided)
async def decide(
    id: PaymentId,  # noqa: A002  the path's own word
    action: Literal["approve", "cancel", "fail"],
    world: CurrentWorld,
    customer: Customer | None = None,
) -> dict[str, Any]:
    """The customer's word at the page, without a browser. Approving moves no money: execute does."""
    row, typed = _row(world, id), customer or Customer()
    asked = "confirm" if action == "approve" else action
    outcome = pages.decide(world, _state(world), row, asked, typed.wallet, typed.otp, typed.pin)
    redirect = None if row.family == wire.CHECKOUT else shapes.callback(row, outcome)
    return {"paymentID": row.id, "status": outcome, "redirect": redirect}


CONTROL = SchemeControl(router=router, settings=Settings, change=change)
