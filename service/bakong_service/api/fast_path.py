"""A fast path for the POSTs that a busy day is made of; whatever it does not expect falls back to FastAPI.

Speed alone is its purpose: the endpoint, its dependencies, the body's model and the error answers are the app's own,
and only what stands between them is left out (half of the time that the event loop spends on such a request). What it
answers, the app answers with the same bytes; a body that breaks its model is left to the app, which says why.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, get_type_hints

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware


class _Endpoint:
    """A route's own endpoint, called by what FastAPI knows of its arguments. Raises ValueError for one it cannot call.

    given: each dependency by its argument's name; read: the body by its model, where the endpoint takes one by itself.
    """

    def __init__(self, route: APIRoute) -> None:
        known = route.dependant
        others = [known.path_params, known.query_params, known.header_params, known.cookie_params]
        is_plain = all(one.request_param_name and not one.dependencies for one in known.dependencies)
        if any(others) or not is_plain or [one.name for one in known.body_params] not in ([], ["body"]):
            raise ValueError(f"POST {route.path} takes more than a request, a body, and dependencies on the request")
        self.route = route
        self.given: list[tuple[str, str, Callable[..., Awaitable[Any]]]] = [
            (str(one.name), str(one.request_param_name), one.call) for one in known.dependencies if one.call
        ]
        body = get_type_hints(route.endpoint)["body"]
        self.read: Callable[[Any], Any] | None = TypeAdapter(body).validate_python if known.body_params else None

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        arguments = {name: await call(**{wanted: request}) for name, wanted, call in self.given}
        if self.read is not None:
            arguments["body"] = scope["state"]["body"]
        response = await self.route.endpoint(request=request, **arguments)
        await response(scope, receive, send)


class FastPath:
    """The ASGI app before a FastAPI app. routes: POSTs of its own, whose endpoints answer with a Response."""

    def __init__(self, app: FastAPI, routes: Iterable[APIRoute]) -> None:
        self._app = app
        self._endpoints = {route.path: _Endpoint(route) for route in routes}
        handlers = {kind: handler for kind, handler in app.exception_handlers.items() if kind is not Exception}
        handled = ExceptionMiddleware(self._serve, handlers=handlers)
        self._stack = ServerErrorMiddleware(handled, handler=app.exception_handlers[Exception])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        endpoint = self._endpoints.get(scope["path"]) if is_post else None
        if endpoint is None or not _is_read(endpoint, scope["state"]):
            await self._app(scope, receive, send)
            return
        scope.update(app=self._app, route=endpoint.route)
        await self._stack(scope, receive, send)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await self._endpoints[scope["path"]].serve(scope, receive, send)


def _is_read(endpoint: _Endpoint, state: dict[str, Any]) -> bool:
    """Whether the state has the body that the endpoint takes, if it takes one by itself."""
    if endpoint.read is not None:
        try:
            state["body"] = endpoint.read(state["json"])
        except (KeyError, ValidationError):
            return False
    return True
