"""A certificate authority of the sandbox's own, for the host names of its schemes, made once and kept. No servers.

It may be asked for more names: they are in the certificate and among those that the authority is limited to, so that an
authority for other names is another authority.
"""

import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import idna
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
MAX_NAMES = 100
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USES = [
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
]


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom a client has to trust, and what the server shows."""

    ca_file: Path
    context: ssl.SSLContext


def read_names(texts: Sequence[str]) -> tuple[str, ...]:
    """Further names for the certificate, as certificates have them: hosts, also foreign ones, *.hosts and addresses.

    Raises SetupError for what is none of these.

    >>> read_names(["Pay.Shop.example.", "*.shop.example", "10.0.0.5", "[::2]", "ហាង.example"])
    ('pay.shop.example', '*.shop.example', '10.0.0.5', '::2', 'xn--m2e9c4c.example')
    """
    names = tuple(dict.fromkeys(_name(text) for text in texts))
    if len(names) > MAX_NAMES:
        raise SetupError(f"--tls-name: read {len(names)} names, expected at most {MAX_NAMES}")
    return tuple(name for name in names if name not in NAMES)


def _name(text: str) -> str:
    """Raises SetupError."""
    try:
        return str(ip_address(text.strip().removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    wildcard, host = text.strip().startswith("*."), text.strip().removeprefix("*.")
    try:
        name = idna.encode(host, uts46=True).decode().removesuffix(".")
    except idna.IDNAError:
        name = ""
    labels = name.split(".")
    if labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise SetupError(
            f"--tls-name: read {text!r}, expected a host such as pay.shop.example, *.shop.example or an address, "
            "without a scheme, port or path"
        )
    if wildcard and len(labels) < 2:
        raise SetupError(f"--tls-name: read {text!r}, which is all of a top-level domain; expected *.shop.example")
    return ("*." if wildcard else "") + name


def has_authority(folder: Path) -> bool:
    """Whether a folder has an authority, be it good or not."""
    return (folder / CA_FILE).exists()


def authority(folder: Path, names: Sequence[str] | None = ()) -> Authority:
    """The folder's authority, made where there is none that is good, and a certificate of today under it.

    names: further ones, as read_names has them; None: whatever the folder's authority is for.
    Raises SetupError for files that cannot be read.
    """
    ca_file, key_file = folder / CA_FILE, folder / KEY_FILE
    now = datetime.fromtimestamp(wall_ms() / 1000, UTC)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        limits = _limits(names or ())
        wanted = None if names is None else limits
        if not (ca_file.exists() and key_file.exists() and _is_good(ca_file.read_bytes(), now, wanted)):
            _make(ca_file, key_file, now, limits)
        ca = trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
        every = (*NAMES, *(names or ()))
        shown = ca.issue_cert(*every, common_name=HOSTS[0], not_before=now - SLACK, not_after=now + LIFE)
        shown.configure_cert(context)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"{str(ca_file)!r} cannot be used ({error}); delete it and a new one is made") from None
    return Authority(ca_file, context)


def hosts_of(ca_file: Path) -> tuple[str, ...]:
    """The host names that an authority is for, NBC's first, without those of this machine. Raises SetupError."""
    try:
        limits = _limits_of(x509.load_pem_x509_certificate(ca_file.read_bytes()))
    except (OSError, ValueError) as error:
        raise SetupError(f"{str(ca_file)!r} cannot be used ({error}); delete it and a new one is made") from None
    hosts = [one.value for one in (limits and limits.permitted_subtrees) or () if isinstance(one, x509.DNSName)]
    return tuple(host for host in hosts if host != "localhost")


def _limits(names: Sequence[str]) -> x509.NameConstraints:
    """The hosts of the schemes, this machine, and the further names: a wildcard as the domain that it is of."""
    hosts, addresses = [*HOSTS, "localhost"], [ip_network("127.0.0.1"), ip_network("::1")]
    for name in names:
        try:
            addresses.append(ip_network(name))
        except ValueError:
            hosts.append(name.removeprefix("*."))
    permitted = [*map(x509.DNSName, dict.fromkeys(hosts)), *map(x509.IPAddress, addresses)]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _is_good(pem: bytes, now: datetime, wanted: x509.NameConstraints | None) -> bool:
    """Whether an authority speaks for the wanted names alone, and has a while to live. Raises ValueError.

    wanted None: for the sandbox's at least, and whatever else it was made for.
    """
    certificate = x509.load_pem_x509_certificate(pem)
    limits = _limits_of(certificate)
    if limits is None:  # as versions made it that let it speak for every host, to the year 3000
        return False
    is_for = (
        limits == wanted
        if wanted
        else set(_limits(()).permitted_subtrees or ()) <= set(limits.permitted_subtrees or ())
    )
    return is_for and now + RENEWED < certificate.not_valid_after_utc


def _limits_of(certificate: x509.Certificate) -> x509.NameConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def _make(ca_file: Path, key_file: Path, now: datetime, limits: x509.NameConstraints) -> None:
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
        .add_extension(limits, critical=True)
        .add_extension(x509.KeyUsage(**dict.fromkeys(_USES, False) | may_sign), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    for path, mode, pem in ((key_file, 0o600, secret), (ca_file, 0o644, made.public_bytes(Encoding.PEM))):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(pem)
