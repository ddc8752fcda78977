"""What DATABASE_URL says. A path is escaped in it, so that any folder's name can be in one."""

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

SQLITE = "sqlite:///"


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file.

    >>> sqlite_url(Path("/data/feature%2Fpay?/service.db"))
    'sqlite:////data/feature%252Fpay%3F/service.db'
    """
    return SQLITE + quote(os.fsencode(path))


def sqlite_path(url: str) -> Path:
    """The file that a URL of SQLite's names. Raises ValueError for options, which it has none of."""
    escaped, mark, _ = url.removeprefix(SQLITE).partition("?")
    if mark:
        raise ValueError("SQLite takes no options after a ?; a ? in a path is written %3F")
    return Path(os.fsdecode(unquote_to_bytes(escaped)))
