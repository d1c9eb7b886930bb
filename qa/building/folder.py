"""Lists the documents' folder: files to read, files of other formats, and unreadable files with the reason.

Guarantees: every file is listed, for reading or with the reason against it, except hidden files and backup files of
    editors. Only regular files inside the folder are opened (`qa.index.regular_files`): a link that leads out of the
    folder is listed but not followed, since it would publish a file that was not put here, and its target (a device, a
    network drive without a server) may block the reader. The wait for an unresponsive drive is limited
    (`qa.index.file_calls`). Files are not parsed here.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path

from qa.building.file_digests import FileDigests
from qa.errors import BuildFailed, UnreadableFile
from qa.index.build_notes import Fate, FileReport
from qa.index.file_calls import Headway, says_nothing_of_the_file, within
from qa.index.local.shortages import SHORTAGES
from qa.index.regular_files import digest_regular, read_regular
from qa.reading.sidecar import MOST_BYTES, Sidecar, parse_sidecar
from qa.text.document_ids import document_id
from qa.text.document_names import PASSED_OVER, SIDECAR
from qa.text.readable_types import why_not_read

log = logging.getLogger(__name__)

_MOST_LINKS = 40  # links in one path, as in Linux
_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_NO_FILE = "is not a regular file, or a link to nothing"
_LEADS_OUT = "is a link that leads out of the documents' folder, which is not followed; put the document itself here"
_TO_A_FOLDER = "is a link to a folder whose documents are read where they stand"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. If it cannot be read, `sha256` is empty and `trouble` says why.

    `path` has no links below the documents' folder. For a document in a container, `path` is the container's, and
    `inside` has its place in it. `for_now` says that its drive failed or did not answer, so the file itself may be
    readable; a folder that could not be listed for this reason is listed like a file.
    """

    source: str
    path: Path
    sha256: str
    bytes: int
    trouble: str | None = None
    for_now: bool = False
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """A place in a container: the container's path, SHA-256 and size, and the document's name in it."""

    source: str
    sha256: str
    bytes: int
    member: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a folder, in the order of the paths."""

    files: tuple[SourceFile, ...]
    skipped: tuple[FileReport, ...]


def look_into(folder: Path, most_bytes: int, remembered: FileDigests | None = None) -> Contents:
    """List a folder's files, and hash those to be read.

    Args:
        folder: The documents' folder.
        most_bytes: The size limit of a file.
        remembered: Stored digests of unchanged files; digests of the other files are added.

    Raises:
        BuildFailed: the folder does not exist, or the machine lacks memory or file descriptors.
    """
    if not folder.is_dir():
        raise BuildFailed(f"There is no folder {folder}; make it, put documents in, and build again.")
    files: list[SourceFile] = []
    skipped: list[FileReport] = []
    by_id: dict[str, str] = {}
    listed = ((found.path.relative_to(folder).as_posix(), found) for found in _walk(folder))
    for source, found in sorted(listed, key=itemgetter(0)):
        shown = source.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        not_read = why_not_read(source)
        if found.skipped and not_read and source != SIDECAR:
            skipped.append(FileReport(shown, Fate.SKIPPED, found.trouble))
        elif not found.file:
            files.append(SourceFile(shown, found.path, "", 0, found.trouble, found.for_now))
        elif not_read:
            skipped.append(FileReport(shown, Fate.SKIPPED, not_read))
        elif shown != source:
            files.append(SourceFile(shown, found.path, "", 0, "its name is not valid UTF-8; rename it"))
        elif (first := by_id.setdefault(document_id(source), source)) != source:
            reason = f"would have the same id as {first}, {document_id(source)}; rename one of the two"
            files.append(SourceFile(source, found.path, "", 0, reason))
        else:
            files.append(_digested(folder, source, *found.file, most_bytes, remembered))
    return Contents(tuple(files), tuple(skipped))


def read_sidecar(folder: Path, *, warn: bool = True) -> Sidecar:
    """The sidecar of the folder; an empty one if it has none.

    Args:
        folder: The documents' folder.
        warn: Whether to log that a folder has the sidecar's name.

    Raises:
        UnreadableFile: it cannot be opened, or is not valid; the message says why.
        BuildFailed: its drive fails or does not answer, or the machine lacks memory or file descriptors.
    """
    path = folder / SIDECAR
    try:
        found = within(path, lambda _: _sidecar(folder, warn=warn))
        return parse_sidecar(read_regular(folder, found, MOST_BYTES) if found else b"")
    except OSError as error:
        _raise_if_short(error)
        if says_nothing_of_the_file(error):
            told = f"{SIDECAR} cannot be read for now ({error.strerror}); what serves is untouched. Try again."
            raise BuildFailed(told, for_now=True) from None
        raise UnreadableFile(f"{SIDECAR} cannot be opened ({error.strerror}); correct it and build again") from None


def _sidecar(folder: Path, *, warn: bool = False) -> Path | None:
    """The folder's sidecar with links resolved; None if there is no regular file inside the folder."""
    path = folder / SIDECAR
    try:
        found = _inside(folder, path)
        mode = found.lstat().st_mode if found else 0
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        raise
    if warn and stat.S_ISDIR(mode) and not path.is_symlink():
        log.warning("%s is a folder, not a sidecar, so it describes no document; rename it.", path)
    return found if stat.S_ISREG(mode) else None


