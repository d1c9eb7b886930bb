"""Reads EPUB as drafts: the chapters in spine order. A block's page is the number of its chapter."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line, decode
from qa.reading.draft import Draft, Read, as_part
from qa.reading.formats.html import read_html
from qa.reading.left_out import LeftOut
from qa.reading.office.archive_parts import open_archive, read_part, read_xml
from qa.reading.titles import is_title

_CONTAINER = "META-INF/container.xml"
_RIGHTS = "META-INF/rights.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_DETAILS = {"title": "title", "creator": "author", "publisher": "publisher"}
_DAY_CHARS = 10


def read_epub(data: bytes) -> Read:
    """Read a book as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is broken, protected, or not a book, or no chapter holds text.
    """
    archive = open_archive(data)
    names = set(archive.namelist())
    if _CONTAINER not in names:
        raise UnreadableFile(f"is not a book (EPUB): it lacks {_CONTAINER}")
    if _RIGHTS in names:
        raise UnreadableFile("is protected against reading by other programs (DRM); get a copy without")
    container = read_xml(archive, _CONTAINER)
    main = next((str(each.get("full-path")) for each in container.iter("{*}rootfile") if each.get("full-path")), "")
    if main not in names:
        raise UnreadableFile("is broken (it names no content); get another copy")
    book = read_xml(archive, main)
    left_out = LeftOut()
    listed = {str(item.get("id")): item for item in book.iterfind("{*}manifest/{*}item")}
    spine = [str(entry.get("idref")) for entry in book.iterfind("{*}spine/{*}itemref")]
    if not listed.keys() & set(spine):  # a broken spine: its chapters are read in the order of the manifest
        spine = [name for name, item in listed.items() if item.get("media-type") in _PAGES]
    chapters = [listed.get(name) for name in dict.fromkeys(spine)]
    drafts = list(_chapters(archive, chapters, posixpath.dirname(main), left_out))
    if not drafts:
        raise UnreadableFile("has no text: its pages hold only pictures, or nothing")
    own = {ours: clean_line(book.findtext(f".//{{*}}{theirs}") or "") for theirs, ours in _DETAILS.items()}
    own["date"] = (book.findtext(".//{*}date") or "").strip()[:_DAY_CHARS]
    if not (is_title(own["title"]) or own["title"].isdigit()):  # such as "1984"
        del own["title"]
    return Read(drafts, own, left_out.told())


def _chapters(
    archive: zipfile.ZipFile, chapters: list[etree._Element | None], folder: str, left_out: LeftOut
) -> Iterator[Draft]:
    sheets: dict[str, str] = {}
    for number, item in enumerate(chapters, 1):
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if item.get("media-type") not in _PAGES:
            left_out.add("picture")
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(str(item.get("href") or ""))))
        try:
            page = read_part(archive, name)
        except UnreadableFile:
            left_out.add("broken chapter")
            continue
        with suppress(UnreadableFile):  # a cover holds no text
            for draft in read_html(page, partial(_sheet, archive, posixpath.dirname(name), sheets)).drafts:
                yield replace(as_part(draft), page=number)


def _sheet(archive: zipfile.ZipFile, folder: str, known: dict[str, str], link: str) -> str:
    """The text of a style sheet of the book; "" if it is missing or broken."""
    name = posixpath.normpath(posixpath.join(folder, unquote(link)))
    if name not in known:
        known[name] = ""
        with suppress(UnreadableFile):
            known[name] = decode(read_part(archive, name)).text
    return known[name]
