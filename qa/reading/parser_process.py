"""Parses files in a worker process with limits on time and memory.

Guarantees: reading any file ends within the time limit, with its content or a reason; a fault of a parser does not
    affect the calling process. One worker reads files in turn and is replaced if it ends or is stopped. Its environment
    has only the variables that Python needs, so a parser cannot read the server's secrets.

Only a worker itself reports a fault of the file (`UnreadableFile`). If a worker was killed, crashed, ran out of time or
memory, or did not start, the machine may be the cause (`UnreadableForNow`): the file is read once more in a new worker,
and by a later build if that fails too.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self

from qa.containers.container import Member
from qa.errors import UnreadableFile, UnreadableForNow
from qa.reading.parsed import Content, from_data
from qa.reading.parser_guard import Guard
from qa.text.child_processes import how_it_ended, parser_environment
from qa.text.document_names import suffix_of
from qa.text.json_reading import parse_json

log = logging.getLogger(__name__)

_GRACE_S = 5  # a worker ends itself this long after its limit, in case its parent has ended
_START_S = 60  # importing the parsers takes under a second, but much longer on a busy machine
_START_FILES = 30  # times the limit of one file
_STARTS_IN_VAIN = 6  # consecutive failed starts after which the other files are left to a later build
_TRIES = 2


class Parser:
    """Reads files in a worker process. Not thread-safe.

    Attributes:
        limit_s: The time limit of a file, in seconds.
    """

    def __init__(self, limit_s: float, memory_mb: int, tried_before: Collection[str] = ()) -> None:
        """Store the limits; a worker is started at the first file.

        Args:
            limit_s: The time limit of a file, in seconds.
            memory_mb: The memory limit of a worker, in MB.
            tried_before: Files (sources) with a temporary failure in an earlier build. If one exceeds its limits again,
                it is not read a second time at once, since every build would wait twice for it.
        """
        self.limit_s = limit_s
        self._memory = _Memory(memory_mb, memory_mb)
        self._tried_before = tried_before
        self._process: subprocess.Popen[bytes] | None = None
        self._starts_in_vain = 0
        self._held: object = None  # the container that the worker has

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, source: str, data: bytes) -> Content:
        """Read a file's content and cut it into passages.

        Args:
            source: The file's path; its suffix determines the format.
            data: Its bytes.

        Raises:
            UnreadableForNow: time, memory or a parser was lacking, also in a new worker.
            UnreadableFile: it cannot be read.
        """
        return from_data(self._tried(source, {"source": source}, data))

    def members(self, source: str, digest: str, data: bytes, most_bytes: int) -> list[Member]:
        """List the members of a container.

        Args:
            source: The container's path; its suffix determines the format.
            digest: Its SHA-256, in hexadecimal digits.
            data: Its bytes.
            most_bytes: The largest document that is read.

        Raises:
            UnreadableForNow, UnreadableFile: as `read`.
        """
        request = _of_container(source, digest, most_bytes)
        return [Member(*fields) for fields in self._tried(source, request, data)["members"]]

    def read_member(self, source: str, digest: str, data: bytes, most_bytes: int, member: str) -> Content:
        """Read a document in a container; arguments and errors as in `members` and `read`."""
        request = _of_container(source, digest, most_bytes) | {"member": member}
        return from_data(self._tried(f"{source}/{member}", request, data))

    def close(self) -> None:
        """End the worker."""
        self._held = None
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # buffered output can no longer be read
                    if pipe:
                        pipe.close()
            self._process = None

    def _tried(self, source: str, request: dict[str, object], data: bytes) -> dict[str, Any]:
        for further in reversed(range(_TRIES)):
            try:
                return self._asked(source, request, data)
            except UnreadableForNow as error:
                self.close()
                if not further or (error.costly and source in self._tried_before):
                    raise
        raise AssertionError("unreachable")

    def _asked(self, source: str, request: dict[str, object], data: bytes) -> dict[str, Any]:
        process = self._running()
        with Guard(process, self.limit_s) as guard:
            container = request.get("container")
            reply = _exchange(process, request, b"" if container and container == self._held else data)
        self._held = container or self._held
        if guard.timed_out:
            raise UnreadableForNow(f"took longer than {self.limit_s:g} s to read (QA_PARSE_SECONDS)", costly=True)
        if not reply:
            told = self._memory.why_it_ended(_how_it_ended(process), guard.peak_mb)
            raise UnreadableForNow(told, costly=self._memory.is_much(guard.peak_mb))
        try:
            answer: dict[str, Any] = parse_json(reply)
        except ValueError:
            raise UnreadableForNow("its parser's reply cannot be read") from None
        if self._memory.is_much(guard.peak_mb):
            self.close()  # otherwise a shortage of the next file could not be distinguished from this one
        if "detail" in answer:
            log.info("The parser of %s said: %s", source, answer["detail"])
        if "exhausted" in answer:
            raise UnreadableForNow(self._memory.too_little(), costly=True)
        if "for_now" in answer:
            raise UnreadableForNow(answer["for_now"])
        if "error" in answer:
            raise UnreadableFile(answer["error"])
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        self.close()
        if self._starts_in_vain >= _STARTS_IN_VAIN:
            raise UnreadableForNow("no parser could be started for the files before it")
        self._starts_in_vain += 1
        self._process = self._started()
        self._starts_in_vain = 0
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it is ready."""
        command = [sys.executable, "-P", "-m", "qa.reading.parser_worker"]
        try:
            self._process = process = subprocess.Popen(
                [*command, str(int(self.limit_s + _GRACE_S)), str(self._memory.wanted_mb)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Text recognition is slower on several threads, and would take cores from the server.
                env={**parser_environment(), "OMP_THREAD_LIMIT": "1"},
            )
        except OSError as error:
            raise UnreadableForNow(f"no parser can be started ({error.strerror})") from None
        limit_s = min(_START_S, _START_FILES * self.limit_s)
        with Guard(process, limit_s) as guard:
            greeting = _line(process)
        if guard.timed_out:
            raise UnreadableForNow(f"its parser was not ready after {limit_s:g} s")
        if not greeting:
            raise UnreadableForNow(f"its parser could not start ({_how_it_ended(process)})")
        self._memory = replace(self._memory, allowed_mb=json.loads(greeting)["memory_mb"])
        return process


@dataclass(frozen=True, slots=True)
class _Memory:
    """The configured memory limit of a worker and the effective one, which the system may reduce, in MB."""

    wanted_mb: int
    allowed_mb: int

    def is_much(self, peak_mb: int) -> bool:
        """Whether a parser lacked memory: doubling its peak would have exceeded the limit."""
        return 2 * peak_mb >= self.allowed_mb

    def too_little(self) -> str:
        """The reason for a file that needs more memory."""
        if self.allowed_mb < self.wanted_mb:
            return f"needs more than the {self.allowed_mb} MB of memory that this process may take (ulimit -v)"
        return f"needs more than {self.allowed_mb} MB of memory to read (QA_PARSE_MEMORY_MB)"

    def why_it_ended(self, how: str, peak_mb: int) -> str:
        """Why a worker has ended. Parsers in C abort or crash if memory is refused."""
        if how == "SIGKILL":
            return "its parser was killed (SIGKILL), as happens where a machine runs out of memory"
        if self.is_much(peak_mb):
            return f"{self.too_little()}: its parser gave up at {peak_mb} MB ({how})"
        return f"stopped its parser ({how})"


def _of_container(source: str, digest: str, most_bytes: int) -> dict[str, object]:
    """A request about a container; it includes the suffix, which determines the format."""
    return {"source": source, "container": f"{suffix_of(source)} {digest}", "most_bytes": most_bytes}


def _exchange(process: subprocess.Popen[bytes], request: dict[str, object], data: bytes) -> bytes:
    """Send a file and read the reply; empty if the worker ended."""
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps({**request, "bytes": len(data)}).encode() + b"\n" + data)
        process.stdin.flush()
    except OSError:
        return b""
    return _line(process)


def _line(process: subprocess.Popen[bytes]) -> bytes:
    """A complete line from a worker; empty if it ended before the line's end."""
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except OSError:
        return b""
    return line if line.endswith(b"\n") else b""


def _how_it_ended(process: subprocess.Popen[bytes]) -> str:
    try:
        status = process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:  # it closed its output but still runs
        process.kill()
        status = process.wait()
    return how_it_ended(status)
