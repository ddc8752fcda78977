"""The data folder: the database, and the sandbox's secrets, made once and kept."""

import base64
import json
import os
import secrets  # noqa: TID251  a composition root: the sandbox's secrets are drawn here, once
from dataclasses import asdict, dataclass
from pathlib import Path

from bakong_sandbox.stack.errors import SetupError

FILE = "sandbox-secrets.json"


@dataclass(slots=True)
class Secrets:
    """Secrets of a sandbox, which guard nothing but the sandbox."""

    api_key: str
    webhook_secret: str
    encryption_key: str
    bakong_token: str = ""
    bakong_token_expires_ms: int = 0
    control_token: str = ""
    jwt_secret: str = ""
    admin_key: str = ""


def open_folder(folder: Path) -> Path:
    """The folder, made where it is missing. Raises SetupError where it cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SetupError(f"the data folder {str(folder)!r} cannot be written: {error.strerror or error}") from None
    return folder.resolve()


def load_secrets(folder: Path) -> Secrets:
    """The folder's secrets, drawn where there are none. Raises SetupError for a file that cannot be read."""
    path = folder / FILE
    try:
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _draw()
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"{str(path)!r} cannot be read ({error}); delete it and new secrets are made") from None


def save_secrets(folder: Path, kept: Secrets) -> None:
    """Write them for the owner alone, in one step."""
    path = folder / FILE
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(kept), file, indent=2)
    draft.replace(path)


def draw_admin_key() -> str:
    """What the console reads the service by."""
    return "sandbox_reads_" + secrets.token_urlsafe(32)


def draw_jwt_secret() -> str:
    """What signs the tokens of the care platform's people, in a sandbox that has escrow."""
    return "sandbox_jwt_" + secrets.token_urlsafe(64)


def _draw() -> Secrets:
    return Secrets(
        api_key="sandbox_" + secrets.token_urlsafe(32),
        webhook_secret="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        encryption_key="sandbox_" + secrets.token_urlsafe(32),
    )
