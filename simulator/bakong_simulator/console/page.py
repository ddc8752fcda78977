"""One page as it is asked for: its world, its reader's language and theme, and what every page is handed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from bakong_simulator.console.facts import Facts
from bakong_simulator.console.texts import EN, KM, LANGUAGES, translate
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import Worlds


class MissingError(LookupError):
    """Something that a page was asked for and that is not there. The message is shown."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is made from. name: which one; "" for one that is not there.

    cursor: the place in the world's stream that the page is as new as; it was read before anything else.
    """

    worlds: Worlds
    world: World
    facts: Facts
    request: Request
    name: str
    cursor: str

    @property
    def language(self) -> str:
        chosen = self.request.cookies.get("sandbox_lang")
        if chosen in LANGUAGES:
            return str(chosen)
        first = self.request.headers.get("accept-language", "").partition(",")[0]
        return KM if first.lower().startswith(KM) else EN

    @property
    def theme(self) -> str:
        chosen = self.request.cookies.get("sandbox_theme")
        return chosen if chosen in ("light", "dark") else ""

    @property
    def base_url(self) -> str:
        """Where the reader reaches the simulator."""
        return str(self.request.base_url).rstrip("/")

    def asked(self, name: str, default: str = "") -> str:
        """A value of the query."""
        return str(self.request.query_params.get(name, default))

    def t(self, text: str, **values: Any) -> str:
        """A text in the reader's language."""
        return translate(text, self.language).format(**values) if values else translate(text, self.language)

    def url(self, name: str, /, **query: Any) -> str:
        """The address of a page of this world."""
        told = {key: value for key, value in query.items() if value not in (None, "")}
        return f"/console/{self.world.name}/{name}" + (f"?{urlencode(told)}" if told else "")

    def with_query(self, **changes: str) -> str:
        """This page's address with other values."""
        query = {**dict(self.request.query_params), **changes}
        query.pop("part", None)
        return f"{self.request.url.path}?{urlencode(query)}"
