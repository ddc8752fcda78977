"""The optional block of verify.yaml for payments that are held in escrow, refunded in parts and released in shares."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from bakong_conformance.service.operation import Operation, Strict

OPERATIONS = (
    "make_job",
    "complete_job",
    "reopen_job",
    "create",
    "bkash_create",
    "bkash_execute",
    "nagad_create",
    "nagad_verify",
    "get",
    "list",
    "refund",
    "refunds",
    "release",
    "books",
)
NEEDED = ("create", "get")
METHODS = ("bkash", "nagad")
ROLES = ("guardian", "other_guardian", "agency", "caregiver", "admin", "super_admin")
STATES = ("pending", "processing", "completed", "failed", "expired", "refunded")
ESCROW_STATES = ("awaiting", "held", "released", "refunded", "void")
REFUND_STATES = ("processing", "completed", "failed")
REFUSALS = (
    "payment_expired",
    "amount_mismatch",
    "job_has_payment",
    "refund_exceeds_available",
    "invalid_amount",
    "payment_not_refundable",
    "refund_limit_reached",
    "escrow_released",
    "refund_in_progress",
    "already_released",
    "escrow_not_held",
    "currency_not_supported",
    "method_not_supported",
    "invalid_signature",
)
Role = Literal["guardian", "other_guardian", "agency", "caregiver", "admin", "super_admin"]


def _methods() -> dict[Literal["bkash", "nagad"], str]:
    return {"bkash": "BKASH", "nagad": "NAGAD"}


class Relay(Strict):
    """Webhooks about payments to the service: POST to `path`, signed as docs/webhook-guard.md says.

    secrets: the one in use first, then the one that a rotation replaces; retired: one that counts no more.
    body: with {payment}, {transaction}, {status}, {amount}, {currency}. success, failure: what {status} becomes.
    at_once: what was accepted has taken effect when it is answered.
    """

    path: str
    form: str = "header-pair"
    secrets: Annotated[list[str], Field(min_length=1)]
    retired: str | None = None
    body: dict[str, Any]
    success: str = "SUCCESS"
    failure: str = "FAILED"
    accepted: tuple[int, ...] = (200, 202, 204)
    refused: tuple[int, ...] = (401,)
    unknown: tuple[int, ...] = (404,)
    at_once: bool = False


class Escrow(Strict):
    """Payments by bKash and Nagad for jobs, held until the job is done.

    operations hold {job}, {amount}, {currency}, {method}, {payment}, {reference}, {callback}, {reason}, {page},
    {limit}, {status}, {start}, {end}. roles: the headers of each; `guardian` is who pays. sign_in: called once for
    each role with {role} and {role_name} (in capitals); its answer's `token` is {guardian_token} and so on.
    numbers: regular expressions of `reference` and `invoice`. code: where a refusal has its code, and codes: our names
    of them to the service's; left out, statuses alone are compared.
    late: what late money becomes. after_release: what a refund of released money becomes.
    """

    operations: dict[str, Operation]
    sign_in: Operation | None = None
    roles: dict[Role, dict[str, str]]
    states: dict[Literal["pending", "processing", "completed", "failed", "expired", "refunded"], list[str]]
    escrow_states: dict[Literal["awaiting", "held", "released", "refunded", "void"], list[str]] = Field(
        default_factory=dict
    )
    refund_states: dict[Literal["processing", "completed", "failed"], list[str]] = Field(default_factory=dict)
    amounts: Literal["text", "number"] = "number"
    currency: str = "BDT"
    other_currencies: tuple[str, ...] = ("USD", "bdt")
    methods: dict[Literal["bkash", "nagad"], str] = Field(default_factory=_methods)
    other_methods: tuple[str, ...] = ("CARD", "BANK_TRANSFER", "CASH")
    callback: str = "https://shop.example/paid"
    numbers: dict[Literal["reference", "invoice"], str] = Field(default_factory=dict)
    code: str | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    forbidden: tuple[int, ...] = (403,)
    may_refund: tuple[Role, ...] = ("admin", "super_admin")
    may_release: tuple[Role, ...] = ("admin",)
    fee_bps: Annotated[int, Field(ge=0, le=10_000)] = 500
    caregiver_bps: Annotated[int, Field(ge=0, le=10_000)] = 500
    payment_life_s: Annotated[int, Field(ge=120)] = 900
    release_after_s: int = 172_800
    late: Literal["refund", "accept"] = "refund"
    after_release: Literal["refuse", "clawback"] = "refuse"
    refund_days: int = 3
    most_refunds: int = 10
    most_rows: int = 100
    webhook: Relay | None = None

    @field_validator("operations")
    @classmethod
    def _known(cls, operations: dict[str, Operation]) -> dict[str, Operation]:
        if unknown := set(operations) - set(OPERATIONS):
            raise ValueError(f"there are no operations {sorted(unknown)}; there are {', '.join(OPERATIONS)}")
        if missing := [name for name in NEEDED if name not in operations]:
            raise ValueError(f"{', '.join(missing)} must be mapped")
        return operations

    @field_validator("states")
    @classmethod
    def _states(cls, states: dict[Any, list[str]]) -> dict[Any, list[str]]:
        if not {"pending", "completed"} <= set(states):
            raise ValueError("the states 'pending' and 'completed' must be mapped")
        return states

    @field_validator("codes")
    @classmethod
    def _codes(cls, codes: dict[str, str]) -> dict[str, str]:
        if unknown := set(codes) - set(REFUSALS):
            raise ValueError(f"there are no refusals {sorted(unknown)}; there are {', '.join(REFUSALS)}")
        return codes

    @field_validator("numbers")
    @classmethod
    def _numbers(cls, numbers: dict[Any, str]) -> dict[Any, str]:
        for name, pattern in numbers.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{name}: {pattern!r} is no regular expression: {error}") from None
        return numbers

    @model_validator(mode="after")
    def _rates(self) -> "Escrow":
        if self.fee_bps + self.caregiver_bps > 10_000:
            raise ValueError("fee_bps and caregiver_bps: expected 10000 or less together")
        if "guardian" not in self.roles:
            raise ValueError("roles: expected 'guardian', who pays")
        return self
