"""Broken Office files: the reason names the fault in plain words."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import docx
import pptx
import pytest

from qa.errors import UnreadableFile
from qa.reading.parser_process import Parser

Change = Callable[[bytes], bytes | None]


def word() -> bytes:
    document = docx.Document()
    document.add_heading("The Pier", 1)
    document.add_paragraph("Built in 1871 by Mara Quill.", style="List Number")
    document.add_table(1, 2).cell(0, 0).text = "Opened"
    document.sections[0].header.paragraphs[0].text = "Harbour Office"
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def slides() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The Pier"
    slide.placeholders[1].text = "Built in 1871"
    slide.notes_slide.notes_text_frame.text = "By Mara Quill."
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


FILES = {".docx": word(), ".pptx": slides()}
MAIN = {".docx": "word/document.xml", ".pptx": "ppt/presentation.xml"}


def parts(suffix: str) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(FILES[suffix])).namelist()


def changed(suffix: str, changes: dict[str, Change]) -> bytes:
    """A file with some parts changed, or left out if a change returns None."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(FILES[suffix])) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = changes.get(name, lambda same: same)(old.read(name))
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


CHANGES: dict[str, Change] = {
    "missing": lambda _: None,
    "empty": lambda _: b"",
    "text": lambda _: b"hello",
    "another root": lambda _: b"<html><body>x</body></html>",
    "a root alone": lambda part: re.sub(rb"(<[^?>][^>]*?)/?>.*", rb"\1/>", part, count=1, flags=re.DOTALL),
    "cut": lambda part: part[: len(part) // 2],
    "another namespace": lambda part: part.replace(b"schemas.openxmlformats.org", b"example.org"),
    "other types": lambda part: part.replace(b"application/vnd.openxmlformats", b"application/x-odd"),
    "odd numbers": lambda part: re.sub(rb'="-?\d+"', b'="odd"', part),
    "deep": lambda _: b"<x>" * 5_000 + b"</x>" * 5_000,
}
OF_A_LIBRARY = re.compile(
    r"Error|object has no|NoneType|Exception|Traceback|0x|\bargument\b|There is no item|XML_PARSE|line \d|not found in"
)


@pytest.mark.parametrize("suffix", FILES)
def test_whatever_part_is_broken_the_reason_is_in_plain_words(suffix: str) -> None:
    """Every part of a file, broken in every way: the file is read, or the fault is reported."""
    told = {}
    with Parser(60, 1024) as parser:
        for name in parts(suffix):
            if re.search(r"Layout([3-9]|1\d)\.|printer|thumbnail", name):
                continue  # as the others
            for how, change in CHANGES.items():
                told[name, how] = reason_of(parser, f"a{suffix}", changed(suffix, {name: change}))
    assert not {place: reason for place, reason in told.items() if OF_A_LIBRARY.search(reason)}


def reason_of(parser: Parser, source: str, data: bytes) -> str:
    """The reason why a file is not read; empty if it is."""
    try:
        parser.read(source, data)
    except UnreadableFile as error:
        return str(error)
    return ""


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("size", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_is_told_to_be_cut(suffix: str, size: float) -> None:
    data = FILES[suffix]
    with Parser(60, 1024) as parser, pytest.raises(UnreadableFile, match="is broken or cut short"):
        parser.read(f"a{suffix}", data[: int(size * len(data))])


@pytest.mark.parametrize("suffix", FILES)
def test_a_part_that_cannot_be_unpacked_is_named(suffix: str) -> None:
    name = MAIN[suffix].encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new, zipfile.ZipFile(io.BytesIO(FILES[suffix])) as old:
        for each in old.namelist():
            new.writestr(each, old.read(each))
    data = bytearray(file.getvalue())
    start = data.index(name) + len(name)
    data[start + 20 : start + 60] = b"\xff" * 40
    with Parser(60, 1024) as parser, pytest.raises(UnreadableFile, match=f"{MAIN[suffix]} cannot be unpacked"):
        parser.read(f"a{suffix}", bytes(data))
