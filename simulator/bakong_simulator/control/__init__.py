"""The control API under /sandbox, documented by its own OpenAPI page. Thin: worlds do the work."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from fastapi import FastAPI

from bakong_simulator.control import journal, payments, problems, state, worlds
from bakong_simulator.control.responses import PROBLEM_ANSWERS
from bakong_simulator.kernel.worlds import Worlds


def build(of: Worlds) -> Callable[[dict[str, Any], Any, Any], Awaitable[None]]:
    """The ASGI app of the control API over these worlds."""
    app = _routes()

    async def control(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, "worlds": of}, receive, send)

    return control


@cache
def _routes() -> FastAPI:
    """The routes, made once for all: that takes longer than most tests. Each call brings its worlds in its scope."""
    app = FastAPI(
        title="Bakong sandbox: control API",
        openapi_url="/sandbox/openapi.json",
        docs_url="/sandbox/docs",
        redoc_url=None,
        responses=PROBLEM_ANSWERS,
    )
    problems.install(app)
    for part in (worlds, payments, state, journal):
        app.include_router(part.router)
    return app
