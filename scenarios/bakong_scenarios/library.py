"""The scripts that there are, in the words of each scheme; and scripts in files, which may change while in use.

A script of SHARED names no scheme's own words, and is played by every scheme that has its steps. The others lie in
their scheme's folder. Where both have a name, the scheme's own script bears it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from bakong_scenarios import magic
from bakong_scenarios.checking import CheckedScript, check, shown
from bakong_scenarios.errors import ScenarioError, nearest
from bakong_scenarios.language import Scenario, State
from bakong_scenarios.nodes import FAST, Node, compose
from bakong_scenarios.reading import Known, read, read_node
from bakong_scenarios.words import NEUTRAL, SchemeWords

SHARED = Path(__file__).parent / "library"
DEFAULT_SCRIPT = "manual"
MAX_TEXTS = 100  # scripts of users' own that are kept in the words of other schemes


class LibraryEntry(NamedTuple):
    """One script of the library. schemes: those that play it. is_shared: whether it names no scheme's own words."""

    script: Scenario
    schemes: tuple[str, ...]
    is_shared: bool


class ScriptLibrary:
    """The scripts that schemes play. The first of the schemes is meant where none is named.

    folders: by the name of a scheme, where its own scripts lie.
    """

    def __init__(self, words: tuple[SchemeWords, ...], folders: Mapping[str, Path] | None = None) -> None:
        self.words = {scheme.name: scheme for scheme in words}
        self.default = words[0]
        self._folders = folders or {}
        self._scripts: dict[tuple[str, str], Scenario | None] = {}
        self._texts: dict[tuple[str, str], Scenario | None] = {}
        self._states: dict[str, set[State]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._numbers: dict[str, dict[int, Scenario]] = {}

    def names(self, scheme: str | None = None) -> tuple[str, ...]:
        """The names of all scripts that a scheme plays, sorted. Raises ScenarioError for an unknown scheme."""
        words = self._words(scheme)
        if words.name not in self._names:
            there = sorted({*self._own[words.name], *self._shared})
            self._names[words.name] = tuple(name for name in there if self._script(name, words))
        return self._names[words.name]

    def players(self, entry: LibraryEntry) -> str:
        """Which schemes play a script, in words: "all" for a shared one that every scheme plays."""
        return "all" if entry.is_shared and len(entry.schemes) == len(self.words) else ", ".join(entry.schemes)

    def __contains__(self, name: object) -> bool:
        """Whether any scheme plays a script of this name."""
        return isinstance(name, str) and any(self._script(name, words) for words in self.words.values())

    def find(self, name: str, scheme: str | None = None) -> Scenario:
        """The script of a name, in the words of a scheme. Where none is named: the first that plays such a script.

        Raises ScenarioError with the nearest name.
        """
        for words in self.words.values() if scheme is None else (self._words(scheme),):
            if script := self._script(name, words):
                return script
        words = self._words(scheme)
        if name in self._shared:
            missing = next(step for step in self._steps(name) if step not in words.steps)
            raise ScenarioError(f"{words.name} cannot play {name!r}: it has no step {str(missing)!r}")
        known = self.names(scheme) if scheme else sorted({name for each in self.words for name in self.names(each)})
        raise ScenarioError(f"no scenario is called {name!r}{nearest(name, known)}")

    def numbers(self, scheme: str | None = None) -> dict[int, Scenario]:
        """The scripts that a scheme plays, by their number."""
        words = self._words(scheme)
        if words.name not in self._numbers:
            scripts = [self.find(name, words.name) for name in self.names(words.name)]
            self._numbers[words.name] = {script.number: script for script in scripts if script.number is not None}
        return self._numbers[words.name]

    def by_magic(
        self, bill_number: str | None, account: str, minor: int | None, scheme: str | None = None
    ) -> Scenario | None:
        """The script that a payment's values name; None where they name none. Raises ScenarioError for a wrong name."""
        name = magic.name_of(bill_number, account)
        if name is not None:
            return self.find(name, self._words(scheme).name)
        number = magic.number_of(minor)
        return None if number is None else magic.numbered(number, self.numbers(scheme))

    def source(self, name: str, scheme: str | None = None) -> str:
        """A script as it is written. Raises ScenarioError."""
        script = self.find(name, scheme)
        return _text(self._own[script.scheme].get(name) or self._shared[name])

    def entries(self, scheme: str | None = None) -> list[LibraryEntry]:
        """Every script that any scheme plays, or that this one does, by number."""
        named = tuple(self.words) if scheme is None else (self._words(scheme).name,)
        return sorted(
            (entry for entry in self._entries() if set(entry.schemes) & set(named)),
            key=lambda entry: (entry.script.number or 0, entry.schemes),
        )

    def for_scheme(self, scenario: Scenario, scheme: str) -> Scenario:
        """What a payment of a scheme follows in a world that plays a scenario: it, or the same script in its words.

        A script of a user's own that names no scheme is every scheme's that has its words. Where a scheme has no such
        script, it plays the default one: nothing happens by itself.
        """
        if scenario.scheme == scheme:
            return scenario
        if scenario.text is not None:
            same = self._reread(scenario.text, self._words(scheme))
        elif scenario.name in self._own.get(scenario.scheme, ()):
            same = None
        else:
            same = self._script(scenario.name, self._words(scheme))
        return same or self.find(DEFAULT_SCRIPT, scheme)

    def read(self, text: str, file: str = "scenario") -> Scenario:
        """The scenario in a YAML text. Raises ScenarioError."""
        return read(text, file, Known(self.default, self.words, self.find))

    def check(self, text: str) -> CheckedScript:
        """Every mistake in a YAML text, and what can be read of it without them."""
        return check(text, Known(self.default, self.words, self.find))

    def mistakes(self, path: Path) -> list[str]:
        """All that is wrong with the script in a file, each with line, column and source line."""
        try:
            text = _text(path)
        except ScenarioError as error:
            return [str(error)]
        return [shown(mistake, str(path), text) for mistake in self.check(text).mistakes]

    def load_file(self, path: Path) -> Scenario:
        """The scenario in a file. Raises ScenarioError, also for a file that cannot be read."""
        return self.read(_text(path), str(path))

    def _words(self, scheme: str | None) -> SchemeWords:
        if scheme is None:
            return self.default
        if scheme not in self.words:
            raise ScenarioError(f"unknown scheme {scheme!r}{nearest(scheme, tuple(self.words))}")
        return self.words[scheme]

    def _script(self, name: str, words: SchemeWords) -> Scenario | None:
        """The script of a name, in these words; None where the scheme has none, or not all of its steps."""
        key = name, words.name
        if key not in self._scripts:
            self._scripts[key] = self._load(name, words)
        return self._scripts[key]

    def _load(self, name: str, words: SchemeWords) -> Scenario | None:
        if path := self._own[words.name].get(name):
            script = _read_own(path, Known(self.default, self.words, self.find))
            if script.scheme != words.name:
                raise ScenarioError(f"is a script of {words.name}: add 'scheme: {words.name}'", file=str(path))
        elif name in self._shared and self._steps(name) <= set(words.steps):
            script = self._read_shared(name, words)
        else:
            return None
        return replace(script, text=None)

    def _reread(self, text: str, words: SchemeWords) -> Scenario | None:
        """A script in the words of another scheme; None where it names a scheme, or words that this one has not."""
        key = text, words.name
        if key not in self._texts:
            try:
                script = read(text, "scenario", Known(words, self.words, self.find))
            except ScenarioError:
                script = None
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            self._texts[key] = script if script is not None and script.scheme == words.name else None
        return self._texts[key]

    def _steps(self, name: str) -> set[State]:
        """The states in a shared script's path."""
        if name not in self._states:
            neutral = self._read_shared(name, NEUTRAL)
            self._states[name] = {step.state for script in (neutral, *neutral.rules) for step in script.path}
        return self._states[name]

    def _read_shared(self, name: str, words: SchemeWords) -> Scenario:
        return _read_own(self._shared[name], Known(words, {}, self.find))

    @cached_property
    def _shared(self) -> dict[str, Path]:
        return _scripts_in(SHARED)

    @cached_property
    def _own(self) -> dict[str, dict[str, Path]]:
        """The scripts of each scheme's folder, by scheme and name."""
        folders = ((scheme, self._folders.get(scheme)) for scheme in self.words)
        return {scheme: _scripts_in(folder) if folder else {} for scheme, folder in folders}

    def _entries(self) -> Iterator[LibraryEntry]:
        for name in self._shared:
            players = [words for words in self.words.values() if name not in self._own[words.name]]
            playing = [words for words in players if self._script(name, words)]
            if playing:
                yield LibraryEntry(
                    self.find(name, playing[0].name), tuple(words.name for words in playing), is_shared=True
                )
        for scheme, scripts in self._own.items():
            for name in scripts:
                yield LibraryEntry(self.find(name, scheme), (scheme,), is_shared=False)


class ScriptFile:
    """A script in a file that may be edited while it is played. Raises ScenarioError as load_file does.

    tell: is told in a line when the file was read anew, or could not be; once for each change.
    """

    def __init__(self, path: Path, library: ScriptLibrary) -> None:
        self.path = path
        self._library = library
        self._stamp = self._look()
        self.scenario = library.load_file(path)
        self._error: ScenarioError | None = None
        self.tell: Callable[[str], object] = lambda _line: None

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
            self.scenario = self._library.load_file(self.path)
        except ScenarioError as error:
            self._error = error
            self.tell(f"the script is broken, and no call is answered by it until it is mended: {error}")
            raise
        self._error = None
        self.tell(f"the script {str(self.path)!r} was read anew: {self.scenario.name}")
        return self.scenario

    def _look(self) -> tuple[int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=8)
def _tree(path: Path) -> tuple[Node, str]:
    """The tree of a library's file, and its text: one is read in the words of each scheme, one after the other."""
    text = _text(path)
    return compose(text, str(path), FAST), text


def _read_own(path: Path, known: Known) -> Scenario:
    """The script in a file of the library, which nobody edits while it is played. Raises ScenarioError."""
    return read_node(*_tree(path), known)


def _scripts_in(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror or error}", file=str(path)) from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"cannot be read: {error}", file=str(path)) from None
