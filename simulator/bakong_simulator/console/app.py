"""The console's routes: pages, parts of pages, static files; each answer with the headers that keep a page its own."""

import mimetypes
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bakong_simulator.console import pages, rendering, reports
from bakong_simulator.console.facts import Facts
from bakong_simulator.console.files import STATIC, static_files, style_source, version
from bakong_simulator.console.page import MissingError, Page
from bakong_simulator.console.texts import LANGUAGES
from bakong_simulator.control.door import COOKIE, Door
from bakong_simulator.control.door import PATH as DOOR_PATH
from bakong_simulator.control.journal_following import cursor
from bakong_simulator.kernel.worlds import DEFAULT, UnknownWorldError, Worlds

ROOT = "/console"
SECURITY = {
    "content-security-policy": (
        f"default-src 'none'; script-src 'self'; style-src {style_source()}; font-src 'self'; "
        "img-src 'self' blob: data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none at all the form of the door would be sent with the origin "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
WRITTEN = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
YEAR_S = 31_536_000
MAX_FORM = 2000
WORLD = re.compile(r"[a-z0-9-]{1,63}")
INSIDE = re.compile(r"/console/[a-z0-9-]{1,63}/[a-z]{1,20}")
CHOICES = {"lang": LANGUAGES, "theme": ("light", "dark", "auto")}  # what a reader's cookie may say


def build(worlds: Worlds, facts: Callable[[], Facts], door: Door | None = None) -> Starlette:
    """The ASGI app of the console over these worlds. door: for who comes from another machine."""
    console = _Console(worlds, facts, door)
    return Starlette(
        routes=[
            Route("/", console.home),
            Route("/favicon.ico", console.icon),
            Route(ROOT, console.home),
            Route(f"{ROOT}/", console.home),
            Route(f"{STATIC}/{{version}}/{{name}}", console.static),
            Route(f"{ROOT}/-/report", console.report),
            Route(DOOR_PATH, console.show_door),
            Route(DOOR_PATH, console.enter, methods=["POST"]),
            Route(f"{ROOT}/{{world}}", console.home),
            Route(f"{ROOT}/{{world}}/{{page}}", console.page),
        ]
    )


class _Console:
    def __init__(self, worlds: Worlds, facts: Callable[[], Facts], door: Door | None) -> None:
        self._worlds = worlds
        self._facts = facts
        self._door = door

    async def home(self, request: Request) -> Response:
        world = request.path_params.get("world", DEFAULT)
        return RedirectResponse(f"{ROOT}/{world}/{pages.FIRST}", 307, headers=SECURITY)

    async def icon(self, _request: Request) -> Response:
        return _file("icon.svg", is_versioned=False)

    async def static(self, request: Request) -> Response:
        """A file under its version, so that a module and what imports it beside itself mean the same one."""
        is_versioned = request.path_params["version"] == version()
        return _file(request.path_params["name"], is_versioned=is_versioned)

    async def report(self, request: Request) -> Response:
        """A report as it was written: it may bring its own style, and nothing else."""
        folders, key = self._facts().reports, request.query_params.get("key", "")
        written = await run_in_threadpool(reports.content, folders, key)
        if written is None:
            return Response("", 404, SECURITY)
        return Response(written, 200, SECURITY | {"content-security-policy": WRITTEN}, "text/html; charset=utf-8")

    async def show_door(self, request: Request) -> Response:
        """The form that asks for a one-time code. It stands alone: who is not in sees nothing of the sandbox."""
        return self._doorway(request, request.query_params.get("code", ""), request.query_params.get("next", ""))

    async def enter(self, request: Request) -> Response:
        """Let a browser in that brings a code."""
        form = b""
        async for chunk in request.stream():
            form = (form + chunk)[:MAX_FORM]
        given = dict(parse_qsl(form.decode("latin-1")))
        secret = self._door.enter(given.get("code", "")) if self._door is not None else None
        if secret is None:
            return self._doorway(request, "", given.get("next", ""), status=403)
        answer = RedirectResponse(_inside(given.get("next", "")), 303, headers=SECURITY)
        answer.set_cookie(COOKIE, secret, path="/", samesite="strict", httponly=True)
        return answer

    def _doorway(self, request: Request, code: str, onward: str, status: int = 200) -> Response:
        page = Page(self._worlds, self._worlds.default, self._facts(), request, "", cursor(self._worlds.default))
        values = {"code": code, "onward": _inside(onward), "is_wrong": status != 200}
        return _html(rendering.render(page, "enter.html", values, None), status)

    async def page(self, request: Request) -> Response:
        """A page, or with `part` in its query one part of it."""
        if chosen := _chosen(request) or _of_another_world(request):
            return chosen
        try:
            kind = pages.PAGES[request.path_params["page"]]
            world = self._worlds.get(request.path_params["world"])
            page = Page(self._worlds, world, self._facts(), request, kind.name, cursor(world))
            values = await kind.values(page)
            part = request.query_params.get("part")
            text = await run_in_threadpool(rendering.render, page, kind.template, values, part)
        except (KeyError, UnknownWorldError, MissingError) as error:
            page = Page(self._worlds, self._worlds.default, self._facts(), request, "", cursor(self._worlds.default))
            said = (
                str(error) if isinstance(error, (UnknownWorldError, MissingError)) else page.t("There is no such page")
            )
            return _html(rendering.render(page, "missing.html", {"said": said}, None), 404)
        return _html(text)


def _inside(path: str) -> str:
    """A path of the console to go on to; nothing of what a stranger may have put there."""
    return path if INSIDE.fullmatch(path) else f"{ROOT}/"


def _chosen(request: Request) -> Response | None:
    """Where the query chooses a language or a theme: a cookie, and the page without the choice."""
    chosen = {name: request.query_params.get(name) for name in CHOICES}
    given = {name: value for name, value in chosen.items() if value in CHOICES[name]}
    if not given:
        return None
    rest = [(name, value) for name, value in request.query_params.multi_items() if name not in CHOICES]
    answer = RedirectResponse(request.url.path + (f"?{urlencode(rest)}" if rest else ""), 303, headers=SECURITY)
    for name, value in given.items():
        answer.set_cookie(f"sandbox_{name}", str(value), max_age=YEAR_S, path=ROOT, samesite="strict", httponly=True)
    return answer


def _of_another_world(request: Request) -> Response | None:
    """Where the query names another world: the same page of that one."""
    params = request.path_params
    world = request.query_params.get("world", params["world"])
    if world == params["world"] or not WORLD.fullmatch(world):
        return None
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != "world"]
    return RedirectResponse(f"{ROOT}/{world}/{params['page']}?{urlencode(rest)}", 303, headers=SECURITY)


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, SECURITY | {"cache-control": "no-store"}, "text/html; charset=utf-8")


def _file(name: str, *, is_versioned: bool) -> Response:
    if (content := static_files().get(name)) is None:
        return Response("", 404, SECURITY)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = "text/javascript" if name.endswith(".js") else kind
    caching = f"public, max-age={YEAR_S}, immutable" if is_versioned else "no-cache"
    return Response(content, 200, SECURITY | {"cache-control": caching}, kind)
