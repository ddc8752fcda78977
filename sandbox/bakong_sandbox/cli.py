"""The command line: the groups in one table. Knows no command's work."""

import sys

import typer

from bakong_sandbox.commands import khqr, load, recording, scenario, service, simulator, trust, up, verify

# Which extra brings a module that an installation may lack.
EXTRAS = {
    "hypothesis": "verify",
    "jmespath": "verify",
    "locust": "load",
    "gevent": "load",
    "asyncpg": "grown",
    "greenlet": "grown",
    "redis": "grown",
}
GROUPS = (up, simulator, scenario, verify, recording, service, trust, load, khqr)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bakong_sandbox() -> None:
    """A fake Bakong and a payment service to test KHQR payments against, with no bank."""


for group in GROUPS:
    group.register(app)


def main() -> None:
    """Run a command. Exits with 2 where it needs an extra that is not installed."""
    try:
        app()
    except ImportError as error:
        lacking = _lacking(error)
        if lacking not in EXTRAS:
            raise
        extra = f"bakong-sandbox[{EXTRAS[lacking]}]"
        print(f"bakong-sandbox: {lacking} is not installed; pip install {extra!r} brings it", file=sys.stderr)
        sys.exit(2)


def _lacking(error: BaseException | None) -> str:
    """The top-level module that was not found, by the first cause that names one."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name.partition(".")[0]
        error = error.__cause__ or error.__context__
    return ""
