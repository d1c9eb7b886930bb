"""Documents put into and taken out of their folder by name, for whoever may do so over HTTP.

Guarantees: no name leads out of the folder, to a hidden file or to the sidecar; a file appears whole or not at all.
Nothing here parses: what becomes of a file is the next build's to say.
"""

from __future__ import annotations

import asyncio
import os
import unicodedata
from collections.abc import AsyncIterable
from pathlib import Path, PurePosixPath

from qa.disk import flush
from qa.errors import BuildFailed, InvalidRequest, UnknownDocument
from qa.report import REQUEST
from qa.settings import Settings
from qa.uploads import abandon, open_upload, put_in_place

_LONGEST_NAME_BYTES = 200
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
_SIDECAR = "sources.toml"


class Inbox:
    """The documents' folder, as its keeper changes it from afar."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.seeds_dir
        self._index_dir = settings.index_dir

    async def put(self, name: str, content: AsyncIterable[bytes]) -> bool:
        """Store a file, replacing one of the same name in one step.

        Returns:
            Whether it is new.

        Raises:
            InvalidRequest: the name is none that a document may have here.
            BuildFailed: the disk refused.
        """
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open_upload(path.parent)
            try:
                with file:
                    async for chunk in content:
                        file.write(chunk)
                    file.flush()
                    await asyncio.to_thread(os.fsync, file.fileno())  # seconds, for a large file on a slow disk
                    new = not path.exists()
                    put_in_place(file, path)
            finally:
                abandon(file)
            flush(path.parent)
        except OSError as error:
            raise BuildFailed(f"{name} cannot be stored ({error.strerror}); see to the folder and the disk.") from None
        return new

    def remove(self, name: str) -> None:
        """Remove a file; the next build takes it out of the index.

        Raises:
            InvalidRequest: the name is none that a document may have here.
            UnknownDocument: there is no such file.
            BuildFailed: the disk refused.
        """
        path = self._path(name)
        try:
            path.unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UnknownDocument(f"There is no file {name} among the documents.") from None
        except OSError as error:
            raise BuildFailed(f"{name} cannot be removed ({error.strerror}).") from None

    def ask_for_build(self) -> None:
        """Ask the builder beside the server for a build.

        Raises:
            BuildFailed: the disk refused.
        """
        try:
            self._index_dir.mkdir(parents=True, exist_ok=True)
            (self._index_dir / REQUEST).touch()
        except OSError as error:
            raise BuildFailed(f"A build cannot be asked for ({error.strerror}); see to {self._index_dir}.") from None

    def _path(self, name: str) -> Path:
        trouble = _why_not(name)
        if trouble is None:
            path = self._folder.joinpath(*PurePosixPath(name).parts)
            inside = self._folder.resolve()
            if path.parent.resolve().is_relative_to(inside) and not path.is_symlink():
                return path
            trouble = "leads out of the documents' folder"
        raise InvalidRequest(f"The name {name[:80]!r} {trouble}; use one such as report.pdf or 2024/report.pdf.")


def _why_not(name: str) -> str | None:
    """Why a document may not have this name here, or on any system that the folder may be carried to."""
    parts = name.split("/")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Cf") or char in '\\:*?"<>|' for char in name):
        return "holds a character that file names may not"
    if any(part in ("", ".", "..") or part.startswith((".", "~$")) or part.endswith((".", " ")) for part in parts):
        return "has an empty, hidden or relative part"
    if any(part.partition(".")[0].lower() in _RESERVED for part in parts):
        return "is reserved on some systems"
    if any(len(part.encode()) > _LONGEST_NAME_BYTES for part in parts) or len(parts) > 8:
        return "is too long"
    return "is the sidecar's" if name.lower() == _SIDECAR else None
