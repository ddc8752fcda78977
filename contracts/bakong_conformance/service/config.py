"""The mapping of our operations to a team's service, from YAML.

Texts may hold {names}: of the run (bakong_url, control_url, token, port, webhook_url, data_dir, api_key,
webhook_secret), and of an operation ({user}, {plan}, {amount}, {currency}, {md5}, {md5s}, {id}, {now_ms},
{timeout_ms}, {interval_ms}, {revoked}, {limit}, {offset}).
A text that is one name alone keeps the value's own type.
"""

import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bakong_conformance.rules import CannotRunError
from bakong_conformance.service.cycle_lengths import offset_s
from bakong_conformance.service.escrow_config import Escrow
from bakong_conformance.service.operation import Operation, Strict
from bakong_conformance.service.order_config import Inbound, Orders
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
    "restart",
    "set_time",
)
STATES = ("pending", "paid", "failed", "expired", "timeout")
SUBSCRIPTION_STATES = ("active", "past_due", "expired", "cancelled")


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
    """What is sold. keep_currency: bills and upgrades are asked in the currency in which the plan was bought."""

    basic: PricedPlan
    full: PricedPlan | None = None
    keep_currency: bool = False


class Limit(Strict):
    """The rate limit. operation: a cheap call, with what it is called with."""

    per_minute: int = 100
    operation: str = "status"
    statuses: tuple[int, ...] = (200, 404)


class Webhooks(Strict):
    """Standard Webhooks to {webhook_url}. events: our names to the service's. retries_s: waits between tries.

    retries_end: no try after them. ordered: what is told at first try comes in the order in which it happened.
    """

    secret: str
    type: str = "type"
    payment: str = "data.md5Hash"
    user: str = "data.userId"
    events: dict[str, str]
    retries_s: tuple[int, ...] = (5, 300)
    retries_end: bool = False
    ordered: bool = False


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

    unknown: tuple[int, ...] = (404,)
    invalid: tuple[int, ...] = (400, 422)
    conflict: tuple[int, ...] = (409,)
    unauthorized: tuple[int, ...] = (401,)
    key_reused: tuple[int, ...] = (409, 422)
    problems: bool = False
    form: Form | None = None


def _needs_payments(info: ValidationInfo) -> bool:
    """Whether the mapping has neither orders nor escrow; not where one of them is itself wrong."""
    return all(info.data.get(name, ...) is None for name in ("orders", "escrow"))


class Config(Strict):
    """A whole mapping. operations, states and plans may be left out where `orders` or `escrow` is there."""

    name: str
    start: Literal["sandbox"] | Start | None = None
    running: Running | None = None
    time: Literal["world", "endpoint", "real"]
    headers: dict[str, str] = Field(default_factory=dict)
    variables: dict[str, str] = Field(default_factory=dict)
    orders: Orders | None = None
    escrow: Escrow | None = None
    inbound: Inbound | None = None
    operations: dict[str, Operation]
    states: dict[str, list[str]]
    plans: Plans
    expires_after_s: int = 900
    cycle_s: int = 2_592_000
    months: str | None = None
    settle_s: float = 15.0
    grace_s: int | None = None
    subscription_states: dict[str, list[str]] = Field(default_factory=dict)
    account: str | None = None
    tenants: bool | Literal["plans"] = False
    history: Literal["newest", "oldest"] = "newest"
    timeout: Literal["payment", "wait"] = "payment"
    ends: Literal["asked", "clock"] = "asked"
    upgrade_withdraws_downgrade: bool = True
    blocking: Blocking | None = None
    limit: Limit | None = None
    bulk_most: int = 50
    obeys_quota: bool = False
    webhooks: Webhooks | None = None
    idempotency_header: str | None = None
    idempotency_s: int = 86_400
    idempotency_ends: bool = False
    refusals: Refusals = Refusals()

    @field_validator("operations")
    @classmethod
    def _known(cls, operations: dict[str, Operation], info: ValidationInfo) -> dict[str, Operation]:
        for name in operations:
            if name not in OPERATIONS:
                raise ValueError(f"there is no operation {name!r}; there are {', '.join(OPERATIONS)}")
        for name in ("create", "status"):
            if name not in operations and _needs_payments(info):
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

    @field_validator("months")
    @classmethod
    def _offset(cls, months: str | None) -> str | None:
        if months is not None:
            offset_s(months)
        return months

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

    @model_validator(mode="before")
    @classmethod
    def _orders_alone(cls, values: Any) -> Any:
        """Who has orders or escrow alone maps no payments of plans."""
        if not isinstance(values, dict) or (values.get("orders") is None and values.get("escrow") is None):
            return values
        return {"operations": {}, "states": {}, "plans": {"basic": {"name": "", "prices": {}}}} | values

    @model_validator(mode="after")
    def _webhooks_about_orders(self) -> "Config":
        if self.inbound is not None and self.orders is None:
            raise ValueError("inbound: expected 'orders' beside it, which its events are about")
        return self

    @field_validator("states")
    @classmethod
    def _states(cls, states: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
        if unknown := set(states) - set(STATES):
            raise ValueError(f"there are no states {sorted(unknown)}; there are {', '.join(STATES)}")
        if not {"pending", "paid"} <= set(states) and _needs_payments(info):
            raise ValueError("the states 'pending' and 'paid' must be mapped")
        return states


def load(path: Path) -> Config:
    """The mapping in a YAML file. Raises CannotRunError with every mistake: the file, the place, what was expected."""
    try:
        return read_model(path, Config)
    except YamlError as error:
        raise CannotRunError(str(error)) from None
