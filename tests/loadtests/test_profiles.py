"""Profiles and objectives are read strictly, and every error says where and what."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bakong_loadtests.errors import LoadError
from bakong_loadtests.plan import LoadPlan
from bakong_loadtests.profiles import Kind, load, load_slo, names, with_settings


def test_the_five_profiles_are_there_and_each_has_objectives():
    assert names() == ["chaos", "limits", "peak", "smoke", "soak"]
    assert all(load(name).slo and load(name).about for name in names())


def test_a_plan_goes_to_a_worker_and_back_unchanged():
    plan = LoadPlan(profile=load("peak"), urls=("http://a",), keys=("k",))
    assert LoadPlan.model_validate(plan.plain()) == plan


def test_flags_change_single_settings():
    changed = with_settings(load("smoke"), ["shape.users=80", "slo.p99_ms=300", "journey.unpaid_share=1", "keys=5"])
    assert (changed.shape.users, changed.slo["p99_ms"], changed.journey.unpaid_share, changed.keys) == (80, 300, 1.0, 5)
    assert changed.slo["p50_ms"] == load("smoke").slo["p50_ms"]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("shape: {kind: steady, people: 3}", "1:23", ["shape.people: unknown key", "known: kind, users, seconds"]),
        ("shape: {kind: hills}", "1:15", ["shape.kind", "'hills'", "'lunch-peak'"]),
        ("shape: {users: many}", "1:16", ["shape.users", "'many'", "a whole number"]),
        ("shape: {users: -1}", "1:16", ["shape.users", "read -1"]),
        ("journey:\n  unpaid_share: 1.5", "2:17", ["journey.unpaid_share", "read 1.5"]),
        ("about: x\nslo: {p99_ms: 1, p98_ms: 3}", "2:18", ["slo.p98_ms: unknown objective", "p99_ms"]),
        ("slo: {p99_ms: fast}", "1:15", ["slo.p99_ms", "'fast'", "number"]),
        ("users: 3", "1:8", ["users: expected keys and values, read 3"]),
        ("- a", "1:1", ["expected keys and values, read ['a']"]),
        ("a: [", "1:5", ["not valid YAML"]),
        ("keys: 3\nkeys: 4", "2:1", ["duplicate key 'keys'"]),
        ("nothing: 1", "1:1", ["nothing: unknown key"]),
        ("user: {}", "1:1", ["did you mean 'users'?"]),
    ],
)
def test_a_mistake_is_named_with_file_line_column_and_what_was_expected(tmp_path, text, place, words):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(LoadError) as error:
        load(str(file))
    assert str(error.value).startswith(f"{file}:{place}: ")
    assert [word for word in words if word not in str(error.value)] == []


@pytest.mark.parametrize(
    "text",
    ["", "? [1]\n: 2", "about: 2026-99-99", "shape: &a [*a]", "a: " + "[" * 3000, "\x00", "--- 1\n--- 2", "a: *b"],
)
def test_a_file_that_is_no_profile_at_all_is_named(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(LoadError, match=r"^.*mine\.yaml:"):
        load(str(file))


def test_all_mistakes_of_a_file_are_named_at_once(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("shape: {users: many, people: 3}\nkeys: 1\nslo:\n  p99_ms: -1\nkeys: 3\n")
    with pytest.raises(LoadError, match=r"^4 mistakes:\n") as error:
        load(str(file))
    lines = str(error.value).splitlines()[1:]
    places = [line.strip().removeprefix(f"{file}:").partition(": ")[0] for line in lines[::3]]
    assert places == ["1:16", "1:22", "4:11", "5:1"]
    assert lines[7:9] == ["      p99_ms: -1", "              ^"]


def test_the_shapes_that_a_profile_may_name_are_those_that_locust_can_play():
    script = "from bakong_loadtests.shapes import SHAPES; print(*SHAPES)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert tuple(ended.stdout.split()) == get_args(Kind)


@pytest.mark.parametrize("setting", ["users", "shape.x=1", "a.b=1", "slo.x=1", "shape.users=x"])
def test_a_wrong_flag_is_named(setting):
    with pytest.raises(LoadError, match=setting.partition("=")[0].partition(".")[0]):
        with_settings(load("smoke"), [setting])


def test_an_unknown_profile_is_answered_with_the_nearest():
    with pytest.raises(LoadError, match="did you mean 'smoke'"):
        load("smok")


def test_objectives_can_stand_in_a_file_of_their_own(tmp_path):
    file = tmp_path / "slo.yaml"
    file.write_text("p99_ms: 12.5\n")
    assert load_slo(file) == {"p99_ms": 12.5}
    with pytest.raises(LoadError, match="No such file"):
        load_slo(Path("nowhere.yaml"))
