"""What a person sees while a load test runs, and when it has ended."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bakong_conformance.reports.text import one_line
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
    head = Text(f"{profile.name}  {seconds:.0f} of {profile.shape.seconds} s")
    return Group(head, bar, table, Text(one_line(line["why"]), style="red"))


def print_verdict(console: Console, report: Mapping[str, Any], page: str) -> None:
    """The verdict in the terminal."""
    table = Table(box=None, padding=(0, 2))
    for name in ("Objective", "Measured", "Wanted", ""):
        table.add_column(name)
    for one in report["findings"]:
        measured = "not measured" if one["figure"] is None else f"{figure(one['figure'])} {one['unit']}".strip()
        wanted = f"{'at least' if one['floor'] else 'at most'} {figure(one['bound'])}"
        table.add_row(one["title"], measured, wanted, "[green]holds[/]" if one["holds"] else "[red]broken[/]")
    console.print(table)
    for note in report["notes"]:
        console.print(Text(one_line(note), "dim"))
    for row in (row for row in report["limits"] if not row["holds"]):
        _print_problem(console, "limit", f"{row['check']} {row['scope']}: {row['message']}")
    for problem in (report["books"] or {"problems": []})["problems"][:10]:
        _print_problem(console, problem["kind"], f"{problem['md5']}: {problem['message']}")
    for why, count in list(report["failures"].items())[:10]:
        _print_problem(console, f"{count} x", why)
    word = "[bold green]It holds.[/]" if report["holds"] else "[bold red]It does not hold.[/]"
    console.print(f"\n{word} {page}", highlight=False, soft_wrap=True)


def _print_problem(console: Console, kind: str, message: str) -> None:
    console.print(Text.assemble((kind, "red"), " ", one_line(message)))
