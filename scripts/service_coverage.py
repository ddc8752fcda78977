"""Write docs/service-coverage.md: each row of the service's contract and of its fault table, with its tests."""

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "service-coverage.md"
HEAD = """# What the payment service promises, what it withstands, and which test holds it

Made by `python scripts/service_coverage.py` from `tests/service/promises.py`; do not edit it by hand. *both*: over HTTP
or on the core, on SQLite alone and on PostgreSQL with Redis (there a part in `make test`, and all in `make campaigns`).
"""
# Fixtures that run a test twice, and what is made of them.
TWICE = {
    "storage",
    "stack",
    "service",
    "control",
    "house",
    "make_store",
    "empty",
    "store",
    "database",
    "care",
    "shop",
    "office",
}


def page() -> str:
    """The page as it should be. Raises AttributeError for a test that is not there."""
    sys.path.insert(0, str(ROOT))
    from tests.service.promises import API, FAULTS  # noqa: PLC0415  found from the checkout

    lines = [HEAD, "## The contract", "", "| row | promised | on | tests |", "|---|---|---|---|"]
    lines += [_line(promise) for promise in API]
    lines += ["", "## The faults", "", "| what is done to it | figure | on | tests |", "|---|---|---|---|"]
    lines += [_line(promise) for promise in FAULTS]
    return "\n".join(lines) + "\n"


def _line(promise: Any) -> str:
    tests = "; ".join(f"`{test}`" for test in promise.tests)
    return f"| {promise.row} | {promise.promised} | {'both' if is_held_twice(promise) else 'one'} | {tests} |"


def is_held_twice(promise: Any) -> bool:
    """Whether one of its tests runs on both databases."""
    return any(TWICE & set(inspect.signature(function_of(test)).parameters) for test in promise.tests)


def function_of(test: str) -> Any:
    """The function of "<file>: <name>"."""
    file, _, name = test.partition(": ")
    module = file if "." in file else f"test_{file}"  # one in a folder is written with it
    return inspect.unwrap(getattr(importlib.import_module(f"tests.service.{module}"), f"test_{name}"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
