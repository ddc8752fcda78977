"""Who may use the control API of a sandbox, by the address that it listens on."""

import secrets  # noqa: TID251  a composition root: the control token is drawn here, once
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from bakong_sandbox.stack.datadir import Secrets
from bakong_sandbox.stack.options import Options
from bakong_simulator.control.access import Access
from bakong_simulator.control.door import Door

OFF = "off"
CODE_DIGITS = 8
ELSEWHERE, LOOPBACK = "192.0.2.1", "127.0.0.1"  # the first belongs to nobody (RFC 5737)


def access_of(options: Options, kept: Secrets, codes: Sequence[str] = ()) -> Access:
    """The rules of this sandbox; a token that it needs and nobody gave is drawn, and kept.

    codes: each lets one browser into the console without the token.
    """
    allowed = _access_of(options, kept)
    return allowed._replace(door=Door(codes, secrets.token_urlsafe)) if codes and allowed.token else allowed


def draw_code() -> str:
    """A code to type on a phone."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def lan_address() -> str:
    """This machine's address in its network, by the route that a packet would take: none is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE, 9))
        except OSError:
            return LOOPBACK
        address: str = probe.getsockname()[0]
        return address


def _access_of(options: Options, kept: Secrets) -> Access:
    hosts = frozenset(host.strip("[]").lower() for host in (*options.allowed_hosts, options.host))
    if options.control_token == OFF:
        return Access(hosts)
    if not options.control_token and is_wide(options.host):
        kept.control_token = kept.control_token or secrets.token_urlsafe(24)
        return Access(hosts, kept.control_token)
    return Access(hosts, options.control_token)


def warning(options: Options, access: Access) -> str:
    """The line for who listens wider than this machine; "" for who does not."""
    if not is_wide(options.host):
        return ""
    reach = f"{options.host} is reached from other machines, and so is the control API, which changes everything"
    if access.token:
        return f"{reach}: it wants the control token, {access.token}"
    return f"{reach}, without a token"


def is_wide(host: str) -> bool:
    """Whether others than this machine reach an address to listen on."""
    try:
        return not ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host != "localhost"
