"""The files that documents were read from, as they are sent to clients: in pieces, from disk.

Guarantees: a file is sent only as it was indexed. Its SHA-256 is compared before anything is sent, on the descriptor
that is then read from, and once more over what is sent: if that differs, the last piece is never given out, so that
nobody takes a mixture of two versions for the whole. The first comparison is remembered for as long as the file's size
and times stay the same, so a large file is not read twice at each request.
"""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Protocol

from qa.errors import UnknownDocument

PIECE_BYTES = 64 << 10
_HASHED_BYTES = 1 << 20  # at once
_REMEMBERED = 4096  # files, of 64 bytes and a little

_Stamp = tuple[int, int, int, int, int]


class Original(Protocol):
    """An open file. For one caller at a time."""

    name: str
    size_bytes: int

    def read(self) -> bytes:
        """The next piece; nothing at the end.

        Raises:
            UnknownDocument: the file was changed or cut while it was read; the pieces so far are worth nothing.
        """

    def close(self) -> None:
        """Close the file; a second call does nothing."""


class Originals:
    """Opens the files of one folder. Safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: OrderedDict[_Stamp, str] = OrderedDict()
        self._lock = Lock()

    def open(self, source: str, digest: str) -> Original:
        """Open a file whose SHA-256, in hexadecimal digits, is `digest`.

        Raises:
            UnknownDocument: it is gone, is no file, or has another content.
        """
        path = self._folder / source
        gone = UnknownDocument(f"The file {source} is gone or was changed since the index was built.")
        try:
            # Without O_NONBLOCK the opening of a named pipe would wait for its writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            raise gone from None
        file = _OpenFile(path.name, descriptor, digest)
        try:
            same = file.is_regular and self._digest(descriptor) == digest
        except OSError:
            same = False
        if not same:
            file.close()
            raise gone
        return file

    def _digest(self, descriptor: int) -> str | None:
        """The SHA-256 of an open file; None if it changes while it is read."""
        before = _stamp(descriptor)
        with self._lock:
            known = self._known.get(before)
        if known:
            return known
        digest, offset = sha256(), 0
        while piece := os.pread(descriptor, _HASHED_BYTES, offset):
            digest.update(piece)
            offset += len(piece)
        if _stamp(descriptor) != before or offset != os.fstat(descriptor).st_size:
            return None
        with self._lock:
            self._known[before] = digest.hexdigest()
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return digest.hexdigest()


class _OpenFile:
    def __init__(self, name: str, descriptor: int, digest: str) -> None:
        found = os.fstat(descriptor)
        self.name = name
        self.size_bytes = found.st_size
        self.is_regular = stat.S_ISREG(found.st_mode)
        self._descriptor: int | None = descriptor
        self._wanted = digest
        self._digest = sha256()
        self._offset = 0

    def read(self) -> bytes:
        assert self._descriptor is not None
        wanted_bytes = min(PIECE_BYTES, self.size_bytes - self._offset)
        try:
            piece = os.pread(self._descriptor, wanted_bytes, self._offset)
        except OSError:
            piece = b""
        self._offset += len(piece)
        self._digest.update(piece)
        cut = wanted_bytes and not piece
        if cut or (self._offset == self.size_bytes and self._digest.hexdigest() != self._wanted):
            raise UnknownDocument(f"The file {self.name} was changed while it was read.")
        return piece

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()  # where the client had gone before there was a reply


def _stamp(descriptor: int) -> _Stamp:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
