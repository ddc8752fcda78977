"""The bodies that the control API takes. Strict: an unknown field or a text for a number is refused."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

MAX_SECONDS = 10 * 366 * 86_400
_MD5 = r"^[0-9a-fA-F]{32}$"
Md5 = Annotated[str, StringConstraints(pattern=_MD5)]
AccountId = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=64)]
SchemeName = Annotated[str | None, Field(max_length=64, description="By default the first scheme.")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _amount_text(value: Any) -> Any:
    """A JSON number as the text that says the same, for amounts are shown as numbers."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_AMOUNT = r"^[0-9]{1,13}(\.[0-9]{1,2})?$"
Amount = Annotated[
    str,
    StringConstraints(pattern=_AMOUNT),
    BeforeValidator(_amount_text),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": _AMOUNT}, {"type": "number", "minimum": 0}]}),
]
_CURRENCY = r"^[A-Z]{3}$"
Currency = Annotated[str, StringConstraints(pattern=_CURRENCY)]
Description = Annotated[str, StringConstraints(min_length=1, max_length=255)]  # the length is a guess
Qr = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
Name = Annotated[str, StringConstraints(pattern=_NAME)]
ScenarioName = Annotated[str, StringConstraints(max_length=100)]
Text = Annotated[str, StringConstraints(max_length=1000)] | None
PaymentStatus = Literal["unpaid", "authorized", "paid", "failed", "cancelled", "expired", "disputed"]
Count = Annotated[int, Field(ge=0, le=10**9)]

JournalBytes = Annotated[
    int, Field(ge=0, le=2**30, description="So much of the calls' bodies is kept, and so much of the actions'.")
]


# What a text of these forms looks like, for whoever sent another.
FORMS = {
    _AMOUNT: "an amount such as 0.50: digits, and at most two of them after a point",
    _CURRENCY: "three capital letters, such as USD",
    _MD5: "32 hex digits",
    _NAME: "lowercase letters, digits and hyphens, at most 63",
}


class Strict(BaseModel):
    """A body without unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ClockSetting(Strict):
    mode: Literal["real", "frozen", "offset", "scaled"]
    at: Annotated[str, Field(max_length=40, description="ISO 8601 with its offset; by default the clock's now.")] | (
        None
    ) = None
    rate: Annotated[float, Field(gt=0, le=100_000, description="The pace of a scaled clock.")] = 1.0


class BarrierSetting(Strict):
    """The answers to the next calls wait until so many callers are there, or so long after the first."""

    callers: Annotated[int, Field(ge=2, le=1000)]
    within_s: Annotated[float, Field(gt=0, le=10, description="Real seconds.")] = 1.0


class NewWorld(Strict):
    name: Name | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    scenario: ScenarioName | None = None
    journal_bytes: JournalBytes | None = None
    clock: ClockSetting | None = None


class WorldChange(Strict):
    """What is left out stays as it is."""

    journal_bytes: JournalBytes | None = None


class NewPayment(Strict):
    """Exactly one of qr, reference and md5. The amount overrides what the code says; a static code needs one."""

    scheme: SchemeName = None
    qr: Qr | None = None
    reference: Reference | None = None
    md5: Annotated[Md5 | None, Field(description="What Bakong calls a reference.")] = None
    amount: Amount | None = None
    currency: Currency | None = None
    from_account: Annotated[AccountId | None, Field(description="By default the scheme's payer.")] = None
    outcome: Literal["paid", "failed"] | None = None
    description: Annotated[
        Description | None, Field(description="What the payer writes: a Bakong transaction's description.")
    ] = None


class NewCode(Strict):
    scheme: SchemeName = None
    qr: Qr
    scenario: ScenarioName | None = None


class NewAccount(Strict):
    scheme: SchemeName = None
    account_id: AccountId
    name: Annotated[str, StringConstraints(max_length=64)] = ""
    balances: dict[Currency, Amount] = Field(default_factory=dict)


class Advance(Strict):
    seconds: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]


class JournalQuery(BaseModel):
    """Which calls of a journal, and in which form."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "har", "replay"] = "json"
    scheme: Text = None
    endpoint: Text = None
    reference: Text = None
    md5: Text = None
    token: Text = None
    fault: Text = None
    scenario: Text = None
    status: Count | None = None
    error_code: Count | None = None
    after: Annotated[Count, Field(description="Only calls with a higher number.")] = 0
    limit: Annotated[int, Field(ge=1, le=100_000, description="Of those, the last so many.")] = 100_000

    def match(self) -> dict[str, Any]:
        asked = self.model_dump(exclude={"format", "after", "limit"}, exclude_none=True)
        return asked | ({"md5": self.md5.lower()} if self.md5 else {})


class PaymentQuery(BaseModel):
    """Which payments; what is left out fits any."""

    model_config = ConfigDict(extra="forbid")

    scheme: Text = None
    status: PaymentStatus | None = None
    limit: Annotated[int, Field(ge=1, le=1_000_000, description="Of those, the last so many.")] = 1_000_000

    def fits(self, scheme: str, status: str) -> bool:
        return self.scheme in (None, scheme) and self.status in (None, status)


class Match(Strict):
    """Which calls. What is left out fits any; body and answer fit where they hold at least what is asked."""

    scheme: str | None = None
    endpoint: str | None = None
    method: str | None = None
    path: str | None = None
    token: str | None = None
    client: str | None = None
    reference: str | None = None
    md5: str | None = None
    poll: int | None = None
    scenario: str | None = None
    status: int | None = None
    error_code: int | str | None = None
    fault: str | None = None
    body: Any = None
    answer: Any = None

    def named(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class Expectation(Strict):
    """Either `order`, or `match` with one of count, at_least, at_most, never; with none of them at least once."""

    match: Match | None = None
    count: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    never: Literal[True] | None = None
    order: Annotated[list[Match], Field(min_length=1, max_length=1000)] | None = None
