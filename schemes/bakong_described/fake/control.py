"""What a described API adds to the control API: the credentials that a client of a world shows."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.responses import Response
from bakong_simulator.control.scheme_control import SchemeControl

if TYPE_CHECKING:
    from bakong_described.fake.scheme import DescribedScheme


class Credentials(Response):
    """What a shop is given, by the description's names for it; and where the API is, below the sandbox's address."""

    base_path: str
    credentials: dict[str, str]


def control_of(scheme: "DescribedScheme") -> SchemeControl:
    """One route: GET /sandbox/worlds/<world>/<name>/credentials."""
    router = APIRouter()

    async def show_credentials(world: CurrentWorld) -> dict[str, Any]:
        return {"base_path": scheme.prefix, "credentials": world.state(scheme).credentials}

    path, name = "/credentials", f"show_{scheme.name}_credentials"
    router.get(path, name=name, response_model=Credentials, operation_id=name)(show_credentials)
    return SchemeControl(router=router)
