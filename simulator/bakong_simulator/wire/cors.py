"""Cross-origin calls of a scheme's API from a page in a browser: preflight, and the headers of every answer."""

import re
from typing import NamedTuple

from bakong_simulator.wire.reply import Reply

METHODS = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
USUAL_HEADERS = b"authorization, content-type"
MAX_AGE_S = b"600"
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1024}")
Headers = list[tuple[bytes, bytes]]


class Cors(NamedTuple):
    """origins: those whose pages may call, as a browser names them; "*" is any."""

    origins: frozenset[str]

    def origin(self, headers: Headers) -> bytes | None:
        """The origin of a page that may call; None for any other call."""
        given = next((value for name, value in headers if name == b"origin"), None)
        if given is None or not ("*" in self.origins or given.decode("latin-1") in self.origins):
            return None
        return given

    def preflight(self, method: str, headers: Headers, origin: bytes) -> Reply | None:
        """The answer to what a browser asks before a call, which no world hears of; None for any other call."""
        if method != "OPTIONS" or not any(name == b"access-control-request-method" for name, _ in headers):
            return None
        asked = next((value for name, value in headers if name == b"access-control-request-headers"), USUAL_HEADERS)
        allowed = (
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", asked if _NAMES.fullmatch(asked) else USUAL_HEADERS),
            (b"access-control-max-age", MAX_AGE_S),
        )
        return self.let_read(Reply(200, b"", headers=allowed), origin)

    def let_read(self, reply: Reply, origin: bytes) -> Reply:
        """The same reply, which a page of the origin may read."""
        shown = b"*" if "*" in self.origins else origin
        allowed = ((b"access-control-allow-origin", shown), (b"vary", b"Origin"))
        return reply._replace(headers=(*reply.headers, *allowed))
