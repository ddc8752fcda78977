"""Runs the steps of a composite GitHub action and the scripts of a GitLab job, as the two runners do."""

import os
import re
import subprocess
from pathlib import Path

import yaml

BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


class GitHubJob:
    """One job on one machine: what its steps leave for later ones. temp: RUNNER_TEMP."""

    def __init__(self, temp, path):
        self.temp = temp
        self.environment = {**os.environ, "PATH": path, "RUNNER_TEMP": str(temp), "NO_PROXY": "127.0.0.1"}
        self.files = {name: temp / name for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH")}

    def uses(self, action: Path, **given):
        """The outputs of an action."""
        described = yaml.safe_load((action / "action.yml").read_text())
        assert described["runs"]["using"] == "composite"
        self.environment["GITHUB_ACTION_PATH"] = str(action)
        inputs = {name: given.pop(name, row["default"]) for name, row in described.get("inputs", {}).items()}
        assert not given, f"unknown inputs: {given}"
        values = {f"inputs.{name}": text for name, text in inputs.items()}
        for step in described["runs"]["steps"]:
            assert set(step) <= {"name", "id", "shell", "env", "run"}, step
            assert step["shell"] == "bash"
            outputs = self.run(step["run"], {name: filled(text, values) for name, text in step.get("env", {}).items()})
            values |= {f"steps.{step.get('id')}.outputs.{name}": text for name, text in outputs.items()}
        return {name: filled(row["value"], values) for name, row in described.get("outputs", {}).items()}

    def run(self, script, environment=None):
        """A step: its outputs, once what it set for later steps has been taken up."""
        for file in self.files.values():
            file.write_text("")
        files = {name: str(file) for name, file in self.files.items()}
        (self.temp / "step.sh").write_text(script)
        bash([self.temp / "step.sh"], self.temp, self.environment | files | (environment or {}))
        self.environment |= assigned(self.files["GITHUB_ENV"])
        for folder in self.files["GITHUB_PATH"].read_text().split():
            self.environment["PATH"] = f"{folder}:{self.environment['PATH']}"
        return assigned(self.files["GITHUB_OUTPUT"])


def gitlab_job(file, name, folder, path, **changes):
    """Run a job of a template: its variables, before_script and script in one shell."""
    template = yaml.safe_load(file.read_text())
    job = template[name] | changes
    variables = template["variables"] | job.get("variables", {})
    script = "\n".join([*job.get("before_script", []), *job["script"]])
    (folder / "job.sh").write_text(script)
    return bash([folder / "job.sh"], folder, {**os.environ, "NO_PROXY": "127.0.0.1", "PATH": path, **variables})


def filled(text, values):
    """A text with its ${{ expressions }}; a KeyError where one is not known."""
    return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda name: values[name[1]], text)


def assigned(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def bash(arguments, folder, environment):
    done = subprocess.run([*BASH, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout
