"""The control API under /sandbox, documented by its own OpenAPI page. Thin: worlds do the work."""

from fastapi import FastAPI

from bakong_simulator import problems
from bakong_simulator.control_api import journal, money, state, worlds
from bakong_simulator.control_api.answers import PROBLEM_ANSWERS
from bakong_simulator.worlds import Worlds


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
    for part in (worlds, money, state, journal):
        app.include_router(part.router)
    return app
