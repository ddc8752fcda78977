"""The control API under /sandbox, documented by its own OpenAPI page. Thin: worlds do the work."""

from fastapi import FastAPI

from bakong_simulator.control import journal, payments, problems, state, worlds
from bakong_simulator.control.responses import PROBLEM_ANSWERS
from bakong_simulator.kernel.worlds import Worlds


def build(of: Worlds) -> FastAPI:
    """The FastAPI app of the control API over these worlds."""
    app = FastAPI(
        title="Bakong sandbox: control API",
        openapi_url="/sandbox/openapi.json",
        docs_url="/sandbox/docs",
        redoc_url=None,
        responses=PROBLEM_ANSWERS,
    )
    problems.install(app)
    app.state.worlds = of
    for part in (worlds, payments, state, journal):
        app.include_router(part.router)
    return app
