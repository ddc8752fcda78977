"""Why a call was answered as it was: its payment, where its script stood, the fault that struck, the near miss."""

from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import orjson

from bakong_scenarios import FaultRule, Scenario, ScenarioError
from bakong_scenarios.describing import fault_shown, step_shown
from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World

SCENARIO_FAULT = "scenario"  # in the journal: the script itself was wrong, or nothing in it fitted


def why(world: World, entry: Entry) -> dict[str, Any]:
    """The reasons, as JSON values."""
    payment = _payment(world, entry)
    script = _script(world, entry, payment)
    step = script.path[entry.step] if script and entry.step is not None and entry.step < len(script.path) else None
    rule = rule_of(world, entry)
    return {
        "status": None if payment is None else payment.state.value,
        "about": script.about if script else "",
        "steps": len(script.path) if script else 0,
        "step": step and step_shown(step),
        "rule": rule and fault_shown(rule),
        "near_miss": near_miss(world, entry),
        "error": _error(entry) if entry.fault == SCENARIO_FAULT else None,
    }


def _payment(world: World, entry: Entry) -> Payment | None:
    if entry.reference is None:
        return None
    key = entry.scheme, entry.reference
    return world.payments.get(key) or world.unclaimed.get(key)


def _script(world: World, entry: Entry, payment: Payment | None) -> Scenario | None:
    """The script that the entry names, while it can be found: the payment's, the world's, or the library's."""
    if payment is not None and payment.scenario is not None and payment.scenario.name == entry.scenario:
        return payment.scenario
    try:
        if world.playing == entry.scenario:
            return world.library.for_scheme(world.scenario, entry.scheme)
        return world.library.find(entry.scenario, entry.scheme)
    except ScenarioError:
        return None


def rule_of(world: World, entry: Entry) -> FaultRule | None:
    """The fault that struck a call: of its own script, else of the one that the world plays now."""
    if entry.fault is None:
        return None
    scripts = [_script(world, entry, _payment(world, entry))]
    with suppress(ScenarioError):
        scripts.append(world.library.for_scheme(world.scenario, entry.scheme))
    rules = [rule for one in scripts if one is not None for rule in one.faults if rule.fault == entry.fault]
    return next((rule for rule in rules if rule.strikes(entry.endpoint, entry.poll)), None)


def near_miss(world: World, entry: Entry) -> str | None:
    """What the call nearly was: for a path that is no endpoint of the scheme the nearest one, else a sentence."""
    scheme = world.schemes[entry.scheme]
    endpoints = scheme.words.endpoints
    if meant := scheme.meant(entry.endpoint, entry.status, entry.request) or _stranger(world, entry):
        return meant
    if entry.endpoint in endpoints or entry.status not in (404, 405):
        return None
    close = get_close_matches(entry.endpoint.rpartition("/")[2], endpoints, n=1, cutoff=0.5)
    return close[0] if close else None


def _stranger(world: World, entry: Entry) -> str | None:
    """For a check of a reference that nobody has shown, in a world whose script pays what is shown."""
    if (entry.scheme, entry.reference) not in world.unclaimed or entry.fault is not None:
        return None
    try:
        script = world.library.for_scheme(world.scenario, entry.scheme)
    except ScenarioError:
        return None
    if script.strangers == "follow" or not any(step.settles for one in (script, *script.rules) for step in one.path):
        return None
    return (
        f"the scenario {script.name!r} pays what was shown to the sandbox, and nobody has shown the code of "
        f"{entry.reference}: make a deep link of it, pay it, or say 'strangers: follow' in the scenario"
    )


def _error(entry: Entry) -> str | None:
    try:
        told = orjson.loads(entry.answer)
    except orjson.JSONDecodeError:
        return None
    return str(told.get("responseMessage") or told) if isinstance(told, dict) else None
