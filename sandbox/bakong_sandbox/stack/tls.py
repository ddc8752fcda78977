"""A certificate authority of the sandbox's own, for the host names of its schemes, made once and kept. No servers."""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.wall_clock import wall_ms

HOSTS = tuple(host for scheme in SCHEMES for host in scheme.hosts)
NAMES = (*HOSTS, "localhost", "*.localhost", "127.0.0.1", "::1")
CA_FILE = "sandbox-ca.pem"
KEY_FILE = "sandbox-ca-key.pem"
SLACK, LIFE = timedelta(days=7), timedelta(days=390)  # together under the 398 days that Apple's clients allow


CA_LIFE, RENEWED = timedelta(days=365), timedelta(days=30)
_LIMITS = x509.NameConstraints(
    permitted_subtrees=[
        *(x509.DNSName(host) for host in (*HOSTS, "localhost")),
        *(x509.IPAddress(ip_network(address)) for address in ("127.0.0.1", "::1")),
    ],
    excluded_subtrees=None,
)
_USES = [
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
]


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom a client has to trust, and what the server shows."""

    ca_file: Path
    context: ssl.SSLContext


def authority(folder: Path) -> Authority:
    """The folder's authority, made where there is none that is good, and a certificate of today under it.

    Raises SetupError for files that cannot be read.
    """
    ca_file, key_file = folder / CA_FILE, folder / KEY_FILE
    now = datetime.fromtimestamp(wall_ms() / 1000, UTC)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        if not (ca_file.exists() and key_file.exists() and _is_good(ca_file.read_bytes(), now)):
            _make(ca_file, key_file, now)
        ca = trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
        shown = ca.issue_cert(*NAMES, common_name=HOSTS[0], not_before=now - SLACK, not_after=now + LIFE)
        shown.configure_cert(context)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"{str(ca_file)!r} cannot be used ({error}); delete it and a new one is made") from None
    return Authority(ca_file, context)


def _is_good(pem: bytes, now: datetime) -> bool:
    """Whether an authority speaks for the sandbox's hosts alone, and has a while to live. Raises ValueError."""
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:  # as versions made it that let it speak for every host, to the year 3000
        return False
    return limits == _LIMITS and now + RENEWED < certificate.not_valid_after_utc


def _make(ca_file: Path, key_file: Path, now: datetime) -> None:
    """An authority for the sandbox's hosts alone, which can make no other authority, for a year. Raises OSError."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bakong sandbox"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "trust it on test machines alone"),
        ]
    )
    may_sign = {"key_cert_sign": True, "crl_sign": True}
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_LIMITS, critical=True)
        .add_extension(x509.KeyUsage(**dict.fromkeys(_USES, False) | may_sign), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    for path, mode, pem in ((key_file, 0o600, secret), (ca_file, 0o644, made.public_bytes(Encoding.PEM))):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(pem)