@dataclass(frozen=True, slots=True)
class _Found:
    """A path in the folder. `skipped` says that its format is not read.

    `file` is the regular file there, with links resolved, and its status; if there is none, `trouble` says why.
    """

    path: Path
    trouble: str | None = None
    file: tuple[Path, os.stat_result] | None = None
    skipped: bool = False
    for_now: bool = False


def _walk(folder: Path) -> Iterator[_Found]:
    """Every file and link below a folder, and every folder that cannot be listed."""
    sidecar = folder / SIDECAR if _has_sidecar(folder) else None
    places = [folder]
    while places:
        place = places.pop()
        try:
            found, below = within(place, partial(_listed, folder, place, sidecar))
        except OSError as error:
            _raise_if_short(error)
            told = f"this folder cannot be listed ({error.strerror})"
            yield _Found(place, told, for_now=says_nothing_of_the_file(error))
        else:
            yield from found
            places.extend(below)


def _has_sidecar(folder: Path) -> bool:
    try:
        return within(folder / SIDECAR, lambda _: _sidecar(folder)) is not None
    except OSError:
        return False


def _listed(folder: Path, place: Path, sidecar: Path | None, headway: Headway) -> tuple[list[_Found], list[Path]]:
    """The files and links in one folder, and the folders in it."""
    with os.scandir(place) as listed:
        entries = [entry for entry in listed if not entry.name.startswith(PASSED_OVER)]
    found: list[_Found] = []
    below: list[Path] = []
    for entry in entries:
        headway()
        path = Path(place, entry.name)
        try:
            if entry.is_dir(follow_symlinks=False):
                below.append(path)
            elif path != sidecar:
                found.append(_followed(folder, path) if entry.is_symlink() else _file_at(path, path, path.lstat()))
        except OSError as error:
            _raise_if_short(error)
            found.append(_Found(path, _refused(error), for_now=says_nothing_of_the_file(error)))
    return found, below


def _file_at(path: Path, target: Path, status: os.stat_result) -> _Found:
    """The entry for a path whose target is neither a link nor a folder."""
    return _Found(path, file=(target, status)) if stat.S_ISREG(status.st_mode) else _Found(path, _NO_FILE)


def _followed(folder: Path, link: Path) -> _Found:
    """The entry for a link; nothing outside the folder is accessed."""
    try:
        target = _inside(folder, link)
        if target is None:
            return _Found(link, _LEADS_OUT, skipped=True)
        status = target.lstat()
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return _Found(link, _NO_FILE)
        raise
    if stat.S_ISDIR(status.st_mode):
        return _Found(link, _TO_A_FOLDER, skipped=True)
    return _file_at(link, target, status)


def _inside(folder: Path, path: Path) -> Path | None:
    """A path below a folder with its links resolved; None if a link leads out of the folder.

    Each link's target is checked before it is followed, so that nothing outside the folder is accessed.

    Raises:
        OSError: a part of the path cannot be accessed, or links form a cycle.
    """
    tops = (Path(os.path.abspath(folder)), folder.resolve())  # noqa: PTH100 - resolve() would follow links
    here, parts, links = tops[1], list(path.relative_to(folder).parts), 0
    while parts:
        step = here / parts.pop(0)
        if not stat.S_ISLNK(step.lstat().st_mode):
            here = step
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = Path(os.path.normpath(here / step.readlink()))
        top = next((top for top in tops if target.is_relative_to(top)), None)
        if top is None:
            return None
        here, parts = tops[1], [*target.relative_to(top).parts, *parts]
    return here


def _digested(
    folder: Path, source: str, path: Path, listed: os.stat_result, most_bytes: int, remembered: FileDigests | None
) -> SourceFile:
    known = remembered.sha256(source, listed) if remembered and listed.st_size <= most_bytes else None
    if known:
        return SourceFile(source, path, known, listed.st_size)
    try:
        digest, size, status = digest_regular(folder, path, most_bytes)
    except OSError as error:
        _raise_if_short(error)
        return SourceFile(source, path, "", 0, _refused(error), says_nothing_of_the_file(error))
    if size > most_bytes:
        limit = f"has {size / 1e6:.0f} MB; at most {most_bytes / 1e6:.0f} are read (QA_MAX_FILE_MB)"
        return SourceFile(source, path, "", size, limit)
    if remembered:
        remembered.remember(source, status, digest)
    return SourceFile(source, path, digest, size)


def _refused(error: OSError) -> str:
    return f"cannot be opened ({error.strerror})"


def _raise_if_short(error: OSError) -> None:
    """Raise a shortage of this machine as an error of the build: as the file's error, it would remove the file."""
    if error.errno in SHORTAGES:
        told = f"The documents cannot be listed ({error.strerror}); what serves is untouched. Try again."
        raise BuildFailed(told, for_now=True)
