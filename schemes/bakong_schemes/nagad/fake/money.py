"""The customer's side, on which money moves: a payment is approved, given up, refused; and what goes back."""

from bakong_scenarios import State, Step
from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake.errors import ApiError
from bakong_schemes.nagad.fake.records import NagadState, Purchase, Refund
from bakong_schemes.nagad.fake.status import payment_of, refund_status, standing
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.payments import Payment, Settlement
from bakong_simulator.kernel.world import World, WorldError

MERCHANT = "nagad_merchant"
OK = next(iter(wire.WALLETS))
DAY_MS = 86_400_000
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_over(world: World, state: NagadState, purchase: Purchase) -> bool:
    """Whether the reference has come to the end of its life, where it has one."""
    life_s = state.settings.reference_life_s
    begun_ms = purchase.initialized_ms
    return life_s is not None and world.clock.now_ms() >= begun_ms + life_s * 1000


def check_open(world: World, state: NagadState, purchase: Purchase) -> Payment:
    """The payment, on which the customer may decide. Raises WorldError."""
    payment, now = payment_of(world, purchase), standing(world, state, purchase)
    if payment is None:
        raise WorldError("the payment was not completed by the merchant: there is nothing to pay yet")
    if not now.is_open or payment.settlements or payment.pending:
        raise WorldError(f"the payment is {now.status}: the customer has decided already")
    if is_over(world, state, purchase):
        raise WorldError("the reference has come to the end of its life")
    return payment


def approve(world: World, state: NagadState, purchase: Purchase, wallet: str) -> None:
    """The customer confirms; a script says what comes of it, unless the wallet does. Raises WorldError."""
    payment = check_open(world, state, purchase)
    kind, order = wire.WALLETS[wallet].name, payment.order
    if order is None:
        raise WorldError("the payment has no order")
    scheme = world.scheme(wire.NAME)
    if kind in ("poor", "wrongpin"):
        world.pay(scheme, order, from_account=wallet, outcome=State.FAILED)
        return
    _fund(world, wallet, purchase.minor)
    if kind in ("slow", "late"):
        begun_ms = purchase.completed_ms or 0
        wait_ms = wire.SLOW_MS if kind == "slow" else max(0, begun_ms + wire.LATE_MS - world.clock.now_ms())
        world.pay(scheme, order, from_account=wallet, outcome=Step(State.PAID, wait_ms))
        return
    purchase.hangs = kind == "cancelhang"
    world.pay(scheme, order, from_account=wallet)


def give_up(world: World, state: NagadState, purchase: Purchase) -> None:
    """The customer closes the page. Raises WorldError."""
    check_open(world, state, purchase).reached = State.CANCELLED


def fail(world: World, state: NagadState, purchase: Purchase, wallet: str) -> None:
    """The payment is refused. Raises WorldError."""
    order = check_open(world, state, purchase).order
    if order is not None:
        world.pay(world.scheme(wire.NAME), order, from_account=wallet, outcome=State.FAILED)


def _fund(world: World, wallet: str, minor: int) -> None:
    """A customer has what a payment asks for."""
    lacking = minor - world.ledger.balance(wallet, wire.CURRENCY)
    if lacking > 0:
        world.ledger.open(wallet, balances={wire.CURRENCY: lacking}, issuer=world.scheme(wire.NAME).issuer)


def moved(world: World, state: NagadState, purchase: Purchase, payment: Payment, at: int) -> None:
    """The kernel's word that money came, was refused, or went back; a script may have let it."""
    settlement = payment.settlements[at]
    if not settlement.failed and purchase.issuer_reference is None:
        purchase.issuer_reference = issuer_reference(world)
    missing = settlement.returned_minor - purchase.refunded_minor
    first = next((number for number, row in enumerate(payment.settlements) if not row.failed), None)
    if at == first and missing > 0:
        _keep(world, state, purchase, settlement, missing)


def issuer_reference(world: World) -> str:
    drawn = int.from_bytes(world.rng.draw("nagad/issuer"))
    tail = "".join(_ALPHABET[drawn // 36**place % 36] for place in range(wire.ISSUER_REFERENCE - 4))
    return f"0001{tail}"


def _keep(world: World, state: NagadState, purchase: Purchase, settlement: Settlement, minor: int) -> None:
    """Write a refund down; who asked for it is added by whoever did."""
    status = refund_status(state.settings.refund_status, settlement)
    purchase.refunds.append(Refund("", minor, world.clock.now_ms(), issuer_reference(world), status))


def give_back(world: World, state: NagadState, purchase: Purchase, minor: int, reference_no: str) -> Refund:
    """A refund, whole or in part; the same once more where it was made before. Raises ApiError."""
    made = _made_before(state, purchase, minor, reference_no)
    if made is not None:
        return made
    payment, now = payment_of(world, purchase), standing(world, state, purchase)
    if payment is None or now.paid is None or now.at is None:
        raise ApiError("InvalidPurchaseInformation", f"the payment is {now.status}: nothing was paid")
    _check_limits(world, state, purchase, now.paid.at_ms)
    if minor > now.paid.rest:
        left = wire.text_of(now.paid.rest)
        raise ApiError(
            "InvalidPurchaseInformation", f"cancelAmount: read {wire.text_of(minor)}, and {left} can go back"
        )
    before = len(purchase.refunds)
    try:
        world.send_back(payment, now.at, minor)
    except (LedgerError, WorldError) as error:
        raise ApiError("InvalidPurchaseInformation", str(error)) from None
    made = purchase.refunds[before]._replace(reference_no=reference_no)
    purchase.refunds[before] = made
    return made


def _made_before(state: NagadState, purchase: Purchase, minor: int, reference_no: str) -> Refund | None:
    """Raises ApiError where the number was of another amount."""
    made = next((refund for refund in purchase.refunds if refund.reference_no == reference_no), None)
    if made is None or state.settings.refund_again == "another":
        return None
    if made.minor != minor:
        raise ApiError("InvalidPurchaseInformation", f"referenceNo was of a refund of {wire.text_of(made.minor)}")
    return made


def _check_limits(world: World, state: NagadState, purchase: Purchase, paid_ms: int) -> None:
    """Raises ApiError."""
    settings = state.settings
    if settings.max_refunds is not None and len(purchase.refunds) >= settings.max_refunds:
        raise ApiError(
            "InvalidPurchaseInformation", f"{settings.max_refunds} refunds of it were made, and no more may be"
        )
    if settings.refund_days is not None and world.clock.now_ms() > paid_ms + settings.refund_days * DAY_MS:
        raise ApiError("InvalidPurchaseInformation", f"it was paid more than {settings.refund_days} days ago")
