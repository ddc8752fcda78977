"""What `verify service` starts and ends: a sandbox, the service under test, and where its webhooks arrive."""

import os
import ssl
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, Any

import httpx

from bakong_conformance.control import START, TIMEOUT_S, World
from bakong_conformance.http import client, public
from bakong_conformance.rules import CannotRunError
from bakong_conformance.service import Config, Service
from bakong_conformance.service.config import Start
from bakong_conformance.service.operation import fill
from bakong_conformance.service.provider import Provider
from bakong_conformance.service.receiver import Receiver
from bakong_conformance.service.taka_providers import SandboxFakes, StandIns
from bakong_sandbox.stack.care_tokens import care_token
from bakong_sandbox.stack.datadir import load_secrets
from bakong_sandbox.stack.launcher import Program, running, sandbox, scratch_folder
from bakong_sandbox.stack.options import ESCROW
from bakong_sandbox.stack.serving import free_port
from bakong_sandbox.stack.wall_clock import wall_ms

PATIENCE_S = 60.0
JOBS = 2  # of our own service, where there are so many cores
WORTH_TWO = 40  # rules; fewer are judged sooner than a second service starts
PROVIDER_TIMEOUT_S = "3"  # of the real time that a hanging provider costs a run
ROLES = {
    "guardian": "GUARDIAN",
    "other_guardian": "GUARDIAN",
    "agency": "AGENCY_ADMIN",
    "caregiver": "CAREGIVER",
    "admin": "PLATFORM_ADMIN",
    "super_admin": "SUPER_ADMIN",
}  # of escrow's people, as their tokens say it


def jobs_of(config: Config, asked: int | None, rules: int) -> int:
    """How many of a service share so many rules. Ours do on two cores or more; of another only its author knows.

    Raises CannotRunError.
    """
    if config.running is not None and (asked or 1) > 1:
        raise CannotRunError("--jobs: the configuration takes a service that runs, which is one")
    if asked is not None or config.start != "sandbox" or config.escrow or rules < WORTH_TWO:
        return asked or 1
    return min(JOBS, os.cpu_count() or 1)


@contextmanager
def subjects(jobs: int, *what: Any, **how: Any) -> Iterator[list[Service]]:
    """So many services, each with all that it needs and nothing that another one has. Raises CannotRunError."""
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        made = [subject(*what, **how) for _ in range(jobs)]
        starting = [pool.submit(stack.enter_context, one) for one in made]
        yield [one.result() for one in starting]


@contextmanager
def subject(
    config: Config,
    folder: Path,
    run: str,
    prices: tuple[str, str] | None = None,
    trust: ssl.SSLContext | None = None,
    log: IO[bytes] | None = None,
) -> Iterator[Service]:
    """The service of a configuration with all that it needs, while the context lasts. Raises CannotRunError.

    prices: those of the plans in USD, where they are not the configuration's.
    trust: whose certificates count, by default the public ones. log: what takes the service's output; else its errors
    are shown on ours.
    """
    with ExitStack() as stack:
        receiver = Receiver()
        values: dict[str, Any] = {"webhook_url": receiver.start(), "run": run, **config.variables}
        values |= _price_values(config, prices)
        stack.callback(receiver.stop)
        provider = Provider() if config.orders else None
        if provider:
            values["provider_url"] = provider.start()
            stack.callback(provider.stop)
        worlds: list[World] = []
        stand_ins = _stand_ins(config, worlds)
        if stand_ins:
            stand_ins.start()
            stack.callback(stand_ins.stop)
            values |= stand_ins.values()
        programs = stack.enter_context(ExitStack())

        def begun() -> tuple[httpx.Client, World, dict[str, Any]]:
            """The service and its sandbox, in the place of those that ran before."""
            programs.close()
            given = dict(values)
            base_url, control, world_name = programs.enter_context(_place(config, folder, given, trust, log))
            given |= {"base_url": base_url, "control_url": f"{control}/sandbox/worlds/{world_name}"}
            http = programs.enter_context(client(control, timeout_s=TIMEOUT_S, trust=trust))
            world = World(http, world_name)
            worlds[:] = [world]
            if config.time != "real":
                world.ask(None, "PUT", "/clock", {"mode": "frozen", "at": START})
            return programs.enter_context(client(base_url, trust=trust)), world, given

        http, world, given = begun()
        other = partial(_with_prices, config, folder, run, trust, log) if _takes_prices(config) else None
        taka = stand_ins or (SandboxFakes(world) if config.escrow else None)
        again = begun if config.running is None and not config.escrow else None
        yield Service(config, http, world, given, receiver, other, trust, provider, taka, again)


def _stand_ins(config: Config, worlds: list[World]) -> StandIns | None:
    """A bKash and a Nagad for an escrow service that is started here, on the clock of a world that is still to come."""

    def now_ms() -> int:
        return worlds[0].now_ms()

    return StandIns(now_ms) if config.escrow and isinstance(config.start, Start) else None


