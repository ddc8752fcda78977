"""The console's static files and its style, read once, by their names: no path of a request reaches the disk."""

import base64
import hashlib
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
STATIC = "/console/-/static"  # where they are served, below their version


@cache
def static_files() -> dict[str, bytes]:
    """Each file's content by its name."""
    return {path.name: path.read_bytes() for path in (HERE / "static").iterdir() if path.is_file()}


@cache
def version() -> str:
    """What tells these files from those of another release."""
    digest = hashlib.sha256()
    for name, content in sorted(static_files().items()):
        digest.update(name.encode() + content)
    return digest.hexdigest()[:12]


@cache
def style() -> str:
    """The style sheet that each page has in it: a page that has to fetch one waits for it."""
    return (HERE / "console.css").read_text(encoding="utf-8").replace("{static}", f"{STATIC}/{version()}")


@cache
def style_source() -> str:
    """What lets this style, and no other, into a page, in the words of a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()}'"
