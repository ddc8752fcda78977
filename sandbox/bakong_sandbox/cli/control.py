"""Asking a running sandbox's control API, for the command line; knows no command."""

import json
import os
import re
import ssl
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer

from bakong_contracts.trust import ssl_context
from bakong_sandbox.cli.program import complain
from bakong_sandbox.cli.streams import UnreadableError, read_text
from bakong_sandbox.stack.running import CONTROL_ENVVAR

REFUSED, UNREACHABLE = 1, 2
_NOT_OURS = (401, 403, 404, 405)  # what a server that is no sandbox says of the control API's paths
_EXPECTED = "--url is what `bakong-sandbox up` prints as the console's address, http://127.0.0.1:8600 by default"
_ERRNO = re.compile(r"\[Errno -?\d+\] ")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the public authorities takes longer than most calls


def ask(url: str, ca: Path | None, method: str, path: str, body: Any = None, **query: Any) -> Any:
    """The answer as JSON values. Ends the program with one line: code 1 where it is refused, 2 where nobody answers.

    ca: authorities that an https:// URL may show beside the public ones.
    """
    if not url.startswith(("http://", "https://")):
        fail(f"--url: read {url!r}, expected a sandbox's address such as http://127.0.0.1:8600", UNREACHABLE)
    sent: dict[str, Any] = (
        {"content": body.encode()} if isinstance(body, str) else {} if body is None else {"json": body}
    )
    named = {name: value for name, value in query.items() if value is not None}
    try:
        address = url.rstrip("/") + path
        with httpx.Client(verify=tls_of(url, ca), timeout=600, trust_env=False) as client:
            answer = client.request(method, address, params=named, headers=headers_of(), **sent)
            if answer.status_code in _NOT_OURS and not _is_sandbox(client, url):
                fail(
                    f"{url} answers, and is no sandbox (a payment service?): {_EXPECTED}",
                    UNREACHABLE,
                )
        shown = answer.json() if answer.content else None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = _ERRNO.sub("", str(error))
        fail(f"no sandbox answers at {url} ({why}): start one with `bakong-sandbox up`, or give --url", UNREACHABLE)
    except UnicodeEncodeError as error:
        fail(f"what was typed is not UTF-8: {error.object[:80]!r}", UNREACHABLE)
    except ValueError:
        fail(f"{url} answers, and is no sandbox: {answer.status_code} {answer.text[:80]!r}", UNREACHABLE)
    if answer.status_code >= 400:
        fail(detail_of(answer), REFUSED)
    return shown


def _is_sandbox(client: httpx.Client, url: str) -> bool:
    """Whether what answers has a sandbox's health, which is open to everybody."""
    answer = client.get(url.rstrip("/") + "/sandbox/health", headers=headers_of())
    return answer.is_success and answer.headers.get("content-type", "").startswith("application/json")


def detail_of(answer: httpx.Response) -> str:
    """Why an answer is a refusal: its problem's detail, where it is one."""
    try:
        shown = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.text[:80]!r}"
    return str(shown.get("detail") if isinstance(shown, dict) else shown)


def headers_of() -> dict[str, str]:
    """What a call of the control API brings: the token, where the environment has one."""
    token = os.environ.get(CONTROL_ENVVAR, "")
    return {"authorization": f"Bearer {token}"} if token else {}


def tls_of(url: str, ca: Path | None) -> ssl.SSLContext:
    """What a client of that URL trusts."""
    return NO_TLS if url.startswith("http:") else ssl_context(ca)


def fail(message: str, code: int) -> NoReturn:
    complain(message)
    raise typer.Exit(code)


def text_of(path: Path) -> str:
    """What a file says, or standard input for "-"."""
    try:
        return read_text(None if str(path) == "-" else path)
    except UnreadableError as error:
        fail(f"{str(path)!r} cannot be read: {error.reason}", UNREACHABLE)


def json_of(path: Path) -> Any:
    try:
        return json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        fail(f"{str(path)!r} is not valid JSON: {error}", UNREACHABLE)
