"""The schemes of a sandbox where it is asked for more than those that every one has: sketches, and described files."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bakong_described.fake.scheme import DescribedScheme
from bakong_described.reading import DescriptionError, read
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.generic.fake import GENERIC
from bakong_simulator.kernel.world import AnyScheme

# Sketches of what little is public of an API; only where they are asked for. See docs/thai-sketches.md.
EXPERIMENTAL = ("scb", "kbank", "twoctwop", "linepay", "gbprimepay")


def chosen(*, experimental: bool = False, files: Sequence[Path] = ()) -> tuple[AnyScheme, ...]:
    """Those that every sandbox has, with the sketches, and with those that these files describe.

    A file that keeps the name of the example takes its place. Raises SetupError.
    """
    described = [_described(path) for path in files]
    is_replaced = any(scheme.name == GENERIC.name for scheme in described)
    kept = [scheme for scheme in SCHEMES if not (is_replaced and scheme is GENERIC)]
    schemes = (*kept, *(map(_sketch, EXPERIMENTAL) if experimental else ()), *described)
    for kind in ("name", "prefix"):
        given = [getattr(scheme, kind) for scheme in schemes]
        if twice := next((one for one in given if given.count(one) > 1), None):
            raise SetupError(f"--scheme-file: two schemes have the {kind} {twice!r}, expected one of its own for each")
    return schemes


def _sketch(name: str) -> AnyScheme:
    scheme: AnyScheme = getattr(import_module(f"bakong_schemes.{name}.fake"), name.upper())
    return scheme


def _described(path: Path) -> DescribedScheme:
    try:
        return DescribedScheme(read(path))
    except DescriptionError as error:
        raise SetupError(f"--scheme-file: {error}") from None
