"""The options of libpq in a PostgreSQL URL: which the driver reads by itself, which are ours, which nobody has."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

_DRIVERS = (  # asyncpg's own; what is a setting of the server's is sent to it
    *("host", "port", "user", "password", "dbname", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    *("sslpassword", "sslcrl", "ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
    *("application_name", "options", "search_path"),
)
_PASSED_OVER = (  # the driver's or the system's own way is as good
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
    *("fallback_application_name", "sslcompression", "sslsni"),
)
_CHOICES = {  # what only one way of is there
    "channel_binding": ("prefer", "disable"),
    "gssencmode": ("prefer", "disable"),
    "client_encoding": ("utf8", "utf-8", "auto"),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "pgbouncer": ("true", "false"),
}
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


class PostgresUrl(NamedTuple):
    """dsn: for asyncpg. connect_s: where the URL says how long to try. pooler: see Settings.database_pooler."""

    dsn: str
    arguments: dict[str, Any]
    connect_s: int | None
    pooler: bool


def read_url(url: str) -> PostgresUrl:
    """What a URL says. Raises ValueError, which names the option and no value of a secret one."""
    parts = urlsplit(url)
    if not parts.hostname and "host=" not in parts.query and "@" in parts.netloc:
        raise ValueError("no host after the @")
    _ = parts.port if "," not in parts.netloc else None  # raises for one that is none
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in given.items():
        _check(name, value)
    kept = {name: value for name, value in given.items() if name in _DRIVERS}
    arguments: dict[str, Any] = {}
    if kept.get("sslrootcert") == "system":
        del kept["sslrootcert"]
        kept.pop("sslmode", None)
        arguments["ssl"] = ssl.create_default_context()
    elif kept.get("sslmode") in ("verify-ca", "verify-full") and "sslrootcert" not in kept:
        raise ValueError(f"sslmode={kept['sslmode']} needs sslrootcert=FILE, or sslrootcert=system")
    dsn = parts._replace(query=urlencode(kept)).geturl()
    timeout = int(given.get("connect_timeout", 0))
    return PostgresUrl(dsn, arguments, timeout if timeout > 0 else None, given.get("pgbouncer") == "true")


def _check(name: str, value: str) -> None:
    """Raises ValueError for an option that is not understood."""
    if name in _CHOICES:
        if value.lower() not in _CHOICES[name]:
            raise ValueError(f"read {name}={value[:40]}, expected {' or '.join(_CHOICES[name])}")
    elif name == "connect_timeout":
        if not value.isascii() or not value.isdigit():
            raise ValueError("connect_timeout is no number of seconds")
    elif name in _FILES and not (name == "sslrootcert" and value == "system"):
        if not Path(value).is_file():
            raise ValueError(f"{name}: there is no file {value!r}")
    elif name not in (*_DRIVERS, *_PASSED_OVER):
        raise ValueError(f"the option {name[:40]!r} is not understood")


def driver_arguments(
    read: PostgresUrl, *, connect_s: float, statement_s: float | None, pooler: bool
) -> Mapping[str, Any]:
    """What asyncpg is connected with. A pooler gives each transaction any server: nothing prepared outlives one."""
    shortest_s = connect_s if read.connect_s is None else min(connect_s, read.connect_s)
    own = {"dsn": read.dsn, "timeout": shortest_s, "command_timeout": statement_s, **read.arguments}
    if pooler:
        own |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": _unnamed}
    return own


def _unnamed() -> str:
    """A statement of no name is gone with the next one: nothing of it is left at a server."""
    return ""
