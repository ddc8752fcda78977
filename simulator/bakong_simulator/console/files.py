"""The console's static files: read once, by their names, so that no path of a request reaches the disk."""

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"


@cache
def static_files() -> dict[str, bytes]:
    """Each file's content by its name."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}


@cache
def version() -> str:
    """What tells these files from those of another release."""
    digest = hashlib.sha256()
    for name, content in sorted(static_files().items()):
        digest.update(name.encode() + content)
    return digest.hexdigest()[:12]
