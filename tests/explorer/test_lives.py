"""Lives of the whole service: the same seed gives the same bytes, laws hold, and what once broke one is lived again."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from bakong_explorer.coverage import never_met, write
from bakong_explorer.life import live, story_of
from bakong_explorer.story import Story, read
from bakong_explorer.town import CALM, MARK, pair

SEEDS = (2, 3)
RUNS = int(os.environ.get("EXPLORE_RUNS", "100"))
PROCESSES = int(os.environ.get("EXPLORE_PROCESSES", os.cpu_count() or 1))
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


def test_a_seed_gives_the_same_bytes_in_every_process_and_with_every_hash_seed():
    seed = SEEDS[0]
    assert digests_elsewhere((seed,), 4711) == [(seed, live(short(seed)).digest)]


def digests_elsewhere(seeds: Sequence[int], hash_seed: int) -> list[tuple[int, str]]:
    """The digests of lives, one after another in one process of their own."""
    script = (
        f"from tests.explorer.test_lives import live, short\nfor seed in {seeds}: print(seed, live(short(seed)).digest)"
    )
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in ended.stdout.splitlines())
    return [(int(seed), digest) for seed, digest in rows]


@pytest.mark.campaign
def test_seeds_give_the_same_bytes_a_hundred_times():
    """Each kind of life RUNS times, ten times in each process; of other hash seeds, in other orders, after others."""
    seeds = first_of_each_kind()
    expected = {seed: live(short(seed)).digest for seed in seeds}

    def differing(hash_seed: int) -> list[int]:
        turns = list(seeds) * min(RUNS, 10)
        Random(hash_seed).shuffle(turns)
        return [seed for seed, digest in digests_elsewhere(turns, hash_seed) if digest != expected[seed]]

    with ThreadPoolExecutor(PROCESSES) as pool:
        assert list(pool.map(differing, range(max(1, RUNS // 10)))) == [[]] * max(1, RUNS // 10)


def first_of_each_kind() -> tuple[int, ...]:
    """The first seed of each kind of life."""
    kinds: dict[tuple[int, int], int] = {}
    for seed in range(1, 60):
        profile = story_of(seed).profile
        kinds.setdefault((profile["care"], profile["orders"]), seed)
    return tuple(kinds.values())


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


def test_a_life_counts_which_states_were_met_under_which_fault(tmp_path):
    path = tmp_path / "coverage.html"
    life = live(short(SEEDS[0]))
    assert any(MARK in name for name in life.met)
    write(path, life.met, "one life")
    shown = path.read_text("utf-8")
    assert "plan PENDING to PAID" in shown
    assert "Never met at all" in shown
    assert pair(CALM, "subscription ACTIVE to PAST_DUE") in never_met(life.met), "nobody subscribes here"


def test_a_life_can_be_made_to_go_on_for_a_month_and_short_ones_left_out():
    story = story_of(1, short=0, least_days=30)
    assert not story.profile.get("alone")
    life = live(story)
    assert life.violation is None
    assert life.virtual_s >= 30 * 86_400
    assert all(story_of(seed, short=1).profile.get("alone") for seed in range(20))
