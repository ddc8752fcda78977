"""A journal as HAR 1.2, which browsers' tools and many others read."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bakong_simulator.kernel.journal import Entry, header_texts
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.kernel.worlds import DEFAULT
from bakong_simulator.wire.send import head

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_FIELD = re.compile(rb"[\w.%+\[\]-]+=")  # how a form begins


def archive(entries: Iterable[Entry], world: World, version: str, sandbox_url: str) -> dict[str, Any]:
    """The document: when each call came by the wall's clock, where it went, how long its script made it wait.

    sandbox_url: where the sandbox answers. Beside it each entry has the real API's address, and the time in its world,
    in fields of ours, which begin with an underscore as HAR wants.
    """
    base_url = sandbox_url.rstrip("/") + ("" if world.name == DEFAULT else f"/w/{world.name}")
    rows = [_entry(entry, world.schemes[entry.scheme], base_url) for entry in entries]
    creator = {"name": "bakong-sandbox", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": rows}}


def _entry(entry: Entry, scheme: AnyScheme, base_url: str) -> dict[str, Any]:
    is_whole = entry.path.startswith("/")
    query = f"?{entry.query}" if entry.query else ""
    url = base_url + (entry.path if is_whole else f"{scheme.prefix}/{entry.path}") + query
    return {
        "startedDateTime": _moment(entry.real_ms or entry.at_ms),
        "time": entry.delay_ms,
        "request": _request(entry, url),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": entry.delay_ms, "receive": 0},
        "comment": f"call {entry.number}, poll {entry.poll}, scenario {entry.scenario}, fault {entry.fault or 'none'}",
        "_api": f"{scheme.base_url}/{entry.path.removeprefix('/')}{query}",
        "_worldTime": _moment(entry.at_ms),
    }


def media_type(entry: Entry) -> str:
    """Of a call's body: as its header said, where its scheme keeps that, else by how the body begins."""
    told = [value.decode("latin-1") for name, value in entry.headers if name.lower() == b"content-type"]
    return told[0] if told else _FORM if _FIELD.match(entry.request) else _JSON


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(entry: Entry, url: str) -> dict[str, Any]:
    headers = [("Authorization", f"Bearer {entry.token}")] if entry.token else []
    headers += [(name, value) for name, value in header_texts(entry.headers)]
    text = entry.request.decode("utf-8", "backslashreplace")
    named = {name.lower(): value for name, value in headers}
    headers[:0] = [] if "host" in named else [("Host", urlsplit(url).netloc)]
    kind = media_type(entry)
    if text:
        headers += [] if "content-type" in named else [("Content-Type", kind)]
        headers.append(("Content-Length", str(len(entry.request))))
    return {
        "method": entry.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": _pairs(parse_qsl(entry.query, keep_blank_values=True)),
        **({"postData": {"mimeType": kind, "text": text}} if text else {}),
        "headersSize": -1,
        "bodySize": len(entry.request),
    }


def _response(entry: Entry) -> dict[str, Any]:
    sent = (*head(entry.content_type, len(entry.answer), entry.at_ms // 1000), *entry.answer_headers)
    kind = entry.content_type.decode("latin-1")
    text = entry.answer.decode("utf-8", "backslashreplace")
    return {
        "status": entry.status,
        "statusText": HTTPStatus(entry.status).phrase if entry.status in _STATUSES else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs((name, value) for name, value in header_texts(sent)),
        "content": {"size": len(entry.answer), "mimeType": kind, "text": text},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(entry.answer),
    }


_STATUSES = frozenset(HTTPStatus)


def _pairs(rows: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in rows]
