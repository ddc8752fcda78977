"""docker-compose.yml: valid by the specification, closed to the network, and its own commands make a payment."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from bakong_sandbox.cli.program import command as cli_command
from bakong_sandbox.stack.providers import KINDS
from bakong_sandbox.stack.serving import free_port
from bakong_sandbox.stack.tls import HOSTS
from bakong_service.settings import Settings
from tests.service.processes import PROGRAM

ROOT = Path(__file__).parents[2]
# With each variable's default, as where there is no .env.
COMPOSE = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text()))
SERVICES = COMPOSE["services"]
JOBS = {name for name, service in SERVICES.items() if "load" in service.get("profiles", [])}
VARIABLES = {name.upper() for kind in (Settings, *KINDS) for name in kind.model_fields} | {"SERVICE_MODE"}


def test_the_file_is_valid_by_the_compose_specification():
    compose_spec = pytest.importorskip("compose_spec")
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text())
    merged = yaml.safe_dump(yaml.safe_load(text))  # the reader knows no variables and no YAML merge keys
    assert compose_spec.PyCompose.from_yaml(merged)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - JOBS))
def test_each_container_is_healthy_by_a_check_and_reached_on_the_loopback_alone(name):
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    for needed in service.get("depends_on", {}):
        assert needed in SERVICES


@pytest.mark.parametrize("name", sorted(JOBS))
def test_the_load_check_is_started_as_the_command_knows_it_and_aimed_at_what_stands_in_the_file(name):
    command, *words = SERVICES[name]["command"][1:]
    asked = cli_command(command).make_context(command, words).params
    assert SERVICES[name].get("deploy", {}).get("replicas", asked["expect_workers"]) == 2
    assert urlsplit(f"tcp://{asked['worker'] or asked['callback_host'] + ':5557'}").netloc == "load-master:5557"
    if not asked["worker"]:
        assert {urlsplit(url).hostname for url in (*asked["url"], asked["bakong_url"])} <= set(SERVICES)
        assert asked["database_url"] == SERVICES["service"]["environment"]["DATABASE_URL"]


def test_the_simulator_answers_to_every_host_name_of_the_real_providers():
    assert set(HOSTS) <= set(SERVICES["simulator"]["networks"]["inside"]["aliases"])


def test_every_variable_of_the_simulator_is_an_option_of_up():
    options = cli_command("up").params
    known = {name for one in options for name in ([one.envvar] if isinstance(one.envvar, str) else one.envvar or [])}
    known |= {f"BAKONG_SANDBOX_{one.name.upper()}" for one in options}
    assert set(SERVICES["simulator"]["environment"]) <= known
    published = SERVICES["simulator"]["environment"]["BAKONG_SANDBOX_PUBLISHED"].split()
    inner = {port.rpartition(":")[2] for port in SERVICES["simulator"]["ports"]}
    assert {pair.partition("=")[0] for pair in published} == inner


@pytest.mark.parametrize("name", ["service", "replica"])
def test_every_variable_is_a_setting_that_the_service_knows(name):
    assert set(SERVICES[name]["environment"]) <= VARIABLES


def test_the_image_is_slim_not_root_and_caches_its_dependencies():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    stages = [line for line in lines if line.startswith("FROM")]
    bases = ["FROM debian:bookworm-slim AS base", "FROM base AS build", "FROM base AS system", "FROM scratch"]
    assert stages == bases
    last = "\n".join(lines).rpartition("\nFROM scratch\n")[2]
    assert "USER 10001" in last
    assert "HEALTHCHECK" in last
    assert "org.opencontainers.image.version" in last
    assert not re.search(r"\bpip\b|setuptools|apt-get", last), "what builds stays in the build stage"
    installed = next(number for number, line in enumerate(lines) if "requirements.txt" in line)
    assert installed < lines.index("COPY service service")


def test_the_proxy_drops_what_a_client_claims_and_is_the_one_that_is_trusted():
    config = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in config
    assert set(re.findall(r"server (\w+):3002 resolve;", config)) == {"service", "replica"}
    address = SERVICES["nginx"]["networks"]["edge"]["ipv4_address"]
    assert SERVICES["service"]["environment"]["TRUSTED_PROXIES"] == f"{address}/32"


def test_the_build_sees_what_the_image_is_made_of_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY ([^-].*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sources = {word for line in copied for word in line.split()}
    assert {line[1:] for line in lines if line.startswith("!")} == sources
    assert "*" in lines


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_container_is_contained(name):
    service = SERVICES[name]
    assert service["restart"] == ("no" if name in JOBS else "unless-stopped")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["pids_limit"]
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    is_ours = service["image"].startswith("bakong-sandbox")
    assert is_ours or re.search(r":[\w.-]*\d", service["image"]), "a version, not whatever is newest"


def test_every_variable_of_the_file_stands_in_the_example_with_its_default():
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "docker-compose.yml").read_text()))
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert example == used


EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_the_recipe_of_ci_builds_an_image_that_verifies_and_runs_it_as_who_owns_the_folder():
    recipe = (ROOT / "docs" / "ci" / "README.md").read_text().partition("## Docker")[2]
    (extras,) = re.findall(r'--build-arg EXTRAS="([\w ]+)"', recipe)
    assert {"production", "verify"} <= set(extras.split()) <= set(EXTRAS)
    assert '--user "$(id -u):$(id -g)"' in recipe
    (default,) = re.findall(r'^ARG EXTRAS="(\w+)"', (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert default in EXTRAS


@pytest.mark.campaign
def test_every_library_of_the_image_has_a_wheel_for_arm64(tmp_path):
    """Nothing would have to be compiled by `docker buildx build --platform linux/arm64`: the registry is asked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("\n".join(project["dependencies"] + EXTRAS["production"] + EXTRAS["verify"] + EXTRAS["load"]))
    platforms = [f"--platform={one}_aarch64" for one in ("manylinux2014", "manylinux_2_28", "manylinux_2_34")]
    where = ("--dry-run", "--ignore-installed", "--target", tmp_path / "none", "--only-binary=:all:", *platforms)
    words = ("--python-version=3.11", "--constraint", ROOT / "constraints.txt", "--requirement", wanted)
    command = [sys.executable, "-m", "pip", "install", *where, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stdout.splitlines()[-1].count(" "), "wheels")


