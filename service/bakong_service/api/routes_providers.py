"""The route of providers' webhooks: a signed event in, the provider is asked. Must not depend on the network."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from bakong_service.api.dependencies import CoreDep
from bakong_service.api.examples import documented
from bakong_service.api.shapes import ok
from bakong_service.usecases.provider_events import take_event

Name = Annotated[str, Path(examples=["bakong"])]
router = APIRouter(tags=["providers"])


@router.post("/api/providers/{name}/events", **documented("event"))
async def event(name: Name, core: CoreDep, request: Request) -> dict[str, Any]:
    """Take a provider's signed webhook. It decides nothing: the provider is asked about the payment that it names.

    There is no API key; the provider's own signature stands for it. 404 where no such provider sends events.
    """
    await take_event(core, name, request.headers, await request.body())
    return ok({"received": True})
