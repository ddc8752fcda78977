"""Hooks of MkDocs: links that lead out of docs/ are named instead, and nothing is fetched from elsewhere."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>\.\./[^)#\s]+|[^):#\s]+/?)(?P<anchor>#[^)]*)?\)")
_SHIM = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"></script>')


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page, with links that lead out of docs/ or to a folder as their text and the path."""
    here = ROOT / "docs" / Path(page.file.src_uri).parent

    def named(link: re.Match[str]) -> str:
        target = (here / link["target"]).resolve()
        if target.is_relative_to(ROOT / "docs") and not target.is_dir():
            return link[0]
        path = str(target.relative_to(ROOT))
        return link["text"] if path in link["text"] else f"{link['text']} (`{path}`)"

    return _LINK.sub(named, markdown)


def on_post_page(output: str, **_: Any) -> str:
    """The page, with our own script for the search of pages that are opened as files."""
    script = (ROOT / "scripts" / "site_search.js").read_text(encoding="utf-8")
    return _SHIM.sub(lambda _: f"<script>{script}</script>", output)


def on_post_template(output_content: str, **_: Any) -> str:
    """The same for pages of no document, such as 404.html."""
    return on_post_page(output_content)
