"""`verify init`: a first verify.yaml, from the OpenAPI document of the service, or with what has to be filled in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
import yaml

from bakong_conformance.service.first_config import first_config
from bakong_contracts.escaping import terminal_line
from bakong_contracts.trust import ssl_context
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.program import complain
from bakong_sandbox.cli.streams import read_text
from bakong_sandbox.stack.errors import SetupError

# Where frameworks serve the document: FastAPI, NestJS, Spring, Laravel's and Express's usual packages.
PLACES = (
    "/openapi.json",
    "/api/openapi.json",
    "/docs/openapi.json",
    "/api-json",
    "/docs-json",
    "/v3/api-docs",
    "/swagger.json",
    "/swagger/v1/swagger.json",
    "/docs/api.json",
    "/api-docs",
    "/openapi.yaml",
)


def init(
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the service answers: its document is asked for.")
    ] = "",
    openapi: Annotated[str, typer.Option(metavar="URL|FILE", help="Its OpenAPI document, JSON or YAML.")] = "",
    out: Annotated[Path, typer.Option(metavar="FILE", help="What is written; - for standard output.")] = Path(
        "verify.yaml"
    ),
    ca: Ca = None,
) -> None:
    """Write a first verify.yaml from a service's OpenAPI document, or one to fill in where there is none."""
    if str(out) != "-" and out.exists():
        raise SetupError(f"{str(out)!r} is there already: give another --out, or take it away")
    document, source = _document(base_url.rstrip("/"), openapi, ca)
    text = first_config(document, base_url=base_url, source=source)
    if str(out) == "-":
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{str(out)!r} cannot be written: {error.strerror or error}") from None
    of = f"from {source}" if source else "to fill in: no OpenAPI document was found"
    print(terminal_line(f"{out} is written, {of}; {text.count('TODO')} places say TODO"))


def _document(base_url: str, openapi: str, ca: Path | None) -> tuple[Mapping[str, Any] | None, str]:
    """The document and where it was. Raises SetupError where one is named and cannot be read."""
    if openapi and not openapi.startswith(("http://", "https://")):
        return _read(read_text(Path(openapi)), openapi), openapi
    places = [openapi] if openapi else [f"{base_url}{place}" for place in PLACES] if base_url else []
    with httpx.Client(verify=ssl_context(ca), timeout=10, follow_redirects=True, trust_env=False) as client:
        for place in places:
            try:
                answer = client.get(place)
                if answer.status_code == 200:
                    return _read(answer.text, place), place
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SetupError(f"{place} does not answer ({error})") from None
            except SetupError:
                if openapi:
                    raise
    if openapi:
        raise SetupError(f"{openapi} answers {answer.status_code}, expected 200 and an OpenAPI document")
    if base_url:
        complain(f"no OpenAPI document is at {base_url}: give --openapi, or fill the file in")
    return None, ""


def _read(text: str, name: str) -> Mapping[str, Any]:
    """Raises SetupError for what is no OpenAPI document."""
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise SetupError(f"{name} is neither JSON nor YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise SetupError(f"{name} is no OpenAPI document: it has no paths")
    return document
