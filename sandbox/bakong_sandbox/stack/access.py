"""Who may use the control API of a sandbox, by the address that it listens on."""

import secrets  # noqa: TID251  a composition root: the control token is drawn here, once
from ipaddress import ip_address

from bakong_sandbox.stack.datadir import Secrets
from bakong_sandbox.stack.options import Options
from bakong_simulator.control.access import Access

CONTROL_ENVVAR = "BAKONG_SANDBOX_CONTROL_TOKEN"
OFF = "off"


def access_of(options: Options, kept: Secrets) -> Access:
    """The rules of this sandbox; a token that it needs and nobody gave is drawn, and kept."""
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
