"""`service backup`, `restore`, `check-books` and `audit`: what keeps the books, proves them, and brings them back."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bakong_contracts.escaping import csv_cell, terminal_line
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.cli.service_store import with_store
from bakong_sandbox.stack.configured import configured
from bakong_sandbox.stack.errors import SetupError
from bakong_service import wiring
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql import backup, books, migrate
from bakong_service.domain.audit import AuditFilter, ChainCheck, ChainEntry, Link, digest, shown
from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Store
from bakong_service.settings import Settings

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore
    from bakong_service.adapters.sql.sqlite import SqliteStore

PAGE = 1_000
COLUMNS = ("id", "at", "actor", "action", "resource", "before", "after", "address", "userAgent", "requestId", "chain")
commands = typer.Typer()
audit = typer.Typer(no_args_is_help=True, help="The audit log: exported, and proven unchanged.")
commands.add_typer(audit, name="audit")


class Place(NamedTuple):
    """What DATABASE_URL names; sqlite: the file, where it is one."""

    url: str
    sqlite: Path | None


def _place() -> Place:
    settings = configured().settings
    is_file = settings.database_url.startswith("sqlite:")
    return Place(settings.database_url, settings.sqlite_path if is_file else None)


@commands.command("backup")
def make_backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
) -> None:
    """Write the whole database into a file, while the service runs. It opens with the ENCRYPTION_KEY of now alone."""
    place = _place()
    try:
        size = backup.back_up(place.url, place.sqlite, target)
    except backup.BackupError as error:
        raise SetupError(str(error)) from None
    print(f"{target}: {size} bytes, whole and on the disk; it opens with the ENCRYPTION_KEY of now")


@commands.command("restore")
def restore_backup(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `service backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Drop what the database holds now.")] = False,
) -> None:
    """Put a backup in the database's place, bring it up to date, and check the books. Stop the service first.

    Exit code 1: it is restored, but the books are not right. What was stored after the backup is not in it: ask the
    providers with `service reconcile`, and let callers send their last requests again under their Idempotency-Keys.
    """
    place = _place()
    try:
        backup.restore(place.url, place.sqlite, source, replace=replace)
    except backup.BackupError as error:
        raise SetupError(str(error)) from None
    print(f"{source} is restored")
    _print_findings(with_store(_checked))


@commands.command("check-books")
def check_books() -> None:
    """Check what is stored: double entry, states, outbox, sealed columns, audit log. Exit code 1: something is wrong.

    It reads everything, as it is at one moment; nobody waits for it, and nothing is changed.
    """
    _print_findings(run_async(_as_it_stands()))


async def _as_it_stands() -> list[books.Finding]:
    settings = configured().settings
    store = wiring.connect_store(settings)
    try:
        revision = await store.migrate(migrate.revision)
        if revision is None or revision < migrate.HEAD:
            raise SetupError(f"the database stands at {revision or 'nothing'}, and not at {migrate.HEAD}: migrate it")
        return await _checked(settings, store)
    except UnavailableError as error:
        raise SetupError(f"DATABASE_URL: {wiring.explained(error)}") from None
    finally:
        await store.close()


async def _checked(settings: Settings, store: "SqliteStore | PostgresStore") -> list[books.Finding]:
    seal, macs = Sealer(settings.encryption_keys), wiring.audit_seals(settings)
    return await store.examine(lambda connection: list(books.check(connection, seal, macs)))


def _print_findings(findings: list[books.Finding]) -> None:
    for rule, broken_by, more, counted in findings:
        of = "" if counted is None else f" ({counted})"
        print(f"{'no' if broken_by else 'ok'}  {rule}{of}")
        for line in broken_by:
            print(terminal_line(f"      {line}"))
        if more:
            print("      and more")
    wrong = sum(bool(one.broken_by) for one in findings)
    print(f"{len(findings)} rules, {wrong} broken")
    if wrong:
        raise typer.Exit(1)


def _ms(text: str) -> int | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SetupError(f"read {text!r}, expected a time such as 2026-02-11T00:00:00Z") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


@audit.command("export")
def export_audit(
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601; without an offset, UTC.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="The end, excluded.")] = "",
    subject: Annotated[
        str, typer.Option(metavar="RESOURCE", help="What was changed, such as payment/ID or user/ID.")
    ] = "",
    actor: Annotated[str, typer.Option(help="Who did it.")] = "",
    action: Annotated[str, typer.Option(help="What was done, such as payment.status.")] = "",
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For spreadsheets. Else JSON Lines, which can be verified.")
    ] = False,
) -> None:
    """Print the audit log, oldest first, each row with its place in the hash chain. By time, subject, actor, action."""
    wanted = AuditFilter(
        actor=actor or None, action=action or None, resource=subject or None, from_ms=_ms(since), to_ms=_ms(until)
    )

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> None:
        if as_csv:
            sys.stdout.write(",".join(COLUMNS) + "\r\n")
        async for facts in _exported(store, wanted):
            sys.stdout.write(_csv_line(facts) if as_csv else json.dumps(facts, ensure_ascii=True) + "\n")

    with_store(work)


async def _exported(store: Store, wanted: AuditFilter) -> AsyncIterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        rows, after = await store.read(lambda records, at=after: records.audit_after(wanted, at, PAGE))  # type: ignore[misc]
        for row in rows:
            yield shown(row)


def _csv_line(facts: dict[str, Any]) -> str:
    cells = (facts.get(name) for name in COLUMNS)
    return ",".join(csv_cell(_cell(value)) for value in cells) + "\r\n"


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, dict) else value


@audit.command("verify")
def verify_audit(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Exported or archived JSON Lines; else the database."),
    ] = None,
    head: Annotated[
        str,
        typer.Option(metavar="NUMBER:HASH", help="An entry that has to be there: `audit_sealed` of a log."),
    ] = "",
) -> None:
    """Say whether the audit log is what it was when it was sealed. Exit code 1: a row was changed, dropped or put in.

    The newest rows are sealed within 20 seconds. Whoever holds the database and ENCRYPTION_KEY could make a chain anew:
    entries that are named in logs which are kept elsewhere (`audit_sealed`) tell even then.
    """
    if files:
        _say_of_files(files, head)
        return

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> tuple[list[str], int, int]:
        check, problems, after = ChainCheck(), list[str](), 0
        while page := await store.read(lambda records, at=after: records.chain_page(at, PAGE)):  # type: ignore[misc]
            problems += check.read(page)
            after = page[-1].link.number
        problems += books.seal_problems(
            await store.read(lambda records: records.chain_end()), wiring.audit_seals(settings)
        )
        named = await store.read(lambda records: records.chain_page(_number(head) - 1, 1)) if head else []
        left = await store.read(lambda records: len(records.unchained(None, PAGE)))
        return [*problems, *_missing(head, [entry.link for entry in named])], check.count, left

    problems, count, left = with_store(work)
    _say(problems, count, f"; {left} rows are not sealed yet" if left else "")


def _number(head: str) -> int:
    number, _, entry = head.partition(":")
    if not number.isdigit() or len(entry) != 64:
        raise SetupError(f"--head: read {head!r}, expected NUMBER:HASH")
    return int(number)


def _missing(head: str, links: list[Link]) -> list[str]:
    if not head:
        return []
    number, entry = _number(head), head.partition(":")[2]
    is_there = any(link.number == number and link.hash == entry for link in links)
    return [] if is_there else [f"entry {number} is not what it was: {entry} is not there"]


def _say_of_files(files: list[Path], head: str) -> None:
    entries = [entry for path in files for entry in _entries(path)]
    entries.sort(key=lambda entry: entry.link.number)
    links = [entry.link for entry in entries]
    _say([*ChainCheck(sparse=True).read(entries), *_missing(head, links)], len(entries), "")


def _entries(path: Path) -> Iterator[ChainEntry]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path}: {error}") from None
    for number, line in enumerate(lines, 1):
        try:
            facts = json.loads(line)
            if "chain" in facts:
                yield ChainEntry(Link(**facts["chain"]), facts["id"], digest(facts))
        except (ValueError, TypeError, KeyError):
            raise SetupError(f"{path}, line {number}: no row of an exported audit log") from None


def _say(problems: list[str], count: int, rest: str) -> None:
    for line in problems:
        print(terminal_line(line))
    print(f"{count} entries, {len(problems)} broken{rest}")
    if problems:
        raise typer.Exit(1)
