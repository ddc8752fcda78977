"""Whose request it is: the peer's address, or what a trusted proxy says of it."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

UNKNOWN = "unknown"
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Proxies:
    """The networks whose X-Forwarded-For counts; none by default.

    RFC 7239's Forwarded is not read: a proxy that sets the one header passes on what its callers put into the other.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(network_of(text) for text in networks)

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is no trusted proxy, read from the right, up to a word that is no address."""
        if not self._networks or not forwarded:
            return peer
        nearest, _ = self._nearest(peer, _words(forwarded))
        return str(read(nearest) or nearest)

    def doubt(self, peer: str, forwarded: str) -> str:
        """Why the address may be a proxy's, which many callers share, and not the caller's own; empty: it is not."""
        words = _words(forwarded)
        nearest, unread = self._nearest(peer, words)
        address = read(nearest)
        if not self.trusts(nearest):
            is_near = address is not None and not address.is_global
            return "X-Forwarded-For was not read: its sender is not in TRUSTED_PROXIES" if unread and is_near else ""
        if not words:
            return "the sender is in TRUSTED_PROXIES, and sent no X-Forwarded-For"
        return "X-Forwarded-For names no caller that can be read" if unread else ""

    def _nearest(self, peer: str, words: list[str]) -> tuple[str, int]:
        """The address that counts, and how many words to the left of it were not read."""
        nearest = peer
        for index in range(len(words), 0, -1):
            word = forwarded_address(words[index - 1])
            if word is None or not self.trusts(nearest):
                return nearest, index
            nearest = word
        return nearest, 0

    def trusts(self, text: str) -> bool:
        """Whether an address is a trusted proxy's."""
        address = read(text)
        return address is not None and any(address in network for network in self._networks)


def _words(header: str) -> list[str]:
    """The entries of a list; RFC 9110 lets a reader skip the empty ones."""
    return [word for part in header.split(",") if (word := part.strip())]


def network_of(text: str) -> Network:
    """A network as it is written, or IPv4 where it is IPv4 inside IPv6, as `read` has addresses. Raises ValueError.

    >>> str(network_of("::ffff:10.0.0.0/104"))
    '10.0.0.0/8'
    """
    network = ip_network(text, strict=False)
    inside = getattr(network.network_address, "ipv4_mapped", None)
    return ip_network(f"{inside}/{network.prefixlen - 96}") if inside and network.prefixlen >= 96 else network


# As proxies write them: an address alone, IPv4 with a port, IPv6 in brackets with a port or none; some add quotes.
# IPv6 with a port but no brackets cannot be told from a longer address, and is read as that.
_ENTRY = re.compile(
    r'"?(?:\[(?P<v6>[^\]]+)\](?::\d{1,5})?|(?P<v4>[0-9.]+)(?::\d{1,5})?|(?P<bare>[^"\[\]]+))"?', re.ASCII
)


@lru_cache(4096)
def forwarded_address(entry: str) -> str | None:
    """The address in one entry of X-Forwarded-For; None: `unknown`, a name, or anything else.

    >>> [forwarded_address(entry) for entry in ("192.0.2.1:4711", "[2001:db8::1]:443", "unknown")]
    ['192.0.2.1', '2001:db8::1', None]
    """
    parts = _ENTRY.fullmatch(entry)
    address = read(parts["v6"] or parts["v4"] or parts["bare"]) if parts else None
    return str(address) if address else None


@lru_cache(4096)
def read(text: str) -> Address | None:
    """The address of a text without its zone, IPv4 where it is IPv4 inside IPv6; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


@lru_cache(4096)
def rate_limit_network(text: str) -> str:
    """What is limited and blocked: an IPv4 address; of IPv6 the /64, for one customer has all of it."""
    address = read(text)
    if address is None:
        return text[:64] or UNKNOWN
    if isinstance(address, IPv6Address):
        return str(ip_network(f"{address}/64", strict=False))
    return str(address)
