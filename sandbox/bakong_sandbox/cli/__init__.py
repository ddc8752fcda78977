"""The command line: one file a group of commands, each loaded when it is called."""

from bakong_sandbox.cli.program import app, main

__all__ = ["app", "main"]