def test_profiles_are_the_four_that_the_pages_name():
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", ["default"])}
    assert profiles == {"default", "replicas", "load", "monitoring"}


def test_the_proxy_asks_for_names_again_and_has_an_address_that_no_other_container_is_given():
    config = (ROOT / "deploy" / "nginx.conf").read_text()
    said = SERVICES["nginx"]["command"][2]
    (written,) = re.findall(r"> (\S+)", said)
    assert f"include {written};" in config
    resolved = "search dns.podman\nnameserver 10.89.0.1\nnameserver 10.89.1.1\n"
    lines = subprocess.run(shlex.split(said)[:3], input=resolved, capture_output=True, text=True, check=True)
    assert lines.stdout.splitlines()[0] == "resolver 10.89.0.1 valid=5s;"
    assert len(re.findall(r"server \w+:3002 resolve;", config)) == 2
    address = ip_address(SERVICES["nginx"]["networks"]["edge"]["ipv4_address"])
    (pool,) = COMPOSE["networks"]["edge"]["ipam"]["config"]
    assert address in ip_network(pool["subnet"])
    assert address not in ip_network(pool["ip_range"])


def test_postgres_is_healthy_only_once_it_answers_over_tcp():
    assert "-h 127.0.0.1" in SERVICES["postgres"]["healthcheck"]["test"][1]


async def start(command, env):
    process = await asyncio.create_subprocess_exec(PROGRAM, *command[1:], "--json", stdout=-1, env=env)
    return process, json.loads(await process.stdout.readline())


def own(command, **changes):
    """The very command of a container, at this machine's addresses and ports."""
    return [str(changes.get(word, word)) for word in command]


async def test_the_commands_of_the_file_make_a_payment_over_tls(tmp_path, postgres_url, redis_url):
    tls = free_port()
    changes = {"0.0.0.0": "127.0.0.1", "/data": tmp_path, "443": tls}
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    simulator, ready = await start([*own(SERVICES["simulator"]["command"], **changes), "--port", "0"], env)
    env |= SERVICES["service"]["environment"] | {
        "DATA_DIR": str(tmp_path),
        "LOG_DIR": str(tmp_path / "logs"),
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": f"test:{tmp_path.name}:{tls}",
        "BAKONG_BASE_URL": f"https://localhost:{tls}",
        "BAKONG_CA_FILE": str(tmp_path / "sandbox-ca.pem"),
    }
    service, answering = await start([*own(SERVICES["service"]["command"], **changes), "--port", "0"], env)
    try:
        key = json.loads((tmp_path / "sandbox-secrets.json").read_text())["api_key"]
        order = {"userId": "u", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=answering["service_url"], headers=headers, trust_env=False) as client:
            made = (await client.post("/api/payments/create", json=order)).json()["data"]
            await client.post(f"{ready['bakong_url']}/sandbox/worlds/default/payments", json={"qr": made["qrCode"]})
            status = (await client.get(f"/api/payments/status/{made['md5Hash']}")).json()["data"]
            health = (await client.get("/api/health")).json()
        assert (status["status"], health["status"]) == ("PAID", "healthy")
    finally:
        for process in (service, simulator):
            process.terminate()
            await process.communicate()
            process._transport.close()
