"""A database's own failures, distinguished from those of one statement or one row."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bakong_service.domain.errors import UnavailableError

_BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_DOWN = ("OperationalError", "InterfaceError")
# SQLSTATE classes: connection, insufficient resources, operator intervention (a restart), system error.
_DOWN_CLASSES = ("08", "53", "57", "58")
_READ_ONLY = "25006"  # a standby, or a server that was set so
_ROLLED_BACK = ("22", "23", "40", "54")  # data, constraint, rolled back, a limit of the server
_RETRYABLE = ("40001", "40P01", "26000")  # serialization failure, deadlock, prepared at another server of a pooler's


def translated(error: BaseException) -> BaseException:
    """A database's own failure as UnavailableError; every other error as it is."""
    if is_database_down(error):
        failure = UnavailableError("the database cannot be written or read at present")
        failure.__cause__ = error
        return failure
    return error


def closed() -> UnavailableError:
    """What a store says after its end."""
    return UnavailableError("the store is closed: the service is stopping")


def is_database_down(error: BaseException) -> bool:
    """Whether the database, and not the statement, is at fault."""
    if _is_bad_value(error):
        return False
    if isinstance(error, OSError | TimeoutError | PoolTimeoutError | sqlite3.OperationalError):
        return True
    if isinstance(error, DBAPIError) and (error.connection_invalidated or type(error).__name__ in _DOWN):
        return True
    if getattr(getattr(error, "orig", None), "sqlite_errorname", "").startswith(_BROKEN):
        return True
    if sqlstate(error) == _READ_ONLY:
        return True
    return sqlstate(error)[:2] in _DOWN_CLASSES or type(error).__module__.startswith("asyncpg")


def reason(error: BaseException) -> str:
    """Why a database is unavailable, in its own words and one line; "" where it has none. They hold no secret."""
    last = error
    while (cause := getattr(last, "orig", None) or last.__cause__) is not None and cause is not last:
        last = cause
    return "" if last is error else " ".join(str(last).split()) or type(last).__name__


def _is_bad_value(error: BaseException) -> bool:
    """Whether the driver could not even send a value; asyncpg calls that an interface error."""
    cause = getattr(error, "orig", None)
    return isinstance(cause, ValueError) or isinstance(getattr(cause, "__cause__", None), ValueError)


def was_rolled_back(error: BaseException) -> bool:
    """Whether the driver's own statement was rolled back, or never sent: nothing of it can be stored."""
    return type(error).__name__ == "InterfaceError" or sqlstate(error)[:2] in _ROLLED_BACK


def is_retryable(error: BaseException) -> bool:
    """Whether the same transaction may well succeed at once: another one was in its way."""
    return sqlstate(error) in _RETRYABLE


def sqlstate(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return str(getattr(cause, "sqlstate", None) or "")
