"""The command line and the pytest plugin: the one place that knows both the simulator and the service.

For annotations in tests: `from bakong_sandbox import Bakong, InProcess`, and BakongError, which they raise.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakong_sandbox.devkit.testing.errors import BakongError
    from bakong_sandbox.devkit.testing.handle import Bakong
    from bakong_sandbox.devkit.testing.in_process import InProcess

__all__ = ["Bakong", "BakongError", "InProcess"]
_MODULES = {"Bakong": "handle", "InProcess": "in_process", "BakongError": "errors"}


def __getattr__(name: str) -> Any:
    """What is exported, loaded when it is asked for: the command line starts without it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  as said

    return getattr(import_module(f"{__name__}.devkit.testing.{_MODULES[name]}"), name)
