"""Attacks by paths, as they stand in the request line: percent signs, dots, bytes that are no text."""

import asyncio
import itertools

from tests.attacks.table import Attack, Outcome
from tests.attacks.targets import service_beside

BASES = {
    "service": (
        "/api/payments/",
        "/api/payments/status/",
        "/api/subscriptions/status/",
        "/qr-codes/",
        "/api/providers/",
    ),
    "simulator": ("/v1/", "/sandbox/worlds/", "/sandbox/worlds/default/webhooks/", "/w/", "/sandbox/"),
}
ODD = ("%00", "%ff%fe", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..", "%C0%AF", "%", "%zz", "%25%32%66", "a" * 4_000)
ODD += ("%F0%9F%98%80", "%E2%80%AE", "x%0d%0aset-cookie:a", ";", "*", "//", ".", "%5B", "{x}", "-1", "1e999", "%7F")
METHODS = ("GET", "POST", "DELETE", "PATCH")


async def asked(target, server):
    """Every odd path with every method: which statuses come."""
    url = target.service_url if server == "service" else target.simulator_url
    port = int(url.rpartition(":")[2])
    statuses = set()
    for base, odd, method in itertools.product(BASES[server], ODD, METHODS):
        if method == "DELETE" and base == "/sandbox/worlds/" and odd in (".", ";"):
            continue
        statuses.add(await _status(port, target, f"{method} {base}{odd} HTTP/1.1"))
    bad = {status for status in statuses if status >= 500 or status == 0}
    count = len(BASES[server]) * len(ODD) * len(METHODS)
    return Outcome(f"{count} requests, {sorted(statuses)}", not bad)


async def _status(port, target, line):
    """Of one request; 0: there was no answer."""
    key = target.service.headers["authorization"]
    head = f"{line}\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {key}\r\nContent-Length: 2\r\n"
    head += "Content-Type: application/json\r\nConnection: close\r\n\r\n{}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode())
        first = await asyncio.wait_for(reader.readline(), 60)
    finally:
        writer.transport.abort()
    return int(first.split()[1]) if first else 0


async def of_service(simulator, folder, _servers):
    async with service_beside(folder / "paths", simulator) as target:  # a sandbox of its own has limits, which hide
        return await asked(target, "service")


async def of_simulator(target):
    return await asked(target, "simulator")


OWN = [Attack("odd paths", "service", "SQLite", "no 5xx", of_service, bound_s=120)]
SHARED = [
    Attack("odd paths", "simulator", "-", "no 5xx", of_simulator, bound_s=120),
]
