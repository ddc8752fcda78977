"""A journal as HAR 1.2, which browsers' tools and many others read."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.world import AnyScheme

_JSON = "application/json"


def archive(entries: Iterable[Entry], schemes: Mapping[str, AnyScheme], version: str) -> dict[str, Any]:
    """The document. Times are the world's; a call's time is what the script made it wait; addresses the real API's."""
    rows = [_entry(entry, schemes[entry.scheme].base_url) for entry in entries]
    creator = {"name": "bakong-sandbox", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": rows}}


def _entry(entry: Entry, base_url: str) -> dict[str, Any]:
    begun = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "startedDateTime": begun,
        "time": entry.delay_ms,
        "request": _request(entry, base_url),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": entry.delay_ms, "receive": 0},
        "comment": f"call {entry.number}, poll {entry.poll}, scenario {entry.scenario}, fault {entry.fault or 'none'}",
    }


def _request(entry: Entry, base_url: str) -> dict[str, Any]:
    headers = [{"name": "Content-Type", "value": _JSON}]
    if entry.token:
        headers.append({"name": "Authorization", "value": f"Bearer {entry.token}"})
    return {
        "method": entry.method,
        "url": f"{base_url}/{entry.path}" + (f"?{entry.query}" if entry.query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": [],
        "postData": {"mimeType": _JSON, "text": entry.request.decode("utf-8", "backslashreplace")},
        "headersSize": -1,
        "bodySize": len(entry.request),
    }


def _response(entry: Entry) -> dict[str, Any]:
    kind = entry.content_type.decode("latin-1")
    text = entry.answer.decode("utf-8", "backslashreplace")
    return {
        "status": entry.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": "Content-Type", "value": kind}],
        "content": {"size": len(entry.answer), "mimeType": kind, "text": text},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(entry.answer),
    }
