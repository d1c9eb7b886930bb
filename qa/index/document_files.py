"""Changes one file of the documents' folder in steps. Every call may block (`qa.index.file_calls`).

Guarantees: a file appears in one step, or not at all. The condition of a change is checked in that step, under a lock
    on the file's folder that excludes all other changes of this module, also by other processes. So of two changes that
    require the same version, one is refused. Without such locks (Windows, some network file systems), only the earlier
    check of the condition applies.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeVar

from qa.durable import flush
from qa.index.file_lock import in_place, lock
from qa.index.regular_files import digest_regular
from qa.index.upload_files import abandon, open_upload, put_in_place
from qa.text.document_names import landing

Condition = Callable[[str | None], None]
"""Is given a file's SHA-256 in hexadecimal digits, or None where there is none; raises to forbid a change to it."""

T = TypeVar("T")

_TRIES = 20  # tries to make folders and store a file in them while others remove emptied folders


class Upload:
    """An upload of one file: `begin`, `write` each piece, `flush`, `appear`; then `end`, also after an error.

    Attributes:
        path: The final path, known after `begin`.
        bytes: The number of bytes written.
        given_up: Set if the caller stopped waiting for a step; then the file does not appear.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        self.bytes = 0
        self.given_up = False
        self._folder = folder
        self._name = name
        self._digest = sha256()
        self._file: BinaryIO | None = None

    def step(self, call: Callable[[], T]) -> T:
        """Run a step; if the caller has stopped waiting, end the upload."""
        try:
            return call()
        finally:
            if self.given_up:
                self.end()

    def begin(self) -> None:
        """Open a temporary file for the content.

        Raises:
            InvalidRequest, NameTaken: nothing can be stored under the name.
            OSError: the disk is full or cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self.path = landing(self._folder, self._name)
        self._file = _open_beside(self.path)

    def write(self, piece: bytes) -> None:
        """Append a piece of the content."""
        assert self._file
        self._file.write(piece)
        self._digest.update(piece)
        self.bytes += len(piece)

    def flush(self) -> None:
        """Flush the content to the disk.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        assert self._file
        self._file.flush()
        os.fsync(self._file.fileno())

    def appear(self, condition: Condition | None) -> bool:
        """Move the file to its place; return whether it is new. On failure, folders made for it are removed."""
        assert self._file
        beside = Path(self._file.name).parent
        try:
            with _changing(self.path.parent, make=True):
                _check(self._folder, self.path, condition)
                self._check_wanted()
                new = not self.path.exists()
                put_in_place(self._file, self.path)
        except BaseException:
            remove_empty(self._folder, self.path.parent)
            raise
        with suppress(FileNotFoundError):  # another client has already removed it with its folder
            _flush_up(self.path.parent, beside)
        return new

    def end(self) -> None:
        """Close the file; remove it if it has not appeared."""
        if self._file:
            try:
                self._file.close()
            finally:
                abandon(self._file)

    def _check_wanted(self) -> None:
        if self.given_up:
            raise TimeoutError

    def sha256(self) -> str:
        """The SHA-256 of the content, in hexadecimal digits."""
        return self._digest.hexdigest()


def remove(folder: Path, name: str, condition: Condition | None) -> Path:
    """Remove a file and the folders that it leaves empty; return its path.

    Raises:
        NameTaken, FileNotFoundError, IsADirectoryError, NotADirectoryError: there is no such file.
        OSError: the disk is full or cannot be written.
    """
    path = landing(folder, name)
    if condition and not path.parent.is_dir():  # there is no folder to lock
        condition(None)
    with _changing(path.parent, make=False):
        _check(folder, path, condition)
        path.unlink()
    remove_empty(folder, path.parent)
    with suppress(OSError):  # it is removed, but a power failure could restore it
        flush(_existing_parent(path))
    return path


def check_condition(folder: Path, name: str, condition: Condition) -> None:
    """Check a condition on the present file with a name."""
    _check(folder, landing(folder, name), condition)


def remove_empty(top: Path, folder: Path) -> None:
    """Remove a folder and its parents, up to the top, while they are empty and no file is about to appear in them."""
    while folder != top:
        try:
            with _changing(folder, make=False):
                folder.rmdir()
        except FileNotFoundError:
            pass  # another process removed it, or it was never made
        except OSError:
            return
        folder = folder.parent


def _check(folder: Path, path: Path, condition: Condition | None) -> None:
    if condition:
        digest = None
        if path.is_file():
            with suppress(FileNotFoundError):  # removed in the meantime
                digest, _, _ = digest_regular(folder, path, sys.maxsize)
        condition(digest)


@contextmanager
def _changing(folder: Path, *, make: bool) -> Iterator[None]:
    """A context that excludes other changes in a folder; with `make`, the folder is created if missing."""
    if sys.platform == "win32":
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        yield
        return
    opened = _locked(folder, make=make)
    try:
        yield
    finally:
        os.close(opened)


def _locked(folder: Path, *, make: bool) -> int:
    """Open and lock a folder, and check that it still exists: others remove folders that they have emptied."""
    for trial in range(_TRIES):
        last = trial == _TRIES - 1
        try:
            if make:
                folder.mkdir(parents=True, exist_ok=True)
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            if last or not make:
                raise
            continue
        lock(opened)
        if in_place(opened, folder):
            return opened
        os.close(opened)
    raise FileNotFoundError(str(folder))


def _open_beside(path: Path) -> BinaryIO:
    """Open a new upload file in the nearest existing folder above a path.

    So it is on the same disk as the path, keeps that folder from being removed as empty, and creates no folder.
    """
    for _ in range(_TRIES - 1):
        with suppress(FileNotFoundError):  # the folder was removed as empty in the meantime
            return open_upload(_existing_parent(path))
    return open_upload(_existing_parent(path))


def _existing_parent(path: Path) -> Path:
    """The nearest existing folder above a path."""
    return next(folder for folder in path.parents if folder.is_dir())


def _flush_up(folder: Path, last: Path) -> None:
    """Flush a folder and its parents, up to one that existed before."""
    flush(folder)
    while folder != last:
        folder = folder.parent
        flush(folder)
