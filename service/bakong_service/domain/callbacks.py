"""Which URLs a caller may give for webhooks. A name is judged as it stands; its address, at the connection."""

import ipaddress
import socket
from urllib.parse import urlsplit

from bakong_service.domain.errors import InvalidError

_LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "localdomain")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def check_callback(url: str, *, private_allowed: bool, field: str = "callback") -> None:
    """Raises InvalidError for a URL that cannot be called, or that points into a private network."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidError(field, f"is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidError(field, "expected http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise InvalidError(field, "a URL with a user name or password is not called")
    if not private_allowed and is_private(host):
        raise InvalidError(field, f"{host} is in a private network")


def receiving_host(url: str | None) -> str:
    """The host that receives what is sent to a URL, with its port where that is not the scheme's own.

    >>> [receiving_host(url) for url in ("https://Shop.example:443/hook?id=1", "http://127.0.0.1:8000/hook")]
    ['shop.example', '127.0.0.1:8000']
    """
    parts = urlsplit(url or "")
    netloc = parts.netloc.rpartition("@")[2].lower()
    return netloc.removesuffix({"http": ":80", "https": ":443"}.get(parts.scheme, ":"))[:255]


def is_private(host: str) -> bool:
    """Whether a host is an address outside the public internet, in any spelling, or a name of a local network.

    >>> [is_private(host) for host in ("127.1", "0x7f000001", "::ffff:10.0.0.1", "db", "api.example.com")]
    [True, True, True, True, False]
    """
    address = _address(host)
    if address is not None:
        return not is_public(address)
    labels = host.lower().rstrip(".").split(".")
    return len(labels) == 1 or labels[-1] in _LOCAL_NAMES


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is on the public internet, also as an IPv4 address inside an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, also in the old spellings (127.1, 0x7f.1, 2130706433) that resolvers take."""
    try:
        return ipaddress.ip_address(host.partition("%")[0].rstrip("."))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, ValueError):
        return None