def _takes_prices(config: Config) -> bool:
    """Whether the service can be started with other prices: ours can, and what is given {basic_usd} and {full_usd}."""
    if isinstance(config.start, Start):
        texts = " ".join([*config.start.environment.values(), *config.start.command])
        return "{basic_" in texts and "{full_" in texts
    return config.start == "sandbox"


def _with_prices(
    config: Config, folder: Path, run: str, trust: ssl.SSLContext | None, log: IO[bytes] | None, basic: str, full: str
) -> AbstractContextManager[Service]:
    """The service started anew, with these prices in USD alone."""
    plans = config.plans
    changed = plans.model_copy(
        update={
            "basic": plans.basic.model_copy(update={"prices": {"USD": basic}}),
            "full": plans.full and plans.full.model_copy(update={"prices": {"USD": full}}),
        }
    )
    return subject(config.model_copy(update={"plans": changed}), folder, f"{run}p", (basic, full), trust, log)


def _price_values(config: Config, prices: tuple[str, str] | None) -> dict[str, str]:
    """{basic_usd}, {basic_cents}, {full_usd} and {full_cents}, and whether they were asked for."""
    plans = {"basic": config.plans.basic, "full": config.plans.full}
    usd = {name: plan.prices["USD"] for name, plan in plans.items() if plan and "USD" in plan.prices}
    cents = {f"{name}_cents": str(int(Decimal(text) * 100)) for name, text in usd.items()}
    return (
        {f"{name}_usd": text for name, text in usd.items()} | cents | ({"prices": ",".join(prices)} if prices else {})
    )


@contextmanager
def _place(
    config: Config, folder: Path, values: dict[str, Any], trust: ssl.SSLContext | None, log: IO[bytes] | None
) -> Iterator[tuple[str, str, str]]:
    """The URL of the service, that of the sandbox, and the world between them."""
    if config.running is not None:
        yield config.running.base_url, config.running.sandbox, config.running.world
        return
    ours = config.start == "sandbox"
    options = ["--webhook-url", values["webhook_url"]] if ours else ["--no-service"]
    options += ["--prices", values["prices"]] if "prices" in values else []
    options += (
        ["--providers", ",".join(ESCROW), "--provider-timeout", PROVIDER_TIMEOUT_S] if ours and config.escrow else []
    )
    with scratch_folder("bakong-verify-") as data, sandbox(data, *options, log=log) as (ready, _):
        values |= {"bakong_url": ready["bakong_url"], "token": ready["token"], "data_dir": str(data)}
        if ours:
            secrets = asdict(load_secrets(data))
            values |= {name: secret for name, secret in secrets.items() if name.endswith("webhook_secret")}
            values["api_key"] = ready["api_key"]
            values |= _care_tokens(secrets["jwt_secret"]) if config.escrow else {}
            yield ready["service_url"], ready["bakong_url"], ready["world"]
            return
        assert isinstance(config.start, Start)  # noqa: S101  the only kind left
        values["token"] = _lasting_token(ready["bakong_url"])
        with _program(config.start, folder, values, trust, log) as base_url:
            yield base_url, ready["bakong_url"], ready["world"]


def _care_tokens(secret: str) -> dict[str, str]:
    """{guardian_token} and so on: of people who are called verify-guardian and so on."""
    return {f"{role}_token": care_token(secret, f"verify-{role}", name, wall_ms()) for role, name in ROLES.items()}


def _lasting_token(bakong_url: str) -> str:
    """A token for ten years of the world's time: the rules spend more than the 90 days of a common one."""
    with client(bakong_url) as http:
        return World(http, "default").token(None, expires_in_s=10 * 365 * 86_400)


@contextmanager
def _program(
    start: Start, folder: Path, values: dict[str, Any], trust: ssl.SSLContext | None, log: IO[bytes] | None
) -> Iterator[str]:
    """The service under test, started beside its configuration; its URL once it is ready."""
    values["port"] = str(free_port())
    values["control_url"] = f"{values['bakong_url']}/sandbox/worlds/default"
    command = [sys.executable if word == "{python}" else str(fill(word, values)) for word in start.command]
    environment = {**os.environ, **{name: str(fill(text, values)) for name, text in start.environment.items()}}
    base_url = str(fill(start.base_url, values))
    try:
        with running(command, folder, environment, log) as program:
            program.drop_output()
            _wait_until_ready(base_url + start.ready, program, trust)
            yield base_url
    except FileNotFoundError:
        raise CannotRunError(f"start.command: there is no program {command[0]!r}") from None


def _wait_until_ready(url: str, program: Program, trust: ssl.SSLContext | None) -> None:
    for _ in range(int(PATIENCE_S / 0.1)):
        if program.exit_code is not None:
            raise CannotRunError(f"the service ended with code {program.exit_code} before it was ready")
        try:
            if httpx.get(url, timeout=5, trust_env=False, verify=trust or public()).status_code < 300:
                return
        except httpx.HTTPError:
            pass
        threading.Event().wait(0.1)
    raise CannotRunError(f"{url} was not ready within {PATIENCE_S:g} s")
