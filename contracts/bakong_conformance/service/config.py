"""The mapping of our operations to a team's service, from YAML.

Texts may hold {names}: of the run (bakong_url, control_url, token, port, webhook_url, data_dir, api_key,
webhook_secret), and of an operation ({user}, {plan}, {amount}, {currency}, {md5}, {md5s}, {id}, {now_ms},
{timeout_ms}, {interval_ms}, {revoked}, {limit}, {offset}).
A text that is one name alone keeps the value's own type.
"""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import jmespath
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bakong_conformance.rules import CannotRunError
from bakong_conformance.yaml_model import YamlError, read_model

OPERATIONS = (
    "create",
    "status",
    "subscription",
    "upgrade",
    "downgrade",
    "cancel",
    "renew",
    "monitor",
    "make_key",
    "revoke_key",
    "history",
    "bulk_check",
    "health",
    "set_time",
)
STATES = ("pending", "paid", "failed", "expired", "timeout")
SUBSCRIPTION_STATES = ("active", "past_due", "expired", "cancelled")
_NAME = re.compile(r"\{([a-z_0-9]+)\}")


class Strict(BaseModel):
    """No unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Operation(Strict):
    """One HTTP call, or a command. answer: names to JMESPaths over its JSON. status: what means done.

    A command that ends with 0 has answered 200 with {"out": what it printed}, any other 500.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str = ""
    command: list[str] = Field(default_factory=list)
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


class Start(Strict):
    """How the service is started, once a sandbox is up. ready: a path that answers 200 when it is."""

    command: Annotated[list[str], Field(min_length=1)]
    environment: dict[str, str] = Field(default_factory=dict)
    ready: str = "/"
    base_url: str = "http://127.0.0.1:{port}"


class Running(Strict):
    """A service and a sandbox that run already, the service pointed at that world."""

    base_url: str
    sandbox: str
    world: str = "default"


class PricedPlan(Strict):
    """A plan's name at the service, and its price by currency, as exact text."""

    name: str
    prices: dict[str, str]


class Plans(Strict):
    basic: PricedPlan
    full: PricedPlan | None = None


class Limit(Strict):
    """The rate limit. operation: a cheap call, with what it is called with."""

    per_minute: int = 100
    operation: str = "status"
    statuses: list[int] = [200, 404]


class Webhooks(Strict):
    """Standard Webhooks to {webhook_url}. events: our names to the service's. retries_s: waits between tries."""

    secret: str
    type: str = "type"
    payment: str = "data.md5Hash"
    user: str = "data.userId"
    events: dict[str, str]
    retries_s: list[int] = [5, 300]


class Blocking(Strict):
    """After so many wrong keys an address is refused for so long, also with the right key."""

    tries: int = 10
    for_s: int = 900


class Form(Strict):
    """A team's own form of errors: the media type, and JMESPaths that must each find a text."""

    media: str = "application/json"
    texts: list[str] = Field(default_factory=list)


class Refusals(Strict):
    """The statuses of refusals. problems: errors are RFC 9457 problem details with a code; form: another form."""

    unknown: list[int] = [404]
    invalid: list[int] = [400, 422]
    conflict: list[int] = [409]
    unauthorized: list[int] = [401]
    key_reused: list[int] = [409, 422]
    problems: bool = False
    form: Form | None = None


class Config(Strict):
    """A whole mapping."""

    name: str
    start: Literal["sandbox"] | Start | None = None
    running: Running | None = None
    time: Literal["world", "endpoint", "real"]
    headers: dict[str, str] = Field(default_factory=dict)
    variables: dict[str, str] = Field(default_factory=dict)
    operations: dict[str, Operation]
    states: dict[str, list[str]]
    plans: Plans
    expires_after_s: int = 900
    cycle_s: int = 2_592_000
    settle_s: float = 15.0
    grace_s: int | None = None
    subscription_states: dict[str, list[str]] = Field(default_factory=dict)
    account: str | None = None
    tenants: bool = False
    blocking: Blocking | None = None
    limit: Limit | None = None
    bulk_most: int = 50
    obeys_quota: bool = False
    webhooks: Webhooks | None = None
    idempotency_header: str | None = None
    idempotency_s: int = 86_400
    refusals: Refusals = Refusals()

    @field_validator("operations")
    @classmethod
    def _known(cls, operations: dict[str, Operation]) -> dict[str, Operation]:
        for name in operations:
            if name not in OPERATIONS:
                raise ValueError(f"there is no operation {name!r}; there are {', '.join(OPERATIONS)}")
        for name in ("create", "status"):
            if name not in operations:
                raise ValueError(f"the operation {name!r} must be mapped")
        return operations

    @model_validator(mode="before")
    @classmethod
    def _old_names(cls, values: Any) -> Any:
        """The keys of the first release, accepted for one version."""
        if not isinstance(values, dict) or "standings" not in values:
            return values
        warnings.warn("the key 'standings' is now called 'subscription_states'", FutureWarning, stacklevel=2)
        return {"subscription_states" if name == "standings" else name: value for name, value in values.items()}

    @field_validator("subscription_states")
    @classmethod
    def _subscription_states(cls, states: dict[str, list[str]]) -> dict[str, list[str]]:
        if unknown := set(states) - set(SUBSCRIPTION_STATES):
            raise ValueError(f"there are no states {sorted(unknown)}; there are {', '.join(SUBSCRIPTION_STATES)}")
        return states

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> "Config":
        if (self.start is None) == (self.running is None):
            raise ValueError("expected exactly one of 'start' and 'running'")
        return self

    @field_validator("states")
    @classmethod
    def _states(cls, states: dict[str, list[str]]) -> dict[str, list[str]]:
        if unknown := set(states) - set(STATES):
            raise ValueError(f"there are no states {sorted(unknown)}; there are {', '.join(STATES)}")
        if not {"pending", "paid"} <= set(states):
            raise ValueError("the states 'pending' and 'paid' must be mapped")
        return states


def load(path: Path) -> Config:
    """The mapping in a YAML file. Raises CannotRunError with every mistake: the file, the place, what was expected."""
    try:
        return read_model(path, Config)
    except YamlError as error:
        raise CannotRunError(str(error)) from None


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
