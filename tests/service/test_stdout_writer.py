"""The log's way out: in order while somebody reads, dropped and counted when nobody does, never waited for."""

import os

import pytest

from bakong_service.adapters.stdout_writer import StdoutWriter


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def test_what_is_written_is_read_whole_and_in_order(pipe):
    reading, writing = pipe
    writer = StdoutWriter(writing)
    for number in range(100):
        writer.write(b"%d\n" % number)
    writer.close()
    assert os.read(reading, 10_000) == b"".join(b"%d\n" % number for number in range(100))
    assert writer.dropped == 0


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_what_finds_no_room_is_counted(pipe):
    reading, writing = pipe
    writer = StdoutWriter(writing, held_bytes=300_000)
    line = b"x" * 999 + b"\n"
    for _ in range(1000):
        writer.write(line)
    assert 600 <= writer.dropped <= 700  # the rest is in the pipe, and waits
    writer.close()  # and does not wait for the reader
    dropped, read = writer.dropped, 0
    while read < 1000 - dropped:
        read += os.read(reading, 65_536).count(b"\n")
    assert read == 1000 - dropped


def test_a_pipe_that_is_closed_costs_its_lines_alone():
    reading, writing = os.pipe()
    writer = StdoutWriter(writing)
    os.close(reading)
    writer.write(b"a\nb\n")
    writer.close()
    os.close(writing)
    assert writer.dropped == 2
