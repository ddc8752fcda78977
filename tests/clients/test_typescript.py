"""TypeScript clients of openapi-typescript and openapi-fetch, made from the documents, checked by tsc, and run."""

import json
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NODE = Path(__file__).parent / "node"
EXAMPLE = ROOT / "docs" / "examples" / "typescript"
DOCUMENTS = sorted((ROOT / "contracts" / "openapi").glob("*.json"))


def run(*command, cwd, **variables):
    return subprocess.run(command, cwd=cwd, env=variables or None, capture_output=True, text=True, check=False)


def test_clients_are_made_from_the_documents_checked_and_run(tmp_path, require, bakong_server):
    """One test, because the compiler is what takes the time."""
    node = require("node", also=NODE / "node_modules" / "typescript-7")
    for file in (*EXAMPLE.glob("*.*s*"), NODE / "misuse.ts"):
        shutil.copy(file, tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    made = run(node, NODE / "types.mjs", tmp_path / "types", *DOCUMENTS, cwd=NODE)
    assert (made.returncode, made.stderr) == (0, "")

    compiled = run(node, NODE / "node_modules" / "typescript-7" / "bin" / "tsc", cwd=tmp_path)
    lines = (NODE / "misuse.ts").read_text().splitlines()
    refused = [f"misuse.ts({number}" for number, line in enumerate(lines, 1) if line.endswith("// refused")]
    assert re.findall(r"^([^,\n]+),\d+\): error", compiled.stdout, re.MULTILINE) == refused, compiled.stdout

    done = run(node, "shop.js", cwd=tmp_path, BAKONG_SANDBOX_URL=bakong_server.url, NO_PROXY="127.0.0.1")
    assert (done.returncode, done.stdout) == (0, "before: open\nafter: 1.5 USD to shop@devb\n"), done.stderr

    for types in sorted((EXAMPLE / "types").iterdir()):
        assert types.read_text() == (tmp_path / "types" / types.name).read_text(), f"{types.name}: make types"


def test_the_versions_of_the_example_are_those_that_are_tested():
    tested = json.loads((NODE / "package.json").read_text())["dependencies"]
    example = json.loads((EXAMPLE / "package.json").read_text())
    assert example["dependencies"] | example["devDependencies"] == {
        name: tested[name] for name in example["dependencies"] | example["devDependencies"]
    }
