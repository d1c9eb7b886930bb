"""Properties and reading order of the shapes of a slide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from qa.reading.office.names import qn

_ROW_EMU = 200_000  # shapes whose tops differ by less (half a centimetre) are read from left to right
_LENGTH = re.compile(r"(-?[\d.]+)(mm|cm|in|pt|pc|pi)?")
_EMU = {"mm": 36_000, "cm": 360_000, "in": 914_400, "pt": 12_700, "pc": 152_400, "pi": 152_400}
_FILLS = tuple(qn(f"a:{name}") for name in ("solidFill", "gradFill", "pattFill", "blipFill"))
_NO_SHAPES = {qn("p:nvGrpSpPr"), qn("p:grpSpPr"), qn("p:extLst"), qn("p:cxnSp")}


def properties_of(shape: etree._Element) -> etree._Element | None:
    """A shape's properties: name, description and whether it is hidden (`p:cNvPr`)."""
    return shape.find(f"*/{qn('p:cNvPr')}")


def is_hidden(shape: etree._Element) -> bool:
    """Whether a shape is marked as hidden."""
    properties = properties_of(shape)
    return properties is not None and properties.get("hidden") in ("1", "true")


def placeholder_of(shape: etree._Element) -> tuple[str, str] | None:
    """The type and the index of a shape's placeholder."""
    placeholder = shape.find(f"*/{qn('p:nvPr')}/{qn('p:ph')}")
    return None if placeholder is None else (placeholder.get("type") or "obj", placeholder.get("idx") or "0")


def is_paper(*parts: etree._Element | None) -> bool:
    """Whether the text of a slide is on white: there is no other background, filled shape or picture.

    Args:
        parts: The slide, its layout and its master.
    """
    for part in parts:
        if part is None:
            continue
        if (
            part.find(f"{qn('p:cSld')}/{qn('p:bg')}") is not None
            or next(part.iter(qn("p:pic"), qn("a:tbl")), None) is not None
        ):
            return False
        for shape in part.iter(qn("p:spPr"), qn("p:style"), qn("p:grpSpPr")):
            if shape.tag == qn("p:style") or any(shape.find(fill) is not None for fill in _FILLS):
                return False
    return True


def is_outside(shape: etree._Element, size: tuple[int, int]) -> bool:
    """Whether a shape is completely outside its slide, with width and height `size` in EMU; (0, 0) if unknown."""
    frame = _frame(shape)
    corner, extent = (None, None) if frame is None else (frame.find(qn("a:off")), frame.find(qn("a:ext")))
    if corner is None or extent is None:
        return False
    sides = zip(("x", "y"), ("cx", "cy"), size, strict=True)
    return any(
        emu(corner.get(at)) + emu(extent.get(length)) <= 0 or 0 < most <= emu(corner.get(at))
        for at, length, most in sides
    )


class Places:
    """The positions of shapes: their own, or that of the placeholder in the layout or its master."""

    def __init__(self, layout: etree._Element | None, master: etree._Element | None) -> None:
        self._by_index: dict[str, tuple[int, int]] = {}
        self._by_type: dict[str, tuple[int, int]] = {}
        for root in (layout, master):
            for shape in () if root is None else root.iter(qn("p:sp"), qn("p:pic"), qn("p:graphicFrame")):
                placeholder, place = placeholder_of(shape), _own_place(shape)
                if placeholder and place:
                    if root is layout:
                        self._by_index.setdefault(placeholder[1], place)
                    self._by_type.setdefault(placeholder[0], place)

    def in_order(self, tree: etree._Element) -> Iterator[etree._Element]:
        """The shapes of a slide or a group, from top to bottom and left to right."""
        shapes = [shape for shape in tree.iterchildren("*") if shape.tag not in _NO_SHAPES]
        places = {shape: _own_place(shape) or self._inherited(shape) for shape in shapes}
        return iter(sorted(shapes, key=lambda shape: (places[shape][1] // _ROW_EMU, places[shape][0])))

    def _inherited(self, shape: etree._Element) -> tuple[int, int]:
        kind, index = placeholder_of(shape) or ("", "")
        return (
            self._by_index.get(index)
            or self._by_type.get(kind)
            or self._by_type.get("body" if kind == "obj" else "")
            or (0, 0)
        )


def _own_place(shape: etree._Element) -> tuple[int, int] | None:
    """A shape's own left and top in EMU."""
    frame = _frame(shape)
    corner = None if frame is None else frame.find(qn("a:off"))
    return None if corner is None else (emu(corner.get("x")), emu(corner.get("y")))


def _frame(shape: etree._Element) -> etree._Element | None:
    """The element with a shape's position."""
    paths = (f"{qn('p:spPr')}/{qn('a:xfrm')}", f"{qn('p:grpSpPr')}/{qn('a:xfrm')}", qn("p:xfrm"))
    return next((found for path in paths if (found := shape.find(path)) is not None), None)


def emu(length: str | None) -> int:
    """A length in English Metric Units; 0 if it is missing or invalid."""
    found = _LENGTH.fullmatch(length or "")
    try:
        return int(float(found[1]) * _EMU.get(found[2] or "", 1)) if found else 0
    except (ValueError, OverflowError):
        return 0
