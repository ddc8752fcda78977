"""docker-compose.yml by an engine: the image is built, the containers come up, each is killed and comes back by itself.

Docker with its compose plugin, or podman with podman-compose 1.1 or newer (of PyPI). An image that no registry gives is
made of Debian's packages (tests/service/stand_ins), and what has no such stand-in (Grafana) is left out, by name.
BUILD_OPTIONS: what `build` needs on this machine, such as a proxy's certificate.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from bakong_sandbox.stack.serving import free_port
from tests import secrecy
from tests.service.test_compose import ROOT, SERVICES
from tests.service.test_parts_killed import PLAIN, Shops, answers
from tests.service.test_prometheus import is_up, until

STAND_INS = Path(__file__).with_name("stand_ins")
PROJECT = f"bakong-check-{os.getpid()}"
OURS = "bakong-sandbox:check"
LOAD = "bakong-sandbox-load:check"
EXTRAS = "production verify load"
MOST_MB = 200
SHOPS, BETWEEN = 4, 4
DEFAULT, REPLICAS, MONITORING, JOBS = (), ("replicas",), ("monitoring",), ("load",)
# Each compiled library finds those that it stands on.
LOADED = "import ctypes, pathlib; [ctypes.CDLL(str(path)) for path in pathlib.Path('/venv').rglob('*.so')]"
SHORT = ["--seconds", "10", "--users", "8"]  # what makes the load check short
PORTS = ("SIMULATOR_PORT", "SIMULATOR_TLS_PORT", "SERVICE_PORT", "REPLICAS_PORT", "PROMETHEUS_PORT")


def said(*words, env=None, within_s=1500, check=True):
    done = subprocess.run(
        [str(word) for word in words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=within_s, env=env
    )
    assert done.returncode == 0 or not check, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout if done.returncode == 0 else ""


def found():
    """The engine and its compose; None where none answers."""
    if shutil.which("docker") and said("docker", "version", within_s=60, check=False):
        return ("docker", ("docker", "compose")) if said("docker", "compose", "version", check=False) else None
    if shutil.which("podman") and shutil.which("podman-compose") and said("podman", "version", check=False):
        return "podman", ("podman-compose",)
    return None


class Containers:
    """The containers of the file, of a project and at ports of their own."""

    def __init__(self, engine, compose, folder):
        self._engine = engine
        self._ports = {name: free_port() for name in PORTS}
        self._env = os.environ | {name: str(port) for name, port in self._ports.items()} | {"VERSION": "check"}
        short = folder / "short.yml"
        short.write_text(
            json.dumps({"services": {"load-master": {"command": SERVICES["load-master"]["command"] + SHORT}}})
        )
        files = ("--file", ROOT / "docker-compose.yml", "--file", short)
        self._compose = (*compose, *files, "--project-name", PROJECT)
        self.left_out = []

    def build(self):
        """Our image, in the format that knows a health check; the others pulled, or else their stand-ins."""
        form = ("--format", "docker") if self._engine == "podman" else ()
        options = shlex.split(os.environ.get("BUILD_OPTIONS", ""))
        build = (self._engine, "build", *form, *options, "--build-arg", "VERSION=check")
        said(*build, "--tag", OURS, ".")
        said(*build, "--build-arg", f"EXTRAS={EXTRAS}", "--tag", LOAD, ".")
        for name, service in SERVICES.items():
            image = service["image"]
            stand_in = STAND_INS / f"{name}.Dockerfile"
            if image.startswith("bakong-sandbox") or self._has(image):
                continue
            if not stand_in.exists():
                self.left_out.append(f"{name} ({image})")
                continue
            print(f"{image}: not pulled; {stand_in.name} in its place")
            said(self._engine, "build", *form, *options, "--tag", _whole(image), "-f", stand_in, STAND_INS)

    def _has(self, image):
        known = said(self._engine, "image", "inspect", image, check=False)
        return known or said(self._engine, "pull", "--quiet", image, within_s=300, check=False)

    def up(self, profiles, *names):
        words = [word for profile in profiles for word in ("--profile", profile)]
        said(*self._compose, *words, "up", "--detach", "--no-build", *names, env=self._env)

    def down(self):
        words = [word for profile in (*REPLICAS, *MONITORING, *JOBS) for word in ("--profile", profile)]
        said(*self._compose, *words, "down", "--volumes", env=self._env, check=False)

    def ended(self, name):
        """The exit code of a container that ends by itself."""
        return int(said(self._engine, "wait", self._named(name), within_s=600))

    def url(self, port):
        return f"http://127.0.0.1:{self._ports[port]}"

    def inside(self, name, *words):
        return said(self._engine, "exec", self._named(name), *words)

    def facts(self, name):
        return json.loads(said(self._engine, "inspect", self._named(name)))[0]

    def kill(self, name):
        """As a crash: not by the engine, which would take it for a wish. Gives the process that is gone."""
        head = psutil.Process(self.facts(name)["State"]["Pid"])
        for one in (*head.children(recursive=True), head):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        return head

    def _named(self, name):
        names = said(self._engine, "ps", "--all", "--format", "{{.Names}}").split()
        (one,) = (full for full in names if re.fullmatch(rf"{PROJECT}[-_]{name}[-_]1", full))
        return one


def _whole(image):
    """As an engine looks for it: with the registry."""
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"


async def sold(containers, url, wallet, keys, names):
    """What shops sell at the URL while each of the containers is killed in turn and comes back."""
    shops = Shops(url, wallet, pause_s=1)
    selling = [asyncio.create_task(shops.run(f"{names[-1]}-{number}", key)) for number, key in enumerate(keys)]
    for name in names:
        await shops.reached(len(shops.sold) + BETWEEN, selling)
        gone = await asyncio.to_thread(containers.kill, name)
        await asyncio.to_thread(gone.wait, 30)
        await shops.reached(len(shops.sold) + SHOPS + 1, selling)
        print(f"{name}: killed, came back; {len(shops.sold)} sold")
    shops.stopping = True
    await asyncio.gather(*selling)
    return shops.sold


def are_contained(containers, names):
    for name in names:
        held = containers.facts(name)["HostConfig"]
        assert (held["ReadonlyRootfs"], held["Memory"], held["PidsLimit"]) == (True, 2**30, 512), name


async def the_load_check_gives_a_verdict(containers):
    """A master and two workers of the file, for ten seconds: the verdict is of this machine, the books are not."""
    await asyncio.to_thread(containers.up, JOBS, "load-master", "load-worker")
    code = await asyncio.to_thread(containers.ended, "load-master")
    report = json.loads(containers.inside("service", "cat", "/data/reports/report.json"))
    print(f"load: exit code {code}, {report['generator']['processes']} processes, {report['books']}")
    assert code in (0, 1)
    assert (report["generator"]["processes"], report["books"]["problems"]) == (3, [])


@pytest.mark.campaign
@pytest.mark.timeout(3600)
async def test_every_profile_comes_up_and_every_container_outlives_a_kill(tmp_path):
    engine = found()
    if engine is None:
        pytest.skip("no engine answers (docker with compose, podman with podman-compose)")
    containers = Containers(*engine, tmp_path)
    await asyncio.to_thread(containers.build)
    image = json.loads(said(engine[0], "image", "inspect", OURS))[0]
    print(f"by {engine[0]}; the image has {image['Size'] // 10**6} MB; left out: {containers.left_out}")
    assert image["Size"] < MOST_MB * 10**6
    checked = image["Config"].get("Healthcheck") or image.get("Healthcheck")  # podman has it there
    assert (image["Config"]["User"], bool(checked)) == ("10001", True)
    for made in (OURS, LOAD):
        said(engine[0], "run", "--rm", "--network", "none", made, "python3", "-c", LOADED)
    try:
        parts, behind = ("simulator", "postgres", "redis", "service"), ("service", "replica", "nginx")
        await asyncio.to_thread(containers.up, DEFAULT, *parts)
        service = containers.url("SERVICE_PORT")
        await answers(f"{service}/api/health/ready")
        assert containers.inside("service", "id", "-u").strip() == "10001"
        assert said(engine[0], "exec", containers._named("service"), "python3", "-m", "pip", check=False) == ""
        are_contained(containers, parts)
        wallet = f"{containers.url('SIMULATOR_PORT')}/sandbox/worlds/default/payments"
        make = ("bakong-sandbox", "service", "keys", "make")
        keys = [containers.inside("service", *make).split()[-1] for _ in range(SHOPS)]
        secrecy.issue(*keys)
        every = await sold(containers, service, wallet, keys, parts)

        await asyncio.to_thread(containers.up, REPLICAS, *behind)
        proxy = containers.url("REPLICAS_PORT")
        await answers(f"{proxy}/api/health/ready")
        are_contained(containers, behind)
        every |= await sold(containers, proxy, wallet, keys, behind)

        await asyncio.to_thread(containers.up, MONITORING, "prometheus")
        async with httpx.AsyncClient(base_url=containers.url("PROMETHEUS_PORT"), **PLAIN) as prometheus:
            await answers(f"{containers.url('PROMETHEUS_PORT')}/-/ready")
            await until(lambda: is_up(prometheus, ("service", "simulator")))
        async with httpx.AsyncClient(**PLAIN) as client:
            rows = (await client.get(wallet, params={"limit": 1000})).json()
        paid = {row["reference"]: row["times_paid"] for row in rows if row["times_paid"]}
        books = containers.inside("service", "bakong-sandbox", "service", "check-books")
        print(f"{len(every)} sold, {len(every.keys() - paid.keys())} not in the ledger; {books.splitlines()[-1]}")
        assert paid == dict.fromkeys(every, 1)
        await the_load_check_gives_a_verdict(containers)
    finally:
        await asyncio.to_thread(containers.down)
