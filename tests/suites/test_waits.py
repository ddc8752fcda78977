"""The rules of a wait beside a service on a busy machine, and the rest that each case begins with."""

import threading
from types import SimpleNamespace

import pytest

from bakong_conformance.case import Case
from bakong_conformance.control import PLAIN, World
from bakong_conformance.http import Answer
from bakong_conformance.rules import RuleBrokenError
from bakong_conformance.service import load, monitor
from bakong_conformance.service.quotes import to_five_before_midnight
from bakong_conformance.service.subject import RECOVERY_S, WINDOW_S, Service
from tests.sandbox.test_verify_service import OURS

SLOW_S = 0.4  # of real time, without a word from the world


class Busy:
    """A service that comes round to its wait when nothing else is asked for a while; a minute of the world ends it."""

    def __init__(self, *, sees_payments: bool) -> None:
        self.config = SimpleNamespace(expires_after_s=900, time="world")
        self._sees, self._is_paid, self._passed_s = sees_payments, False, 0
        self._moved = threading.Event()

    def need(self, *_names):
        pass

    def create(self, _case):
        return SimpleNamespace(md5="m", id="1", user="u")

    def pay(self, _case, _payment):
        self._is_paid = True

    def wait(self, _case, seconds):
        self._passed_s += seconds
        self._moved.set()

    def do(self, _case, _name, **_values):
        while self._sees and self._moved.wait(SLOW_S):
            self._moved.clear()
        if self._sees and self._is_paid and self._passed_s < monitor.TIMEOUT_S:
            return Answer(200, "paid", {})
        while self._passed_s < monitor.TIMEOUT_S:
            self._moved.wait(SLOW_S)
            self._moved.clear()
        return Answer(200, "timeout", {})

    def done(self, _name, _answer):
        return True

    def read(self, _name, answer, _field):
        return answer.text

    def state(self, word):
        return word


@pytest.mark.parametrize("rule", ["service.monitor.paid", "service.monitor.whole"])
def test_a_service_that_comes_round_late_has_seen_its_payment(rule):
    check = next(one.check for one in monitor.SUITE.rules if one.id == rule)
    check(Busy(sees_payments=True), Case())


def test_a_wait_that_sees_no_payment_is_named(monkeypatch):
    monkeypatch.setattr(monitor, "STANDS_STILL_S", SLOW_S)
    check = next(one.check for one in monitor.SUITE.rules if one.id == "service.monitor.paid")
    with pytest.raises(RuleBrokenError, match="answered timeout"):
        check(Busy(sees_payments=False), Case())


class Recorded(World):
    """A world that answers everything, and keeps how long it was moved on."""

    def ask(self, _case, _method, path, body=None):
        self.passed_s = [*getattr(self, "passed_s", []), *([body["seconds"]] if path == "/clock/advance" else [])]

    def play(self, case, script):
        self.was_troubled = self.was_troubled or script != PLAIN


def test_a_case_begins_when_a_service_has_found_out_that_bakong_is_back():
    world = Recorded(None, "default")
    service = Service(load(OURS), None, world, {}, SimpleNamespace(accept=lambda: None, arrived=[]))
    service.begin(Case())
    world.trouble(Case(), ["http, status: 503"], after_s=0, each_s=60)
    service.begin(Case())
    service.begin(Case())
    assert world.passed_s == [WINDOW_S, RECOVERY_S, WINDOW_S]


@pytest.mark.parametrize(("before_midnight_s", "wait_s"), [(301, 1), (300, 0), (299, 86_399), (170, 86_270)])
def test_no_rule_waits_for_what_is_past(before_midnight_s, wait_s):
    assert to_five_before_midnight(20_000 * 86_400 - before_midnight_s) == wait_s
