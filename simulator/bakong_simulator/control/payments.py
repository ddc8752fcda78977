"""Payments, codes, accounts."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query

from bakong_scenarios import State
from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld, get_payment
from bakong_simulator.control.requests import NewAccount, NewCode, NewPayment, PaymentQuery, Reference, SchemeName
from bakong_simulator.control.scheme_control import Forms, list_of, of_payment
from bakong_simulator.kernel.errors import BodyError, ScanError
from bakong_simulator.kernel.money import minor_units
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.world import AnyScheme, World, WorldError


def router(forms: Forms) -> APIRouter:
    """The routes, with these forms."""
    made = APIRouter(prefix="/sandbox/worlds/{world}")
    made.post("/payments", response_model=forms.payment)(pay)
    made.get("/payments", response_model=list_of(forms.payment))(list_payments)
    made.get("/payments/{reference:path}", response_model=forms.payment)(show_payment)
    made.post("/qr", response_model=forms.payment)(show_code)
    made.get("/accounts", response_model=list[responses.AccountShown])(list_accounts)
    made.post("/accounts", response_model=responses.AccountShown)(open_account)
    made.get("/ledger", response_model=responses.LedgerShown)(show_ledger)
    return made


async def pay(new: NewPayment, world: CurrentWorld) -> dict[str, Any]:
    """A wallet pays a code. What comes back is this payment's own transaction, once there is one."""
    scheme = _scheme(world, new.scheme, new.qr)
    order, code = _order(new, scheme, world)
    currency = _currency(scheme, new.currency or order.currency)
    held = world.payments.get((scheme.name, order.reference))
    times_paid = len(held.settlements) if held else 0
    payment = world.pay(
        scheme,
        order,
        code,
        minor=None if new.amount is None else minor_units(new.amount, currency),
        currency=new.currency,
        from_account=None if new.from_account is None else _account_id(scheme, new.from_account),
        outcome=None if new.outcome is None else State(new.outcome),
        description=new.description,
    )
    return of_payment(world, payment, len(payment.settlements) - 1 if len(payment.settlements) > times_paid else None)


async def list_payments(world: CurrentWorld, query: Annotated[PaymentQuery, Query()]) -> list[dict[str, Any]]:
    """The payments that fit all that is named, oldest first."""
    if query.scheme is not None:
        world.scheme(query.scheme)
    fitting = [payment for payment in world.payments.values() if query.fits(payment.scheme, payment.state.value)]
    return [of_payment(world, payment) for payment in fitting[-query.limit :]]


async def show_payment(
    reference: Reference, world: CurrentWorld, scheme: Annotated[SchemeName, Query()] = None
) -> dict[str, Any]:
    return of_payment(world, get_payment(world, reference, scheme))


async def show_code(new: NewCode, world: CurrentWorld) -> dict[str, Any]:
    """Let a scheme know a code, as Bakong's deep link does; the scenario is for this code alone."""
    scheme = _scheme(world, new.scheme, new.qr)
    scenario = None if new.scenario is None else world.library.find(new.scenario)
    return of_payment(world, world.register(scheme, scheme.scan(new.qr), new.qr, scenario))


async def list_accounts(world: CurrentWorld) -> list[dict[str, Any]]:
    return [responses.of_account(account) for account in world.ledger.accounts.values()]


async def open_account(new: NewAccount, world: CurrentWorld) -> dict[str, Any]:
    """Open an account, or fund one that is open."""
    scheme = world.scheme(new.scheme)
    account_id = _account_id(scheme, new.account_id)
    balances = {currency: minor_units(text, _currency(scheme, currency)) for currency, text in new.balances.items()}
    return responses.of_account(world.ledger.open(account_id, new.name, balances, scheme.issuer))


async def show_ledger(world: CurrentWorld, limit: Annotated[int, Query(ge=1, le=10_000)] = 100) -> dict[str, Any]:
    """Double entry: the money that moved, the newest first, and what all balances sum to."""
    return responses.of_ledger(world, limit)


def _scheme(world: World, name: str | None, code: str | None) -> AnyScheme:
    """The named one; else the code's own, else the first."""
    return world.scheme(name) if name is not None or code is None else world.scheme_of(code)


def _order(new: NewPayment, scheme: AnyScheme, world: World) -> tuple[Order, str | None]:
    """What to pay: the code itself, or one that is known by its reference."""
    named = [value for value in (new.qr, new.reference, new.md5) if value is not None]
    if len(named) != 1:
        raise BodyError("expected exactly one of 'qr', 'reference' and 'md5'")
    if new.qr is not None:
        return _scanned(new.qr, scheme, world), new.qr
    payment = get_payment(world, named[0], scheme.name)
    if payment.order is None:
        raise WorldError(f"nobody has shown the code with {scheme.reference_name} {named[0]}: pay it by 'qr'")
    return payment.order, payment.code


def _scanned(code: str, scheme: AnyScheme, world: World) -> Order:
    """The order in a code; of one that is another scheme's to read, the order for which this scheme made it."""
    try:
        return scheme.scan(code)
    except ScanError:
        known = world.payment_by_code(code)
        if known is None or known.scheme != scheme.name or known.order is None:
            raise
        return known.order


def _currency(scheme: AnyScheme, currency: str) -> str:
    if currency not in scheme.currencies:
        raise BodyError(f"currency: read {currency!r}, expected one of {', '.join(scheme.currencies)}")
    return currency


def _account_id(scheme: AnyScheme, account_id: str) -> str:
    if not re.fullmatch(scheme.account_ids, account_id):
        example = scheme.words.account.example
        raise BodyError(f"read {account_id!r}, expected an account of {scheme.name}, such as {example}")
    return account_id
