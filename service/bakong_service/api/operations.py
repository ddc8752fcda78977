"""What operators and load balancers ask: health, readiness, liveness, metrics. Knows no part's check."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple

from fastapi import APIRouter, Response

from bakong_contracts import service_api as api
from bakong_service.api.examples import refusals
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import iso

Status = Literal["healthy", "degraded", "unhealthy"]


class Part(NamedTuple):
    """One of the parts that the service stands on. Without the database nothing works; without the others, less."""

    status: Status
    message: str
    facts: tuple[tuple[str, Any], ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        return {"status": self.status, "message": self.message, **dict(self.facts)}


Check = Callable[[], Awaitable[Part]]


def overall(parts: dict[str, Part]) -> Status:
    """Unhealthy without the database, degraded while anything else is not well.

    >>> overall({"database": Part("healthy", ""), "redis": Part("unhealthy", "")})
    'degraded'
    """
    if parts["database"].status == "unhealthy":
        return "unhealthy"
    return "healthy" if all(part.status == "healthy" for part in parts.values()) else "degraded"


def router(
    checks: dict[str, Check], *, now_ms: Callable[[], int], metrics: Callable[[], Awaitable[bytes]], media_type: str
) -> APIRouter:
    """checks: database, redis and bakong, in the order in which they are shown."""
    made = APIRouter(tags=["operations"])

    @made.get("/api/health", responses={503: {"description": "Unhealthy: the same document"}})
    async def health(response: Response) -> dict[str, Any]:
        parts = dict(zip(checks, await asyncio.gather(*(check() for check in checks.values())), strict=True))
        status = overall(parts)
        response.status_code = 503 if status == "unhealthy" else 200
        shown = {name: part.shown for name, part in parts.items()}
        return {"status": status, "timestamp": iso(now_ms()), "services": shown}

    @made.get("/api/health/ready", responses=refusals(api.UNAVAILABLE))
    async def ready() -> dict[str, str]:
        database = await checks["database"]()
        if database.status == "unhealthy":
            raise UnavailableError(database.message)
        warning = {"warning": database.message} if database.status == "degraded" else {}
        return {"status": "ready"} | warning

    @made.get("/api/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    keyed = refusals(api.UNAUTHORIZED, api.BLOCKED, api.RATE_LIMITED)

    @made.get("/metrics", response_class=Response, responses=keyed)
    async def read_metrics() -> Response:
        return Response(await metrics(), media_type=media_type)

    return made
