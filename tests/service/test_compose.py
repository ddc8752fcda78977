"""docker-compose.yml: valid by the specification, closed to the network, and its own commands make a payment."""

import asyncio
import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from bakong_sandbox.cli.program import command as cli_command
from bakong_sandbox.stack.providers import KINDS
from bakong_sandbox.stack.tls import HOSTS
from bakong_service.settings import Settings
from tests.servers import free_port
from tests.service.processes import PROGRAM

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
JOBS = {name for name, service in SERVICES.items() if "load" in service.get("profiles", [])}
VARIABLES = {name.upper() for kind in (Settings, *KINDS) for name in kind.model_fields} | {"SERVICE_MODE"}


def test_the_file_is_valid_by_the_compose_specification():
    compose_spec = pytest.importorskip("compose_spec")
    merged = yaml.safe_dump(COMPOSE)  # the reader knows no YAML merge keys
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


def test_the_simulator_answers_to_every_host_name_of_nbc():
    assert set(HOSTS) <= set(SERVICES["simulator"]["networks"]["inside"]["aliases"])


@pytest.mark.parametrize("name", ["service", "replica"])
def test_every_variable_is_a_setting_that_the_service_knows(name):
    assert set(SERVICES[name]["environment"]) <= VARIABLES


def test_the_image_is_slim_not_root_and_caches_its_dependencies():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("FROM")] == [
        "FROM python:3.11-slim AS build",
        "FROM python:3.11-slim",
    ]
    assert "USER sandbox" in lines
    installed = next(number for number, line in enumerate(lines) if "requirements.txt" in line)
    assert installed < lines.index("COPY service service")


def test_the_proxy_drops_what_a_client_claims_and_is_the_one_that_is_trusted():
    config = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in config
    assert set(re.findall(r"server (\w+):3002;", config)) == {"service", "replica"}
    address = SERVICES["nginx"]["networks"]["edge"]["ipv4_address"]
    assert SERVICES["service"]["environment"]["TRUSTED_PROXIES"] == f"{address}/32"


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
