"""A fast path for the POST that a busy day is made of; whatever it does not expect falls back to FastAPI.

Speed alone is its purpose: the endpoint, the body's model and the error answers are the app's own, and only what stands
between them is left out (half of the time that the event loop spends on such a request). What it answers, the app
answers with the same bytes; a body that breaks its model is left to the app, which says why.
"""

from typing import Any, get_type_hints

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware

from bakong_service.usecases.core import Core


class FastPath:
    """The ASGI app before a FastAPI app. route: one of its own, whose endpoint takes body, core and request."""

    def __init__(self, app: FastAPI, core: Core, route: APIRoute) -> None:
        self._app, self._core, self._route = app, core, route
        self._read = TypeAdapter(get_type_hints(route.endpoint)["body"]).validate_python
        handlers = {kind: handler for kind, handler in app.exception_handlers.items() if kind is not Exception}
        handled = ExceptionMiddleware(self._serve, handlers=handlers)
        self._stack = ServerErrorMiddleware(handled, handler=app.exception_handlers[Exception])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == self._route.path:
            try:
                scope["state"]["body"] = self._read(scope["state"]["json"])
            except (KeyError, ValidationError):
                await self._app(scope, receive, send)
                return
            scope.update(app=self._app, route=self._route)
            await self._stack(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        response = await self._route.endpoint(scope["state"]["body"], self._core, request)
        await response(scope, receive, send)
