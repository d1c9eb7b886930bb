"""Output that never blocks its writer for long, even if nothing reads it.

A pipe that is not read fills up. A process that writes to it then waits without limit and holds the log's lock. Here
the writer waits only a short time. Lines that cannot be written by then are dropped; their number is written once there
is space again.
"""

from __future__ import annotations

import os
import select
import threading
from typing import TextIO

_PIECE_BYTES = 512  # POSIX's smallest PIPE_BUF: when poll() reports a pipe as writable, writing this much never blocks


class UnblockedOutput:
    """Writes text to a stream's file descriptor, bypassing its buffer; meant as the stream of a log handler.

    Safe to use from several threads.
    """

    def __init__(self, stream: TextIO, patience_s: float) -> None:
        """Use a stream, which is not closed.

        Args:
            stream: The stream, such as standard error.
            patience_s: How long a writer may wait for space. After one failed wait, no writer waits until there is
                space again.
        """
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._patience_s = patience_s
        self._dropped_lines = 0
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write whole lines of text; a line is dropped or truncated if there is no space for it in time."""
        with self._lock:
            for line in text.splitlines(keepends=True):
                if self._dropped_lines and self._write(f"WARNING {self._dropped_lines} lines before this were lost\n"):
                    self._dropped_lines = 0
                if self._dropped_lines or not self._write(line):
                    self._dropped_lines += 1

    def flush(self) -> None:
        """Do nothing: text is never buffered."""

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
