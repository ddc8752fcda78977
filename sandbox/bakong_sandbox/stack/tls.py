"""A certificate authority of the sandbox's own, for the host names of its schemes, made once and kept. No servers."""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.wall_clock import wall_ms

HOSTS = tuple(host for scheme in SCHEMES for host in scheme.hosts)
NAMES = (*HOSTS, "localhost", "*.localhost", "127.0.0.1", "::1")
CA_FILE = "sandbox-ca.pem"
KEY_FILE = "sandbox-ca-key.pem"
SLACK, LIFE = timedelta(days=7), timedelta(days=390)  # together under the 398 days that Apple's clients allow


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom a client has to trust, and what the server shows."""

    ca_file: Path
    context: ssl.SSLContext


def authority(folder: Path) -> Authority:
    """The folder's authority, made where there is none, and a certificate of today under it.

    Raises SetupError for files that cannot be read.
    """
    ca_file, key_file = folder / CA_FILE, folder / KEY_FILE
    if not (ca_file.exists() and key_file.exists()):
        _make(ca_file, key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        ca = trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
        now = datetime.fromtimestamp(wall_ms() / 1000, UTC)
        shown = ca.issue_cert(*NAMES, common_name=HOSTS[0], not_before=now - SLACK, not_after=now + LIFE)
        shown.configure_cert(context)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"{str(ca_file)!r} cannot be used ({error}); delete it and a new one is made") from None
    return Authority(ca_file, context)


def _make(ca_file: Path, key_file: Path) -> None:
    ca = trustme.CA(organization_name="Bakong sandbox", organization_unit_name="trust it on test machines alone")
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(ca.private_key_pem.bytes())
    ca_file.write_bytes(ca.cert_pem.bytes())
