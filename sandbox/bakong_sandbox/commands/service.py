"""`service`: the payment service by itself, as it runs in production, and what its operators need."""

from typing import Annotated

import typer

from bakong_sandbox.running import run_async

service = typer.Typer(no_args_is_help=True, help="The payment service: run it, and look after it.")
keys = typer.Typer(no_args_is_help=True, help="API keys: several may be good at once.")

webhooks = typer.Typer(no_args_is_help=True, help="Webhooks that were given up.")

Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 inside a container.")]


def register(app: typer.Typer) -> None:
    service.add_typer(keys, name="keys")
    service.add_typer(webhooks, name="webhooks")
    app.add_typer(service, name="service")


@service.command("run")
def run_service(
    host: Host = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="By default PORT, which is 3002.")] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="The API alone; a worker runs elsewhere.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it answers.")] = False,
) -> None:
    """Serve the API, with a worker, until Ctrl-C. Settings are read from the environment."""
    from bakong_sandbox.service import serve_api

    run_async(serve_api(host, port, works=not no_worker, as_json=as_json))


@service.command("worker")
def run_worker() -> None:
    """Watch payments and deliver webhooks, without an API, until Ctrl-C. As many as you like on one database."""
    from bakong_sandbox.service import work

    run_async(work())


@service.command("migrate")
def migrate(
    to: Annotated[str, typer.Option(help="A revision, or head.")] = "head",
    down: Annotated[str, typer.Option(metavar="REVISION", help="Go back to it; base undoes everything.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Only say where the database stands.")] = False,
) -> None:
    """Bring the database to a revision."""
    from bakong_sandbox.service import migrate as run_migrate

    print(run_async(run_migrate(to, down, show=show)))


@service.command("check-config")
def check_config() -> None:
    """Check the settings, and whether database, Redis and Bakong's host answer. Exit code 2: it would not start."""
    from bakong_sandbox.service import check

    raise typer.Exit(run_async(check()))


@service.command("rotate")
def rotate() -> None:
    """Seal every sealed column again with the present ENCRYPTION_KEY. The old keys stand in OLD_ENCRYPTION_KEYS."""
    from bakong_sandbox.service import rotate as run_rotate

    print(run_async(run_rotate()))


@keys.command("make")
def make_key(label: Annotated[str, typer.Option(help="Whose key it is.")] = "main backend") -> None:
    """Make an API key and print it, once: only its keyed hash is kept."""
    from bakong_sandbox.service import make_key as run_make

    print(run_async(run_make(label)))


@keys.command("list")
def list_keys() -> None:
    """List the keys by the beginning of their hash."""
    from bakong_sandbox.service import list_keys as run_list

    for line in run_async(run_list()):
        print(line)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` has it, or the key.")],
) -> None:
    """Revoke a key; within a second no replica takes it any more."""
    from bakong_sandbox.service import revoke_key as run_revoke

    print(run_async(run_revoke(key_id)))


@webhooks.command("list")
def list_webhooks(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50) -> None:
    """List what was given up, newest first."""
    from bakong_sandbox.service import list_webhooks as run_list

    for line in run_async(run_list(limit)):
        print(line)


@webhooks.command("replay")
def replay_webhooks(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="webhook-ids, or `all` that were given up.")],
) -> None:
    """Let a worker deliver once more, at once, with the same webhook-id."""
    from bakong_sandbox.service import replay_webhooks as run_replay

    print(run_async(run_replay(ids)))
