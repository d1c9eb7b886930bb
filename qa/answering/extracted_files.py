"""Extracts documents from containers (`qa.containers`) into unnamed temporary files.

Guarantees: a file has the document's content in the container at the time of the call. The last few files are cached,
    so that a document that is sent in parts, or drawn page by page, is extracted once. Safe to use from several
    threads.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO

from qa.containers.container import Container, file_of
from qa.errors import UnknownDocument, UnreadableFile
from qa.index.file_calls import Headway

_KEPT_FILES = 4
_PIECE_BYTES = 1 << 20

Stamp = tuple[int, int, int, int, int]


def open_without_waiting(path: Path) -> int:
    """Open a file for reading without waiting, even if it is a named pipe; return the descriptor.

    Raises:
        OSError: it cannot be opened.
    """
    # Without O_NONBLOCK, opening a named pipe would wait for its writer.
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def stamp(descriptor: int) -> Stamp:
    """What identifies an open file and its content: device, inode, size and times."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class ExtractedFiles:
    """Extracts documents from the containers of one folder."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Start with an empty cache.

        Args:
            folder: The folder of the containers.
            most_bytes: The size limit of an extracted document.
        """
        self._folder = folder
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[Stamp, str], BinaryIO] = OrderedDict()
        self._lock = Lock()

    def open(self, source: str, headway: Headway) -> int:
        """A descriptor of a temporary file with a document's bytes.

        Args:
            source: The document: the container's path, a slash, and its name there.
            headway: Called after each piece read from the container.

        Raises:
            OSError: the container cannot be read; ENOENT if it has no such document.
            UnknownDocument: the container is a message whose library is not installed.
        """
        above = file_of(source, lambda path: (self._folder / path).is_dir())
        descriptor = open_without_waiting(self._folder / above)
        with io.BufferedReader(_Container(descriptor, headway)) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _no_such_document()
            key = stamp(descriptor), source
            kept = self._find(key)
            if kept is not None:
                return kept
            try:
                data = Container(above, file, self._most_bytes).take(source[len(above) + 1 :])
            except ImportError:
                told = f"{source} cannot be taken out of its message here: the package olefile is not installed."
                raise UnknownDocument(told) from None
            except (UnreadableFile, KeyError):
                raise _no_such_document() from None
        return self._keep(key, data)

    def _find(self, key: tuple[Stamp, str]) -> int | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return os.dup(found.fileno())

    def _keep(self, key: tuple[Stamp, str], data: bytes) -> int:
        taken = TemporaryFile()  # noqa: SIM115 - it is closed when it is forgotten
        try:
            taken.write(data)
            taken.flush()
            descriptor = os.dup(taken.fileno())
        except BaseException:
            taken.close()
            raise
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = taken
            forgotten = [before] if before else []
            while len(self._kept) > _KEPT_FILES:
                forgotten.append(self._kept.popitem(last=False)[1])
        for each in forgotten:
            each.close()
        return descriptor

    def __del__(self) -> None:
        for each in self._kept.values():
            each.close()


class _Container(io.RawIOBase):
    """A file object that calls `headway` after each read; closing it closes the descriptor."""

    def __init__(self, descriptor: int, headway: Headway) -> None:
        self._descriptor = descriptor
        self._headway = headway

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what the library calls it with
        size = os.readv(self._descriptor, [memoryview(buffer)[:_PIECE_BYTES]])
        self._headway()
        return size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _no_such_document() -> OSError:
    return FileNotFoundError(errno.ENOENT, "there is no such document in a container")
