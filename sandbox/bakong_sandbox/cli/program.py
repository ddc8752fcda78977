"""The command line's table of commands. A command's module is imported when the command is called."""

import shlex
import shutil
import sys
from collections.abc import Coroutine
from importlib import import_module
from importlib.metadata import requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from bakong_contracts.escaping import terminal
from bakong_sandbox.cli.streams import standard_streams
from bakong_sandbox.stack.errors import SetupError

T = TypeVar("T")
SETUP = 2
DISTRIBUTION = "bakong-sandbox"
# The commands of each module of this package, with the line that --help shows of them.
COMMANDS = {
    "up": {"up": "Run the simulator and the service until Ctrl-C."},
    "demo": {
        "demo": "Tell the story of a payment in the terminal: paid, after a time-out, and failed after errors. "
        "bangladesh: paid by bKash, held until a job is done, refunded in part, released; with every ledger entry.",
    },
    "simulator": {
        "token": "Issue a token and print it.",
        "world": "Worlds: isolated Bakongs in one process.",
        "clock": "A world's time.",
        "webhooks": "What the schemes post: list it, send it again, try a receiver.",
        "snapshot": "All of a world as a document.",
    },
    "payments": {
        "pay": "A wallet pays a code; prints the payment.",
        "payments": "The payments of a world.",
        "accounts": "The accounts of a world, and what they hold.",
    },
    "journal": {"journal": "Inspect and assert on recorded calls."},
    "trigger": {
        "trigger": "Bring an event about, with data of your own: the object is made, and its webhook posted.",
    },
    "listen": {"listen": "Bring a world's webhooks to a shop, with a live table, until Ctrl-C."},
    "replay": {"replay": "Play a journal again, in a world of its own; exit code 1 where an answer differs by a byte."},
    "scenario": {"scenario": "Scripts of what a payment scheme does."},
    "schema": {"schema": "The JSON Schema of a script, of verify.yaml or of a load profile, for editors."},
    "verify": {"verify": "Hold a codec, a scheme's server or a payment service to the rules."},
    "record": {"record": "Keep a Bakong's answers to read-only calls, within a budget, all that is private masked."},
    "drift": {"drift": "Hold the simulator to the answers of a cassette; exit code 1 where one differs."},
    "service": {"service": "The payment service: run it, and look after it."},
    "trust": {"trust": "Print what to set for Python, Node, PHP, Java, Go, curl, Docker and hosts files."},
    "exec": {"exec": "Run a program with its calls to the providers' hosts led to the sandbox."},
    "redirect": {"redirect": "A proxy that leads the providers' host names to a sandbox."},
    "load": {"load": "Load a payment service, attack its limit, close the books, and give a verdict."},
    "explore": {
        "explore": "Live the payment service through outages, crashes and races; exit code 1 where a law breaks.",
    },
    "khqr": {"khqr": "KHQR codes: make, read, judge, draw, scan and explain them."},
    "nagad": {"nagad": "Nagad's keys of a world, as a client wants them; or keys of your own."},
    "qr": {"qr": "Let Bakong know a code, or explain one of any scheme."},
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

    def get_params(self, ctx: Any) -> list[Any]:
        return _flags_without_type(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  click's signature
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  click's signature
        module = MODULES.get(cmd_name)
        return module and TyperCommand(cmd_name, help=COMMANDS[module][cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names: dict[str, Any] = dict.fromkeys(MODULES)
        self.commands = names  # what "did you mean" is taken from; the commands themselves are imported when called
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and command(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command. Exits with 2 and one line where something must be set up, or an extra installed, first."""
        try:
            return super().invoke(ctx)
        except SetupError as error:
            complain(error)
        except ImportError as error:
            lacking = _lacking(error)
            if lacking not in EXTRAS:
                raise
            complain(f"{lacking} is not installed; this brings it: {install_command(EXTRAS[lacking])}")
        raise typer.Exit(SETUP)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:  # noqa: FBT001  typer's signature
    if asked:
        print(f"bakong-sandbox {version(DISTRIBUTION)}")
        raise typer.Exit


@app.callback()
def bakong_sandbox(
    shows_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A fake Bakong and a payment service to test KHQR payments against, with no bank."""


def main() -> None:
    with standard_streams():
        app()


def complain(error: object) -> None:
    """Say on standard error what is wrong; whoever wrote it, the terminal obeys none of it."""
    print(f"bakong-sandbox: {terminal(error)}", file=sys.stderr)


def command(name: str) -> Any:
    """A command or group of commands, imported."""
    module = import_module(f"{__package__}.{MODULES[name]}")
    return _with_plain_flags(get_group(module.commands).commands[name])


def _with_plain_flags(command: Any) -> Any:
    _flags_without_type(command.get_params(typer.Context(command)))
    for below in getattr(command, "commands", {}).values():
        _with_plain_flags(below)
    return command


def _flags_without_type(params: list[Any]) -> list[Any]:
    """The options, of which those that take no value are listed without "<bool>", which would promise one."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns."""
    import uvloop  # noqa: PLC0415  a command that awaits nothing starts without it

    return uvloop.run(work)


def command_line() -> str:
    """How the command is typed in another terminal here: by its name where a shell finds this one, else by its path."""
    program = Path(sys.executable).with_name(DISTRIBUTION)
    on_path = shutil.which(DISTRIBUTION)
    if on_path and Path(on_path).resolve() == program.resolve():
        return DISTRIBUTION
    if not program.exists():
        return f"{sys.executable} -m bakong_sandbox"
    here = Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)


def install_command(extra: str) -> str:
    """What installs an extra's packages: by name, for no index has this project itself.

    The packages go into the environment that runs, with pip, or with uv where it was made without pip.
    """
    ours = f"extra == {extra!r}", f'extra == "{extra}"'
    asked = [text.partition(";") for text in requires(DISTRIBUTION) or ()]
    packages = [shlex.quote(package.strip()) for package, _, marker in asked if marker.strip() in ours]
    installer = f"{shlex.quote(sys.executable)} -m pip install"
    if find_spec("pip") is None:
        installer = f"uv pip install --python {shlex.quote(sys.executable)}"
    return f"{installer} {' '.join(packages)}"


def _lacking(error: BaseException | None) -> str:
    """The top-level module that was not found, by the first cause that names one."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name.partition(".")[0]
        error = error.__cause__ or error.__context__
    return ""
