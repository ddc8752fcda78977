"""One HTTP call of a team's service, as the YAML maps it, and how {names} in it are filled. Judges nothing."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import jmespath
from pydantic import BaseModel, ConfigDict, Field, field_validator

_NAME = re.compile(r"\{([a-z_0-9]+)\}")


class Strict(BaseModel):
    """No unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Operation(Strict):
    """One HTTP call, or a command. answer: names to JMESPaths over its JSON. status: what means done.

    A command that ends with 0 has answered 200 with {"out": what it printed}, any other 500.
    headers: sent besides those of the configuration, or in the place of those of the same name.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str = ""
    command: list[str] = Field(default_factory=list)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    status: Annotated[list[int], Field(min_length=1)] = [200]
    answer: dict[str, str] = Field(default_factory=dict)

    @field_validator("answer")
    @classmethod
    def _expressions(cls, answer: dict[str, str]) -> dict[str, str]:
        for name, expression in answer.items():
            try:
                jmespath.compile(expression)
            except jmespath.exceptions.JMESPathError as error:
                raise ValueError(f"{name}: {expression!r} is no JMESPath: {error}") from None
        return answer


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its {names} filled in; a name that is not known stays as it stands.

    >>> fill({"amount": "{amount}", "path": "/u/{user}"}, {"amount": 0.5, "user": "a"})
    {'amount': 0.5, 'path': '/u/a'}
    """
    if isinstance(template, dict):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if (alone := _NAME.fullmatch(template)) and alone[1] in values:
        return values[alone[1]]
    return _NAME.sub(lambda match: str(values.get(match[1], match[0])), template)


def without_unfilled(body: Any) -> Any:
    """The body without fields whose {name} has no value in this run.

    >>> without_unfilled({"amount": 1, "callback": "{webhook_url}"})
    {'amount': 1}
    """
    if not isinstance(body, dict):
        return body
    return {key: value for key, value in body.items() if not (isinstance(value, str) and _NAME.fullmatch(value))}


def names_in(template: Any) -> set[str]:
    """The {names} of a template, wherever they stand.

    >>> sorted(names_in({"items": ["{quantity}"], "note": "for {user}"}))
    ['quantity', 'user']
    """
    if isinstance(template, dict):
        return set().union(*map(names_in, template.values()))
    if isinstance(template, list):
        return set().union(*map(names_in, template))
    return set(_NAME.findall(template)) if isinstance(template, str) else set()
