"""The routes of payment methods and merchants: configuration, and what is offered. Must not depend on the adapters."""

import uuid
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from bakong_service.api.bodies_orders import (
    ChangeMerchant,
    ChangeMethod,
    CreateMethod,
    Currency,
    merchant_fields,
    method_fields,
    minor,
    places_of,
)
from bakong_service.api.dependencies import CoreDep, OwnerDep, shop_answer
from bakong_service.api.examples_orders import METHOD, shop_documented
from bakong_service.api.shapes_orders import done, merchant_shown, method_shown, offer_shown
from bakong_service.domain.errors import InvalidError
from bakong_service.domain.money import Money
from bakong_service.usecases.orders.merchants import change_merchant, find_merchant
from bakong_service.usecases.orders.methods import add_method, change_method, drop_method, find_method, offers

MethodId = Annotated[uuid.UUID, Path(examples=[uuid.UUID(METHOD)])]
router = APIRouter(prefix="/api/v1", tags=["payment methods"])


@router.get("/payment-methods", **shop_documented("methods"))
async def methods(
    core: CoreDep,
    amount: Annotated[str | None, Query(max_length=20, examples=["1070.00"])] = None,
    currency: Annotated[Currency, Query(examples=["THB"])] = "THB",
    every: Annotated[bool, Query(alias="all")] = False,  # noqa: FBT002  a query parameter has a default
) -> dict[str, Any]:
    """What is offered for an amount, by priority then name, with its fee. all=true: also what is not, and why."""
    wanted = None if amount is None else _wanted(amount, currency)
    made = [one for one in await offers(core, wanted) if every or one.method.currency == currency]
    return done([offer_shown(one, reasons=every) for one in made if every or one.refusal is None])


def _wanted(amount: str, currency: str) -> Money:
    text = amount.removeprefix("+")
    whole, point, part = text.partition(".")
    if not (text.isascii() and whole.isdigit() and (part.isdigit() if point else not part)):
        raise InvalidError("amount", f"expected a decimal such as 10.50, read {amount!r}")
    return Money(minor("amount", Decimal(text), places_of(currency)), currency)


@router.post("/payment-methods", status_code=201, **shop_documented("method_create"))
async def create(body: CreateMethod, core: CoreDep, request: Request) -> Response:
    """Make a payment method. Its secrets are sealed and never shown."""
    given = method_fields(body, body.currency) | {"provider": body.provider, "currency": body.currency}
    return await shop_answer(
        request, core, lambda commit: commit(lambda unit: add_method(unit, given)), method_shown, lambda _: 201
    )


@router.get("/payment-methods/{method_id}", **shop_documented("method"))
async def method(method_id: MethodId, core: CoreDep) -> dict[str, Any]:
    """A payment method as it is configured."""
    return done(method_shown(await find_method(core, str(method_id))))


@router.patch("/payment-methods/{method_id}", **shop_documented("method_change"))
async def change(method_id: MethodId, body: ChangeMethod, core: CoreDep, request: Request) -> Response:
    """Change a payment method. What is left out stays; payments that are open keep the price they were made with."""
    stored = await find_method(core, str(method_id))
    given = method_fields(body, stored.currency, stored.rule)
    return await shop_answer(
        request, core, lambda commit: commit(lambda unit: change_method(unit, str(method_id), given)), method_shown
    )


@router.delete("/payment-methods/{method_id}", **shop_documented("method_delete"))
async def delete(method_id: MethodId, core: CoreDep, request: Request) -> Response:
    """Offer a payment method no more. What was paid by it keeps it."""
    return await shop_answer(
        request, core, lambda commit: commit(lambda unit: drop_method(unit, str(method_id))), method_shown
    )


@router.get("/merchant", **shop_documented("merchant"))
async def merchant(core: CoreDep, owner: OwnerDep) -> dict[str, Any]:
    """The merchant whose key this is."""
    return done(merchant_shown(await find_merchant(core, owner)))


@router.put("/merchants/{merchant_id}", **shop_documented("merchant_change"))
async def put_merchant(
    merchant_id: Annotated[str, Path(min_length=1, max_length=128, examples=["shop"])],
    body: ChangeMerchant,
    core: CoreDep,
    request: Request,
) -> Response:
    """Make or change a merchant: its id is the label of its keys. A suspended one makes no orders and no payments."""
    given = merchant_fields(body)
    return await shop_answer(
        request, core, lambda commit: commit(lambda unit: change_merchant(unit, merchant_id, given)), merchant_shown
    )
