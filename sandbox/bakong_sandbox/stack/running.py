"""Which sandbox runs on a data folder, and where it answers: for commands in the folder above, and a second `up`."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bakong_sandbox.stack.datadir import FILE as SECRETS_FILE
from bakong_sandbox.stack.datadir import load_secrets
from bakong_sandbox.stack.errors import SetupError

try:
    import fcntl
except ImportError:  # Windows: two sandboxes on one folder are not told apart there
    fcntl = None  # type: ignore[assignment]

FILE = "sandbox-running.json"
CONTROL_ENVVAR = "BAKONG_SANDBOX_CONTROL_TOKEN"
DATA_DIR_ENVVAR = "BAKONG_SANDBOX_DATA_DIR"
USUAL_URL = "http://127.0.0.1:8600"


@contextmanager
def occupied(folder: Path) -> Iterator[Callable[..., None]]:
    """The folder is this sandbox's, while the context lasts; yields what tells the folder where it answers.

    Raises SetupError where another one has it.
    """
    path = folder / FILE
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            where = running_url(folder) or "an address that it has not told yet"
            raise SetupError(
                f"the data folder {str(folder)!r} is used by a sandbox that runs at {where}: end it, or give --data-dir"
            ) from None

        def tell(**where: str) -> None:
            file.seek(0)
            file.truncate()
            json.dump(where, file)
            file.flush()

        try:
            yield tell
        finally:
            with suppress(OSError):
                path.unlink()


def running_url(folder: Path, key: str = "bakong_url") -> str:
    """Where the sandbox of a data folder answers, "" where none runs that says so."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    url = found.get(key) if isinstance(found, dict) else None
    return url if isinstance(url, str) else ""


def usual_url() -> str:
    """Where commands look for a sandbox that nothing names: that of the folder `data` here, else port 8600."""
    return running_url(Path(os.environ.get(DATA_DIR_ENVVAR, "data"))) or USUAL_URL


def service_key(folder: Path) -> str:
    """The API key of the sandbox's own service. Raises SetupError where the folder is none of a sandbox's."""
    if not (folder / SECRETS_FILE).exists():
        raise SetupError(f"{str(folder / SECRETS_FILE)!r} is not there: give the --data-dir of `bakong-sandbox up`")
    return load_secrets(folder).api_key
