"""The control API under /sandbox, documented by its own OpenAPI page. Thin: worlds do the work."""

from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from bakong_contracts import api_page
from bakong_simulator.console.facts import Facts
from bakong_simulator.control import (
    codes,
    journal,
    journal_following,
    payments,
    problems,
    scripts,
    service,
    state,
    webhook_following,
    webhooks,
    worlds,
)
from bakong_simulator.control.responses import PROBLEM_ANSWERS, Problem
from bakong_simulator.control.scheme_control import control_of, forms_of
from bakong_simulator.kernel.world import AnyScheme
from bakong_simulator.kernel.worlds import Worlds


def build(of: Worlds, facts: Callable[[], Facts] = Facts) -> Callable[[dict[str, Any], Any, Any], Awaitable[None]]:
    """The ASGI app of the control API over these worlds. facts: what is around the simulator."""
    app = routes_of(of.schemes)

    async def control(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, "worlds": of, "facts": facts}, receive, send)

    return control


@cache
def routes_of(schemes: tuple[AnyScheme, ...]) -> FastAPI:
    """The routes, made once for the same schemes: that takes longer than most tests.

    Each call brings its worlds in its scope.
    """
    app = FastAPI(
        title="Bakong sandbox: control API",
        openapi_url="/sandbox/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_ANSWERS,
        generate_unique_id_function=_named,
    )
    app.openapi = partial(_document, app)  # type: ignore[method-assign]  # FastAPI's own way
    problems.install(app)
    app.add_api_route("/sandbox/docs", _page, include_in_schema=False)
    forms = forms_of(schemes)
    formed = (worlds.router(forms), payments.router(forms), state.router(forms))
    following = (webhook_following.router, journal_following.router)  # the first before /webhooks/{webhook}
    fixed = (*following, webhooks.router, journal.router, scripts.router, codes.router, service.router)
    for router in (*formed, *fixed):
        app.include_router(router)
    for number, scheme in enumerate(schemes):
        below = f"/{scheme.name}" if number else ""
        if (own := control_of(scheme).router) is not None:
            named = partial(_named, scheme=scheme.name if number else "")
            app.include_router(own, prefix=f"/sandbox/worlds/{{world}}{below}", generate_unique_id_function=named)
    return app


def _named(route: APIRoute, scheme: str = "") -> str:
    """An operation's id, which generated clients name their methods by."""
    return "_".join(filter(None, (scheme, route.name)))


async def _page(request: Request) -> HTMLResponse:
    """The document for people, without a network."""
    text, headers = api_page.page(request.app.openapi(), "/sandbox/openapi.json")
    return HTMLResponse(text, headers=headers)


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with each refusal and the shape of a problem once, to which every operation refers."""
    made = FastAPI.openapi(app)
    made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    made["components"]["responses"] = {f"Refused{status}": answer for status, answer in PROBLEM_ANSWERS.items()}
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"] |= {
                str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in PROBLEM_ANSWERS
            }
    return made
