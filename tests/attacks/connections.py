"""Attacks on connections: half requests, odd framings, crowds, trailers; each on all three ports of a sandbox.

The bytes are those of tests.attacks.raw.
"""

import asyncio
import ssl

from tests.attacks import raw
from tests.attacks.table import Attack, Outcome

CROWD = 300
CALM_S = 12.0  # a connection that says nothing of use is ended by then


def ports(target):
    """The three ports: name, address, how to connect, a call."""
    trust = {"tls": ssl.create_default_context(cafile=target.ca_file)}
    call = ("POST", "/v1/check_transaction_by_md5")
    named = (
        ("simulator", target.simulator_url, {}, call),
        ("tls", target.tls_url, trust, call),
        ("service", target.service_url, {}, ("GET", "/api/health/live")),
    )
    return [(name, ("127.0.0.1", int(url.rpartition(":")[2])), how, call) for name, url, how, call in named]


async def lives(target):
    """Whether service and simulator answer as ever."""
    service = await target.service.get("/api/health/live")
    control = await target.control.get("/sandbox/health")
    return service.status_code == control.status_code == 200


async def each(target, cases, send):
    """Send each case to each port: which left a connection open, or got a 5xx."""

    async def on_port(name, at, how, call):
        wrong = []
        for case in cases:
            seen = await send(case, at, how, call)
            if seen.end == "open" or any(status >= 500 and status not in {501, 505} for status in seen.statuses):
                wrong.append(f"{name}: {case}")
        return wrong

    wrong = [row for rows in await asyncio.gather(*(on_port(*port) for port in ports(target))) for row in rows]
    alive = await lives(target)
    observed = f"{3 * len(cases)} connections, {len(wrong)} wrong {wrong[:2] or ''}".strip()
    return Outcome(observed if alive else "the server does not answer any more", alive and not wrong)


async def offers(target):
    async def send(case, at, how, call):
        version, headers = raw.UPGRADES[case]
        stays = version == "HTTP/1.1" and not any("close" in header for header in headers)
        end = raw.request(f"{call[0]} {call[1]} HTTP/1.1", "Connection: close") if stays else b""
        return await raw.send(*at, raw.upgrade(case, "no body", *call), end, patience_s=CALM_S, **how)

    return await each(target, list(raw.UPGRADES), send)


async def malformed(target):
    async def send(case, at, how, call):
        return await raw.send(*at, raw.malformed(case, *call), patience_s=CALM_S, **how)

    return await each(target, list(raw.MALFORMED), send)


async def odd_targets(target):
    async def send(case, at, how, _call):
        return await raw.send(*at, raw.TARGETS[case], patience_s=CALM_S, **how)

    return await each(target, list(raw.TARGETS), send)


async def key_in_a_trailer(target):
    name, at, how, _ = ports(target)[2]
    key = target.service.headers["authorization"]
    request = raw.with_trailers(
        "POST /api/payments/create HTTP/1.1",
        f"Authorization: {key}",
        headers=("Content-Type: application/json", "Connection: close"),
    )
    seen = await raw.send(*at, request, patience_s=CALM_S, **how)
    return Outcome(f"{name} answers {seen.statuses}", bool(seen.statuses) and set(seen.statuses) <= {400, 401})


async def crowd(target):
    ended = []
    for name, at, how, call in ports(target):
        start = f"{call[0]} {call[1]} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: x\r\nX: ".encode()
        async with raw.crowd(*at, CROWD, start, **how) as many:
            alive = await lives(target)
            seen = await many.ends(2 * CALM_S)
            ended.append((name, alive, sum(one.end == "open" for one in seen)))
    observed = ", ".join(f"{name}: {left} of {CROWD} left open" for name, _, left in ended)
    return Outcome(observed, all(alive and not left for _, alive, left in ended))


ATTACKS = [
    Attack("offers of another protocol", "all ports", "SQLite", "answered or closed", offers, bound_s=300),
    Attack("malformed framing", "all ports", "SQLite", "400 and closed", malformed, bound_s=600),
    Attack("odd request targets", "all ports", "SQLite", "no 500, closed", odd_targets, bound_s=200),
    Attack("an API key in a trailer", "service", "SQLite", "400 or 401", key_in_a_trailer, quick=True),
    Attack("300 half requests a port", "all ports", "SQLite", "all ended, others served", crowd, bound_s=120),
]
