"""scripts/sbom.py: what is in an image, with the licence of each part."""

import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from scripts import licences, sbom

STATUS = """Package: zlib1g
Status: install ok installed
Description: compression
 More of it.
Version: 1:1.2.13-1

Package: libc6
Version: 2.36-9
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: Zlib
"""


@pytest.fixture
def image(tmp_path):
    record, said = tmp_path / "var/lib/dpkg/status", tmp_path / "usr/share/doc/zlib1g/copyright"
    placed = tmp_path / "venv/lib/python3.11/site-packages"
    metadata = {
        "one_thing-2.0": "Name: one_thing\nVersion: 2.0\nLicense-Expression: MIT",
        "other-1.0": "Name: other\nVersion: 1.0\nClassifier: License :: OSI Approved :: BSD License",
        "silent-3": "Name: silent\nVersion: 3",
    }
    files = {record: STATUS, said: COPYRIGHT}
    files |= {
        placed / f"{name}.dist-info/METADATA": f"Metadata-Version: 2.4\n{text}\n" for name, text in metadata.items()
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_debians_packages_and_pythons_are_listed_with_their_licences(image):
    made = sbom.document(image, "bakong-sandbox", "1")
    assert licences.lines(made) == [
        "libc6 2.36-9: see usr/share/doc/libc6/copyright",
        "one_thing 2.0: MIT",
        "other 1.0: BSD License",
        "silent 3: unknown",
        "zlib1g 1:1.2.13-1: Zlib",
    ]
    assert {one["purl"] for one in made["components"]} >= {"pkg:pypi/one-thing@2.0", "pkg:deb/debian/libc6@2.36-9"}


def test_every_distribution_of_this_environment_is_in_its_bill():
    made = sbom.document(Path(sys.prefix), "here", "1")
    places = [str(place) for place in Path(sys.prefix).rglob("site-packages")]
    installed = {(one.metadata["Name"], one.version) for one in distributions(path=places)}
    assert {(one["name"], one["version"]) for one in made["components"]} == installed


def test_an_empty_folder_is_no_image(tmp_path):
    with pytest.raises(SystemExit, match="neither"):
        sbom.document(tmp_path, "nothing", "1")
