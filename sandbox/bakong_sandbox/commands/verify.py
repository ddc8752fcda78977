"""`verify`: hold a codec, a Bakong or a payment service to the rules. Options in, one function called."""

from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[int | None, typer.Option(min=0, help="Repeat a run; by default a new one is drawn and printed.")]
Only = Annotated[list[str] | None, typer.Option(metavar="RULE", help="Only these rules; globs and repeats allowed.")]
Profile = Annotated[str, typer.Option(metavar="quick|ci|deep", help="quick: a quarter of the cases. deep: ten times.")]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write JSON.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write one HTML page.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Hold a codec, a Bakong or a payment service to the rules.")
    group.command("khqr", context_settings={"ignore_unknown_options": True})(khqr)
    group.command("bakong")(bakong)
    group.command("service")(service)
    app.add_typer(group, name="verify")


def khqr(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The codec behind JSON lines.")],
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 5.0,
) -> None:
    """Hold an encoder or decoder to KHQR's rules. It answers JSON lines on stdin and stdout: docs/verify-khqr.md."""
    from bakong_sandbox.harness.running import Asked, verify_khqr

    asked = Asked(seed=seed, only=tuple(only or ()), profile=profile, junit=junit, json=as_json, html=html)
    raise typer.Exit(verify_khqr(asked, tuple(command), timeout_s=timeout))


def bakong(
    base_url: Annotated[str, typer.Option(metavar="URL", help="Where /v1 is.")] = "",
    token: Annotated[str, typer.Option(metavar="T", envvar="BAKONG_TOKEN", help="The developer token.")] = "",
    cassette: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recording, in the place of a Bakong that answers.")
    ] = None,
    md5: Annotated[str, typer.Option(help="Safe mode: a payment that was made, for the rules of one.")] = "",
    control: Annotated[str | None, typer.Option(metavar="URL", help="A fake's control URL: full mode.")] = None,
    budget: Annotated[int, typer.Option(min=1, help="Safe mode: at most so many calls.")] = 20,
    bakong_profile: Annotated[
        str, typer.Option("--bakong-profile", help="current, doc-1.0.2, sit or prod.")
    ] = "current",
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
) -> None:
    """Hold a Bakong to the Open API's contract: the real one in safe mode, a recording, or a fake in full."""
    from bakong_conformance.bakong import Bakong
    from bakong_sandbox.harness.running import Asked, verify_bakong, verify_cassette

    asked = Asked(seed=seed, only=tuple(only or ()), profile=profile, junit=junit, json=as_json, html=html)
    if cassette:
        raise typer.Exit(verify_cassette(asked, cassette, bakong_profile))
    where = (base_url.rstrip("/"), token, control and control.rstrip("/"))
    subject = Bakong(*where, budget, bakong_profile, paid_md5=md5)
    raise typer.Exit(verify_bakong(asked, subject))


def service(
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="The mapping of our operations: docs/verify-service.md.")
    ],
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
) -> None:
    """Hold a payment service, in any language, to the rules of money, time, limits and webhooks."""
    from bakong_sandbox.harness.running import Asked, verify_service

    asked = Asked(seed=seed, only=tuple(only or ()), profile=profile, junit=junit, json=as_json, html=html)
    raise typer.Exit(verify_service(asked, config))
