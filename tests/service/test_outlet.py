"""The log's way out: in order while somebody reads, dropped and counted when nobody does, never waited for."""

import os

import pytest

from bakong_service.adapters.outlet import Outlet


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def test_what_is_written_is_read_whole_and_in_order(pipe):
    reading, writing = pipe
    outlet = Outlet(writing)
    for number in range(100):
        outlet.write(b"%d\n" % number)
    outlet.close()
    assert os.read(reading, 10_000) == b"".join(b"%d\n" % number for number in range(100))
    assert outlet.dropped == 0


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_what_finds_no_room_is_counted(pipe):
    reading, writing = pipe
    outlet = Outlet(writing, held_bytes=300_000)
    line = b"x" * 999 + b"\n"
    for _ in range(1000):
        outlet.write(line)
    assert 600 <= outlet.dropped <= 700  # the rest is in the pipe, and waits
    outlet.close()  # and does not wait for the reader
    dropped, read = outlet.dropped, 0
    while read < 1000 - dropped:
        read += os.read(reading, 65_536).count(b"\n")
    assert read == 1000 - dropped


def test_a_pipe_that_is_closed_costs_its_lines_alone():
    reading, writing = os.pipe()
    outlet = Outlet(writing)
    os.close(reading)
    outlet.write(b"a\nb\n")
    outlet.close()
    os.close(writing)
    assert outlet.dropped == 2
