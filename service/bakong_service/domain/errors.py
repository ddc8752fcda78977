"""What the core refuses, by kind. `code` is the stable word that a caller's program reads.

ServiceError
├── InvalidError          a value that a rule forbids; `field` names it
│   ├── KeyReusedError    an Idempotency-Key that came with another request before
│   └── ShopInvalidError  a value of an order or a payment method, with a code of its own
├── NotFoundError         something that is not there
├── ConflictError         a state that does not allow it
│   ├── OutsidePeriodError   a change of plan at an instant that is not in the paid period
│   └── InFlightError        the same Idempotency-Key is being worked on
├── ForbiddenError        a token that is not good for this
├── ShopError             what orders, refunds and settlements refuse, each with its code and status
│   └── EscrowError       what escrow refuses
├── ForgedEventError      a webhook that its provider did not sign
│   └── ExpiredEventError    one that it signed too long ago, or too far ahead
└── UnavailableError      a part that is needed is down; try again later
    └── UnreadableRowError   one stored row cannot be read; it is set aside, and all others go on

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


class ForbiddenError(ServiceError):
    """A token that is not good for what is asked; scope: what it lacks, where it is one scope."""

    code = "forbidden"

    def __init__(self, message: str, scope: str | None = None) -> None:
        super().__init__(message)
        self.scope = scope


class ForgedEventError(ServiceError):
    """A webhook without its provider's signature, or with one that is not good."""


class ExpiredEventError(ForgedEventError):
    """A webhook that its provider signed at another time than now."""


class UnavailableError(ServiceError):
    """A part that is needed is down."""


class UnreadableRowError(UnavailableError):
    """One stored row cannot be read: its key is not here, or it was damaged. It is set aside, and never shown."""

    code = "unreadable_row"
    retry_after_s = 60

    def __init__(self, kind: str, row_id: str, why: str) -> None:
        super().__init__(
            f"the stored {kind} {row_id} cannot be read ({why}): it is set aside, and nothing of it is lost"
        )
        self.kind = kind
        self.row_id = row_id
        self.why = why


class ShopInvalidError(InvalidError):
    """A value of an order or a payment method, with the code of what is wrong."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(field, message)
        self.code = code


class ShopError(ServiceError):
    """What orders, their payments, refunds and settlements refuse; code: of bakong_contracts.service_api.PROBLEMS.

    extra: members of the problem beside the usual ones. retry_after_s: when trying again is worth it.
    """

    def __init__(
        self, code: str, message: str, *, extra: dict[str, str] | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.extra = extra or {}
        self.retry_after_s = retry_after_s


class EscrowError(ShopError):
    """What escrow payments, their refunds and releases refuse, with its code.

    field: the value that was wrong; available: what may still be refunded.
    """

    def __init__(self, code: str, message: str, field: str | None = None, available: str | None = None) -> None:
        super().__init__(code, message)
        self.field = field
        self.available = available


class RowError(Exception):
    """What was done for one row failed and was undone; its cause is the failure. The transaction goes on."""
