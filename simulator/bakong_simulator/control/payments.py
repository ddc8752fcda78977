"""Payments, codes, accounts."""

from typing import Any

from fastapi import APIRouter

from bakong_scenarios import State, find
from bakong_schemes.bakong.fake.scanning import scan
from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld, get_payment
from bakong_simulator.control.requests import Md5, NewAccount, NewCode, NewPayment
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.money import minor_units
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.world import World, WorldError

router = APIRouter(prefix="/sandbox/worlds/{world}")


@router.post("/payments", response_model=responses.PaymentShown)
async def pay(new: NewPayment, world: CurrentWorld) -> dict[str, Any]:
    """A wallet pays a code. What comes back is this payment's own transaction, once there is one."""
    order, qr = _order(new, world)
    currency = new.currency or order.currency
    held = world.payments.get(order.md5)
    times_paid = len(held.receipts) if held else 0
    payment = world.pay(
        order,
        qr,
        minor=None if new.amount is None else minor_units(new.amount, currency),
        currency=new.currency,
        from_account=new.from_account,
        outcome=None if new.outcome is None else State(new.outcome),
    )
    return responses.of_payment(payment, payment.receipts[-1] if len(payment.receipts) > times_paid else None)


@router.get("/payments", response_model=list[responses.PaymentShown])
async def list_payments(world: CurrentWorld) -> list[dict[str, Any]]:
    return [responses.of_payment(payment) for payment in world.payments.values()]


@router.get("/payments/{md5}", response_model=responses.PaymentShown)
async def show_payment(md5: Md5, world: CurrentWorld) -> dict[str, Any]:
    return responses.of_payment(get_payment(world, md5))


@router.delete("/payments/{md5}", response_model=responses.PaymentShown)
async def reverse_payment(md5: Md5, world: CurrentWorld) -> dict[str, Any]:
    """The receiver's bank sends the money back. Checks answer it from then on as REFUNDED_BY_RECEIVER."""
    payment = get_payment(world, md5)
    last = next((receipt for receipt in reversed(payment.receipts) if not receipt.failed), None)
    if last is None:
        raise WorldError(f"nobody has paid the code with md5 {md5}: there is nothing to send back")
    return responses.of_payment(payment, world.reverse(last.hash))


@router.post("/qr", response_model=responses.PaymentShown)
async def show_code(new: NewCode, world: CurrentWorld) -> dict[str, Any]:
    """Let Bakong know a code, as a deep link does; the scenario is for this code alone."""
    return responses.of_payment(world.register_code(new.qr, None if new.scenario is None else find(new.scenario)))


@router.get("/accounts", response_model=list[responses.AccountShown])
async def list_accounts(world: CurrentWorld) -> list[dict[str, Any]]:
    return [responses.of_account(account) for account in world.ledger.accounts.values()]


@router.post("/accounts", response_model=responses.AccountShown)
async def open_account(new: NewAccount, world: CurrentWorld) -> dict[str, Any]:
    """Open an account, or fund one that is open."""
    balances: dict[str, int] = {currency: minor_units(text, currency) for currency, text in new.balances.items()}
    return responses.of_account(world.ledger.open(new.account_id, new.name, balances))


def _order(new: NewPayment, world: World) -> tuple[Order, str | None]:
    """What to pay: the code itself, or one that is known by its md5."""
    if (new.qr is None) == (new.md5 is None):
        raise BodyError("expected exactly one of 'qr' and 'md5'")
    if new.qr is not None:
        return scan(new.qr), new.qr
    payment = get_payment(world, new.md5 or "")
    if payment.order is None:
        raise WorldError(f"nobody has shown the code with md5 {new.md5}: pay it by 'qr'")
    return payment.order, payment.qr
