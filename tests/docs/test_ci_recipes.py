"""The GitHub actions and the GitLab template of docs/ci: their very steps are run."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.docs.ci_runner import GitHubJob, gitlab_job
from tests.docs.pages import ROOT

GITHUB = ROOT / "docs" / "ci" / "github"
GITLAB = ROOT / "docs" / "ci" / "gitlab" / "bakong.gitlab-ci.yml"
MAPPING = ROOT / "docs" / "examples" / "service" / "ours.yaml"
RULE = "service.create.md5"
ASKS = (
    'curl -s "$BAKONG_SANDBOX_URL/v1/check_transaction_by_md5" -d "{}" -H "Authorization: Bearer $BAKONG_SANDBOX_TOKEN"'
)


@pytest.fixture
def path(programs):
    """The PATH of a runner where the command is installed."""
    return f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def test_the_github_action_starts_a_sandbox_for_later_steps(tmp_path, path):
    job = GitHubJob(tmp_path, path)
    outputs = job.uses(GITHUB / "up", arguments="--no-service --scenario timeout")
    try:
        assert re.fullmatch(r"http://127.0.0.1:\d+", outputs["url"])
        assert outputs["service_url"] == ""
        assert job.environment["BAKONG_SANDBOX_TOKEN"] == outputs["token"]
        job.run('curl -sf "$BAKONG_SANDBOX_URL/sandbox/worlds/default" | grep \'"scenario":"timeout"\'')
    finally:
        os.kill(int((tmp_path / "bakong.pid").read_text()), signal.SIGTERM)


def test_a_sandbox_that_does_not_start_fails_the_step_with_its_words(tmp_path, path):
    with pytest.raises(AssertionError, match="nothing-of-this-name"):
        GitHubJob(tmp_path, path).uses(GITHUB / "up", arguments="--scenario nothing-of-this-name")


def test_a_mapping_that_is_not_there_fails_both_jobs_with_its_words(tmp_path, path):
    with pytest.raises(AssertionError, match=r"nowhere\.yaml"):
        GitHubJob(tmp_path, path).uses(GITHUB / "verify", config="nowhere.yaml", only="service.paid service.create.*")
    with pytest.raises(AssertionError, match=r"nowhere\.yaml"):
        gitlab_job(GITLAB, "bakong-verify", tmp_path, path, variables={"BAKONG_CONFIG": "nowhere.yaml"})


@pytest.mark.campaign
def test_the_github_action_verifies_and_writes_the_reports(tmp_path, path):
    job = GitHubJob(tmp_path, path)
    job.uses(GITHUB / "verify", config=str(MAPPING), profile="quick", only=RULE, reports="out")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"verify.xml", "verify.html", "verify.json"}


def test_the_gitlab_template_gives_a_job_a_sandbox(tmp_path, path):
    said = gitlab_job(GITLAB, ".bakong-sandbox", tmp_path, path, script=[ASKS, "kill %1"])
    assert '"responseCode":1' in said


@pytest.mark.campaign
def test_the_gitlab_template_verifies(tmp_path, path):
    variables = {"BAKONG_CONFIG": str(MAPPING), "BAKONG_PROFILE": "quick", "BAKONG_ONLY": RULE}
    gitlab_job(GITLAB, "bakong-verify", tmp_path, path, variables=variables)
    assert (tmp_path / "verify.xml").read_text().startswith("<?xml")


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_the_github_action_installs_what_it_needs_from_the_checkout_that_it_is_in(tmp_path):
    """On a runner that has Python alone."""
    job = GitHubJob(tmp_path, "/usr/local/bin:/usr/bin:/bin")
    job.uses(GITHUB / "verify", config=str(MAPPING), profile="quick", only=RULE, reports="out")
    assert (tmp_path / "out" / "verify.xml").exists()
