"""A command's options from the environment: every variable that is wrong is named, at once, before the command runs."""

import os
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperCommand

from bakong_contracts.patterns import in_words
from bakong_sandbox.cli.program import complain
from bakong_sandbox.stack.errors import SetupError

PREFIX = "BAKONG_SANDBOX_"


class FromEnvironment(TyperCommand):
    """Each option has a variable. Raises SetupError where some are wrong; warns of a name that is nearly one."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        typed = {word.partition("=")[0] for word in args}
        asked = [option for option in self.params if typed.isdisjoint((*option.opts, *option.secondary_opts))]
        lines = [line for option in asked for line in _mistakes(option, ctx)]
        if lines:
            raise SetupError("\n  ".join(["wrong in the environment:", *lines]))
        known = [name for option in self.params for name in _variables(option, ctx)]
        for name in sorted(os.environ):
            if name.startswith(PREFIX) and name not in known and (near := get_close_matches(name, known, 1, 0.9)):
                complain(f"warning: {name} is not known, and ignored; did you mean {near[0]}?")
        return super().parse_args(ctx, args)


def _variables(option: Any, ctx: Any) -> list[str]:
    """The names of an option's variables: its own, else the one that its name makes."""
    own = option.envvar or f"{ctx.auto_envvar_prefix}_{(option.name or '').upper()}"
    return [own] if isinstance(own, str) else list(own)


def _mistakes(option: Any, ctx: Any) -> list[str]:
    text = option.value_from_envvar(ctx)
    if text is None:
        return []
    try:
        option.process_value(ctx, text)
    except typer.BadParameter as error:
        name = next(name for name in _variables(option, ctx) if os.environ.get(name))
        return [f"{name}: read {os.environ[name]!r}, {in_words(error.message)}"]
    return []
