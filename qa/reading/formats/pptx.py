"""PPTX to drafts: slide by slide, the title as heading, then what stands on the slide in reading order, then its notes.

The slide's number is its page. Dates, footers and slide numbers that a template repeats are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pptx
from lxml import etree
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.exc import PackageNotFoundError
from pptx.table import _Cell

from qa.errors import UnreadableFile
from qa.reading.decode import clean
from qa.reading.draft import Draft, Read
from qa.reading.formats.office_package import open_package
from qa.reading.left_out import LeftOut
from qa.records import BlockKind

_REPEATED = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER}
_DEEPEST_GROUP = 20
_MOST_PLACEHOLDERS = 200  # of a layout that a shape may take its place from: it is looked for among all of them
_ROW_EMU = 200_000  # shapes whose tops differ by less (half a centimetre) are read from left to right


def read_pptx(data: bytes) -> Read:
    """Turn a presentation into drafts, and what it says of itself.

    Raises:
        UnreadableFile: it is broken, encrypted, or no presentation, or no slide holds text.
    """
    open_package(data, "ppt/").close()
    try:
        deck = pptx.Presentation(io.BytesIO(data))
    except (KeyError, ValueError, AttributeError, PackageNotFoundError, etree.XMLSyntaxError) as error:
        raise UnreadableFile(f"is broken ({str(error)[:120]}); open and save it again") from None
    drafts: list[Draft] = []
    bare: list[int] = []
    order = _ReadingOrder()
    shown: set[str] = set()
    for number, slide in enumerate(deck.slides, 1):
        if slide.part.partname in shown:
            continue  # a slide is in a deck once; a broken one may list it without end
        shown.add(slide.part.partname)
        found = list(_slide(slide, number, order, first=not drafts))
        drafts.extend(found)
        if not found:
            bare.append(number)
    if not drafts:
        raise UnreadableFile("is without text: its slides hold pictures at most")
    left_out = LeftOut()
    left_out.add_places("without text", "slide", bare)
    return Read(drafts, {}, left_out.told())


def _slide(slide: Any, number: int, order: _ReadingOrder, *, first: bool) -> Iterator[Draft]:
    heading = slide.shapes.title
    title = " ".join(_clean(heading.text_frame.text).split()) if heading is not None else ""
    if title:
        kind, level = (BlockKind.TITLE, 1) if first else (BlockKind.HEADING, 2)
        yield Draft(kind, title, level=level, slide=number, page=number)
    for shape in order.of(slide.shapes):
        if heading is None or shape.shape_id != heading.shape_id:
            yield from _shape(shape, number, order, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for text in _paragraphs(slide.notes_slide.notes_text_frame):
            yield Draft(BlockKind.PARAGRAPH, text, slide=number, page=number)


class _ReadingOrder:
    """Sorts shapes from top to bottom and left to right; a placeholder without a place has that of its layout."""

    def __init__(self) -> None:
        self._small: dict[str, bool] = {}  # by layout: whether it is small enough to look for a place in

    def of(self, shapes: Iterable[Any]) -> list[Any]:
        return sorted(shapes, key=self._place)

    def _place(self, shape: Any) -> tuple[int, int]:
        own = shape._element  # noqa: SLF001 - its own place, without a look at the layout
        if own.y is None and shape.is_placeholder and not self._layout_is_small(shape):
            return 0, 0
        return int(shape.top or 0) // _ROW_EMU, int(shape.left or 0)

    def _layout_is_small(self, shape: Any) -> bool:
        layout = shape.part.slide_layout
        name = str(layout.part.partname)
        if name not in self._small:
            sizes = (len(layout.placeholders), len(layout.slide_master.placeholders))
            self._small[name] = max(sizes) <= _MOST_PLACEHOLDERS
        return self._small[name]


def _shape(shape: Any, number: int, order: _ReadingOrder, depth: int) -> Iterator[Draft]:
    if shape.is_placeholder and shape.placeholder_format.type in _REPEATED:
        return
    if shape.shape_type == MSO_SHAPE_TYPE.GROUP and depth < _DEEPEST_GROUP:
        for inner in order.of(shape.shapes):
            yield from _shape(inner, number, order, depth + 1)
    elif getattr(shape, "has_table", False) and shape.has_table:
        # Not by `shape.table.rows`, which finds each row by going through all of them.
        rows = [
            " | ".join(" ".join(_clean(_Cell(cell, shape).text).split()) for cell in row.tc_lst)
            for row in shape.table._tbl.tr_lst  # noqa: SLF001
        ]
        yield Draft(BlockKind.TABLE, "\n".join(rows), slide=number, page=number)
    elif shape.has_text_frame:
        for text in _paragraphs(shape.text_frame):
            yield Draft(BlockKind.LIST_ITEM, text, slide=number, page=number, tight=True)


def _paragraphs(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        text = " ".join(_clean(paragraph.text).split())
        if text:
            yield text


def _clean(text: str) -> str:
    return clean(text.replace("\v", "\n"))
