"""What the core refuses, by kind. `code` is the stable word that a caller's program reads.

ServiceError
├── InvalidError          a value that a rule forbids; `field` names it
│   └── KeyReusedError    an Idempotency-Key that came with another request before
├── NotFoundError         something that is not there
├── ConflictError         a state that does not allow it
│   ├── OutsidePeriodError   a change of plan at an instant that is not in the paid period
│   └── InFlightError        the same Idempotency-Key is being worked on
├── ForgedEventError      a webhook that its provider did not sign
└── UnavailableError      a part that is needed is down; try again later

RowError                  for the core alone: one row's part of a transaction failed, the rest goes on
"""


class ServiceError(Exception):
    """The base of all errors of the core. The message is for the caller to read."""

    code: str | None = None


class InvalidError(ServiceError):
    """A value that a rule forbids."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.reason = message


class KeyReusedError(InvalidError):
    """The same Idempotency-Key with another method, path or body."""

    code = "idempotency_key_reused"


class NotFoundError(ServiceError):
    """Something that is not there."""


class ConflictError(ServiceError):
    """A state that does not allow it."""


class OutsidePeriodError(ConflictError):
    """An instant before the period's start or after its end: an error, never clamped."""

    code = "change_outside_period"


class InFlightError(ConflictError):
    """The first request with this key is not yet answered."""

    code = "idempotency_in_flight"
    retry_after_s = 1


class ForgedEventError(ServiceError):
    """A webhook without its provider's signature, or with one that is not good."""


class UnavailableError(ServiceError):
    """A part that is needed is down."""


class RowError(Exception):
    """What was done for one row failed and was undone; its cause is the failure. The transaction goes on."""
