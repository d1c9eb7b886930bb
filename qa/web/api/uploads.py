"""Documents put into and taken out of their folder by name, for whoever may do so over HTTP.

Guarantees: a file appears whole or not at all, under the name that was asked for (`qa.text.document_names`); what is
refused leaves nothing behind, not even a folder; a folder that is emptied goes with its last file. Whose fault an
error of the file system is, is told by one table. Nothing here parses: what becomes of a file is the next build's to
say.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO

from qa.durable import flush
from qa.errors import BuildFailed, InvalidRequest, NameTaken, QAError, UnknownDocument, UnsupportedType
from qa.index.build_notes import REQUEST
from qa.index.upload_files import abandon, open_upload, put_in_place
from qa.settings import Settings
from qa.text.document_names import checked_name, landing
from qa.text.readable_types import why_not_read
from qa.text.safe_text import printable

_TRIES = 20  # to make folders and store a file in them, while others remove folders that they have emptied
_TAKEN = "is in the way of a file or a folder of the same name; choose another name"
_UNUSABLE = "cannot be a file's name on this disk; choose another name"

# Errors of the file system that the caller can mend by another name. All others, such as a full or a write-protected
# disk, are the operator's.
CALLERS_FAULTS: Mapping[int, tuple[type[QAError], str]] = {
    errno.ENOTDIR: (NameTaken, _TAKEN),
    errno.EISDIR: (NameTaken, _TAKEN),
    errno.EEXIST: (NameTaken, _TAKEN),
    errno.ENOTEMPTY: (NameTaken, _TAKEN),
    errno.ENAMETOOLONG: (InvalidRequest, _UNUSABLE),
    errno.EINVAL: (InvalidRequest, _UNUSABLE),
    errno.EILSEQ: (InvalidRequest, _UNUSABLE),
    errno.ELOOP: (InvalidRequest, _UNUSABLE),
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it was stored: its path under the documents' folder, whether it is new, its size and SHA-256."""

    source: str
    new: bool
    bytes: int
    sha256: str


