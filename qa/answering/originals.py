"""Opens the files of documents and reads them in pieces, for sending them to clients.

Guarantees: a file is sent only as it was indexed. Its SHA-256 is compared before anything is sent, on the same
    descriptor that is read later. That pass also computes a digest of each block, and each block is compared with its
    digest before it is sent. So no client gets a mixture of two versions, and a range costs only the blocks that it
    overlaps. The result of the first comparison is kept while the file's size and times stay the same, so a large file
    is not read twice at each request. A document in a container (`qa.containers`) is extracted
    (`qa.answering.extracted_files`) and sent in the same way. The wait for an unresponsive drive is limited
    (`qa.index.file_calls`).
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Protocol

from qa.answering.bounded_cache import BoundedCache
from qa.answering.extracted_files import ExtractedFiles, Stamp, open_without_waiting, stamp
from qa.errors import QAError, UnknownDocument, UnreadableForNow
from qa.index.file_calls import Headway, close_later, within

PIECE_BYTES = 64 << 10
BLOCK_BYTES = 4 * PIECE_BYTES  # memory for each file that is being sent
_BLOCK_DIGEST_BYTES = 16
_REMEMBERED_BYTES = 16 << 20  # of digests: enough for the blocks of 250 GB, or for 100,000 small files
# Errors for a missing file, or one that is not a regular file. All others are faults of the drive or the machine.
_GONE = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO, errno.ENODEV)
)


class Original(Protocol):
    """An open file. Not thread-safe.

    Attributes:
        name: Its name without folders.
        size_bytes: The size of the whole file.
        sha256: Its digest, in hexadecimal digits.
    """

    name: str
    size_bytes: int
    sha256: str

    def take(self, part: range) -> None:
        """Restrict `read` to a range of the file's bytes; call it before the first `read`."""

    def read(self) -> bytes:
        """The next piece; empty at the end.

        Raises:
            UnknownDocument: the file was changed or truncated while it was read.
            UnreadableForNow: its drive fails or does not answer.
        """

    def close(self) -> None:
        """Close the file; a second call does nothing."""


@dataclass(frozen=True, slots=True)
class _Digests:
    """A file's SHA-256, in hexadecimal digits, and the digests of its blocks, one after the other."""

    whole: str
    blocks: bytes


class Originals:
    """Opens the files of one folder. Safe to use from several threads."""

    def __init__(self, folder: Path, most_bytes: int, remembered_bytes: int = _REMEMBERED_BYTES) -> None:
        """Use a folder.

        Args:
            folder: Where the files are.
            most_bytes: The size limit for documents extracted from containers.
            remembered_bytes: The memory limit for stored digests.
        """
        self._folder = folder
        # A stored entry takes some 160 bytes more than its digests.
        self._known: BoundedCache[Stamp, _Digests] = BoundedCache(
            remembered_bytes, lambda digests: len(digests.blocks) + 160
        )
        self._extracted = ExtractedFiles(folder, most_bytes)

    def open(self, source: str, digest: str) -> Original:
        """Open a file whose SHA-256, in hexadecimal digits, is `digest`.

        Raises:
            UnknownDocument: it is missing, is not a regular file, or has other content.
            UnreadableForNow: its drive fails or does not answer, or the machine lacks a resource.
        """
        path = self._folder / source
        try:
            found = within(path, partial(self._open, source, digest))
        except OSError as error:
            raise _fault(source, error) from None
        if not found:
            raise _gone(source)
        return found

    def _open(self, source: str, digest: str, headway: Headway) -> _OpenFile | None:
        """An open file with a digest; None if the content differs or the file is missing."""
        path = self._folder / source
        try:
            descriptor = open_without_waiting(path)
        except NotADirectoryError:
            descriptor = self._extracted.open(source, headway)
        try:
            found = self._digests(descriptor, headway) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        except BaseException:
            os.close(descriptor)
            raise
        if not found or found.whole != digest:
            os.close(descriptor)
            return None
        return _OpenFile(path, descriptor, found)

    def _digests(self, descriptor: int, headway: Headway) -> _Digests | None:
        """The digests of an open file; None if it changes while it is read."""
        before = stamp(descriptor)
        if known := self._known.get(before):
            return known
        whole, blocks, offset = sha256(), bytearray(), 0
        while block := _read_block(descriptor, offset):
            headway()
            whole.update(block)
            blocks += _digest_of(block)
            offset += len(block)
        if stamp(descriptor) != before or offset != os.fstat(descriptor).st_size:
            return None
        found = _Digests(whole.hexdigest(), bytes(blocks))
        self._known.keep(before, found)
        return found


class _OpenFile:
    def __init__(self, path: Path, descriptor: int, digests: _Digests) -> None:
        self.name = path.name
        self._path = path
        self.sha256 = digests.whole
        self.size_bytes = os.fstat(descriptor).st_size
        self._descriptor: int | None = descriptor
        self._blocks = digests.blocks
        self._block = b""
        self._block_start = -1
        self._hangs = False
        self._left = range(self.size_bytes)

    def take(self, part: range) -> None:
        self._left = part

    def read(self) -> bytes:
        if not self._left:
            return b""
        start = self._left.start
        self._hold(start - start % BLOCK_BYTES)
        end = min(self._left.stop, self._block_start + len(self._block), start + PIECE_BYTES)
        self._left = range(end, self._left.stop)
        return self._block[start - self._block_start : end - self._block_start]

    def _hold(self, block_start: int) -> None:
        """Read the block at an offset, unless it is in memory, and compare it with its digest."""
        if block_start == self._block_start:
            return
        try:
            block = within(self._path, lambda _: self._block_at(block_start))
        except TimeoutError as error:
            self._hangs = True
            raise _fault(self.name, error) from None
        except OSError:
            block = b""
        block = block[: self.size_bytes - block_start]  # the file may have grown
        place = block_start // BLOCK_BYTES * _BLOCK_DIGEST_BYTES
        if _digest_of(block) != self._blocks[place : place + _BLOCK_DIGEST_BYTES]:
            raise UnknownDocument(f"The file {self.name} was changed while it was read.")
        self._block, self._block_start = block, block_start

    def _block_at(self, offset: int) -> bytes:
        assert self._descriptor is not None
        return _read_block(self._descriptor, offset)

    def close(self) -> None:
        if not self._hangs:  # otherwise a hung call still uses it, and closes it when it returns
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            close_later(descriptor)

    def __del__(self) -> None:
        self._close()  # if the client disconnected before the reply began


def _gone(source: str) -> UnknownDocument:
    return UnknownDocument(f"The file {source} is gone or was changed since the index was built.")


def _fault(source: str, error: OSError) -> QAError:
    if error.errno in _GONE:
        return _gone(source)
    return UnreadableForNow(f"The file {source} cannot be read for now ({error.strerror}); try again later.")


def _read_block(descriptor: int, offset: int) -> bytes:
    """A whole block, or the shorter last one."""
    block = bytearray()
    while len(block) < BLOCK_BYTES and (piece := os.pread(descriptor, BLOCK_BYTES - len(block), offset + len(block))):
        block += piece
    return bytes(block)


def _digest_of(block: bytes) -> bytes:
    return blake2b(block, digest_size=_BLOCK_DIGEST_BYTES).digest()
