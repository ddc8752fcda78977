"""The command line's table of commands. A command's module is imported when the command is called."""

from collections.abc import Coroutine
from importlib import import_module
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from bakong_sandbox.stack.errors import SetupError

T = TypeVar("T")
SETUP = 2
# The commands of each module of this package, with the line that --help shows of them.
COMMANDS = {
    "up": {"up": "Run the simulator and the service until Ctrl-C."},
    "demo": {"demo": "Tell the story of a payment in the terminal: paid, after a time-out, and failed after errors."},
    "simulator": {
        "pay": "A wallet pays a code; prints the payment.",
        "qr": "Let Bakong know a code, as a deep link does; prints its payment.",
        "token": "Issue a token and print it.",
        "world": "Worlds: isolated Bakongs in one process.",
        "clock": "A world's time.",
        "journal": "Inspect and assert on recorded calls.",
        "snapshot": "All of a world as a document.",
    },
    "replay": {"replay": "Play a journal again, in a world of its own; exit code 1 where an answer differs by a byte."},
    "scenario": {"scenario": "Scripts of what a payment scheme does."},
    "verify": {"verify": "Hold a codec, a Bakong or a payment service to the rules."},
    "record": {"record": "Keep a Bakong's answers to read-only calls, within a budget, all that is private masked."},
    "drift": {"drift": "Hold the simulator to the answers of a cassette; exit code 1 where one differs."},
    "service": {"service": "The payment service: run it, and look after it."},
    "trust": {"trust": "Print what to set for Python, Node, PHP, Java, Go, curl, Docker and hosts files."},
    "load": {"load": "Load a payment service, attack its limit, close the books, and give a verdict."},
    "khqr": {"khqr": "KHQR codes: make, read, judge, draw, scan and explain them."},
}
MODULES = {command: module for module, commands in COMMANDS.items() for command in commands}
# Which extra brings a module that an installation may lack.
EXTRAS = {
    "hypothesis": "verify",
    "jmespath": "verify",
    "locust": "load",
    "gevent": "load",
    "asyncpg": "production",
    "greenlet": "production",
    "redis": "production",
}


class LazyGroup(TyperGroup):
    """The commands by name and one line each; the command itself is imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  click's signature
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  click's signature
        module = MODULES.get(cmd_name)
        return module and TyperCommand(cmd_name, help=COMMANDS[module][cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and command(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command. Exits with 2 and one line where something must be set up, or an extra installed, first."""
        try:
            return super().invoke(ctx)
        except SetupError as error:
            typer.echo(f"bakong-sandbox: {error}", err=True)
        except ImportError as error:
            lacking = _lacking(error)
            if lacking not in EXTRAS:
                raise
            extra = f"bakong-sandbox[{EXTRAS[lacking]}]"
            typer.echo(f"bakong-sandbox: {lacking} is not installed; pip install {extra!r} brings it", err=True)
        raise typer.Exit(SETUP)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bakong_sandbox() -> None:
    """A fake Bakong and a payment service to test KHQR payments against, with no bank."""


def main() -> None:
    app()


def command(name: str) -> Any:
    """A command or group of commands, imported."""
    module = import_module(f"{__package__}.{MODULES[name]}")
    return get_group(module.commands).commands[name]


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns."""
    import uvloop  # noqa: PLC0415  a command that awaits nothing starts without it

    return uvloop.run(work)


def _lacking(error: BaseException | None) -> str:
    """The top-level module that was not found, by the first cause that names one."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name.partition(".")[0]
        error = error.__cause__ or error.__context__
    return ""
