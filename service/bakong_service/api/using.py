"""What routes are given: the core of the app that they belong to."""

from typing import Annotated

from fastapi import Depends, Request

from bakong_service.usecases.core import Core


async def _core(request: Request) -> Core:
    found: Core = request.app.state.core
    return found


Use = Annotated[Core, Depends(_core)]
