"""Which test holds which promised row of the Open API: the decorator that says it, and the register that it fills."""

from collections.abc import Callable
from typing import Any

HELD: dict[str, list[str]] = {}


def holds(*names: str) -> Callable[[Any], Any]:
    """The decorated test holds these rows (bakong_schemes.bakong.wire.rows, "<endpoint> <outcome>")."""

    def register(test: Any) -> Any:
        for name in names:
            HELD.setdefault(name, []).append(f"{test.__module__.rpartition('.')[2]}::{test.__name__}")
        return test

    return register
