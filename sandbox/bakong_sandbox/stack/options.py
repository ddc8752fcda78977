"""What a sandbox is started with, and what it says when it answers. Values alone."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bakong_sandbox.stack.errors import SetupError
from bakong_simulator.kernel.worlds import MAX_WORLDS, Worlds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a sandbox is started with. service_port None: no service; tls_port None: no TLS."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8600
    service_port: int | None = 3002
    scenario: str = "manual"
    max_worlds: int = MAX_WORLDS
    allowed_hosts: tuple[str, ...] = ()  # of the control API, beside this machine's
    control_token: str = ""  # by default one is drawn where others than this machine reach it; "off" for none
    cors: tuple[str, ...] = ()  # origins whose pages may call the schemes; "*" is any
    quota: int | None = None
    tls_port: int | None = None
    webhook_url: str = ""
    bakong_timeout_ms: int = 10_000
    database_url: str = ""  # by default a SQLite file in the data folder
    redis_url: str = ""
    redis_prefix: str = "bakong"
    rate_limit_per_minute: int = 100  # 0: off
    prices: tuple[Decimal, Decimal] = (Decimal("0.50"), Decimal("1.00"))  # PREMIUM and FAMILY_PREMIUM in USD


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A sandbox that answers. The service's fields are empty where there is none."""

    bakong_url: str
    token: str
    data_dir: Path
    worlds: Worlds
    service_url: str = ""
    api_key: str = ""
    webhook_secret: str = ""
    tls_url: str = ""
    ca_file: str = ""
    control_token: str = ""
    warning: str = ""

    def ready(self) -> dict[str, Any]:
        """The one line that `up --json` prints."""
        shown = {
            "event": "ready",
            "bakong_url": self.bakong_url,
            "token": self.token,
            "world": self.worlds.default.name,
            "service_url": self.service_url or None,
            "api_key": self.api_key or None,
            "data_dir": str(self.data_dir),
        }
        shown |= {"control_token": self.control_token} if self.control_token else {}
        return shown | ({"tls_url": self.tls_url, "ca_file": self.ca_file} if self.tls_url else {})


def read_prices(text: str) -> tuple[Decimal, Decimal]:
    """Two prices in USD, the lower one first. Raises SetupError."""
    words = text.split(",")
    if len(words) != 2 or not all(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", word) for word in words):
        raise SetupError(f"--prices is {text!r}, expected two prices in USD such as 0.50,1.00")
    lower, higher = (Decimal(word) for word in words)
    if not 0 < lower < higher:
        raise SetupError(f"--prices is {text!r}, expected the lower price first, and both above 0")
    return lower, higher
