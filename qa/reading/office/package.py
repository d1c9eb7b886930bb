"""Opens Office files as packages of parts: only if complete, not encrypted, of the right kind, and below a size limit.

Guarantees for a part's XML: no external entity is resolved; of alternate content only the branch that Office shows is
kept; names of strict Office Open XML (ISO/IEC 29500) are converted to their transitional form.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote

from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line
from qa.reading.office.archive_parts import missing_part, open_archive, open_part, xml_root
from qa.reading.office.names import qn

_KINDS = {"word/": "a Word document", "ppt/": "a PowerPoint presentation", "xl/": "an Excel workbook"}
_STRICT = re.compile(r"http://purl\.oclc\.org/ooxml/([A-Za-z]+)(?=/|$)")
_TRANSITIONAL = r"http://schemas.openxmlformats.org/\1/2006"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Extensions that Office programs write and show; those of other programs are shown only there.
_SHOWN = re.compile(r"http://schemas\.(?:microsoft\.com/office|openxmlformats\.org)/|urn:schemas-microsoft-com:")


@dataclass(frozen=True, slots=True)
class Relation:
    """A reference to a part: the last word of the relation's type, and the target part or address."""

    kind: str
    target: str
    external: bool


class Package:
    """An Office file's parts."""

    def __init__(self, data: bytes, folder: str) -> None:
        """Open an Office file.

        Args:
            data: Its bytes.
            folder: The folder of the expected kind's parts: "word/", "ppt/" or "xl/".

        Raises:
            UnreadableFile: it is broken, encrypted, of another kind, or its unpacked size exceeds the limit.
        """
        self._zip = open_archive(data)
        entries = self._zip.infolist()
        # Names of parts are compared without regard to case (ISO/IEC 29500-2).
        self._entries = {_key(entry.filename): entry for entry in entries}
        if not any(name.startswith(folder) for name in self._entries):
            held = next((kind for start, kind in _KINDS.items() if any(n.startswith(start) for n in self._entries)), "")
            raise UnreadableFile(f"is not {_KINDS[folder]}: it holds {held or 'other files'}")

    def has_macros(self) -> bool:
        """Whether the file contains macros (VBA)."""
        return any("vbaproject.bin" in name for name in self._entries)  # names are in lower case

    def title(self) -> str:
        """The title in the file's properties; "" without one."""
        core = self.find_xml("docProps/core.xml")
        return clean_line((core.findtext(qn("dc:title")) if core is not None else None) or "")

    def holds(self, name: str) -> bool:
        """Whether the part exists."""
        return _key(name) in self._entries

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A part as a stream.

        Raises:
            UnreadableFile: the part does not exist; on entering and while it is read: it is broken.
        """
        if not self.holds(name):
            raise missing_part(name)
        return open_part(self._zip, self._entries[_key(name)])

    def xml(self, name: str) -> etree._Element:
        """The root of a part.

        Raises:
            UnreadableFile: there is no such part, or it is broken.
        """
        with self.open(name) as part:
            data = part.read()
        root = xml_root(data, name)
        if b"purl.oclc.org/ooxml" in data:
            _make_transitional(root)
        if b"AlternateContent" in data:
            _choose_alternates(root)
        return root

    def find_xml(self, name: str | None) -> etree._Element | None:
        """The root of an optional part; None if it is missing or broken."""
        try:
            return self.xml(name) if name else None
        except UnreadableFile:
            return None

    def relations(self, name: str) -> Mapping[str, Relation]:
        """A part's relations by id; "" means the whole file."""
        folder, last = posixpath.split(name)
        root = self.find_xml(f"{folder}/_rels/{last}.rels" if folder else f"_rels/{last}.rels")
        found: dict[str, Relation] = {}
        for each in root if root is not None else ():
            target = str(each.get("Target") or "")
            external = each.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
            found[str(each.get("Id"))] = Relation(str(each.get("Type") or "").rpartition("/")[2], target, external)
        return found

    def main_part(self, usual: str) -> str:
        """The name of the main part: the one given in the file, if it exists, or the usual one."""
        named = (each.target for each in self.relations("").values() if each.kind == "officeDocument")
        return next((name for name in named if self.holds(name)), usual)


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _make_transitional(root: etree._Element) -> None:
    """Give strict names their transitional form, for elements and attributes."""
    names: dict[str, str] = {}

    def transitional(name: str) -> str:
        return names.setdefault(name, _STRICT.sub(_TRANSITIONAL, name)) if name.startswith("{http://purl") else name

    for element in root.iter("*"):
        element.tag = transitional(element.tag)
        for name in [name for name in element.attrib if name.startswith("{http://purl")]:
            element.set(transitional(name), element.attrib.pop(name))


def _choose_alternates(root: etree._Element) -> None:
    """Replace each piece of alternate content by the branch that is shown."""
    for alternate in list(root.iter(f"{_COMPATIBILITY}AlternateContent")):
        branch = next((each for each in alternate if _is_shown(each)), None)
        parent = alternate.getparent()
        if parent is None:
            continue
        for child in reversed(branch if branch is not None else ()):
            alternate.addnext(child)
        parent.remove(alternate)


def _is_shown(branch: etree._Element) -> bool:
    if branch.tag == f"{_COMPATIBILITY}Fallback":
        return True
    required = str(branch.get("Requires") or "").split()
    return branch.tag == f"{_COMPATIBILITY}Choice" and all(
        _SHOWN.match(branch.nsmap.get(prefix) or "") for prefix in required
    )
