"""A database's own failures, told from a caller's mistakes. May not know what was stored."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bakong_service.adapters.sealing import SealError
from bakong_service.domain.errors import UnavailableError

_OWN = ("OperationalError", "InterfaceError")
# SQLSTATE classes: connection, insufficient resources, operator intervention (a restart), system error.
_CLASSES = ("08", "53", "57", "58")
_REFUSED = ("22", "23", "40")  # data, constraint, rolled back
_AGAIN = ("40001", "40P01")  # serialization failure, deadlock


def translated(error: BaseException) -> BaseException:
    """A database's own failure as UnavailableError; every other error as it is."""
    if isinstance(error, SealError):
        return UnavailableError("a sealed column does not open; is its key in OLD_ENCRYPTION_KEYS?")
    if is_own(error):
        failure = UnavailableError("the database cannot be written or read at present")
        failure.__cause__ = error
        return failure
    return error


def is_own(error: BaseException) -> bool:
    """Whether the database, and not the statement, is at fault."""
    if isinstance(error, OSError | TimeoutError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError) and (error.connection_invalidated or type(error).__name__ in _OWN):
        return True
    return sqlstate(error)[:2] in _CLASSES or type(error).__module__.startswith("asyncpg")


def is_refused(error: BaseException) -> bool:
    """Whether the driver's own statement was rolled back, or never sent: nothing of it can be stored."""
    return type(error).__name__ == "InterfaceError" or sqlstate(error)[:2] in _REFUSED


def is_passing(error: BaseException) -> bool:
    """Whether the same transaction may well succeed at once: another one was in its way."""
    return sqlstate(error) in _AGAIN


def sqlstate(error: BaseException) -> str:
    found = getattr(error, "orig", None) or error
    return str(getattr(found, "sqlstate", None) or "")
