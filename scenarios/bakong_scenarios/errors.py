"""What can be wrong with a script, and where."""

from collections.abc import Sequence
from difflib import get_close_matches


class ScenarioError(ValueError):
    """A script that cannot be read, or a name that nothing bears. The message begins with file and line."""

    def __init__(self, message: str, *, file: str = "", line: int = 0) -> None:
        place = f"{file}:{line}: " if line else (f"{file}: " if file else "")
        super().__init__(place + message)
        self.file = file
        self.line = line


def nearest(word: str, known: Sequence[str], scheme: str = "") -> str:
    """A hint to append to a message: the nearest known word, and all of them; scheme: whose words they are."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} (known{f' to {scheme}' if scheme else ''}: {', '.join(known) or 'none'})"
