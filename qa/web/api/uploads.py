"""Stores and removes files of the documents' folder by name, for the HTTP routes.

Guarantees: a file appears whole or not at all, under the requested name (`qa.text.document_names`). A refused upload
    leaves nothing, not even a folder. A folder is removed with its last file. One table says which errors of the file
    system are the caller's. If a drive does not answer, the caller gets an error after a time limit, and other calls
    continue. Files are not parsed here: the next build reads them and reports on them.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from qa.containers.container import file_of
from qa.errors import BuildFailed, InvalidRequest, NameTaken, QAError, UnknownDocument, UnsupportedType
from qa.index.build_notes import REQUEST, now
from qa.index.document_files import Condition, Upload, check_condition, remove
from qa.index.file_calls import within
from qa.settings import Settings
from qa.text.document_names import checked_name, landing
from qa.text.readable_types import why_not_read
from qa.text.safe_text import printable
from qa.web.limits.workers import FILE_THREADS, Workers

_CHANGE_WITHIN_S = 60.0  # to write a large file to a slow disk, or to hash the replaced file
_END_WITHIN_S = 1.0  # limit where the event loop waits for the call
_TAKEN = "is in the way of a file or a folder of the same name; choose another name"
_UNUSABLE = "cannot be a file's name on this disk; choose another name"

T = TypeVar("T")

# Errors of the file system that the caller can avoid with another name. All others, such as a full or a write-protected
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
    """A stored file: its path in the documents' folder, whether it is new, its size and SHA-256."""

    source: str
    new: bool
    bytes: int
    sha256: str


class Inbox:
    """Stores and removes files of the documents' folder."""

    def __init__(self, settings: Settings, workers: Workers | None = None) -> None:
        """Use the folders of the settings.

        Args:
            settings: The folders.
            workers: Threads for the steps of an upload.
        """
        self._folder = settings.seeds_dir
        self._index_dir = settings.index_dir
        self._workers = workers or Workers(queue=1, seconds=settings.answer_seconds, threads=FILE_THREADS)

    async def check(self, name: str) -> None:
        """Check that a file with a name can be stored and has a supported type.

        Raises:
            InvalidRequest: no document may have the name.
            NameTaken: a file or a folder of the same name is in the way.
            UnsupportedType: files of this type are not read.
            BuildFailed: the disk is full or cannot be written.
        """
        name = checked_name(name)
        try:
            await self._workers.do(partial(within, self._folder / name, lambda _: landing(self._folder, name)))
        except OSError as error:
            raise _fault(error, f"{name} cannot be stored") from None
        reason = why_not_read(name)
        if reason:
            raise UnsupportedType(f"{printable(name)} is not stored: {printable(reason)}.")

    async def put(self, name: str, content: AsyncIterable[bytes], condition: Condition | None = None) -> Stored:
        """Store a file, replacing one of the same name in one step.

        Args:
            name: Its path under the documents' folder.
            content: Its bytes.
            condition: Called with the present file; raises if it must not be replaced. Called before the content is
                read, and again directly before the file is replaced.

        Raises:
            InvalidRequest: no document may have the name, or the content is empty.
            NameTaken: a file or a folder of the same name is in the way.
            BuildFailed: the disk is full or cannot be written.
        """
        name = checked_name(name)
        upload = Upload(self._folder, name)

        async def step(call: Callable[[], T], limit_s: float | None = None) -> T:
            return await self._workers.do(partial(within, self._folder / name, lambda _: upload.step(call), limit_s))

        try:
            if condition:
                await step(partial(check_condition, self._folder, name, condition), _CHANGE_WITHIN_S)
            try:
                await step(upload.begin)
                async for chunk in content:
                    await step(partial(upload.write, chunk))
                _refuse_empty(upload, name)
                await step(upload.flush, _CHANGE_WITHIN_S)
                new = await step(partial(upload.appear, condition), _CHANGE_WITHIN_S)
            except BaseException as error:
                upload.given_up = True
                with suppress(OSError):  # `sweep_uploads` removes the temporary file
                    if isinstance(error, asyncio.CancelledError):  # the server stops and starts no more threads
                        within(self._folder / name, lambda _: upload.end(), _END_WITHIN_S)
                    else:
                        await step(upload.end)
                raise
        except OSError as error:
            raise _fault(error, f"{name} cannot be stored") from None
        return Stored(upload.path.relative_to(self._folder).as_posix(), new, upload.bytes, upload.sha256())

    def has(self, name: str) -> bool:
        """Whether a file with a name exists.

        Raises:
            InvalidRequest: no document may have the name.
        """
        with suppress(OSError, NameTaken):
            name = checked_name(name, removing=True)
            return within(self._folder / name, lambda _: landing(self._folder, name).is_file())
        return False

    def remove(self, name: str, condition: Condition | None = None) -> str:
        """Remove a file and the folders that it leaves empty; the next build removes it from the index.

        Args:
            name: Its path under the documents' folder.
            condition: Called with the present file; raises if it must not be removed.

        Returns:
            The file's path under the documents' folder.

        Raises:
            InvalidRequest: no document may have the name.
            UnknownDocument: there is no such file.
            BuildFailed: the disk is full or cannot be written.
        """
        name = checked_name(name, removing=True)
        try:
            path = within(self._folder / name, lambda _: remove(self._folder, name, condition), _CHANGE_WITHIN_S)
        except (NameTaken, FileNotFoundError, IsADirectoryError, NotADirectoryError):
            file = self.file_of(name)
            within_it = "" if file == name else f"; what {file} holds is removed with that file"
            raise UnknownDocument(f"There is no file {name} among the documents{within_it}.") from None
        except OSError as error:
            raise _fault(error, f"{name} cannot be removed") from None
        return path.relative_to(self._folder).as_posix()

    def file_of(self, source: str) -> str:
        """The path of the file that holds a document; a folder that does not answer counts as a container."""

        def is_folder(path: str) -> bool:
            with suppress(TimeoutError):
                return within(self._folder / path, lambda _: (self._folder / path).is_dir(), _END_WITHIN_S)
            return False

        return file_of(source, is_folder)

    def ask_for_build(self) -> str:
        """Ask the builder beside the server for a build; return the time, as in `qa.index.build_notes.now`.

        Raises:
            BuildFailed: the disk is full or cannot be written.
        """
        asked_at = now()
        try:
            self._index_dir.mkdir(parents=True, exist_ok=True)
            (self._index_dir / REQUEST).touch()
        except OSError as error:
            raise BuildFailed(f"A build cannot be asked for ({error.strerror}); check {self._index_dir}.") from None
        return asked_at


def _refuse_empty(upload: Upload, name: str) -> None:
    if not upload.bytes:
        raise InvalidRequest(f"{name} is empty; send the file's bytes as the body.")


def _fault(error: OSError, what: str) -> QAError:
    fault = CALLERS_FAULTS.get(error.errno or 0)
    if fault is None:
        reason = error.strerror or printable(str(error))
        return BuildFailed(f"{what} ({reason}); check the documents' folder and its disk.")
    cause, reason = fault
    return cause(f"{what}: it {reason}.")
