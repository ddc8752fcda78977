"""Scripts of what Bakong does: a small language in YAML, and a library of scenarios."""

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import ALWAYS, EVERY, FaultRule, Match, Scenario, State, Step, Tracking, WebhookRule
from bakong_scenarios.library import ScriptFile, find, load_file, names
from bakong_scenarios.magic import by_magic
from bakong_scenarios.reading import read

__all__ = [
    "ALWAYS",
    "EVERY",
    "FaultRule",
    "Match",
    "Scenario",
    "ScenarioError",
    "ScriptFile",
    "State",
    "Step",
    "Tracking",
    "WebhookRule",
    "by_magic",
    "find",
    "load_file",
    "names",
    "read",
]
