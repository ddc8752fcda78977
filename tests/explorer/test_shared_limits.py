"""The limiter in Redis, in lives: the stand-in answers as Redis does, and the laws see a wrong limiter."""

import pytest
import redis

from bakong_explorer.life import live
from bakong_explorer.redis_stand_in import RedisStandIn
from bakong_explorer.story import Happening, Story
from bakong_service.adapters import redis_admission
from bakong_service.adapters.redis_admission import _ADMIT, _ADMIT_ALL, _FAILED, RedisAdmission

WINDOW = "60000000"
NOW_US = 1_770_768_000_000_000
# Three replicas; many ask at once; Redis goes, hangs, forgets and comes back meanwhile.
CROWDS = tuple(Happening(at_ms, "crowd", at_ms) for at_ms in (1_000, 62_500, 140_000))
FAULTS = tuple(Happening(1_000 + 20_000 * at, "redis", at, 9_000) for at in range(8))
STORY = Story(seed=5, profile={"replicas": 3, "users": 1, "redis": 1, "rate_limit": 5}, acts=CROWDS, faults=FAULTS)


def ask(limit, name, again="0"):
    return _ADMIT, ["log:a", "block:x"], [limit, WINDOW, name, again]


def ask_all(name):
    return _ADMIT_ALL, ["block:x", "log:a", "log-hour:a"], ["4", WINDOW, "3", "600000000", name, "0"]


def wrong_key(name):
    return _FAILED, ["failures:x", "block:x"], ["2", WINDOW, "900000000", name, "0"]


ASKED = (
    *(
        ask("2", "one"),
        ask("2", "one", "1"),
        ask("2", "two"),
        ask("2", "three"),
        ask("2", "two", "1"),
        ask("0", "four"),
    ),
    *(ask_all("five"), ask_all("six"), ask_all("seven"), ask("9", "eight")),
    *(wrong_key("nine"), wrong_key("ten"), ask("9", "eleven"), ask_all("twelve")),
)


def test_the_stand_in_answers_the_limiter_s_scripts_as_redis_does(redis_url):
    client = redis.Redis.from_url(redis_url)
    stand_in = RedisStandIn(lambda: NOW_US)
    prefix = "explorer-test:"
    for text, keys, args in ASKED:
        real = client.eval(text, len(keys), *(prefix + key for key in keys), *args)
        ours = stand_in.run(text, keys, args)
        assert plain(ours) == plain(real), args
    client.delete(*(prefix + key for key in ("log:a", "log-hour:a", "failures:x", "block:x")))
    client.close()


def plain(answer):
    """Without what depends on how much time has passed."""
    return [one if one < 1_000 else "us" for one in answer] if isinstance(answer, list) else answer


def test_what_ends_is_gone_from_the_stand_in_and_what_is_new_counts():
    now_us = [NOW_US]
    stand_in = RedisStandIn(lambda: now_us[0])
    assert stand_in.run(*ask("1", "one"))[0] == 1
    now_us[0] += 59_999_999
    assert stand_in.run(*ask("1", "two"))[0] == 0
    now_us[0] += 1
    assert stand_in.run(*ask("1", "three"))[0] == 1
    stand_in.flush()
    assert stand_in.run(*ask("1", "four"))[0] == 1


def test_a_command_that_the_stand_in_lacks_is_named():
    with pytest.raises(LookupError, match="no HSET"):
        RedisStandIn(lambda: NOW_US).run("return redis.call('HSET', KEYS[1], 'a', '1')", ["k"], [])


def test_the_laws_hold_while_redis_goes_and_comes_back():
    life = live(STORY)
    assert life.violation is None
    assert {what.split(" for")[0] for _, who, _, what in life.lines if who == "redis"} > {"down", "forgets", "is well"}
    assert answered_with(life, 429) > 0


def answered_with(life, status):
    return sum(what.endswith(f"-> {status}") for _, who, _, what in life.lines if who == "shop")


def test_a_limit_that_is_wrong_by_one_over_all_replicas_is_seen(monkeypatch):
    wrong = _ADMIT.replace("if count >= limit", "if count > limit")
    assert wrong != _ADMIT
    monkeypatch.setattr(redis_admission, "_ADMIT", wrong)
    assert live(STORY.but(faults=())).violation.law == "limits"


def test_a_limiter_that_never_asks_redis_again_is_seen(monkeypatch):
    monkeypatch.setattr(RedisAdmission, "_is_due", lambda self: False)
    violation = live(STORY).violation
    assert violation.law == "limits"
    assert "counts by itself" in violation.seen
