"""The demo tells its story, and fails when any step of it fails."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bakong_sandbox.cli.demo import STORIES, tell


async def test_the_demo_tells_its_story():
    out = io.StringIO()
    assert await tell(console=Console(file=out, width=80, soft_wrap=True)) == 0
    text = out.getvalue()
    assert text.count("A webhook arrived") == 5
    assert "All of it happened." in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    "broken",
    [
        replace(STORIES[0], ends="FAILED"),
        replace(STORIES[2], ends="PAID"),
        replace(STORIES[0], events=("payment.failed",)),
        replace(STORIES[0], scenario="no-such-scenario"),
    ],
    ids=["other-end", "other-outcome", "other-webhook", "no-scenario"],
)
async def test_the_demo_fails_when_a_step_does_not_happen(broken):
    out = io.StringIO()
    assert await tell((broken,), Console(file=out, width=200)) == 1
    assert "It did not happen:" in out.getvalue()
