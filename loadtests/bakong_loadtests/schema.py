"""The JSON Schema of load profiles: the model's, and the objectives that a profile may set."""

from bakong_contracts.json_schemas import Schema, completed, headed
from bakong_loadtests.profiles import Profile
from bakong_loadtests.slo import OBJECTIVES, Objective


def schema() -> Schema:
    """The schema of one profile (JSON Schema 2020-12)."""
    made = completed(Profile.model_json_schema())
    made["properties"]["slo"] = {
        "type": "object",
        "properties": {name: _bound(objective) for name, objective in OBJECTIVES.items()},
        "additionalProperties": False,
    }
    return headed("load", "a profile of the go-live check", made)


def _bound(objective: Objective) -> Schema:
    unit = f", {objective.unit}" if objective.unit else ""
    about = f"{objective.title} ({'at least' if objective.floor else 'at most'}{unit})"
    return {"type": "number", "minimum": 0, "description": about}
