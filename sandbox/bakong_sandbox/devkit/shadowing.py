"""Whether a module of the user's own stands before a package of ours on Python's path."""

import sys
from importlib.util import find_spec
from pathlib import Path

# The packages whose names a user's own file may well have, each with a module that only ours holds.
OURS = {"khqr": "fast_decode", "emvqr": "tlv"}


def shadows() -> str | None:
    """One line that names the file and what it shadows; None where nothing of ours is shadowed."""
    lines = (_shadow(package, module) for package, module in OURS.items())
    return next((line for line in lines if line), None)


def _shadow(package: str, module: str) -> str | None:
    try:
        spec = find_spec(package)
    except ValueError:  # a module that was put into sys.modules by hand
        spec = None
    folders = (spec and spec.submodule_search_locations) or ()
    if any((Path(folder) / f"{module}.py").exists() for folder in folders):
        return None
    file = (spec and spec.origin) or getattr(sys.modules.get(package), "__file__", None) or next(iter(folders), package)
    return (
        f"{file} shadows the package {package!r} of bakong-sandbox, because its folder comes first in sys.path: "
        "rename it, or keep its folder out of sys.path"
    )
