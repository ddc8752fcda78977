"""The manifests of deploy/kubernetes as one stream of YAML, for where kustomize is not: `python scripts/kubernetes.py`.

It does what these files use, and refuses the rest: resources, namespace, images, and patches that are merged by name.
Where kubernetes-validate is installed (`make kubernetes-check`), each is held to the API's schema, strictly.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "deploy" / "kubernetes"
OVERLAY = FOLDER / "overlays" / "production"
KNOWN = {"apiVersion", "kind", "resources", "namespace", "images", "patches"}
CLUSTER_WIDE = {"Namespace"}
Manifest = dict[str, Any]


def built(folder: Path) -> list[Manifest]:
    """What `kustomize build` makes of a folder. Raises ValueError for what is not known here."""
    wanted = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    if unknown := wanted.keys() - KNOWN:
        raise ValueError(f"{folder.name}: {', '.join(sorted(unknown))} is not known here: use kustomize")
    made = [one for name in wanted["resources"] for one in _resource(folder / name)]
    for patch in wanted.get("patches", ()):
        for change in _documents(folder / patch["path"]):
            _merge(_named(made, change), change)
    for one in made:
        if (namespace := wanted.get("namespace")) and one["kind"] not in CLUSTER_WIDE:
            one["metadata"]["namespace"] = namespace
        for image in wanted.get("images", ()):
            _rename(one, image)
    return made


def _resource(path: Path) -> list[Manifest]:
    return built(path) if path.is_dir() else list(_documents(path))


def _documents(path: Path) -> Iterator[Manifest]:
    return iter(list(yaml.safe_load_all(path.read_text(encoding="utf-8"))))


def _named(made: list[Manifest], change: Manifest) -> Manifest:
    (found,) = [
        one for one in made if (one["kind"], one["metadata"]["name"]) == (change["kind"], change["metadata"]["name"])
    ]
    return found


def _merge(base: Manifest, change: Manifest) -> None:
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            _merge(base[name], value)
        elif isinstance(value, list):
            raise ValueError(f"{name}: a list in a patch is not known here: use kustomize")  # noqa: TRY004
        else:
            base[name] = value


def _rename(one: Manifest, image: dict[str, str]) -> None:
    for container in containers(one):
        name, _, tag = container["image"].partition(":")
        if name == image["name"]:
            container["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"


def pod(one: Manifest) -> Manifest:
    """A manifest's pod; empty where it makes none."""
    found: Manifest = one.get("spec", {}).get("template", {}).get("spec", {})
    return found


def containers(one: Manifest) -> list[Manifest]:
    return [*pod(one).get("initContainers", ()), *pod(one).get("containers", ())]


def check(made: list[Manifest]) -> None:
    """Raises kubernetes_validate.ValidationError."""
    import kubernetes_validate  # noqa: PLC0415  it brings 100 MB of schemas

    for one in made:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


if __name__ == "__main__":
    manifests = built(OVERLAY)
    if "--check" in sys.argv:
        check(manifests)
        sys.stdout.write(f"{len(manifests)} manifests are valid\n")
    else:
        yaml.safe_dump_all(manifests, sys.stdout, sort_keys=False)
