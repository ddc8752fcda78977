"""Templates filled in, everything escaped: HTML pages and XML."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bakong_contracts.escaping import clean

SHARED = Path(__file__).parent / "templates"


def render(template: Path, **values: Any) -> str:
    """The text of a template. It may extend and import those of this package."""
    return _environment(template.parent).get_template(template.name).render(**values)


@cache
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        finalize=clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["attribute"] = _attribute
    return environment


def _attribute(value: str) -> Markup:
    """A text in an XML attribute, where a reader would take a line's end for a space."""
    text = str(escape(clean(value)))
    return Markup(text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;"))  # noqa: S704  escaped
