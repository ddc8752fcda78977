"""A bill of materials (CycloneDX 1.5) of a folder: an image's content, or an environment's.

sbom.py FOLDER [NAME VERSION] > sbom.json: Debian's packages by dpkg's own record of them, if there is one, and the
Python distributions of every site-packages. Each with its licence, as it says itself.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

NAMED = re.compile(r"^License: *(\S.*)$", re.MULTILINE)  # of Debian's machine-readable copyright files
CLASSIFIED = "License :: "


def _python_licence(one: Distribution) -> str:
    """As its metadata has it: an expression, else classifiers, else the first line of whatever it says."""
    metadata = one.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classified = [line for line in metadata.get_all("Classifier") or () if line.startswith(CLASSIFIED)]
    words = [line.rpartition(" :: ")[2] for line in classified if not line.endswith("OSI Approved")]
    return " and ".join(words) or (metadata.get_all("License") or [""])[0].strip().partition("\n")[0]


def python_parts(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Name, version, licence and package URL of each distribution."""
    places = [str(place) for place in folder.rglob("site-packages")]
    for one in distributions(path=places):
        name = one.metadata["Name"]
        url = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{one.version}"
        yield name, one.version, _python_licence(one), url


def debian_parts(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """The same of each of Debian's packages; of a folder without their record, none."""
    record = folder / "var/lib/dpkg/status"
    for stanza in record.read_text(encoding="utf-8").strip().split("\n\n") if record.exists() else ():
        fields = dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.MULTILINE))
        name, version = fields["Package"], fields["Version"]
        said = folder / "usr/share/doc" / name / "copyright"
        text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
        licence = " and ".join(sorted(set(NAMED.findall(text)))) if text.startswith("Format:") else ""
        yield name, version, licence or f"see {said.relative_to(folder)}", f"pkg:deb/debian/{name}@{version}"


def document(folder: Path, name: str, version: str) -> dict[str, Any]:
    """The bill of materials of what is in the folder."""
    parts = sorted({*debian_parts(folder), *python_parts(folder)})
    if not parts:
        raise SystemExit(f"{folder}: neither a record of Debian's packages nor a site-packages is in it")
    components = [
        {"type": "library", "bom-ref": url, "name": one, "version": number, "purl": url}
        | ({"licenses": [{"license": {"name": licence}}]} if licence else {})
        for one, number, licence, url in parts
    ]
    about = {"component": {"type": "container", "bom-ref": name, "name": name, "version": version}}
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": about, "components": components}


if __name__ == "__main__":
    place, *words = sys.argv[1:]
    json.dump(document(Path(place), *(words or ("bakong-sandbox", "dev"))), sys.stdout, indent=1)
