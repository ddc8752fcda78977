"""Asking a running sandbox's control API, for the command line. Prints answers as JSON; knows no command."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer

from bakong_sandbox.stack.access import CONTROL_ENVVAR

REFUSED, UNREACHABLE = 1, 2


def ask(url: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
    """The answer as JSON values. Ends the program with one line: code 1 where it is refused, 2 where nobody answers."""
    sent: dict[str, Any] = (
        {"content": body.encode()} if isinstance(body, str) else {} if body is None else {"json": body}
    )
    named = {name: value for name, value in query.items() if value is not None}
    token = os.environ.get(CONTROL_ENVVAR, "")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        address = url.rstrip("/") + path
        answer = httpx.request(method, address, params=named, headers=headers, timeout=600, trust_env=False, **sent)
        shown = answer.json() if answer.content else None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"no sandbox answers at {url} ({error}): start one with `bakong-sandbox up`, or give --url", UNREACHABLE)
    except ValueError:
        fail(f"{url} answers, and is no sandbox: {answer.status_code} {answer.text[:80]!r}", UNREACHABLE)
    if answer.status_code >= 400:
        fail(str(shown.get("detail") if isinstance(shown, dict) else shown), REFUSED)
    return shown


def fail(message: str, code: int) -> NoReturn:
    print(f"bakong-sandbox: {message}", file=sys.stderr)
    raise typer.Exit(code)


def show(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def text_of(path: Path) -> str:
    """What a file says, or standard input for "-"."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{str(path)!r} cannot be read: {error}", UNREACHABLE)


def json_of(path: Path) -> Any:
    try:
        return json.loads(text_of(path))
    except ValueError as error:
        fail(f"{str(path)!r} is not valid JSON: {error}", UNREACHABLE)
