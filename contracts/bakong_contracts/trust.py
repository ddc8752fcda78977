"""Whose certificates are trusted: the public authorities', those of SSL_CERT_FILE, those of a named file."""

import ssl
from pathlib import Path

import certifi


def ssl_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A client's context that trusts them all. Raises ValueError for a file that names no authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust(context, ca_file)
    return context


def trust(context: ssl.SSLContext, ca_file: Path | None = None) -> None:
    """Let a context trust them all: it takes tens of ms. Raises as above."""
    context.load_default_certs()  # OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR here
    context.load_verify_locations(cafile=certifi.where())
    if ca_file is not None:
        add_authorities(context, ca_file)


def add_authorities(context: ssl.SSLContext, ca_file: Path) -> None:
    """Let a context trust a PEM file's authorities too. Raises ValueError, which says what is wrong with the file."""
    try:
        pem = ca_file.read_bytes()  # OpenSSL has no words for a folder
        context.load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        pem = b""
    except OSError as error:
        raise ValueError(f"{str(ca_file)!r} cannot be read: {error.strerror}") from None
    if b"CERTIFICATE-----" not in pem:
        raise ValueError(f"{str(ca_file)!r} holds no certificate in PEM form")


def checked(ca_file: Path | None) -> Path | None:
    """The file, where it holds authorities, or None. Raises ValueError as above."""
    if ca_file is not None:
        add_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)
    return ca_file
