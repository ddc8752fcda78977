"""The reports' page: the runs of verify and load in the sandbox's folders, and each as it was written."""

from pathlib import Path
from typing import Any, NamedTuple

from bakong_simulator.console.page import Page

DEEPEST, MOST = 3, 200
MAX_BYTES = 16 * 1024 * 1024


class Report(NamedTuple):
    """One HTML file. key: what names it in an address; title: its place below the folder."""

    key: str
    title: str
    path: Path
    at_ms: int
    kib: int


async def values(page: Page) -> dict[str, Any]:
    """The reports, the newest first."""
    return {"reports": reports(page.facts.reports), "folders": page.facts.reports}


def reports(folders: tuple[Path, ...]) -> list[Report]:
    """The HTML files in these folders, a few levels deep; what a link leads to outside of them is none of theirs."""
    found = []
    for number, folder in enumerate(folders):
        for path in _files(folder):
            stat = path.stat()
            title = str(path.relative_to(folder))
            found.append(Report(f"{number}/{title}", title, path, int(stat.st_mtime * 1000), -(-stat.st_size // 1024)))
    return sorted(found, key=lambda row: -row.at_ms)[:MOST]


def content(folders: tuple[Path, ...], key: str) -> bytes | None:
    """The report of a key, if it is one of those that are listed."""
    named = next((row for row in reports(folders) if row.key == key), None)
    return named.path.read_bytes() if named is not None and named.kib * 1024 <= MAX_BYTES else None


def _files(folder: Path) -> list[Path]:
    real = folder.resolve()
    deep = [path for depth in range(DEEPEST) for path in folder.glob("*/" * depth + "*.html")]
    return [path for path in deep if path.is_file() and path.resolve().is_relative_to(real)]
