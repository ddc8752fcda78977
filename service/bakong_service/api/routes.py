"""The app: its routes by resource, its error answers, its document. Must not depend on storage or the network."""

from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from bakong_contracts import api_page
from bakong_contracts.problems import SCHEMA
from bakong_service.api import (
    problems,
    routes_admin,
    routes_auth,
    routes_escrow,
    routes_methods,
    routes_orders,
    routes_payments,
    routes_providers,
    routes_settlements,
    routes_subscriptions,
    routes_transactions,
    routes_webhooks,
)
from bakong_service.api.guard import is_open
from bakong_service.usecases.core import Core

BUSIEST = [
    route
    for router in (routes_payments.router, routes_escrow.router)
    for route in router.routes
    if isinstance(route, APIRoute) and route.name == "create"
]

_ROUTERS = (
    routes_payments.router,
    routes_escrow.router,
    routes_escrow.pages,
    routes_providers.router,
    routes_subscriptions.router,
    routes_webhooks.router,
    routes_auth.router,
    routes_methods.router,
    routes_orders.router,
    routes_settlements.router,
    routes_transactions.router,
    routes_admin.router,
)


# FastAPI's own spans and logs show exceptions with their text: ours are of adapters.tracing alone.
_UNTOLD: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def build(core: Core, *, docs: bool) -> FastAPI:
    """The FastAPI app over a core."""
    app = FastAPI(
        title="Payment service",
        description="Subscription plans, paid through Bakong by KHQR.",
        docs_url=None,
        openapi_url="/openapi.json" if docs else None,
        redoc_url=None,
        telemetry=_UNTOLD,
    )
    app.openapi = partial(_document, app)  # type: ignore[method-assign]  # FastAPI's own way
    app.state.core = core
    app.state.errors_url = ""
    problems.install(app)
    app.state.methods = _methods_by_path()
    for router in _ROUTERS:  # as they stand: include_router makes each route anew for each app, at its first call
        app.router.routes.extend(router.routes)
    if docs:
        app.add_api_route("/docs", _page, include_in_schema=False)
    return app


async def _page(request: Request) -> HTMLResponse:
    """The document for people, without a network."""
    text, headers = api_page.page(request.app.openapi(), "/openapi.json")
    return HTMLResponse(text, headers=headers)


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, the shapes of answers and problems, and which paths want a key or a token."""
    from bakong_service.api import answer_schemas  # noqa: PLC0415  no start pays for what a document needs

    made = FastAPI.openapi(app)
    made["components"]["schemas"]["Problem"] = SCHEMA
    answer_schemas.describe(made, [route for router in _ROUTERS for route in router.routes])
    made["components"]["securitySchemes"] = {"apiKey": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"apiKey": []}]
    for path, operations in made["paths"].items():
        if is_open(path):
            for operation in operations.values():
                operation["security"] = []
    return made


def _methods_by_path() -> dict[str, set[str]]:
    """The methods of each path that routes name as it is."""
    methods: dict[str, set[str]] = {}
    for route in (one for router in _ROUTERS for one in router.routes):
        if isinstance(route, APIRoute):
            methods.setdefault(route.path, set()).update(route.methods or ())
    return methods
