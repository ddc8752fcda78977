"""The JSON Schemas of scripts, verify.yaml and load profiles, by name."""

from collections.abc import Callable
from importlib import import_module

from bakong_contracts.json_schemas import Schema
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios.schema import schema as of_scripts

NAMES = ("scenario", "verify", "load")
_BY_NAME: dict[str, Callable[[], Schema]] = {
    "scenario": lambda: of_scripts(LIBRARY),
    "verify": lambda: _of("bakong_conformance.service.schema"),
    "load": lambda: _of("bakong_loadtests.schema"),
}


def schema(name: str) -> Schema:
    """The schema of this name."""
    return _BY_NAME[name]()


def _of(module: str) -> Schema:
    """What a module's schema() gives, which may need an extra that is not installed."""
    made: Schema = import_module(module).schema()
    return made
