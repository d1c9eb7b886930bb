"""Says in plain words what is wrong with a Word document or a presentation of which nothing could be read.

A reader meets a fault somewhere in the middle. Here the package is gone through from its outside to its inside, as Open Packaging (ECMA-376, part 2) lays it out, and the first thing that is not as it
should be is named: the archive, the list of the parts' types, the main part, then every part and what refers to it.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

_TYPES = "[Content_Types].xml"
_AGAIN = "open and save it again"
_LONGEST_NAME_CHARS = 80
_NAMESPACES = ("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of Office file: in words, what its parts' types have in common, and the root element of its main part."""

    told: str
    family: str
    root: str


_KINDS = {
    ".docx": _Kind("Word document", "wordprocessingml", "document"),
    ".pptx": _Kind("PowerPoint presentation", "presentationml", "presentation"),
}
OFFICE_SUFFIXES = frozenset(_KINDS)
_OTHERS = {
    "wordprocessingml": "a Word document",
    "presentationml": "a PowerPoint presentation",
    "spreadsheetml": "an Excel workbook",
}
# By the last word of a relationship's type: the root element of the part that it leads to. The part's own type ends in
# the same word.
_ROOTS = {
    "styles": "styles", "numbering": "numbering", "footnotes": "footnotes", "endnotes": "endnotes", "header": "hdr",
    "footer": "ftr", "settings": "settings", "comments": "comments", "slide": "sld", "slideLayout": "sldLayout",
    "slideMaster": "sldMaster", "notesSlide": "notes", "notesMaster": "notesMaster",
    "core-properties": "coreProperties",
}  # fmt: skip


class _Fault(Exception):
    """What is wrong, as a reason."""


def office_fault(suffix: str, data: bytes) -> str | None:
    """What is wrong with an Office file, as a reason; None if nothing is found, or the suffix is of another format.

    Args:
        suffix: The file's, in lower case, with its dot.
        data: Its bytes.
    """
    kind = _KINDS.get(suffix)
    if kind is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _Package(archive, kind).check()
    except _Fault as fault:
        return str(fault)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error):
        return f"is broken or cut short; {_AGAIN}"
    return None


class _Package:
    def __init__(self, archive: zipfile.ZipFile, kind: _Kind) -> None:
        self._archive = archive
        self._kind = kind
        self._names = {name.lower(): name for name in archive.namelist()}  # names of parts ignore case
        self._types: dict[str, str] = {}
        self._defaults: dict[str, str] = {}

    def check(self) -> None:
        """Go through the package.

        Raises:
            _Fault: the first thing that is wrong.
        """
        self._read_types()
        self._check_main()
        for name in self._names.values():
            if name.endswith(".rels"):
                self._check_relations(name)
        for name in self._names.values():
            if self._type_of(name).endswith("xml") or name.endswith((".xml", ".rels")):
                self._root(name)

    def _read_types(self) -> None:
        if _TYPES.lower() not in self._names:
            raise _Fault(f"is no {self._kind.told}: its list of parts, {_TYPES}, is missing")
        self._must_begin(_TYPES, "Types")
        root = self._root(_TYPES)
        for each in root.iterchildren("{*}Override"):
            self._types[str(each.get("PartName")).lstrip("/").lower()] = str(each.get("ContentType"))
        for each in root.iterchildren("{*}Default"):
            self._defaults[str(each.get("Extension")).lower()] = str(each.get("ContentType"))

    def _check_main(self) -> None:
        if "_rels/.rels" not in self._names:
            raise _Fault(f"is broken: it does not say which part is its main one (_rels/.rels is missing); {_AGAIN}")
        relations = dict(self._relations("_rels/.rels"))
        mains = {relation: target for relation, target in relations.items() if relation.endswith("/officeDocument")}
        if not mains:
            raise _Fault(f"is broken: it does not say which part is its main one; {_AGAIN}")
        _, main = mains.popitem()
        self._must_be_there(main, "its main part")
        found = self._type_of(main)
        if not found.endswith(f"officedocument.{self._kind.family}.{self._kind.root}.main+xml") or "/vnd." not in found:
            others = {family: told for family, told in _OTHERS.items() if family != self._kind.family}
            other = next((told for family, told in others.items() if family in found), None)
            is_what = f"it is {other}" if other else f"its main part, {_shown(main)}, is of the type {_shown(found)}"
            raise _Fault(f"is no {self._kind.told}: {is_what}")
        self._must_begin(main, self._kind.root)

    def _check_relations(self, name: str) -> None:
        owner = posixpath.join(posixpath.dirname(posixpath.dirname(name)), posixpath.basename(name)[: -len(".rels")])
        for relation, target in self._relations(name):
            word = relation.rpartition("/")[2]
            self._must_be_there(target, "a part", f", to which {_shown(owner or 'the package')} refers,")
            if word in _ROOTS:
                found = self._type_of(target)
                if not found.endswith(f".{word}+xml"):
                    raise _Fault(
                        f"is broken: its part {_shown(target)} is of the wrong type, {_shown(found)}; {_AGAIN}"
                    )
                self._must_begin(target, _ROOTS[word])

    def _relations(self, name: str) -> Iterator[tuple[str, str]]:
        """Types and targets of relationships to other parts, as names of parts."""
        self._must_begin(name, "Relationships")
        root = self._root(name)
        folder = posixpath.dirname(posixpath.dirname(name))
        for each in root.iterchildren("{*}Relationship"):
            target = unquote(str(each.get("Target")).partition("#")[0])
            if each.get("TargetMode") != "External" and target:
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                yield str(each.get("Type")), path

    def _must_be_there(self, name: str, what: str, referred: str = ",") -> None:
        if name.lower() not in self._names:
            raise _Fault(f"is broken: {what}, {_shown(name)}{referred} is missing; {_AGAIN}")

    def _must_begin(self, name: str, wanted: str) -> None:
        found = etree.QName(self._root(name))
        if found.localname != wanted:
            told = f"its part {_shown(name)} begins with <{_shown(found.localname)}>, not with <{wanted}>"
            raise _Fault(f"is broken: {told}; {_AGAIN}")
        if not (found.namespace or "").startswith(_NAMESPACES):
            told = f"its part {_shown(name)} is of another XML vocabulary, {_shown(found.namespace or 'none')}"
            raise _Fault(f"is broken: {told}; {_AGAIN}")

    def _type_of(self, name: str) -> str:
        return self._types.get(name.lower()) or self._defaults.get(name.rpartition(".")[2].lower(), "none")

    def _root(self, name: str) -> etree._Element:
        """The root element of a part."""
        try:
            content = self._archive.read(self._names[name.lower()])
        except RuntimeError:  # zipfile's word for a password
            raise _Fault("is encrypted; save it without a password") from None
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error):
            raise _Fault(f"is broken: its part {_shown(name)} cannot be unpacked; {_AGAIN}") from None
        try:
            return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            if "XML_PARSE_HUGE" in str(error):  # what libxml2 says where one of its limits is met
                told = f"is nested too deeply to read, or holds too long a text, in its part {_shown(name)}"
                raise _Fault(told) from None
            raise _Fault(f"is broken: its part {_shown(name)} is not well-formed XML; {_AGAIN}") from None


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME_CHARS else name[:_LONGEST_NAME_CHARS] + "…"
