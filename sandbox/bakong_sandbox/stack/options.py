"""What a sandbox is started with, and what it says when it answers. Values alone."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bakong_sandbox.stack.connections import SANDBOX_BOUNDS, SERVICE_BOUNDS, Bounds
from bakong_sandbox.stack.errors import SetupError
from bakong_simulator.journals.keeping import Kept
from bakong_simulator.kernel.worlds import MAX_WORLDS, Worlds

if TYPE_CHECKING:  # a sandbox without the service starts without it
    from bakong_service.usecases.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a sandbox is started with. service_port None: no service; tls_port None: no TLS."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8600
    service_port: int | None = 3002
    scenario: str = "manual"
    experimental: bool = False  # also the sketches of APIs of which little is known
    scheme_files: tuple[Path, ...] = ()  # descriptions of further APIs, see docs/generic.md
    max_worlds: int = MAX_WORLDS
    bounds: Bounds = SANDBOX_BOUNDS  # of connections; how many there may be holds for all ports together
    service_bounds: Bounds = SERVICE_BOUNDS
    allowed_hosts: tuple[str, ...] = ()  # of the control API, beside this machine's
    lan: bool = False  # other machines of this network reach it, and enter the console by a code that is good once
    control_token: str = ""  # by default one is drawn where others than this machine reach it; "off" for none
    cors: tuple[str, ...] = ()  # origins whose pages may call the schemes; "*" is any
    quota: int | None = None
    tls_port: int | None = None
    tls_names: tuple[str, ...] = ()  # beside NBC's and this machine's
    webhook_url: str = ""
    webhook_ca: Path | None = None  # authorities that receivers may show, those of the simulator's webhooks too
    bakong_timeout_ms: int = 10_000
    database_url: str = ""  # by default a SQLite file in the data folder
    redis_url: str = ""
    redis_prefix: str = "bakong"
    rate_limit_per_minute: int = 100  # 0: off
    providers: tuple[str, ...] = ()  # that the service asks beside Bakong: see EMBEDDED
    provider_timeout_ms: int = 10_000  # so long the service waits for one of them
    jwt_secret: str = ""  # signs the service's tokens; by default drawn where there are providers
    keep: bool = False  # the simulator's worlds, also over a kill of the process
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
    admin_key: str = ""  # reads what an operator sees of the service, and nothing else
    webhook_secret: str = ""
    jwt_secret: str = ""
    providers: tuple[str, ...] = ()  # of the service, beside Bakong
    core: "Core | None" = None  # of the service, for what runs in this process
    tls_url: str = ""
    ca_file: str = ""
    control_token: str = ""
    warning: str = ""
    lan_url: str = ""  # where other machines of this network reach it
    codes: tuple[str, ...] = ()  # each lets one browser into the console
    keeps: bool = False
    restored: Kept | None = None

    def ready(self) -> dict[str, Any]:
        """The one line that `up --json` prints."""
        shown: dict[str, Any] = {
            "event": "ready",
            "bakong_url": self.bakong_url,
            "token": self.token,
            "world": self.worlds.default.name,
            "service_url": self.service_url or None,
            "api_key": self.api_key or None,
            "data_dir": str(self.data_dir),
        }
        shown |= {"lan_url": self.lan_url, "codes": list(self.codes)} if self.lan_url else {}
        shown |= {"control_token": self.control_token} if self.control_token else {}
        shown |= {"providers": list(self.providers)} if self.providers else {}
        return shown | ({"tls_url": self.tls_url, "ca_file": self.ca_file} if self.tls_url else {})


ESCROW = ("bkash", "nagad")  # providers by which jobs are paid
# Providers that the embedded service can have, each asking the simulator's own.
EMBEDDED = ("promptpay", "omise", *ESCROW, "stripe", "paystack")


def read_providers(text: str) -> tuple[str, ...]:
    """Names with commas between them, each once. Raises SetupError."""
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if unknown := [name for name in names if name not in EMBEDDED]:
        raise SetupError(f"--providers: read {unknown[0]!r}, expected one of {', '.join(EMBEDDED)}, or several of them")
    return names


def read_prices(text: str) -> tuple[Decimal, Decimal]:
    """Two prices in USD, the lower one first. Raises SetupError."""
    words = text.split(",")
    if len(words) != 2 or not all(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", word) for word in words):
        raise SetupError(f"--prices is {text!r}, expected two prices in USD such as 0.50,1.00")
    lower, higher = (Decimal(word) for word in words)
    if not 0 < lower < higher:
        raise SetupError(f"--prices is {text!r}, expected the lower price first, and both above 0")
    return lower, higher


def read_webhook_url(text: str) -> str:
    """Where webhooks go, or "" for nowhere. Raises SetupError."""
    try:
        parts = urlsplit(text)
        good = not text or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        good = False
    if not good:
        raise SetupError(f"--webhook-url is {text!r}, expected a URL such as http://127.0.0.1:3000/webhooks")
    return text
