"""How many connections a process holds, and for how long: bounds that leave descriptors for everything else."""

import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

RESERVED = 256  # descriptors for databases, logs, calls of our own; of a small limit a quarter
WANTED_DESCRIPTORS = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of a server's connections; every one of them has a deadline at any moment.

    connections: at most so many in all, never more than the process has descriptors for. per_address: of them from one
    address, at most three quarters of all. The rest are seconds.
    """

    connections: int = 10_000
    per_address: int = 4_000
    read_s: float = 10.0  # a request arrives whole, a TLS handshake is done
    answer_s: float = 900.0  # the answer is given: as long as a scripted fault may last
    write_s: float = 30.0  # a client that does not read what it is sent
    idle_s: float = 75.0  # between two requests
    linger_s: float = 5.0  # a connection that we closed has ended

    @property
    def sweep_s(self) -> float:
        """How often deadlines are looked at: the shortest is kept to a quarter."""
        return min(0.5, self.read_s / 4, self.answer_s / 4, self.write_s / 4, self.idle_s / 4, self.linger_s / 4)


SANDBOX_BOUNDS = Bounds()
SERVICE_BOUNDS = Bounds(read_s=8.0, answer_s=60.0)


class Connections:
    """The connections that a process holds open, on all its ports.

    trusts: whether an address is a proxy's of ours, which speaks for many clients.
    """

    def __init__(self, bounds: Bounds, trusts: Callable[[str], bool] = lambda _: False) -> None:
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.most = max(1, min(bounds.connections, descriptors - min(RESERVED, descriptors // 4)))
        self.most_per_address = max(1, min(bounds.per_address, self.most * 3 // 4))
        self.open = 0
        self._trusts = trusts
        self._by_client: Counter[str] = Counter()

    def admit(self, address: str) -> Callable[[], None] | None:
        """What to call when the connection has ended; None: there are enough."""
        client = _client(address)
        is_full = self._by_client[client] >= self.most_per_address and not self._trusts(address)
        if is_full or self.open >= self.most:
            return None
        self.open += 1
        self._by_client[client] += 1
        return lambda: self._release(client)

    def _release(self, client: str) -> None:
        self.open -= 1
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]


def _client(address: str) -> str:
    """Who is bounded: an IPv4 address; of IPv6 the /64, for one customer has all of it."""
    read = ip_address(address.partition("%")[0])
    return read.packed[:8].hex() if isinstance(read, IPv6Address) else address


def raise_descriptor_limit() -> None:
    """Let this process open as many files as it wants, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(WANTED_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
