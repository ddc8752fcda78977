"""Look for false alarms: hold a healthy service to all rules, once for each of so many seeds.

python -m tests.mutants.seeds CONFIG FIRST COUNT [OPTIONS of verify]: a line for each run; the exit code says whether a
rule was broken.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def run(config, seed, options=()):
    """The report of one run, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [Path(sys.executable).with_name("bakong-sandbox"), "verify", "service", "--config", config]
        done = subprocess.run(
            [*command, "--seed", str(seed), "--json", report, *options], capture_output=True, check=False
        )
        return json.loads(report.read_text()) if report.exists() else {"error": done.stderr.decode()}


def main(config, first, count, *options):
    alarms = 0
    for seed in range(int(first), int(first) + int(count)):
        found = run(config, seed, options)
        rows = found.get("rules", [])
        verdicts = [row["verdict"] for row in rows]
        broken = [f"{row['id']}: {row['reason']}" for row in rows if row["verdict"] == "broken"]
        alarms += bool(broken) or not rows
        counts = f"{verdicts.count('holds')} hold, {len(broken)} broken, {verdicts.count('not checked')} not checked"
        print(f"seed {seed}: {counts}, {found.get('seconds')} s", *broken, found.get("error", ""), flush=True)
    return bool(alarms)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
