"""HTTP as the suites use it: a call becomes an answer or a broken rule, and a line of the journal. Judges no answer."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from bakong_conformance.case import Case
from bakong_conformance.racing import gate_once, send_through
from bakong_conformance.rules import RuleBrokenError
from bakong_contracts.trust import ssl_context

TIMEOUT_S = 30.0
IDLE_S = 1.0  # servers close what idles longer, some after 2 s: a request that crosses such an end gets no answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. body: the JSON, or None where it is none."""

    status: int
    text: str
    headers: Mapping[str, str]
    body: Any = None

    @property
    def summary(self) -> str:
        """In one line, for the journal and for messages."""
        return f"{self.status} {self.text[:600]}"

    def get(self, name: str) -> Any:
        """A field of the JSON object, or None."""
        return self.body.get(name) if isinstance(self.body, dict) else None


_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_S)


class _Lent(httpx.BaseTransport):
    """Connections, each lent to one request at a time.

    httpx's own pool closes what idles in whichever thread comes by, also when another thread has just chosen it.
    """

    def __init__(self, trust: ssl.SSLContext | None, local_address: str | None = None) -> None:
        self._trust, self._local_address = trust, local_address
        self._idle: list[httpx.HTTPTransport] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if (gate := gate_once()) is not None:
            return send_through(gate, request, self._trust or public())
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = httpx.HTTPTransport(
                verify=self._trust or public(), trust_env=False, limits=_ONE, local_address=self._local_address
            )
        try:
            answer = connection.handle_request(request)
            body = b"".join(answer.iter_raw())
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body), extensions=answer.extensions
        )

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def client(
    base_url: str,
    *,
    timeout_s: float = TIMEOUT_S,
    transport: httpx.BaseTransport | None = None,
    trust: ssl.SSLContext | None = None,
    local_address: str | None = None,
) -> httpx.Client:
    """A client for any number of threads, that never follows redirects and heeds no proxy of the environment.

    transport: not the network. trust: whose certificates count, where it is not those of `public`. local_address: of
    this machine, from which it asks.
    """
    lent = transport or _Lent(trust, local_address)
    return httpx.Client(base_url=base_url, timeout=timeout_s, trust_env=False, transport=lent)


@cache
def public() -> ssl.SSLContext:
    """The common roots, read once: reading them takes longer than a hundred calls."""
    return ssl_context()


def call(
    case: Case | None,
    http: httpx.Client,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    raw: bytes | None = None,
    timeout_s: float | None = None,
) -> Answer:
    """One request. Raises RuleBrokenError where nothing, or no HTTP, comes back. timeout_s: by default the client's."""
    timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s
    content = raw if raw is not None else (None if body is None else json.dumps(body).encode())
    named = {**({"content-type": "application/json"} if content is not None else {}), **(headers or {})}
    sent = {name.encode("latin-1"): value.encode("latin-1") for name, value in named.items()}
    shown = f"{method} {path}" + (f" {content[:600].decode('utf-8', 'backslashreplace')}" if content else "")
    try:
        response = http.request(method, path, content=content, headers=sent, timeout=timeout)
    except httpx.HTTPError as error:
        if case:
            case.note(shown, f"{type(error).__name__}: {error}")
        raise RuleBrokenError(f"{method} {path} got no answer: {type(error).__name__} {error}") from None
    answer = Answer(response.status_code, response.text, response.headers, _json(response))
    if case:
        case.note(shown, answer.summary)
    return answer


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None
