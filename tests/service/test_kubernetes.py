"""deploy/kubernetes: the overlay resolves, each pod is contained, and what is named in one file is there in another."""

import copy
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bakong_sandbox.cli.program import command as cli_command
from bakong_sandbox.stack.providers import KINDS
from bakong_service.api.guard import HEALTH_PATHS
from bakong_service.settings import Settings
from scripts import kubernetes
from tests.service.house import open_house
from tests.service.test_monitoring import exposed

MADE = kubernetes.built(kubernetes.OVERLAY)
PODS = {one["metadata"]["name"]: one for one in MADE if kubernetes.containers(one)}
VARIABLES = {name.upper() for kind in (Settings, *KINDS) for name in kind.model_fields} | {"SERVICE_MODE"}


def of_kind(kind):
    return [one for one in MADE if one["kind"] == kind]


def test_every_file_is_named_by_a_kustomization_and_every_manifest_is_in_the_namespace():
    for folder in (kubernetes.FOLDER / "base", kubernetes.OVERLAY):
        wanted = yaml.safe_load((folder / "kustomization.yaml").read_text())
        named = {*wanted["resources"], *(patch["path"] for patch in wanted.get("patches", ()))}
        assert {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"} == named - {"../../base"}
    assert {one["metadata"].get("namespace") for one in MADE if one["kind"] != "Namespace"} == {"payments"}


def test_kustomize_makes_the_same_of_the_overlay():
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed, and Debian has no package of it")
    command = ["kubectl", "kustomize", kubernetes.OVERLAY]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    theirs = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)}
    assert theirs == {(one["kind"], one["metadata"]["name"]): one for one in MADE}


@pytest.mark.parametrize("name", sorted(PODS))
def test_each_pod_is_contained(name):
    pod, (container,) = kubernetes.pod(PODS[name]), kubernetes.containers(PODS[name])
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["image"].startswith("registry.example/bakong-sandbox:")
    assert container["image"].rpartition(":")[2] not in ("", "latest")


@pytest.mark.parametrize("name", sorted(PODS))
def test_each_command_is_one_that_the_program_knows(name):
    program, group, command, *options = kubernetes.containers(PODS[name])[0]["args"]
    assert (program, group) == ("bakong-sandbox", "service")
    assert cli_command(group).commands[command].make_context(command, options)


@pytest.mark.parametrize("name", ["bakong-service-api", "bakong-service-worker"])
def test_each_service_is_asked_whether_it_lives_and_goes_on_while_it_is_replaced(name):
    (container,) = kubernetes.containers(PODS[name])
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        if probe := container.get(kind, {}).get("httpGet"):
            assert probe["port"] in ports
            assert probe["path"] in (*HEALTH_PATHS, "/metrics")
    assert "livenessProbe" in container
    assert PODS[name]["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    labels = PODS[name]["spec"]["template"]["metadata"]["labels"]
    assert PODS[name]["spec"]["selector"]["matchLabels"] == labels
    for kind in ("PodDisruptionBudget", "NetworkPolicy", "HorizontalPodAutoscaler"):
        assert any(selects(one, name, labels) for one in of_kind(kind)), kind


def selects(one, name, labels):
    spec = one["spec"]
    wanted = spec.get("selector") or spec.get("podSelector") or {}
    is_scaled = spec.get("scaleTargetRef", {}).get("name") == name
    return is_scaled or ("matchLabels" in wanted and wanted["matchLabels"].items() <= labels.items())


def test_every_variable_is_a_setting_that_the_service_knows_and_none_is_a_secret():
    (settings,) = of_kind("ConfigMap")
    assert set(settings["data"]) <= VARIABLES
    secret = {
        name.upper() for kind in (Settings, *KINDS) for name, field in kind.model_fields.items() if is_secret(field)
    }
    assert not set(settings["data"]) & {*secret, "DATABASE_URL", "REDIS_URL"}


def is_secret(field):
    return "Secret" in str(field.annotation)


async def test_the_backlog_that_scales_the_workers_is_exposed(tmp_path):
    external = [
        metric["external"]
        for one in of_kind("HorizontalPodAutoscaler")
        for metric in one["spec"]["metrics"][-1:]
        if "external" in metric
    ]
    rules = yaml.safe_load((kubernetes.FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    names = {one["metric"]["name"] for one in external}
    async with open_house(tmp_path) as house:
        assert names <= exposed((await house.client.get("/metrics")).text)
    assert names == {rule["seriesQuery"] for rule in rules}


@pytest.mark.campaign  # the schemas are 100 MB
def test_the_manifests_are_valid_by_the_schema_of_kubernetes_and_a_wrong_one_is_not():
    validate = pytest.importorskip("kubernetes_validate", reason="make kubernetes-check")
    kubernetes.check(MADE)
    wrong = copy.deepcopy(PODS["bakong-service-api"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(validate.ValidationError, match="readynessProbe"):
        kubernetes.check([wrong])


def test_what_this_reader_does_not_know_is_refused(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: []\nconfigMapGenerator: []\n")
    with pytest.raises(ValueError, match="configMapGenerator is not known here: use kustomize"):
        kubernetes.built(tmp_path)
    assert Path(kubernetes.FOLDER).name == "kubernetes"
