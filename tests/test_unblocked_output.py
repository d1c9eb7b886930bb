"""Output into pipes that are not read."""

from __future__ import annotations

import fcntl
import io
import logging
import os
import threading
from collections.abc import Iterator

import pytest
from waiting import until

from qa.cli.unblocked_output import UnblockedOutput

PIPE_BYTES = 64 << 10


class Pipe:
    """A pipe and an output that writes into it."""

    def __init__(self, patience_s: float = 0.0) -> None:
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.stream = os.fdopen(writing, "w", encoding="ascii")
        self.output = UnblockedOutput(self.stream, patience_s)

    def read(self) -> list[str]:
        return os.read(self.reading, 1 << 20).decode().splitlines(keepends=True)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reading)
    pipe.stream.close()


def test_what_is_read_comes_whole_and_in_order(pipe: Pipe) -> None:
    for number in range(10):
        pipe.output.write(f"one {number}\ntwo {number} \u7aef\n")
    assert pipe.read() == [line for number in range(10) for line in (f"one {number}\n", f"two {number} \\u7aef\n")]


def test_a_writer_never_waits_for_a_reader_and_the_reader_learns_what_it_missed(pipe: Pipe) -> None:
    for number in range(10_000):
        pipe.output.write(f"line {number}\n")
    got = pipe.read()
    assert got == [f"line {number}\n" for number in range(len(got))]
    assert 0 < len(got) < 10_000
    pipe.output.write("after\n")
    assert pipe.read() == [f"WARNING {10_000 - len(got)} lines before this were lost\n", "after\n"]


def test_a_line_longer_than_the_pipe_is_broken_off(pipe: Pipe) -> None:
    pipe.output.write("x" * 3 * PIPE_BYTES + "\n")
    assert set("".join(pipe.read())) == {"x"}
    pipe.output.write("after\n")
    assert pipe.read()[-1] == "after\n"


def test_a_reader_that_comes_in_time_is_waited_for() -> None:
    pipe = Pipe(patience_s=3600)
    writer = threading.Thread(target=pipe.output.write, args=("x" * 10 * PIPE_BYTES + "\n",))
    writer.start()
    got = ""
    while not got.endswith("\n"):
        got += "".join(pipe.read())
    writer.join()
    assert got == "x" * 10 * PIPE_BYTES + "\n"
    os.close(pipe.reading)
    pipe.stream.close()


def test_a_reader_that_is_gone_harms_nobody(pipe: Pipe) -> None:
    os.close(pipe.reading)
    pipe.output.write("unheard\n")
    pipe.reading = os.open(os.devnull, os.O_RDONLY)


def test_a_full_log_does_not_stop_those_who_log(pipe: Pipe) -> None:
    logger = logging.Logger("full")  # noqa: LOG001 - one that nobody else has
    logger.addHandler(logging.StreamHandler(pipe.output))
    threads = [threading.Thread(target=lambda: [logger.error("trouble") for _ in range(5_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: not any(thread.is_alive() for thread in threads))
    assert "".join(pipe.read()).startswith("trouble\ntrouble\n")


def test_a_file_is_written_to_as_ever(tmp_path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        UnblockedOutput(stream, 0).write("é\n" * 10_000)
    assert (tmp_path / "log").read_text("utf-8") == "é\n" * 10_000


def test_a_stream_without_a_file_is_refused() -> None:
    with pytest.raises(io.UnsupportedOperation):
        UnblockedOutput(io.StringIO(), 0)
