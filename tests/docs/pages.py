"""Console blocks of the pages: what is typed, what is printed, and which are not run, with the reason.

A block is fenced as console (commands after "$ ", the rest is what they print), sh or bash (commands alone). A comment
before it, `<!-- not run: REASON -->`, keeps it from being run. What is printed may leave out with "…" or "...".
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/ci/*.md"))]
_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+?) -->\n+)?```(?P<kind>console|sh|bash)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Command:
    """What is typed at a line of a page, and the lines that it is said to print."""

    line: int
    text: str
    printed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    line: int
    commands: list[Command]
    why_not: str | None


def blocks(text):
    return [
        Block(line := text.count("\n", 0, found.start("kind")) + 1, _commands(found, line), found["why"])
        for found in _BLOCK.finditer(text)
    ]


def _commands(found, line):
    lines = list(enumerate(found["body"].splitlines(), line + 1))
    if found["kind"] != "console":
        return [Command(at, text) for at, text in _joined(lines)]
    commands: list[Command] = []
    for at, text in _joined(lines, mark="$ "):
        if text.startswith("$ "):
            commands.append(Command(at, text[2:]))
        elif text.strip():
            commands[-1].printed.append(text)
    return commands


def _joined(lines, mark=""):
    """Lines with those that go on: after a backslash, or within quotes."""
    held: list[tuple[int, str]] = []
    for at, text in lines:
        if not held and (not text.strip() or not text.startswith(mark)):
            if mark and text.strip():
                yield at, text
            continue
        held.append((at, text))
        whole = "\n".join(text for _, text in held)
        typed = re.sub(r"\s# .*", "", whole)
        if not whole.endswith("\\") and re.sub(r'"[^"]*"', "", typed).count("'") % 2 == 0:
            yield held[0][0], whole
            held = []
    assert not held, f"line {held[0][0]}: a command that does not end"


def matches(said, printed):
    """Whether every line that is said to be printed is there, in order; what is left out may be anything."""
    at = 0
    for line in said:
        if line.strip() in {"...", "…"}:
            continue
        pattern = "".join(".*?" if part in {"…", "..."} else re.escape(part) for part in re.split(r"(…|\.\.\.)", line))
        found = next((n for n in range(at, len(printed)) if re.fullmatch(pattern, printed[n].rstrip())), None)
        if found is None:
            return f"it is said to print\n  {line}\nand prints\n  " + "\n  ".join(printed[at:] or ["nothing"])
        at = found + 1
    return None
