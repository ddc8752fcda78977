"""A log on a disk that is full: whole lines or none, counted, and said in the log when there is room again."""

import asyncio
import contextlib
import json
import os
import resource

import pytest

from bakong_service.adapters.audit_archive import AuditArchive
from bakong_service.adapters.logs import LogFiles, Redactor, logger
from bakong_service.adapters.stdout_writer import StdoutWriter
from bakong_service.adapters.whole_lines import WholeLines
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.caller import Caller
from bakong_service.domain.errors import UnavailableError
from tests.service.processes import serving
from tests.service.test_metrics import scrape
from tests.service.test_outages import ORDER, client_of, fill, sandbox, small_disk

small_disk = small_disk  # noqa: PLW0127  a fixture
LINES = b"".join(b'{"number":%d}\n' % number for number in range(4))


@contextlib.contextmanager
def room(size):
    """No file may be longer than so many bytes: what the system does where a disk ends, at any byte."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("flags", [os.O_APPEND, 0], ids=["append", "redirected"])
def test_wherever_the_disk_ends_the_file_holds_whole_lines_and_the_rest_is_counted(tmp_path, flags):
    for size in range(len(LINES) + 1):
        path = tmp_path / f"{size}.log"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags)
        writer = WholeLines(descriptor)
        with room(size):
            lost = writer.write(LINES)
        kept = LINES[: LINES.rfind(b"\n", 0, size) + 1]
        assert (path.read_bytes(), lost) == (kept, LINES.count(b"\n") - kept.count(b"\n")), size
        assert writer.write(b"{}\n") == 0
        assert path.read_bytes() == kept + b"{}\n"
        os.close(descriptor)


def test_what_cannot_be_cut_off_harms_itself_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    writer = WholeLines(descriptor)
    with monkeypatch.context() as patched, room(len(LINES) - 3):
        patched.setattr(os, "ftruncate", _refused)
        assert writer.write(LINES) == 1
    assert writer.write(b"{}\n") == 0
    assert path.read_bytes() == LINES[:-3] + b"\n{}\n"
    os.close(descriptor)


def _refused(*_):
    raise OSError


def test_lines_that_another_process_wrote_behind_a_torn_one_are_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    writer, lseek = WholeLines(descriptor), os.lseek

    def another_writes(*given):
        end = lseek(*given)
        with path.open("ab") as other:
            other.write(b"of another\n")
        return end

    with monkeypatch.context() as patched:
        patched.setattr(os, "lseek", another_writes)
        patched.setattr(os, "write", _only(5, os.write))
        assert writer.write(b"{}\n{}\n") == 1
    assert path.read_bytes() == b"{}\n{}of another\n"
    os.close(descriptor)


def _only(size, write):
    """A system call that takes so many bytes, and then none."""
    left = [size]

    def limited(descriptor, text):
        if not left[0]:
            raise OSError
        left[0] -= (taken := write(descriptor, text[: left[0]]))
        return taken

    return limited


def test_a_pipe_that_does_not_wait_tears_no_line():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    line = b"x" * 6999 + b"\n"
    writer = StdoutWriter(writing)
    for _ in range(100):
        writer.write(line)
    read = b""
    while len(read) < 100 * len(line):
        read += os.read(reading, 10_000)
    writer.close()
    os.close(reading)
    os.close(writing)
    assert (read, writer.dropped) == (100 * line, 0)


def lines_of(path):
    """Each line of a log, which is JSON, to the last byte."""
    text = path.read_bytes()
    assert text == b"" or text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_log_says_how_many_lines_it_lost_when_there_is_room_again(tmp_path):
    files = LogFiles(tmp_path, Redactor())
    log = logger(files, lambda: "2026-02-11T00:00:00.000Z")
    with room(500):
        for number in range(20):
            log.error("failed", number=number, security=number % 2 == 0)
    assert files.dropped > 0
    log.info("goes on")
    files.close()
    written = {name: lines_of(tmp_path / f"{name}.log") for name in ("combined", "error", "security")}
    assert files.dropped == 20 + 20 + 10 - sum(
        line["event"] == "failed" for lines in written.values() for line in lines
    )
    assert [line["event"] for line in written["combined"][-2:]] == ["goes on", "log_lines_dropped"]
    assert written["combined"][-1]["lines"] == files.dropped


def test_standard_output_that_is_a_file_holds_whole_lines_too(tmp_path):
    path = tmp_path / "out"
    with path.open("wb") as out, room(100):
        writer = StdoutWriter(out.fileno())
        for number in range(10):
            writer.write(b'{"number":%d,"text":"0123456789"}\n' % number)
        writer.close()
    assert len(lines_of(path)) == 3
    assert writer.dropped == 7


async def test_an_audit_export_that_finds_no_room_leaves_nothing_and_is_whole_the_next_time(tmp_path):
    archive = AuditArchive(tmp_path)
    rows = [
        AuditRow(id=number, action="a" * 60, resource="r", before=None, after=None, by=Caller("a"), at_ms=0)
        for number in range(1, 10)
    ]
    with room(700), pytest.raises(UnavailableError):
        await archive(rows)
    assert list(tmp_path.iterdir()) == []
    await archive(rows)
    (file,) = tmp_path.iterdir()
    assert [line["id"] for line in lines_of(file)] == list(range(1, 10))


async def test_a_full_log_disk_costs_no_request_and_tears_no_line(tmp_path, small_disk):
    env = sandbox(tmp_path, LOG_DIR=str(small_disk / "logs"))
    async with serving(env) as (_, url), client_of(url) as client:
        assert (await client.post("/api/payments/create", json=ORDER)).status_code == 200
        filler = fill(small_disk)
        dropped = 0
        async with asyncio.timeout(60):
            while not dropped:
                for _ in range(20):
                    assert (await client.post("/api/payments/create", json=ORDER)).status_code == 200
                dropped = (await scrape(client))["log_lines_dropped",]
        assert (await client.get("/api/health/ready")).status_code == 200
        filler.unlink()
        async with asyncio.timeout(60):
            while not (told := [one for one in lines_of(small_disk / "logs" / "combined.log") if "lines" in one]):
                assert (await client.get("/api/health/live")).status_code == 200
    assert told[0]["event"] == "log_lines_dropped"
    assert told[0]["lines"] >= dropped
