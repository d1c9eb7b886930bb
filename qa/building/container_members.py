"""Lists the documents in a folder's containers: files of zipped folders, and attachments of messages.

A document in a container is treated as a file: its source is the container's path, a slash, and its name in the
container; its digest is that of its bytes. An archive itself is not a document. The members of a container are stored
by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qa.building.file_digests import FileDigests
from qa.building.folder import Contents, Inside, SourceFile
from qa.building.read_files import CHANGED, WholeFiles
from qa.building.stored_segments import identity
from qa.containers.container import CONTAINERS, Member
from qa.errors import UnreadableFile, UnreadableForNow
from qa.index.build_notes import Fate, FileReport
from qa.reading.parser_process import Parser
from qa.text.document_ids import document_id
from qa.text.document_names import suffix_of
from qa.text.readable_types import ARCHIVE_SUFFIXES, READ_SUFFIXES, why_not_read


def with_members(
    contents: Contents, remembered: FileDigests, parser: Parser | None, whole: WholeFiles, most_bytes: int
) -> Contents:
    """The contents of a folder, with the documents in its containers.

    Args:
        contents: The listed folder.
        remembered: The stored members of containers; new ones are added.
        parser: Lists containers without stored members; None to leave those unlisted.
        whole: Reads the containers.
        most_bytes: The size limit of a document.
    """
    files: list[SourceFile] = []
    skipped = list(contents.skipped)
    for file in contents.files:
        if suffix_of(file.source) not in CONTAINERS or not file.sha256 or file.trouble:
            files.append(file)
            continue
        key = _key(file, most_bytes)
        members = remembered.members(key)
        if members is None and parser:
            try:
                members = _listed(file, parser, whole, most_bytes)
            except UnreadableForNow as error:
                files.append(replace(file, trouble=str(error), for_now=True))
                continue
            remembered.remember_members(key, members)
        if members is None:
            files.append(file)
            continue
        files += _inside(file, members)
        if suffix_of(file.source) in ARCHIVE_SUFFIXES:  # reading the message reports what is left out
            skipped += _skipped(file, members)
    return Contents(tuple(sorted(_distinct(files), key=lambda file: file.source)), tuple(skipped))


def _key(file: SourceFile, most_bytes: int) -> tuple[str, str]:
    """The key on which a container's list of members depends."""
    suffix, digest = identity(file.source, file.sha256)
    return f"{suffix} {most_bytes}", digest


def _listed(file: SourceFile, parser: Parser, whole: WholeFiles, most_bytes: int) -> list[Member]:
    """The members of a container; for a broken or too large one, a single nameless member with the reason."""
    data = whole.read(file.path, file.sha256, file.bytes)
    if data is None:
        raise UnreadableForNow(CHANGED)
    try:
        return parser.members(file.source, file.sha256, data, most_bytes)
    except UnreadableForNow:
        raise
    except UnreadableFile as error:
        return [Member("", trouble=str(error))]


def _inside(file: SourceFile, members: Sequence[Member]) -> Iterator[SourceFile]:
    """A container's documents, including the container itself if it has text."""
    if suffix_of(file.source) in READ_SUFFIXES:
        yield file
    elif not any(member.sha256 or member.trouble for member in members):
        yield replace(file, trouble="holds no file of a format that is read")
    for member in members:
        if not member.name:
            if suffix_of(file.source) in ARCHIVE_SUFFIXES:  # otherwise reading the message reports it
                yield replace(file, trouble=member.trouble)
        elif member.sha256 or member.trouble:
            place = Inside(file.source, file.sha256, file.bytes, member.name)
            source = f"{file.source}/{member.name}"
            yield SourceFile(source, file.path, member.sha256, member.bytes, member.trouble, inside=place)


def _skipped(file: SourceFile, members: Sequence[Member]) -> Iterator[FileReport]:
    for member in members:
        if member.name and not member.sha256 and not member.trouble:
            reason = why_not_read(member.name)
            yield FileReport(f"{file.source}/{member.name}", Fate.SKIPPED, reason)


def _distinct(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """The files without documents in containers whose id is already taken."""
    files = list(files)
    ids = {document_id(file.source): file.source for file in reversed(files) if not file.inside}
    for file in files:
        first = ids.setdefault(document_id(file.source), file.source)
        if file.inside and first != file.source:
            yield replace(file, sha256="", trouble=f"would have the same id as {first}; rename one of the two")
        else:
            yield file
