"""A master and two workers apart come to the verdict of one process: in namespaces of their own, and as in compose."""

import asyncio
import json
import os
import re
import subprocess
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import yaml

from bakong_sandbox.stack.serving import free_port
from tests.conftest import lacking
from tests.service.processes import PROGRAM

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
SERVICES = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", COMPOSE.read_text()))["services"]
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
SHORT = ("--seconds", "6", "--users", "8")
# What does not depend on how fast this machine is.
SLO = """
error_rate: 0
payments_at_least: 5
payments_lost: 0
payments_doubled: 0
webhooks_missing: 0
limit_proofs: 0
"""
HERE, THERE = "10.77.0.1", "10.77.0.2"


@pytest.fixture
def options(tmp_path):
    """What makes a run of any profile short, and its verdict the same on a slow machine."""
    file = tmp_path / "slo.yaml"
    file.write_text(SLO)
    return (*SHORT, "--slo", file)


@pytest.fixture
def namespaces():
    """The words before a command that put it on one of two machines, which a cable joins."""
    if os.geteuid() != 0:
        lacking("network namespaces need root")
    one, two = (f"load-{os.getpid()}-{which}" for which in "ab")
    steps = (
        f"ip netns add {one}",
        f"ip netns add {two}",
        f"ip -n {one} link add name cable-a type veth peer name cable-b netns {two}",
        *(f"ip -n {name} link set lo up" for name in (one, two)),
        f"ip -n {one} addr add {HERE}/24 dev cable-a",
        f"ip -n {two} addr add {THERE}/24 dev cable-b",
        f"ip -n {one} link set cable-a up",
        f"ip -n {two} link set cable-b up",
    )
    try:
        for step in steps:
            subprocess.run(step.split(), check=True, capture_output=True, text=True)
        yield [("ip", "netns", "exec", name) for name in (one, two)]
    finally:
        for name in (one, two):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@asynccontextmanager
async def running(*command, env=ENVIRONMENT):
    """A process, until it is ended; nothing of it is left."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=-1, stderr=-2, env=env)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
        process._transport.close()


async def ready(process):
    return json.loads(await process.stdout.readline())


async def verdict(process, folder):
    """What a master says of its run, without the figures that no two runs have in common."""
    said = (await process.communicate())[0].decode()
    assert process.returncode in (0, 1), said
    report = json.loads((folder / "report.json").read_text())
    return {
        "code": process.returncode,
        "holds": {finding["name"]: finding["holds"] for finding in report["findings"]},
        "problems": report["books"]["problems"],
        "limits": {row["holds"] for row in report["limits"]},
        "database": report["books"]["database"],
        "failures": report["failures"],
    }, report["generator"]


@pytest.mark.campaign
async def test_two_workers_on_another_machine_come_to_the_verdict_of_one_process(tmp_path, namespaces, options):
    here, there = namespaces
    data, program = tmp_path / "data", (PROGRAM, "load", "smoke", *options)
    aim = ("--url", f"http://{HERE}:3002", "--bakong-url", f"http://{HERE}:8600", "--data-dir", data)
    async with AsyncExitStack() as stack:
        up = await stack.enter_async_context(
            running(*here, PROGRAM, "up", "--json", "--host", "0.0.0.0", "--data-dir", data)
        )
        await ready(up)
        alone = (*program, *aim, "--out", tmp_path / "alone")
        single = await stack.enter_async_context(running(*here, *alone))
        expected, _ = await verdict(single, tmp_path / "alone")
        headed = (*program, *aim, "--out", tmp_path / "headed", "--expect-workers", "2", "--bind", "0.0.0.0:5557")
        master = await stack.enter_async_context(running(*here, *headed, "--callback-host", HERE))
        for _ in range(2):
            await stack.enter_async_context(running(*there, PROGRAM, "load", "--worker", f"{HERE}:5557"))
        merged, generator = await verdict(master, tmp_path / "headed")
    assert generator["processes"] == 3
    assert merged == expected
    assert (merged["code"], merged["problems"], merged["limits"]) == (0, [], {True})


def own(name, changes):
    """The command of a container, at this machine's addresses and in its folders."""
    text = "\n".join(map(str, SERVICES[name]["command"][1:]))
    for word, mine in changes.items():
        text = text.replace(word, str(mine))
    return (PROGRAM, *text.split("\n"))


@pytest.mark.campaign
async def test_the_load_check_of_the_compose_file_gives_a_verdict(tmp_path, options, postgres_url, redis_url):
    tls, simulator, service, head = (free_port() for _ in range(4))
    changes = {
        "/data": tmp_path,
        "443": tls,
        "http://service:3002": f"http://127.0.0.1:{service}",
        "http://simulator:8600": f"http://127.0.0.1:{simulator}",
        "0.0.0.0:5557": f"127.0.0.1:{head}",
        "load-master:5557": f"127.0.0.1:{head}",
        "load-master": "127.0.0.1",
        "0.0.0.0": "127.0.0.1",
        SERVICES["service"]["environment"]["DATABASE_URL"]: postgres_url,
    }
    settings = {
        "DATA_DIR": str(tmp_path),
        "LOG_DIR": str(tmp_path / "logs"),
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": f"test:{tmp_path.name}:{tls}",
        "BAKONG_BASE_URL": f"https://localhost:{tls}",
        "BAKONG_CA_FILE": str(tmp_path / "sandbox-ca.pem"),
    }
    env = ENVIRONMENT | SERVICES["service"]["environment"] | settings
    async with AsyncExitStack() as stack:
        for name, port in (("simulator", simulator), ("service", service)):
            command = (*own(name, changes), "--json", "--port", port)
            await ready(await stack.enter_async_context(running(*command, env=env)))
        master = await stack.enter_async_context(running(*own("load-master", changes), *options))
        for _ in range(SERVICES["load-worker"]["deploy"]["replicas"]):
            await stack.enter_async_context(running(*own("load-worker", changes)))
        found, generator = await verdict(master, tmp_path / "reports")
    assert (found["code"], found["database"], generator["processes"]) == (0, True, 3), found
