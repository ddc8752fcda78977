"""Whose request it is: the peer's address, or what a trusted proxy says of it."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

UNKNOWN = "unknown"
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Proxies:
    """The networks whose X-Forwarded-For counts; none by default."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text, strict=False) for text in networks)

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is no trusted proxy, read from the right, up to a word that is no address."""
        if not self._networks or not forwarded:
            return peer
        nearest = peer
        for word in reversed(forwarded.split(",")):
            if not self._trusts(nearest):
                break
            if read(word.strip()) is None:
                break
            nearest = word.strip()
        return str(read(nearest) or nearest)

    def _trusts(self, text: str) -> bool:
        address = read(text)
        return address is not None and any(address in network for network in self._networks)


@lru_cache(4096)
def read(text: str) -> Address | None:
    """The address of a text, IPv4 where it is IPv4 inside IPv6; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(4096)
def rate_limit_network(text: str) -> str:
    """What is limited and blocked: an IPv4 address; of IPv6 the /64, for one customer has all of it."""
    address = read(text)
    if address is None:
        return text[:64] or UNKNOWN
    if isinstance(address, IPv6Address):
        return str(ip_network(f"{address}/64", strict=False))
    return str(address)