class Inbox:
    """The documents' folder, as its keeper changes it from afar."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.seeds_dir
        self._index_dir = settings.index_dir

    def check(self, name: str) -> None:
        """See whether a file of a name can be stored, and is read.

        Raises:
            InvalidRequest: no document may have the name.
            NameTaken: a file or a folder is in the way.
            UnsupportedType: files of its type are not read.
            BuildFailed: the disk refused.
        """
        name = checked_name(name)
        try:
            landing(self._folder, name)
        except OSError as error:
            raise _fault(error, f"{name} cannot be stored") from None
        reason = why_not_read(name)
        if reason:
            raise UnsupportedType(f"{printable(name)} is not stored: {printable(reason)}.")

    async def put(self, name: str, content: AsyncIterable[bytes]) -> Stored:
        """Store a file, replacing one of the same name in one step.

        Raises:
            InvalidRequest: no document may have the name, or the content is empty.
            NameTaken: a file or a folder is in the way.
            BuildFailed: the disk is full or cannot be written.
        """
        name = checked_name(name)
        try:
            path = await asyncio.to_thread(self._landing, name)
            file = _open_beside(path)
            digest, size = sha256(), 0
            try:
                with file:
                    async for chunk in content:
                        file.write(chunk)
                        digest.update(chunk)
                        size += len(chunk)
                    if not size:
                        raise InvalidRequest(f"The body for {name} is empty; send the file's bytes as the body.")
                    file.flush()
                    await asyncio.to_thread(os.fsync, file.fileno())  # seconds, for a large file on a slow disk
                    new = await asyncio.to_thread(self._appear, file, path)
            finally:
                abandon(file)
        except OSError as error:
            raise _fault(error, f"{name} cannot be stored") from None
        return Stored(path.relative_to(self._folder).as_posix(), new, size, digest.hexdigest())

    def has(self, name: str) -> bool:
        """Whether there is a file of a name.

        Raises:
            InvalidRequest: no document may have the name.
        """
        with suppress(OSError, NameTaken):
            return landing(self._folder, checked_name(name, removing=True)).is_file()
        return False

    def sha256_of(self, name: str) -> str | None:
        """The SHA-256, in hexadecimal digits, of the file of a name; None where there is none.

        Raises:
            InvalidRequest: no document may have the name.
        """
        with suppress(OSError, NameTaken):
            path = landing(self._folder, checked_name(name, removing=True))
            if path.is_file():
                with path.open("rb") as file:
                    return file_digest(file, "sha256").hexdigest()
        return None

    def remove(self, name: str) -> str:
        """Remove a file, and the folders that it leaves empty; the next build takes it out of the index.

        Returns:
            The file's path under the documents' folder.

        Raises:
            InvalidRequest: no document may have the name.
            UnknownDocument: there is no such file.
            BuildFailed: the disk is full or cannot be written.
        """
        name = checked_name(name, removing=True)
        try:
            path = landing(self._folder, name)
            path.unlink()
        except (NameTaken, FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UnknownDocument(f"There is no file {name} among the documents.") from None
        except OSError as error:
            raise _fault(error, f"{name} cannot be removed") from None
        self._remove_empty(path.parent)
        with suppress(OSError):  # it is removed, if not for certain in case the power fails now
            flush(_existing_parent(path))
        return path.relative_to(self._folder).as_posix()

    def ask_for_build(self) -> None:
        """Ask the builder beside the server for a build.

        Raises:
            BuildFailed: the disk is full or cannot be written.
        """
        try:
            self._index_dir.mkdir(parents=True, exist_ok=True)
            (self._index_dir / REQUEST).touch()
        except OSError as error:
            raise BuildFailed(f"A build cannot be asked for ({error.strerror}); see to {self._index_dir}.") from None

    def _landing(self, name: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return landing(self._folder, name)

    def _appear(self, file: BinaryIO, path: Path) -> bool:
        """Move a whole upload to its place; returns whether it is new. Folders made for it go again if that fails."""
        beside = Path(file.name).parent
        for trial in range(_TRIES):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                new = not path.exists()
                put_in_place(file, path)
            except OSError as error:
                # A folder is missing if it was removed just now as empty, by whoever removed its last file.
                if not isinstance(error, FileNotFoundError) or trial == _TRIES - 1:
                    self._remove_empty(path.parent)
                    raise
            else:
                with suppress(FileNotFoundError):  # removed again at once by somebody else, with its folder
                    _flush_up(path.parent, beside)
                return new
        raise AssertionError("the last trial returns or raises")

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder and those above it as long as they are empty; the system refuses one that is not."""
        while folder != self._folder:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass  # somebody else did, or it was never made
            except OSError:
                return
            folder = folder.parent


def _open_beside(path: Path) -> BinaryIO:
    """A new upload, open for writing, in the nearest folder above a path that is there.

    So it is on the same disk as the path, keeps that folder from being removed as empty, and makes no new one.
    """
    for _ in range(_TRIES - 1):
        with suppress(FileNotFoundError):  # the folder was removed as empty just now
            return open_upload(_existing_parent(path))
    return open_upload(_existing_parent(path))


def _existing_parent(path: Path) -> Path:
    """The nearest folder above a path that is there."""
    return next(folder for folder in path.parents if folder.is_dir())


def _flush_up(folder: Path, last: Path) -> None:
    """Flush a folder and those above it, up to one that was there before."""
    flush(folder)
    while folder != last:
        folder = folder.parent
        flush(folder)


def _fault(error: OSError, what: str) -> QAError:
    fault = CALLERS_FAULTS.get(error.errno or 0)
    if fault is None:
        reason = error.strerror or printable(str(error))
        return BuildFailed(f"{what} ({reason}); see to the documents' folder and its disk.")
    cause, reason = fault
    return cause(f"{what}: it {reason}.")
