"""What is left of a run: one dict of JSON values, and the JSON, JUnit and HTML files made of it. Knows no target."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakong_loadtests.report.junit import junit
from bakong_loadtests.report.page import page


def write(report: Mapping[str, Any], folder: Path) -> tuple[Path, Path, Path]:
    """report.json, junit.xml and report.html in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = (
        ("report.json", json.dumps(report, indent=1) + "\n"),
        ("junit.xml", junit(report)),
        ("report.html", page(report)),
    )
    paths = []
    for name, text in texts:
        (folder / name).write_text(text)
        paths.append(folder / name)
    return paths[0], paths[1], paths[2]


__all__ = ["write"]
