"""Prints name, version and licence of each component of a CycloneDX bill of materials."""

import json
import sys
from pathlib import Path
from typing import Any


def licence_of(component: dict[str, Any]) -> str:
    """What a component says of its licence: its expressions, ids or names."""
    found = component.get("licenses", [])
    words = [one.get("expression") or one["license"].get("id") or one["license"].get("name", "") for one in found]
    return " and ".join(dict.fromkeys(word.strip().splitlines()[0] for word in words if word.strip())) or "unknown"


def lines(document: dict[str, Any]) -> list[str]:
    """A line for each component, by name."""
    rows = [(one["name"], one.get("version", ""), licence_of(one)) for one in document.get("components", [])]
    return [f"{name} {version}: {licence}" for name, version, licence in sorted(rows)]


if __name__ == "__main__":
    for line in lines(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        sys.stdout.write(f"{line}\n")
