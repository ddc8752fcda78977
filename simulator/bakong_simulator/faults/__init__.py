"""The faults of the wire, one file each: a function from the reply, luck and its parameters to the reply that is sent.

To add one: name it in bakong_scenarios.vocabulary with its parameters, write its file here, enter it below.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from bakong_scenarios import FaultRule
from bakong_simulator.faults.content_type import content_type
from bakong_simulator.faults.delay import delay
from bakong_simulator.faults.dribble import dribble
from bakong_simulator.faults.duplicate_keys import duplicate_keys
from bakong_simulator.faults.empty import empty
from bakong_simulator.faults.garbage import garbage
from bakong_simulator.faults.hang import hang
from bakong_simulator.faults.http import http
from bakong_simulator.faults.refuse import refuse
from bakong_simulator.faults.reset import reset
from bakong_simulator.faults.skew import skew
from bakong_simulator.faults.truncate import truncate
from bakong_simulator.faults.unknown_fields import unknown_fields
from bakong_simulator.faults.wrong_schema import wrong_schema
from bakong_simulator.reply import Reply

Luck = Callable[[], bytes]  # the next 32 bytes of the world's stream for this fault


class Fault(NamedTuple):
    """play: the reply that is sent instead. reaches_api: whether the call gets as far as the API at all."""

    play: Callable[..., Reply]
    reaches_api: bool


REGISTRY: dict[str, Fault] = {
    "delay": Fault(delay, reaches_api=True),
    "hang": Fault(hang, reaches_api=False),
    "reset": Fault(reset, reaches_api=True),
    "empty": Fault(empty, reaches_api=True),
    "garbage": Fault(garbage, reaches_api=True),
    "truncate": Fault(truncate, reaches_api=True),
    "wrong_schema": Fault(wrong_schema, reaches_api=True),
    "duplicate_keys": Fault(duplicate_keys, reaches_api=True),
    "unknown_fields": Fault(unknown_fields, reaches_api=True),
    "content_type": Fault(content_type, reaches_api=True),
    "dribble": Fault(dribble, reaches_api=True),
    "skew": Fault(skew, reaches_api=True),
    "http": Fault(http, reaches_api=False),
    "refuse": Fault(refuse, reaches_api=False),
}


def play(rule: FaultRule, reply: Reply, luck: Luck) -> Reply:
    """The reply after one fault."""
    parameters: dict[str, Any] = {f"{name}_": value for name, value in rule.parameters.items()}
    return REGISTRY[rule.fault].play(reply, luck, **parameters)


def reaches_api(rule: FaultRule) -> bool:
    return REGISTRY[rule.fault].reaches_api
