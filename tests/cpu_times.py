"""A pytest plugin: the seconds of CPU that each folder, file and test takes, slowest first, and those it waits.

`make test-times` loads it. CPU is of the worker and of all processes below it; a busy machine changes it little.
Waiting is what is left of the time on the wall when the worker neither runs nor stands in the queue for a core: it
waits for another process or thread, a disk or a timer.
"""

import contextlib
import os
import time
from collections import defaultdict
from pathlib import Path

import pytest

_SPENT = "seconds of CPU and of waiting"
_BEGAN = pytest.StashKey[tuple]()
_FOUND = pytest.StashKey[float]()
_SCHEDULED = Path("/proc/self/schedstat")  # nanoseconds that the main thread ran, and that it stood in the queue
_TICKS = os.sysconf("SC_CLK_TCK")
_SHOWN = 60


def _now():
    """CPU until now; and the time on the wall less what the main thread ran or would have run."""
    ran, queued = map(int, _SCHEDULED.read_text().split()[:2]) if _SCHEDULED.exists() else (0, 0)
    return sum(os.times()[:4]) + _of_children("self"), time.perf_counter() - (ran + queued) / 1e9


def _of_children(pid):
    """CPU of the processes below one that still run, with that of their own which have ended."""
    spent = 0.0
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in listed.read_text().split():
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                spent += sum(map(int, fields[11:15])) / _TICKS + _of_children(child)
    return spent


class _Totals:
    """What the tests spent, added up."""

    def __init__(self):
        self.by_test = {}
        self.finding = 0.0

    def pytest_runtest_logreport(self, report):
        for name, spent in report.user_properties:
            if name == _SPENT:
                self.by_test[report.nodeid] = spent

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.finding += getattr(node, "workeroutput", {}).get(_SPENT, 0.0)

    def pytest_terminal_summary(self, terminalreporter, config):
        for title, name_of in _TABLES.items():
            rows = defaultdict(lambda: (0.0, 0.0))
            for test, spent in self.by_test.items():
                rows[name_of(test)] = tuple(map(sum, zip(rows[name_of(test)], spent, strict=True)))
            terminalreporter.section(f"CPU and waiting, in seconds, by {title}")
            for name, (cpu, waiting) in sorted(rows.items(), key=lambda row: -sum(row[1]))[:_SHOWN]:
                terminalreporter.line(f"{cpu:8.1f}{waiting:8.1f}  {name}")
        cpu, waiting = map(sum, zip(*self.by_test.values(), strict=True))
        finding = self.finding or config.stash.get(_FOUND, 0.0)
        terminalreporter.line(f"{cpu:8.1f}{waiting:8.1f}  in tests, and {finding:.1f} of CPU to find them")
        if kept := os.environ.get("CPU_TIMES"):
            lines = (f"{cpu:.3f}\t{waiting:.3f}\t{test}\n" for test, (cpu, waiting) in self.by_test.items())
            Path(kept).write_text("".join(lines))


def _file_of(test):
    return test.partition("::")[0]


_TABLES = {"folder": lambda test: "/".join(_file_of(test).split("/")[:2]), "file": _file_of, "test": str}


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Totals())


def pytest_collection_finish(session):
    session.config.stash[_FOUND] = _now()[0]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    item.stash[_BEGAN] = _now()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "teardown":
        spent = tuple(after - before for after, before in zip(_now(), item.stash[_BEGAN], strict=True))
        report.user_properties.append((_SPENT, spent))
    return report


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SPENT] = session.config.stash.get(_FOUND, 0.0)
