"""`explore`: years of a shop in minutes, from one seed, with everything breaking; and one life of it again."""

import sys
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bakong_contracts.escaping import terminal
from bakong_explorer import campaign
from bakong_explorer.coverage import write as write_coverage
from bakong_explorer.dense import SHARE
from bakong_explorer.diagram import report
from bakong_explorer.life import DAYS, Life, live, story_of
from bakong_explorer.real_stores import RealStores
from bakong_explorer.shrinking import shrink
from bakong_explorer.story import Story, read
from bakong_sandbox.stack.errors import SetupError

BROKEN = 1


class Store(Enum):
    """Where lives are stored."""

    memory = "memory"
    sqlite = "sqlite"
    postgresql = "postgresql"


commands, lives_of = typer.Typer(), typer.Typer()
commands.add_typer(lives_of, name="explore")


@lives_of.callback(invoke_without_command=True)
def explore(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="The first seed.", min=0)] = 1,
    lives: Annotated[int, typer.Option(help="So many lives; 0: until the time is up.", min=0)] = 0,
    seconds: Annotated[float, typer.Option(help="For so long.", min=0)] = 300,
    days: Annotated[int, typer.Option(help="A life's acts come within so many virtual days.", min=1, max=400)] = DAYS,
    short: Annotated[float, typer.Option(help="So many of the seeds live a short, dense life.", min=0, max=1)] = SHARE,
    least_days: Annotated[int, typer.Option(help="The other lives go on for so long at least.", min=0, max=400)] = 0,
    processes: Annotated[int, typer.Option(help="Lives at a time; 0: one for each processor.", min=0)] = 0,
    replay: Annotated[
        str | None, typer.Option(metavar="FILE|SEED", help="Live one life again: the same bytes each time.")
    ] = None,
    shrinks: Annotated[bool, typer.Option("--shrink/--no-shrink", help="Cut a life that breaks a law shorter.")] = True,
    save: Annotated[Path | None, typer.Option(help="Write what broke a law there, for a test to replay.")] = None,
    coverage: Annotated[
        Path | None, typer.Option(help="Write which states were met under which fault: .md or .html.")
    ] = None,
    store: Annotated[Store, typer.Option(help="memory: the same bytes each time; else a real database, slower.")] = (
        Store.memory
    ),
    database_url: Annotated[
        str, typer.Option(help="A PostgreSQL server, on which a database is made and dropped.")
    ] = "postgresql://postgres@127.0.0.1:5432/postgres",
) -> None:
    """Live the payment service through outages, crashes and races; exit code 1 where a law breaks."""
    if context.invoked_subcommand is not None:
        return
    drawn = partial(story_of, days=days, short=short, least_days=least_days)
    story = None if replay is None else _story(replay, drawn)
    with _stores(store, database_url) as stores:
        run = partial(live, stores=stores)
        if story is not None:
            life = run(story)
        else:
            for_s = 0 if lives else seconds
            many = partial(campaign.explore, drawn=drawn, processes=processes, stores=stores)
            figures = many(seed, lives=lives, seconds=for_s)
            print(f"{figures}")
            if coverage is not None:
                write_coverage(coverage, figures.met, f"{figures}")
            if not figures.failures:
                return
            life = shrink(figures.failures[0], run) if shrinks else figures.failures[0]
    _end(_shown(life), save)


@lives_of.command("service")
def service(
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="The mapping of our operations: docs/verify-service.md.")
    ],
    seed: Annotated[int, typer.Option(help="The first seed.", min=0)] = 1,
    lives: Annotated[int, typer.Option(help="So many lives.", min=1)] = 50,
) -> None:
    """Live with somebody else's service: customers, races, outages, on the sandbox's clock; exit code 1 as above."""
    from bakong_conformance.rules import CannotRunError, CheckError  # noqa: PLC0415  an extra that lives do not need
    from bakong_conformance.service import load  # noqa: PLC0415  as above
    from bakong_explorer import foreign  # noqa: PLC0415  as above
    from bakong_sandbox.devkit.subject import subject  # noqa: PLC0415  as above

    try:
        with subject(load(config), config.resolve().parent, f"{seed:x}") as under_test:
            broken = foreign.explore(under_test, seed, lives)
    except (CannotRunError, CheckError) as error:
        raise SetupError(str(error)) from None
    if broken is None:
        print(f"{lives} lives from seed {seed} on: every law held")
        return
    print(terminal(str(broken)))
    raise typer.Exit(BROKEN)


def _stores(store: Store, server: str) -> AbstractContextManager[RealStores | None]:
    """The databases of the lives; None: each is in memory. Raises SetupError."""
    if store is Store.memory:
        return nullcontext()
    try:
        return RealStores(store.value, server)
    except (ImportError, OSError, ValueError) as error:
        raise SetupError(f"--store {store.value}: {error}") from None


def _story(named: str, drawn: campaign.Drawn) -> Story:
    """The story of a seed, or in a file. Raises SetupError."""
    if named.isdigit():
        return drawn(int(named))
    try:
        return read(Path(named))
    except (OSError, ValueError) as error:
        raise SetupError(f"--replay: {error}") from None


def _shown(life: Life) -> Life:
    if life.violation is None:
        print(f"seed {life.story.seed}: every law held; {life.steps} turns, {life.commits} commits")
    else:
        print(terminal(report(life)))
    print(f"digest {life.digest}")
    return life


def _end(life: Life, save: Path | None) -> None:
    """Keep a life that broke a law; exit with 1 for it."""
    if life.violation is None:
        return
    if save is not None:
        save.write_text(life.story.dump(law=life.violation.law, seen=life.violation.seen), "utf-8")
        print(f"kept in {save}; `bakong-sandbox explore --replay {save}` lives it again", file=sys.stderr)
    raise typer.Exit(BROKEN)
