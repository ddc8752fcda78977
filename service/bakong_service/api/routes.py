"""The app: its routes by resource, its error answers, its document. Must not depend on storage or the network."""

from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from bakong_service.api import problems, routes_payments, routes_providers, routes_subscriptions
from bakong_service.api.guard import is_open
from bakong_service.usecases.core import Core

BUSIEST = next(
    route for route in routes_payments.router.routes if isinstance(route, APIRoute) and route.name == "create"
)


def build(core: Core, *, docs: bool) -> FastAPI:
    """The FastAPI app over a core."""
    app = FastAPI(
        title="Payment service",
        description="Subscription plans, paid through Bakong by KHQR.",
        docs_url="/docs" if docs else None,
        openapi_url="/openapi.json" if docs else None,
        redoc_url=None,
    )
    app.openapi = partial(_document, app)  # type: ignore[method-assign]  # FastAPI's own way
    app.state.core = core
    problems.install(app)
    for router in (routes_payments.router, routes_providers.router, routes_subscriptions.router):
        app.include_router(router)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, and that every path wants an API key but those that the guard leaves open."""
    made = FastAPI.openapi(app)
    made["components"]["securitySchemes"] = {"apiKey": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"apiKey": []}]
    for path, operations in made["paths"].items():
        if is_open(path):
            for operation in operations.values():
                operation["security"] = []
    return made
