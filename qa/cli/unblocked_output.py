"""Output that never blocks its writer for long, for programs whose output may not be read.

A pipe that is not read fills up, and then a process that writes to it waits for ever, holding the log's lock. Here the
writer waits for a short time at most. Lines that cannot be written by then are dropped; their number is written as soon
as there is room again.
"""

from __future__ import annotations

import os
import select
import threading
from typing import TextIO

_PIECE_BYTES = 512  # POSIX's smallest PIPE_BUF: where poll() says that a pipe has room, this much never blocks


class UnblockedOutput:
    """Writes text to the file of a stream, past its buffer; meant as the stream of a log handler.

    Safe to use from several threads.
    """

    def __init__(self, stream: TextIO, patience_s: float) -> None:
        """Take the stream, which is not closed.

        Args:
            stream: Where to write, such as standard error.
            patience_s: How long a writer may wait for room. After one wait without success, none waits until there is
                room again.
        """
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._patience_s = patience_s
        self._dropped_lines = 0
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write text, of whole lines; a line is dropped, or broken off, where there is no room for it in time."""
        with self._lock:
            for line in text.splitlines(keepends=True):
                if self._dropped_lines and self._write(f"WARNING {self._dropped_lines} lines before this were lost\n"):
                    self._dropped_lines = 0
                if self._dropped_lines or not self._write(line):
                    self._dropped_lines += 1

    def flush(self) -> None:
        """Nothing is held back, so there is nothing to do."""

    def _write(self, line: str) -> bool:
        data = line.encode(self._encoding, "backslashreplace")
        for start in range(0, len(data), _PIECE_BYTES):
            if not self._has_room():
                return False
            try:
                os.write(self._descriptor, data[start : start + _PIECE_BYTES])
            except OSError:  # closed, or a full disk
                return False
        return True

    def _has_room(self) -> bool:
        if not hasattr(select, "poll"):
            return True
        room = select.poll()
        room.register(self._descriptor, select.POLLOUT)
        return bool(room.poll(0 if self._dropped_lines else 1000 * self._patience_s))
