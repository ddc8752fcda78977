"""A report on the terminal: a line for each rule as it ends, then what is broken, with the way to see it again."""

from typing import Self

from rich.console import Console
from rich.markup import escape as escape_markup

from bakong_conformance.rules import Outcome, Report, Rule, Verdict
from bakong_contracts.escaping import terminal

SIGNS = {
    Verdict.HOLDS: "[green]✓[/]",
    Verdict.BROKEN: "[bold red]✗[/]",
    Verdict.NOT_CHECKED: "[yellow]-[/]",
    Verdict.DISPUTED: "[yellow]~[/]",
}


class TerminalWatch:
    """Shows each rule as it is checked; on a terminal, below them, the one that is under way.

    One display from the run's begin to its end: an interruption at any moment meets nothing half begun.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._done = console, total, 0
        self._spent_s = 0.0
        self._status = console.status("") if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def begins(self, rule: Rule) -> None:
        if not self._status:
            return
        left = f", about {self._spent_s / self._done * (self._total - self._done):.0f} s left" if self._done else ""
        place = escape(f"[{self._done + 1} of {self._total}{left}]")
        self._status.update(f"{place} {escape(rule.title)} ({rule.id})")

    def ended(self, outcome: Outcome) -> None:
        self._done += 1
        self._spent_s += outcome.seconds
        because = f" [dim]{escape(outcome.reason)}[/]" if outcome.reason else ""
        cases = f"{outcome.cases} cases, " if outcome.cases > 1 else ""
        self._console.print(
            f"{SIGNS[outcome.verdict]} {escape(outcome.rule.title)} "
            f"[dim]{outcome.rule.id} ({cases}{outcome.seconds:.1f} s)[/]{because}"
        )


def show(report: Report, console: Console) -> None:
    """The end of a run: every broken rule with its story, then the count."""
    for outcome, followers in report.headlines():
        _broken(outcome, console)
        if followers:
            console.print(f"[bold]{len(followers)} more follow from it:[/]")
        for other in followers:
            console.print(f"  {escape(other.rule.id)} [dim]{escape(other.reason)}[/]")
    if report.interrupted:
        console.print("\n[bold yellow]Interrupted: the report is of what there was.[/]")
    counts = {verdict: len(report.by(verdict)) for verdict in Verdict}
    colour = "red" if counts[Verdict.BROKEN] else "green"
    disputed = f", {counts[Verdict.DISPUTED]} differ where the sources disagree" if counts[Verdict.DISPUTED] else ""
    console.print(
        f"\n[bold {colour}]{counts[Verdict.HOLDS]} rules hold, {counts[Verdict.BROKEN]} broken{_causes(report)}, "
        f"{counts[Verdict.NOT_CHECKED]} not checked{disputed}[/] "
        f"[dim]({escape(report.subject)}, profile {report.profile}, seed {report.seed}, {report.seconds:.1f} s)[/]"
    )


def _causes(report: Report) -> str:
    heads = len(report.headlines())
    return f" by {heads} {'cause' if heads == 1 else 'causes'}" if heads != len(report.by(Verdict.BROKEN)) else ""


def _broken(outcome: Outcome, console: Console) -> None:
    console.print(f"\n[bold red]✗ {escape(outcome.rule.title)}[/] ({outcome.rule.id})")
    console.print(f"[bold]Broken:[/] {escape(outcome.reason)}")
    console.print(f"[bold]The rule forbids[/] {escape(outcome.rule.forbids)}.")
    for what, value in outcome.drawn:
        console.print(f"  {escape(what)} = {escape(value)}")
    if outcome.journal:
        console.print("[bold]The story:[/]")
    for step in outcome.journal[-30:]:
        console.print(f"  [cyan]> {escape(step.what)}[/]")
        if step.came_back:
            console.print(f"  [green]< {escape(step.came_back)}[/]")
    if not outcome.steady:
        console.print("[yellow]It does not happen every time: a race, or something that no seed controls.[/]")
    console.print(f"[bold]Again:[/] {escape(outcome.replay)}")


def escape(text: str) -> str:
    """A text of strangers as it is: neither markup nor control characters."""
    return escape_markup(terminal(text))
