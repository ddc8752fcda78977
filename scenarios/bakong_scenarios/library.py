"""Finding scripts: by name in the library, by file, by what a payment's values say. Files may change while in use."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from bakong_scenarios.errors import ScenarioError, nearest
from bakong_scenarios.language import Scenario
from bakong_scenarios.reading import read

LIBRARY = Path(__file__).parent / "library"


@cache
def names() -> tuple[str, ...]:
    """The names in the library, sorted."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


@cache
def find(name: str) -> Scenario:
    """The library's scenario of that name. Raises ScenarioError with the nearest name."""
    if name not in names():
        raise ScenarioError(f"no scenario is called {name!r}{nearest(name, list(names()))}")
    return replace(load_file(LIBRARY / f"{name}.yaml"), text=None)


def load_file(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError, also for a file that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot be read: {error}", file=str(path)) from None
    return read(text, str(path), find)


class ScriptFile:
    """A script in a file that may be edited while it is played. Raises ScenarioError as load_file does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = self._look()
        self.scenario = load_file(path)
        self._error: ScenarioError | None = None

    def changed(self) -> Scenario | None:
        """The scenario anew where the file has changed since it was read; None where it has not.

        Raises ScenarioError as long as the file cannot be read.
        """
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            return self._read_again()
        if self._error:
            raise self._error
        return None

    def _read_again(self) -> Scenario:
        try:
            self.scenario = load_file(self.path)
        except ScenarioError as error:
            self._error = error
            raise
        self._error = None
        return self.scenario

    def _look(self) -> tuple[int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size
