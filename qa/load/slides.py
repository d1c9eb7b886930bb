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

from qa.errors import UnreadableFile
from qa.load.decode import clean
from qa.load.draft import Draft
from qa.load.office import open_package
from qa.records import BlockKind

_REPEATED = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER}
_DEEPEST_GROUP = 20
_ROW_EMU = 200_000  # shapes whose tops differ by less (half a centimetre) are read from left to right


def read_pptx(data: bytes) -> tuple[list[Draft], dict[str, str]]:
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
    for number, slide in enumerate(deck.slides, 1):
        found = list(_slide(slide, number, first=not drafts))
        drafts.extend(found)
        if not found:
            bare.append(number)
    if not drafts:
        raise UnreadableFile("is without text: its slides hold pictures at most")
    own = (
        {"note": f"without text: slide{'s' if len(bare) > 1 else ''} {', '.join(map(str, bare[:20]))}"} if bare else {}
    )
    return drafts, own


def _slide(slide: Any, number: int, *, first: bool) -> Iterator[Draft]:
    heading = slide.shapes.title
    title = " ".join(_clean(heading.text_frame.text).split()) if heading is not None else ""
    if title:
        kind, level = (BlockKind.TITLE, 1) if first else (BlockKind.HEADING, 2)
        yield Draft(kind, title, level=level, slide=number, page=number)
    for shape in _in_order(slide.shapes):
        if heading is None or shape.shape_id != heading.shape_id:
            yield from _shape(shape, number, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for text in _paragraphs(slide.notes_slide.notes_text_frame):
            yield Draft(BlockKind.PARAGRAPH, text, slide=number, page=number)


def _in_order(shapes: Iterable[Any]) -> list[Any]:
    return sorted(shapes, key=lambda shape: (int(shape.top or 0) // _ROW_EMU, int(shape.left or 0)))


def _shape(shape: Any, number: int, depth: int) -> Iterator[Draft]:
    if shape.is_placeholder and shape.placeholder_format.type in _REPEATED:
        return
    if shape.shape_type == MSO_SHAPE_TYPE.GROUP and depth < _DEEPEST_GROUP:
        for inner in _in_order(shape.shapes):
            yield from _shape(inner, number, depth + 1)
    elif getattr(shape, "has_table", False) and shape.has_table:
        rows = [" | ".join(" ".join(_clean(cell.text).split()) for cell in row.cells) for row in shape.table.rows]
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
