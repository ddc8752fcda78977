"""`nagad`: the keys of a running sandbox's Nagad, printed as clients want them, or replaced by one's own."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import ask
from bakong_sandbox.cli.simulator import AT, DEFAULT, InWorld, Url
from bakong_sandbox.cli.streams import read_text
from bakong_sandbox.cli.tables import AsJson, show
from bakong_sandbox.stack.errors import SetupError

nagad = typer.Typer(no_args_is_help=True, help="Nagad's keys of a world, as a client wants them; or keys of your own.")
commands = typer.Typer()
commands.add_typer(nagad, name="nagad")

# What is printed, and the file that it is written to: a client has its own private key, and Nagad's public one.
KEYS = {"privateKey": ("PRIVATE", "merchant-private.pem"), "publicKey": ("PUBLIC", "nagad-public.pem")}
OWN = "null: the world was given the merchant's public key alone"


@nagad.command()
def keys(
    form: Annotated[
        Literal["line", "pem", "files", "env"],
        typer.Option("--format", help="line: base64; pem; files: two PEM files; env: the service's variables."),
    ] = "line",
    only: Annotated[
        Literal["private", "public"] | None, typer.Option(help="The merchant's private key, or Nagad's public one.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where files are written.", file_okay=False)] = Path(),
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Print what a merchant of this world has: its own private key, and Nagad's public one."""
    facts = _ask(url, ca, in_world, "GET", "")
    wanted = [name for name in KEYS if only is None or name.startswith(only)]
    if form == "env":
        _print_env(facts, url, in_world)
    elif form == "files":
        _write(facts, wanted, folder)
    else:
        for name in wanted:
            label = "" if only or form == "pem" else f"{name} "
            print(f"{label}{_key(facts, name, form)}", end="" if form == "pem" else "\n")


@nagad.command("use-keys")
def use_keys(
    private: Annotated[Path | None, typer.Option(help="The merchant's private key, PKCS#8: PEM or a line.")] = None,
    public: Annotated[Path | None, typer.Option(help="The merchant's public key, as Nagad is given it.")] = None,
    nagad_private: Annotated[Path | None, typer.Option(help="Nagad's private key.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Let a world work with the keys in these files; without any, with the sandbox's own again."""
    given = {"privateKey": private, "merchantPublicKey": public, "nagadPrivateKey": nagad_private}
    body = {name: _line(path) for name, path in given.items() if path is not None}
    show(_ask(url, ca, in_world, "PUT" if body else "DELETE", "/keys", body or None), as_json)


def _ask(url: str, ca: Path | None, in_world: str, method: str, path: str, body: Any = None) -> Any:
    world = quote(in_world, safe="", errors="surrogateescape")
    return ask(url, ca, method, f"/sandbox/worlds/{world}/nagad{path}", body)


def _line(path: Path) -> str:
    from bakong_schemes.nagad.sealing import line_of  # noqa: PLC0415  help needs no cryptography

    return line_of(read_text(path))


def _key(facts: Any, name: str, form: str) -> str:
    from bakong_schemes.nagad.sealing import pem_of  # noqa: PLC0415  as above

    line = facts[name]
    if line is None:
        raise SetupError(f"{name} is {OWN}")
    return pem_of(line, KEYS[name][0]) if form != "line" else str(line)


def _print_env(facts: Any, url: str, in_world: str) -> None:
    base = (
        f"{url.rstrip('/')}{'' if in_world == DEFAULT else f'/w/{in_world}'}/nagad/remote-payment-gateway-1.0/api/dfs"
    )
    print(f"NAGAD_MERCHANT_ID={facts['merchantId']}")
    print(f"NAGAD_PRIVATE_KEY={_key(facts, 'privateKey', 'line')}")
    print(f"NAGAD_PUBLIC_KEY={_key(facts, 'publicKey', 'line')}")
    print(f"NAGAD_BASE_URL={base}")


def _write(facts: Any, wanted: list[str], folder: Path) -> None:
    """Raises SetupError where a file cannot be written; the private key is for its owner alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            path = folder / KEYS[name][1]
            mode = 0o600 if name == "privateKey" else 0o644
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="ascii") as file:
                file.write(_key(facts, name, "pem"))
            print(path)
    except OSError as error:
        raise SetupError(f"cannot write to {str(folder)!r}: {error.strerror or error}") from None
