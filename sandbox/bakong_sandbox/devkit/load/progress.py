"""What a person sees while a load test runs, and when it has ended."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bakong_contracts.escaping import terminal, terminal_line
from bakong_loadtests.profiles import Profile
from bakong_loadtests.slo import shown as figure


def shown(profile: Profile, line: Mapping[str, Any], webhooks: int) -> RenderableType:
    """The run so far."""
    seconds = line["seconds"]
    table = Table.grid(padding=(0, 2))
    table.add_row("users", "calls", "a second", "failed", "payments", "known", "webhooks", style="dim")
    values = [line[name] for name in ("users", "calls", "per_second", "failed", "payments", "known")]
    table.add_row(*(str(value) for value in [*values, webhooks]))
    bar = ProgressBar(total=profile.shape.seconds, completed=min(seconds, profile.shape.seconds), width=60)
    left = max(0.0, profile.shape.seconds - seconds)
    head = Text(f"{terminal_line(profile.name)}  {seconds:.0f} of {profile.shape.seconds} s, {left:.0f} s left")
    return Group(head, bar, table, Text(terminal_line(line["why"]), style="red"))


def print_verdict(console: Console, report: Mapping[str, Any], page: str) -> None:
    """The verdict in the terminal."""
    table = Table(box=None, padding=(0, 2))
    for name in ("Objective", "Measured", "Wanted", ""):
        table.add_column(name)
    for one in report["findings"]:
        measured = "not measured" if one["figure"] is None else f"{figure(one['figure'])} {one['unit']}".strip()
        wanted = f"{'at least' if one['floor'] else 'at most'} {figure(one['bound'])} {one['unit']}".strip()
        table.add_row(
            Text(terminal_line(one["title"])),
            Text(terminal_line(measured)),
            Text(terminal_line(wanted)),
            "[green]holds[/]" if one["holds"] else "[red]broken[/]",
        )
    console.print(table)
    for note in report["notes"]:
        console.print(Text(terminal(note), "dim"))
    for row in (row for row in report["limits"] if not row["holds"]):
        _print_problem(console, "limit", f"{row['check']} {row['scope']}: {row['message']}")
    for problem in (report["books"] or {"problems": []})["problems"][:10]:
        _print_problem(console, problem["kind"], f"{problem['md5']}: {problem['message']}")
    for why, count in list(report["failures"].items())[:10]:
        _print_problem(console, f"{count} x", why)
    for row in (report.get("baseline") or {"rows": []})["rows"]:
        if row["change"] != "the same":
            console.print(Text(terminal_line(f"since then: {row['title']}: {row['change']}"), "dim"))
    word = "[bold green]It holds.[/]" if report["holds"] else "[bold red]It does not hold.[/]"
    if report.get("interrupted") and report["exit_code"] != 1:
        word = f"[bold yellow]Interrupted after {report['seconds']:.0f} s: no verdict.[/]"
    console.print(f"\n{word}", Text(terminal_line(page)), highlight=False, soft_wrap=True)


def _print_problem(console: Console, kind: str, message: str) -> None:
    console.print(Text.assemble((terminal_line(kind), "red"), " ", terminal(message)))
