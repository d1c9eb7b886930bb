"""Reads ZIP archives of document formats, if complete, not encrypted, and below a size limit, and their XML parts.

XML is parsed without comments and external entities.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from lxml import etree

from qa.errors import UnreadableFile

_MOST_UNPACKED_BYTES = 400 << 20
_MOST_PARTS = 20_000


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open an archive.

    Raises:
        UnreadableFile: it is broken, encrypted, or its unpacked size exceeds the limit.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise UnreadableFile("is broken or cut short; open and save it again") from None
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_UNPACKED_BYTES or len(entries) > _MOST_PARTS:
        raise UnreadableFile(f"unpacks to {unpacked / 1e6:.0f} MB in {len(entries)} parts, more than is read")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile("is encrypted; save it without a password")
    return archive


@contextmanager
def open_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """A part as a stream.

    Raises:
        UnreadableFile: it is broken, which may be detected only while it is read.
    """
    try:
        with archive.open(entry) as part:
            yield part
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, zlib.error):
        reason = f"is broken: its part {entry.filename} cannot be unpacked; open and save it again"
        raise UnreadableFile(reason) from None


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part's bytes.

    Raises:
        UnreadableFile: there is no such part, or it is broken.
    """
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise missing_part(name) from None
    with open_part(archive, entry) as part:
        return part.read()


def missing_part(name: str) -> UnreadableFile:
    """The error for a missing part."""
    return UnreadableFile(f"is broken: its part {name} is missing; open and save it again")


def read_xml(archive: zipfile.ZipFile, name: str) -> etree._Element:
    """The root of a part.

    Raises:
        UnreadableFile: there is no such part, or it is broken.
    """
    return xml_root(read_part(archive, name), name)


def xml_root(data: bytes, name: str) -> etree._Element:
    """The root of a part.

    Args:
        data: Its bytes.
        name: Its name, for the error message.

    Raises:
        UnreadableFile: it is not well-formed XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise broken_xml(name, error) from None


def broken_xml(name: str, error: etree.XMLSyntaxError) -> UnreadableFile:
    """The error for a part that is not well-formed XML."""
    if "XML_PARSE_HUGE" in str(error):  # libxml2's message if one of its limits is exceeded
        return UnreadableFile(f"is nested too deeply to read, or holds too long a text, in its part {name}")
    return UnreadableFile(f"is broken: its part {name} is not well-formed XML; open and save it again")
