"""Lives of the whole service: the same seed gives the same bytes, laws hold, and what once broke one is lived again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bakong_explorer.life import live, story_of
from bakong_explorer.story import Story, read

SEEDS = (2, 3)
KEPT = sorted((Path(__file__).parents[1] / "lives").glob("*.json"))


def short(seed: int) -> Story:
    """The beginning of a life: what costs about a second."""
    story = story_of(seed, days=3)
    end_ms = story.acts[:6][-1].at_ms + 60_000
    return story.but(acts=story.acts[:6], faults=tuple(one for one in story.faults if one.at_ms < end_ms))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_laws_hold_in_a_life(seed):
    assert live(short(seed)).violation is None


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_once_broke_a_law_does_not_any_more(path):
    assert live(read(path)).violation is None


def digest_elsewhere(seed: int, hash_seed: str) -> str:
    """The digest of a life in a process of its own."""
    script = f"from tests.explorer.test_lives import live, short\nprint(live(short({seed})).digest)"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


def test_a_seed_gives_the_same_bytes_in_every_process_and_with_every_hash_seed():
    seed = SEEDS[0]
    assert digest_elsewhere(seed, "4711") == live(short(seed)).digest


@pytest.mark.campaign
def test_a_seed_gives_the_same_bytes_many_times():
    assert (
        len({live(short(seed=5)).digest for _ in range(60)} | {digest_elsewhere(5, str(one)) for one in range(40)}) == 1
    )


def test_a_story_is_read_back_as_it_was_written(tmp_path):
    story = story_of(7)
    path = tmp_path / "life.json"
    path.write_text(story.dump(law="none", seen="nothing"))
    assert read(path) == story


def test_a_file_of_another_version_is_refused_by_name(tmp_path):
    path = tmp_path / "life.json"
    path.write_text('{"version": 9}')
    with pytest.raises(ValueError, match="read version 9, expected 1"):
        read(path)
