"""What can be wrong with a script, and where."""

from collections.abc import Sequence
from difflib import get_close_matches

MANY = 40
FEW = 8


class ScenarioError(ValueError):
    """A script that cannot be read, or a name that nothing bears. The message begins with file and line.

    node: the part of the script that is wrong. is_about_order: it is so only for what is before it.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int = 0,
        column: int = 1,
        node: object = None,
        is_about_order: bool = False,
    ) -> None:
        place = f"{file}:{line}: " if line else (f"{file}: " if file else "")
        super().__init__(place + message)
        self.message = message
        self.file = file
        self.line = line
        self.message = message
        self.node = node
        self.is_about_order = is_about_order
        self.column = column


def nearest(word: str, known: Sequence[str], scheme: str = "") -> str:
    """A hint to append to a message: the nearest known word, and all of them where that is no long list.

    scheme: whose words they are.
    """
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    if len(known) > (FEW if hint else MANY):
        return hint or f" ({len(known)} are known: `bakong-sandbox scenario list`, docs/scenarios.md)"
    return f"{hint} (known{f' to {scheme}' if scheme else ''}: {', '.join(known) or 'none'})"
