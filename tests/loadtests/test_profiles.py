"""Profiles and objectives are read strictly, and every error says where and what."""

from pathlib import Path

import pytest

from bakong_loadtests.errors import LoadError
from bakong_loadtests.plan import Plan, plan_of
from bakong_loadtests.profiles import load, load_slo, names, with_settings


def test_the_five_profiles_are_there_and_each_has_objectives():
    assert names() == ["chaos", "limits", "peak", "smoke", "soak"]
    assert all(load(name).slo and load(name).about for name in names())


def test_a_plan_goes_to_a_worker_and_back_unchanged():
    plan = Plan(profile=load("peak"), urls=("http://a",), keys=("k",))
    assert plan_of(plan.plain()) == plan


def test_flags_change_single_settings():
    changed = with_settings(load("smoke"), ["shape.users=80", "slo.p99_ms=300", "journey.unpaid_share=1", "keys=5"])
    assert (changed.shape.users, changed.slo["p99_ms"], changed.journey.unpaid_share, changed.keys) == (80, 300, 1.0, 5)
    assert changed.slo["p50_ms"] == load("smoke").slo["p50_ms"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shape: {kind: steady, people: 3}", ["shape", "'people' is unknown", "users"]),
        ("shape: {users: many}", ["users", "'many'", "int"]),
        ("shape: {users: -1}", ["users", "-1"]),
        ("slo: {p98_ms: 3}", ["p98_ms", "is unknown", "p99_ms"]),
        ("slo: {p99_ms: fast}", ["p99_ms", "'fast'", "number"]),
        ("users: 3", ["users", "3", "names and values"]),
        ("- a", ["list", "names and values"]),
        ("a: [", ["no YAML"]),
        ("nothing: 1", ["'nothing' is unknown"]),
    ],
)
def test_a_wrong_file_is_named_with_the_field_and_what_was_expected(tmp_path, text, words):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(LoadError) as error:
        load(str(file))
    assert [word for word in [*words, "mine.yaml"] if word not in str(error.value)] == []


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
