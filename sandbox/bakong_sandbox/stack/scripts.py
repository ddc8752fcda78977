"""The scripts of every scheme that the sandbox plays."""

from importlib.resources import files
from pathlib import Path

from bakong_scenarios import ScriptLibrary
from bakong_schemes.bakong.words import WORDS as BAKONG

_SCHEMES = (BAKONG,)  # the first is meant where a script or a caller names none


def _folder(scheme: str) -> Path:
    return Path(str(files("bakong_schemes") / scheme / "scenarios"))


LIBRARY = ScriptLibrary(_SCHEMES, {words.name: _folder(words.name) for words in _SCHEMES})
