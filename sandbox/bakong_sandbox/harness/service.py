"""What `verify service` starts and ends: a sandbox, the service under test, and where its webhooks arrive."""

import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bakong_conformance import CannotRunError
from bakong_conformance.control import START, World
from bakong_conformance.http import client
from bakong_conformance.service import Config, Service
from bakong_conformance.service.config import Start, fill
from bakong_conformance.service.receiver import Receiver
from bakong_sandbox.datadir import load_secrets

PATIENCE_S = 60.0


@contextmanager
def subject(config: Config, folder: Path, run: str, prices: tuple[str, str] | None = None) -> Iterator[Service]:
    """The service of a configuration with all that it needs, while the context lasts. Raises CannotRunError.

    prices: those of the plans in USD, where they are not the configuration's.
    """
    with ExitStack() as stack:
        receiver = Receiver()
        values: dict[str, Any] = {"webhook_url": receiver.start(), "run": run, **config.variables}
        values |= _price_values(config, prices)
        stack.callback(receiver.stop)
        base_url, control, world_name = stack.enter_context(_place(config, folder, values))
        values |= {"base_url": base_url, "control_url": f"{control}/sandbox/worlds/{world_name}"}
        world = World(stack.enter_context(client(control)), world_name)
        if config.time != "real":
            world.ask(None, "PUT", "/clock", {"mode": "frozen", "at": START})
        http = stack.enter_context(client(base_url))
        other = partial(_with_prices, config, folder, run) if _takes_prices(config) else None
        yield Service(config, http, world, values, receiver, other)


def _takes_prices(config: Config) -> bool:
    """Whether the service can be started with other prices: ours can, and what is given {basic_usd} and {full_usd}."""
    if isinstance(config.start, Start):
        told = " ".join(config.start.environment.values()) + " ".join(config.start.command)
        return "{basic_" in told and "{full_" in told
    return config.start == "sandbox"


def _with_prices(config: Config, folder: Path, run: str, basic: str, full: str) -> AbstractContextManager[Service]:
    """The service started anew, with these prices in USD alone."""
    plans = config.plans
    changed = plans.model_copy(
        update={
            "basic": plans.basic.model_copy(update={"prices": {"USD": basic}}),
            "full": plans.full and plans.full.model_copy(update={"prices": {"USD": full}}),
        }
    )
    return subject(config.model_copy(update={"plans": changed}), folder, f"{run}p", (basic, full))


def _price_values(config: Config, prices: tuple[str, str] | None) -> dict[str, str]:
    """{basic_usd}, {basic_cents}, {full_usd} and {full_cents}, and whether they were asked for."""
    plans = {"basic": config.plans.basic, "full": config.plans.full}
    usd = {name: plan.prices["USD"] for name, plan in plans.items() if plan and "USD" in plan.prices}
    cents = {f"{name}_cents": str(int(Decimal(text) * 100)) for name, text in usd.items()}
    return (
        {f"{name}_usd": text for name, text in usd.items()} | cents | ({"prices": ",".join(prices)} if prices else {})
    )


@contextmanager
def _place(config: Config, folder: Path, values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The URL of the service, that of the sandbox, and the world between them."""
    if config.running is not None:
        yield config.running.base_url, config.running.sandbox, config.running.world
        return
    ours = config.start == "sandbox"
    prices = values.get("prices", "")
    with (
        tempfile.TemporaryDirectory(prefix="bakong-verify-") as data,
        _sandbox(Path(data), service=ours, prices=prices, webhook_url=values["webhook_url"]) as ready,
    ):
        values |= {"bakong_url": ready["bakong_url"], "token": ready["token"], "data_dir": data}
        if ours:
            values |= {"api_key": ready["api_key"], "webhook_secret": load_secrets(Path(data)).webhook_secret}
            yield ready["service_url"], ready["bakong_url"], ready["world"]
            return
        assert isinstance(config.start, Start)  # noqa: S101  the only kind left
        values["token"] = _lasting_token(ready["bakong_url"])
        with _program(config.start, folder, values) as base_url:
            yield base_url, ready["bakong_url"], ready["world"]


def _lasting_token(bakong_url: str) -> str:
    """A token for ten years of the world's time: the rules spend more than the 90 days of a common one."""
    with client(bakong_url) as http:
        return World(http, "default").token(None, expires_in_s=10 * 365 * 86_400)


@contextmanager
def _sandbox(data: Path, *, service: bool, prices: str, webhook_url: str) -> Iterator[Mapping[str, Any]]:
    """A sandbox in a process of its own; what it prints when it answers."""
    command = [sys.executable, "-c", "from bakong_sandbox.cli import main; main()", "up", "--json"]
    command += ["--port", "0", "--service-port", "0"]
    command += ["--data-dir", str(data)] + ([] if service else ["--no-service"])
    command += ["--webhook-url", webhook_url] if service else []
    command += ["--prices", prices] if prices else []
    with _running(command, Path.cwd(), dict(os.environ), subprocess.PIPE) as process:
        line = _first_line(process)
        try:
            ready: Mapping[str, Any] = json.loads(line or "")
        except ValueError:
            raise CannotRunError("the sandbox did not start") from None
        yield ready


@contextmanager
def _program(start: Start, folder: Path, values: dict[str, Any]) -> Iterator[str]:
    """The service under test, started beside its configuration; its URL once it is ready."""
    values["port"] = str(_free_port())
    values["control_url"] = f"{values['bakong_url']}/sandbox/worlds/default"
    command = [sys.executable if word == "{python}" else str(fill(word, values)) for word in start.command]
    environment = {**os.environ, **{name: str(fill(text, values)) for name, text in start.environment.items()}}
    base_url = str(fill(start.base_url, values))
    try:
        with _running(command, folder, environment) as process:
            _wait_until_ready(base_url + start.ready, process)
            yield base_url
    except FileNotFoundError:
        raise CannotRunError(f"start.command: there is no program {command[0]!r}") from None


@contextmanager
def _running(
    command: list[str], folder: Path, environment: dict[str, str], stdout: int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[str]"]:
    """A process that ends with the context. What a service prints is dropped: a pipe that nobody reads would fill."""
    process = subprocess.Popen(  # noqa: S603  ourselves, or the user's own command
        command, cwd=folder, env=environment, stdout=stdout, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _first_line(process: "subprocess.Popen[str]") -> str | None:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline() if process.stdout else ""), daemon=True).start()
    try:
        return lines.get(timeout=PATIENCE_S)
    except queue.Empty:
        return None


def _wait_until_ready(url: str, process: "subprocess.Popen[str]") -> None:
    for _ in range(int(PATIENCE_S / 0.1)):
        if process.poll() is not None:
            raise CannotRunError(f"the service ended with code {process.returncode} before it was ready")
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code < 300:
                return
        except httpx.HTTPError:
            pass
        threading.Event().wait(0.1)
    raise CannotRunError(f"{url} was not ready within {PATIENCE_S:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
