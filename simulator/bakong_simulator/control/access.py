"""Who may use the control API: under hosts that are the sandbox's own, from no page of another origin, with its token.

A browser shows any page; without these rules such a page could reset a world by a form, or, once its name resolves to
this machine (DNS rebinding), read and change all.
"""

import base64
import binascii
import hmac
import re
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from fastapi import Response
from fastapi.responses import RedirectResponse

from bakong_contracts.service_api import Problem
from bakong_simulator.control import problems
from bakong_simulator.control.door import PATH as DOOR_PATH
from bakong_simulator.control.door import Door

FORBIDDEN = Problem(403, "forbidden", "The control API is not used this way")
NO_TOKEN = Problem(401, "unauthorized", "The control token is missing or wrong")
CHALLENGE = 'Basic realm="bakong-sandbox"'  # a browser asks for the token as a password
OPEN_PATH = "/sandbox/health"  # tells nothing but that the sandbox answers
_READS = ("GET", "HEAD", "OPTIONS")
_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@/\s]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}


class Access(NamedTuple):
    """hosts: those that are the sandbox's beside loopback and the address that a call arrived at. token: "" is none.

    door: lets browsers in that bring a one-time code in place of the token.
    """

    hosts: frozenset[str] = frozenset()
    token: str = ""
    door: Door | None = None

    def refusal(self, scope: Any) -> Response | None:
        """The answer to a call that is not allowed."""
        path = scope["path"]
        if path == OPEN_PATH:
            return None
        is_door = self.door is not None and path == DOOR_PATH
        own = [_netloc(text, scope["scheme"]) for text in _headers(scope, b"host")]
        for text, netloc in zip(_headers(scope, b"host"), own, strict=True):
            if netloc is None or not self._is_own(netloc[0], scope):
                detail = f"read the host {text!r}, expected one of this machine, or one that --allow-host names"
                return problems.reply(FORBIDDEN, detail, path)
        if scope["method"] not in _READS:
            for origin in _headers(scope, b"origin"):
                if not self._is_same(origin, own, scope):
                    detail = f"read the origin {origin!r}: a page of another site changes nothing here"
                    return problems.reply(FORBIDDEN, detail, path)
        if self.token and not (is_door or self._is_let_in(scope)):
            detail = "expected the control token, as Authorization: Bearer or as the password of the URL"
            if self.door is not None and path.startswith("/console") and scope["method"] == "GET":
                return RedirectResponse(f"{DOOR_PATH}?{urlencode({'next': path})}", 303)
            refused = problems.reply(NO_TOKEN, detail, path)
            refused.headers["www-authenticate"] = CHALLENGE
            return refused
        return None

    def _is_let_in(self, scope: Any) -> bool:
        """Whether a call brings the token, or comes from a browser that the door knows."""
        if _has_token(scope, self.token):
            return True
        return self.door is not None and self.door.knows(_headers(scope, b"cookie"))

    def owns(self, host: str, scope: Any) -> bool:
        """Whether a Host header is one of the sandbox's own."""
        netloc = _netloc(host, scope["scheme"])
        return netloc is not None and self._is_own(netloc[0], scope)

    def _is_own(self, host: str, scope: Any) -> bool:
        if host in self.hosts or host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return False
        server = scope.get("server") or ("", None)
        return address.is_loopback or host == server[0]

    def _is_same(self, origin: str, own: list[tuple[str, int] | None], scope: Any) -> bool:
        """Whether a page is the sandbox's own: one of its hosts, at the port that the call is for."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        netloc = _netloc(parts.netloc, parts.scheme)
        return netloc is not None and self._is_own(netloc[0], scope) and netloc[1] in {row[1] for row in own if row}


def _headers(scope: Any, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _netloc(text: str, scheme: str) -> tuple[str, int] | None:
    """Host and port, in one spelling."""
    if not (parts := _NETLOC.fullmatch(text)):
        return None
    return parts[1].strip("[]").removesuffix(".").lower(), int(parts[2] or _PORTS.get(scheme, 0))


def _has_token(scope: Any, token: str) -> bool:
    return any(
        hmac.compare_digest(_given(value).encode(), token.encode()) for value in _headers(scope, b"authorization")
    )


def _given(authorization: str) -> str:
    """The token of a header: the bearer's, or the password of a user whose name does not matter."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return value.strip() if scheme.lower() == "bearer" else ""
    try:
        return base64.b64decode(value, validate=True).decode("latin-1").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
