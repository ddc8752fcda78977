"""A life as people read it: its seed, its acts and faults, and who said what to whom, as a Mermaid sequence diagram."""

from collections.abc import Sequence

from bakong_explorer.life import Life

LAST = 60  # lines of a diagram: what led to the end


def clock_of(at_ms: int) -> str:
    """A moment of a life: days, and the time of the day.

    >>> clock_of(90_061_001)
    '1d 01:01:01.001'
    """
    seconds, ms = divmod(at_ms, 1000)
    minutes, s = divmod(seconds, 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    return f"{days}d {h:02d}:{m:02d}:{s:02d}.{ms:03d}"


def mermaid(lines: Sequence[tuple[int, str, str, str]]) -> str:
    """The last of what happened, as a sequence diagram."""
    shown = ["sequenceDiagram"]
    for at_ms, who, whom, what in lines[-LAST:]:
        text = what.replace(";", ",").replace("#", "no. ").replace("\n", " ")[:110]
        place = f"Note over {who}: " if who == whom else f"{who}->>{whom}: "
        shown.append(f"    {place}{clock_of(at_ms)} {text}")
    return "\n".join(shown)


def history(life: Life) -> str:
    """The acts and faults of a story, in their order."""
    story = life.story
    rows = [(one.at_ms, one.what, "") for one in story.acts]
    rows += [(one.at_ms, one.what, f" for {one.for_ms / 1000:g} s") for one in story.faults]
    return "\n".join(f"  {clock_of(at_ms)}  {what}{how}" for at_ms, what, how in sorted(rows))


def report(life: Life) -> str:
    """What is printed of a life that broke a law."""
    story = life.story
    return "\n".join(
        (
            f"seed {story.seed}: {life.violation}",
            f"profile: {', '.join(f'{name} {value}' for name, value in sorted(story.profile.items()))}",
            f"{len(story.acts)} acts, {len(story.faults)} faults:",
            history(life),
            "",
            mermaid(life.lines),
        )
    )
