"""Lay down a new scheme's folder: the template's, with the name filled in. `make scheme NAME=acme`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMES = ROOT / "schemes" / "bakong_schemes"
NAME = re.compile(r"[a-z][a-z0-9]{1,31}")


def lay_down(name: str, into: Path = SCHEMES) -> Path:
    """The folder of a new scheme. Raises ValueError for a name that is malformed or taken."""
    if not NAME.fullmatch(name):
        raise ValueError(f"NAME: read {name!r}, expected 2 to 32 lowercase letters and digits, a letter first")
    folder = into / name
    if folder.exists():
        raise ValueError(f"NAME: {folder} is there already")
    for source in sorted((SCHEMES / "_template").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            target = folder / renamed(str(source.relative_to(SCHEMES / "_template")), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(renamed(source.read_text(encoding="utf-8"), name), encoding="utf-8")
    return folder


def renamed(text: str, name: str) -> str:
    """A text of the template's as the new scheme's."""
    text = text.replace("_template.", f"{name}.").replace("_template import", f"{name} import")
    for word, new in (("template", name), ("TEMPLATE", name.upper()), ("Template", name.title())):
        text = text.replace(word, new)
    return text


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{lay_down(*sys.argv[1:] or [''])}\n")
    except ValueError as error:
        sys.exit(str(error))
