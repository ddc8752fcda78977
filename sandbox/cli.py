"""The command line: the groups in one table. Knows no command's work."""

import typer

from sandbox.commands import khqr, load, recording, scenario, service, simulator, trust, up, verify

GROUPS = (up, simulator, scenario, verify, recording, service, trust, load, khqr)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bakong_sandbox() -> None:
    """A fake Bakong and a payment service to test KHQR payments against, with no bank."""


for group in GROUPS:
    group.register(app)


def main() -> None:
    app()
