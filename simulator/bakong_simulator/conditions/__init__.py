"""When a fault strikes, one file a condition: a function of the moment and its parameters that says yes or no.

To add one: name it in bakong_scenarios.vocabulary with its parameters, write its file here, enter it below.
"""

from collections.abc import Callable

from bakong_scenarios import FaultRule
from bakong_simulator.conditions.burst import burst
from bakong_simulator.conditions.chance import chance
from bakong_simulator.conditions.first import first
from bakong_simulator.conditions.moment import Moment
from bakong_simulator.conditions.ramp import ramp
from bakong_simulator.conditions.until import until
from bakong_simulator.conditions.window import window

REGISTRY: dict[str, Callable[..., bool]] = {
    "chance": chance,
    "first": first,
    "burst": burst,
    "window": window,
    "ramp": ramp,
    "until": until,
}


def hold(rule: FaultRule, moment: Moment) -> bool:
    """Whether all conditions of the rule hold at this moment."""
    return all(
        REGISTRY[name](moment, **{f"{key}_": value for key, value in parameters.items()})
        for name, parameters in rule.conditions.items()
    )
