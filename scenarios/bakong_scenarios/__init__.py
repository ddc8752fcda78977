"""Scripts of what a payment scheme does: a small language in YAML, and a library of scenarios."""

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import (
    ALWAYS,
    EVERY,
    MEANINGS,
    FaultRule,
    Match,
    Scenario,
    State,
    Step,
    Tracking,
    WebhookRule,
)
from bakong_scenarios.library import DEFAULT_SCRIPT, ScriptFile, ScriptLibrary
from bakong_scenarios.words import NEUTRAL, AccountForm, SchemeWords

__all__ = [
    "ALWAYS",
    "DEFAULT_SCRIPT",
    "EVERY",
    "MEANINGS",
    "NEUTRAL",
    "AccountForm",
    "FaultRule",
    "Match",
    "Scenario",
    "ScenarioError",
    "SchemeWords",
    "ScriptFile",
    "ScriptLibrary",
    "State",
    "Step",
    "Tracking",
    "WebhookRule",
]
