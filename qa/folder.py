"""What is in the documents' folder: files to read, files of formats that are not read, and files that cannot be.

Hidden files and what editors leave behind are passed over. Nothing here parses a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from qa.document_ids import document_id
from qa.document_names import PASSED_OVER, SIDECAR
from qa.errors import BuildFailed
from qa.load import SUFFIXES
from qa.report import Fate, FileReport

_SAVE_AS = {
    ".doc": ".docx", ".odt": ".docx", ".rtf": ".docx", ".pages": ".docx", ".epub": ".html",
    ".ppt": ".pptx", ".odp": ".pptx", ".key": ".pptx", ".xls": ".txt", ".xlsx": ".txt", ".csv": ".txt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. `sha256` is empty and `trouble` says why when it cannot be read."""

    source: str
    path: Path
    sha256: str
    bytes: int
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a folder holds, in the order of the paths."""

    files: tuple[SourceFile, ...]
    skipped: tuple[FileReport, ...]


def look_into(folder: Path, most_bytes: int) -> Contents:
    """List a folder's files and digest those that are read.

    Raises:
        BuildFailed: there is no such folder.
    """
    if not folder.is_dir():
        raise BuildFailed(f"There is no folder {folder}; make it, put documents in, and build again.")
    files: list[SourceFile] = []
    skipped: list[FileReport] = []
    by_id: dict[str, str] = {}
    for path, trouble in sorted(_walk(folder), key=lambda found: found[0].relative_to(folder).as_posix()):
        source = path.relative_to(folder).as_posix()
        suffix = path.suffix.lower()
        shown = source.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if trouble:
            files.append(SourceFile(shown, path, "", 0, trouble))
        elif suffix not in SUFFIXES:
            skipped.append(FileReport(shown, Fate.SKIPPED, _why_skipped(suffix)))
        elif shown != source:
            files.append(SourceFile(shown, path, "", 0, "its name is not valid UTF-8; rename it"))
        elif (first := by_id.setdefault(document_id(source), source)) != source:
            reason = f"would have the same id as {first}, {document_id(source)}; rename one of the two"
            files.append(SourceFile(source, path, "", 0, reason))
        else:
            files.append(_digested(source, path, most_bytes))
    return Contents(tuple(files), tuple(skipped))


def _walk(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Every file below a folder, and every folder that cannot be listed, with the reason."""
    refused: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = [name for name in folders if not name.startswith(PASSED_OVER)]
        for name in names:
            path = Path(place, name)
            sidecar = name == SIDECAR and Path(place) == folder
            if not name.startswith(PASSED_OVER) and not sidecar:
                yield path, None if path.is_file() else "is no regular file, or a link to nothing"
    for error in refused:
        yield Path(error.filename), f"this folder cannot be listed ({error.strerror})"


def _digested(source: str, path: Path, most_bytes: int) -> SourceFile:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > most_bytes:
                limit = f"has {size / 1e6:.0f} MB; at most {most_bytes / 1e6:.0f} are read (QA_MAX_FILE_MB)"
                return SourceFile(source, path, "", size, limit)
            return SourceFile(source, path, file_digest(file, "sha256").hexdigest(), size)
    except OSError as error:
        return SourceFile(source, path, "", 0, f"cannot be opened ({error.strerror})")


def _why_skipped(suffix: str) -> str:
    if suffix in _SAVE_AS:
        return f"{suffix} is not read; save it as {_SAVE_AS[suffix]}"
    return f"{suffix or 'a name without a suffix'} is not read; known are {', '.join(sorted(SUFFIXES))}"
