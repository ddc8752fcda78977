"""Templates filled in, everything escaped: a whole page, or the block that its part is."""

import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from bakong_contracts.escaping import clean
from bakong_simulator.console.amounts import money, priced
from bakong_simulator.console.files import static_files, style, version
from bakong_simulator.console.page import MissingError, Page
from bakong_simulator.console.pages import PAGES
from bakong_simulator.console.service import at_ms
from bakong_simulator.console.texts import EN, KM, SPOKEN

TEMPLATES = Path(__file__).parent / "templates"
PHNOM_PENH = timezone(timedelta(hours=7))
BYTECODE = Path(cache_from_source(str(TEMPLATES / "template.py"))).parent
FRAME = "base.html"
WHOLE = ("title", "scripts", "main")  # blocks that are no parts: they lean on what the page around them has set
SHORT = 14


def render(page: Page, template: str, values: dict[str, Any], part: str | None) -> str:
    """The page, or one of its blocks. Raises MissingError for a part that it has not."""
    environment = _environment()
    made, frame = environment.get_template(template), environment.get_template(FRAME)
    context = {
        **environment.get_template("parts.html").module.__dict__,
        "page": page,
        "_": page.t,
        "nav": PAGES.values(),
        "nav_names": PAGES.keys(),
        "version": version(),
        "style": Markup(style()),  # noqa: S704  our own file
        "icon": _icon(),
        "spoken": {text: page.t(text) for text in SPOKEN},
        "other_language": (EN, "English") if page.language == KM else (KM, "ភាសាខ្មែរ"),
        **values,
    }
    if part is None:
        return made.render(context)
    holder = next((one for one in (made, frame) if part in one.blocks and part not in WHOLE), None)
    if holder is None:
        raise MissingError(f"{template} has no part {part[:40]!r}")
    return "".join(holder.blocks[part](holder.new_context(context)))


class _Compiled(FileSystemBytecodeCache):
    """Templates as they were compiled, where Python keeps what it compiled; where it keeps nothing, neither do they."""

    def __init__(self) -> None:
        settings = sha256(Path(__file__).read_bytes()).hexdigest()[:12]  # what is compiled depends on them, too
        super().__init__(str(BYTECODE), f"%s.{settings}.template")

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):  # a folder that may only be read
            BYTECODE.mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@cache
def _icon() -> Markup:
    """The icon in the page itself: one fetch less, and no document of its own for the browser to make."""
    drawn = static_files()["icon.svg"].decode()
    return Markup(drawn.strip().replace("<svg ", '<svg width="28" height="28" aria-hidden="true" ', 1))  # noqa: S704  ours


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=_Compiled(),
        autoescape=True,
        finalize=clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {
        "at": at_ms,
        "clock": clock,
        "day": day,
        "money": money,
        "pretty": pretty,
        "priced": priced,
        "short": short,
        "tree": lambda value: orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(),
        "json": lambda value: Markup(orjson.dumps(value).decode().replace("<", "\\u003c")),  # noqa: S704  for a script of data
    }
    return environment


def clock(at_ms: int) -> str:
    """The time of day in Phnom Penh."""
    return f"{_local(at_ms):%H:%M:%S}"


def day(at_ms: int) -> str:
    """Day and time in Phnom Penh."""
    return f"{_local(at_ms):%Y-%m-%d %H:%M:%S}"


def pretty(raw: str) -> str:
    """JSON with its levels; what is none as it is."""
    try:
        return orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return raw


def short(text: str | None) -> str:
    """The beginning of a long reference."""
    return "" if text is None else text if len(text) <= SHORT else f"{text[:8]}…{text[-4:]}"


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(PHNOM_PENH)
