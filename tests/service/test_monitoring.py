"""deploy/monitoring: every metric named there is exposed, and Prometheus's own tool takes the files."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import free_port
from scripts import dashboards
from tests.conftest import lacking
from tests.servers import program
from tests.service.house import open_house
from tests.service.processes import Forked, environment, serving

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
ALERTS = yaml.safe_load((FOLDER / "alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
WORDS = {
    *("sum", "rate", "by", "max", "min", "time", "absent", "increase", "and", "or", "up", "histogram_quantile"),
    *("provider", "to", "status", "outcome", "kind", "why", "folder", "world", "state", "job", "le"),
}


def names(query):
    """The metrics of a query."""
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\{[^}]*\}', "", query)
    found = re.findall(r"\b[a-z_][a-z0-9_]*", re.sub(r"by \([^)]*\)", "", bare))
    return {re.sub(r"_(bucket|count)$", "", name) for name in found} - WORDS


def queries():
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for path in FOLDER.glob("grafana/dashboards/*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]


def exposed(text):
    """The names of an exposition, as queries have them."""
    typed = re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)
    return {re.sub(r"_(bucket|count)$", "", name) for name in typed}


async def test_every_metric_of_rules_and_dashboards_is_exposed(tmp_path):
    async with open_house(tmp_path) as house:
        found = exposed((await house.client.get("/metrics")).text)
    options = Options(data_dir=tmp_path, port=0, service_port=None)
    async with run(options) as stack, httpx.AsyncClient(trust_env=False) as client:
        found |= exposed((await client.get(f"{stack.bakong_url}/metrics")).text)
    missing = {where: sorted(left) for where, query in queries() if (left := names(query) - found)}
    assert missing == {}
    assert len({name for _, query in queries() for name in names(query)}) > 15


def test_every_alert_has_its_line_in_the_page():
    page = (FOLDER.parents[1] / "docs" / "monitoring.md").read_text()
    assert [rule["alert"] for rule in RULES if f"| `{rule['alert']}` |" not in page] == []
    assert all(rule["annotations"]["runbook"] == f"docs/monitoring.md: {rule['alert']}" for rule in RULES)


def test_each_alert_is_quiet_and_fires_in_a_story_of_its_own():
    stories = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    seen = {(one["alertname"], bool(one["exp_alerts"])) for story in stories for one in story["alert_rule_test"]}
    assert seen == {(rule["alert"], fires) for rule in RULES for fires in (False, True)}


def test_the_dashboards_are_those_of_the_table():
    kept = {path.name: path.read_text() for path in FOLDER.glob("grafana/dashboards/*.json")}
    assert kept == dashboards.made(), "python scripts/dashboards.py"


@pytest.mark.parametrize(
    "words",
    [("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")],
)
def test_prometheus_takes_the_files_and_an_outage_fires_the_alert_that_names_it(words):
    tool = program("promtool")
    if tool is None:
        lacking("promtool is not installed (Debian: prometheus)")
    done = subprocess.run([tool, *words], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_worker_alone_is_scraped_without_a_key_on_a_port_of_its_own(tmp_path):
    port = free_port()
    env = environment(tmp_path, METRICS_PORT=str(port))
    process = await Forked.start(["service", "worker"], env)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, transport=httpx.AsyncHTTPTransport(retries=8)
        ) as client:
            text = (await client.get("/metrics")).text
            assert (await client.get("/api/health")).status_code == 404
    finally:
        process.terminate()
        await process.communicate()
    assert "worker_beat_timestamp_seconds" in text
    assert "webhooks_waiting 0.0" in text


async def test_the_port_of_metrics_is_closed_unless_it_is_named(tmp_path):
    async with serving(environment(tmp_path)) as (_, url), httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url + "/metrics")).status_code == 401
