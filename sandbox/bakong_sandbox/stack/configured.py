"""What the environment says of the service, in production and in the sandbox."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from bakong_sandbox.stack.datadir import load_secrets, open_folder, save_secrets
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.providers import KINDS
from bakong_service.database_url import sqlite_url
from bakong_service.provider_factory import ProviderFactory
from bakong_service.settings import Settings, SettingsError, load_all


class Configured(NamedTuple):
    """What the environment says: the core's settings, and a factory for each provider."""

    settings: Settings
    providers: list[ProviderFactory]


def configured() -> Configured:
    """The environment's settings. In sandbox mode, secrets that it lacks are drawn once and kept in DATA_DIR.

    Raises SetupError, with a line for each wrong setting.
    """
    try:
        settings, providers = load_all(KINDS, _drawn())
        return Configured(settings, [one.factory() for one in providers if one.is_configured])
    except SettingsError as error:
        raise SetupError("\n  ".join(["invalid configuration:", *error.lines])) from None


def _drawn() -> dict[str, Any]:
    if os.environ.get("SERVICE_MODE") != "sandbox":
        return {}
    folder = open_folder(Path(os.environ.get("DATA_DIR", "data")))
    secrets = load_secrets(folder)
    save_secrets(folder, secrets)
    drawn = {
        "main_backend_api_key": secrets.api_key,
        "webhook_secret": secrets.webhook_secret,
        "encryption_key": secrets.encryption_key,
        "bakong_developer_token": secrets.bakong_token,
        "database_url": sqlite_url(folder / "service.db"),
    }
    return {name: value for name, value in drawn.items() if value and not os.environ.get(name.upper())}
