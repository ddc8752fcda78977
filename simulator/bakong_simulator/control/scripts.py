"""Scripts: one of the library with its source and its plan, every mistake in a draft, another script for a payment."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from bakong_scenarios.describing import plan
from bakong_simulator.control.dependencies import AllWorlds, CurrentWorld, get_payment, script
from bakong_simulator.control.requests import Reference, SchemeName
from bakong_simulator.control.responses import Response, ScriptShown
from bakong_simulator.control.state import SCRIPT_BODY
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.world import WorldError

router = APIRouter()
Named = Annotated[str, Path(max_length=100)]
_DRAFT = {"requestBody": {"required": True, "content": {"application/yaml": {"schema": {}}}}}  # any YAML is checked


class ScriptWhole(ScriptShown):
    """source: its YAML. plan: its steps, faults and rules in words, in their order."""

    source: str
    plan: dict[str, Any]


class MistakeShown(Response):
    """line, column: from 1; line 0 where it is in none."""

    line: int
    column: int
    message: str


class CheckedShown(Response):
    """plan: what can be read of the script without its mistakes."""

    ok: bool
    mistakes: list[MistakeShown]
    plan: dict[str, Any] | None


class PaymentScript(Response):
    """Which script a payment follows, and which step of it."""

    scheme: str
    reference: str
    name: str
    about: str
    step: int


@router.get("/sandbox/scenarios/{name}", response_model=ScriptWhole)
async def show_script(name: Named, worlds: AllWorlds, scheme: Annotated[SchemeName, Query()] = None) -> dict[str, Any]:
    """A script of the library, as it is written and as it is played."""
    found = worlds.library.find(name, scheme)
    entry = next(row for row in worlds.library.entries(found.scheme) if row.script.name == name)
    source = worlds.library.source(name, found.scheme)
    shown = {"name": name, "about": found.about, "schemes": list(entry.schemes)}
    return shown | {"source": source, "plan": plan(found)}


@router.post("/sandbox/scenarios/check", response_model=CheckedShown, openapi_extra=_DRAFT)
async def check_script(request: Request, worlds: AllWorlds) -> dict[str, Any]:
    """Every mistake in the YAML of a script, with its line. Nothing is played."""
    raw = await request.body()
    if not raw:
        raise BodyError("the body is empty, expected the YAML of a script")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BodyError(f"is not UTF-8: byte {error.start}") from None
    checked = worlds.library.check(text)
    mistakes = [mistake._asdict() for mistake in checked.mistakes]
    return {"ok": not mistakes, "mistakes": mistakes, "plan": checked.script and plan(checked.script)}


@router.put(
    "/sandbox/worlds/{world}/payments/{reference:path}/scenario",
    response_model=PaymentScript,
    openapi_extra=SCRIPT_BODY,
)
async def use_for_payment(
    reference: Reference, request: Request, world: CurrentWorld, scheme: Annotated[SchemeName, Query()] = None
) -> dict[str, Any]:
    """Let one payment, which nobody has paid yet, follow another script from its beginning.

    A script of faults alone strikes any payment from now on, and changes nothing of what has happened to it.
    """
    payment = get_payment(world, reference, scheme)
    named = world.library.for_scheme(script(await request.body(), world.library), payment.scheme)
    has_moved = payment.settlements or payment.pending or payment.has_ended
    if has_moved and (named.path or payment.pending):
        raise WorldError(f"the payment is {payment.state}: only one that nobody has paid takes another path")
    if has_moved:
        payment.strike(named)
    else:
        world.player.switch(payment, named)
    shown = {"scheme": payment.scheme, "reference": payment.reference, "step": payment.step}
    return shown | {"name": named.name, "about": named.about}
