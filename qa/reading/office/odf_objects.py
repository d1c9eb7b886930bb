"""Finds the formulas and charts that an OpenDocument file embeds, each inside its frame or in a part of its own."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from qa.reading.decode import clean_line
from qa.reading.formats.mathml import linear
from qa.reading.office.odf_styles import local

_LINK = "{http://www.w3.org/1999/xlink}href"
_FORMULA = "{http://www.w3.org/1998/Math/MathML}math"


Parts = Callable[[str], etree._Element | None]  # noqa: SLF001 - lxml's name for its elements; the root of the part with a name; None if there is none


def formula_of(element: etree._Element, parts: Parts) -> str:
    """The formula of an object, or of the object in a frame, as text on one line; "" if it is none."""
    content = _content(element, parts)
    formula = None if content is None else next(content.iter(_FORMULA), None)
    return "" if formula is None else " ".join(linear(formula).split())


def chart_of(element: etree._Element, parts: Parts) -> etree._Element | None:
    """The chart of an object; None if it is none."""
    content = _content(element, parts)
    return None if content is None else next(content.iter("{*}chart"), None)


def _content(element: etree._Element, parts: Parts) -> etree._Element | None:
    found = element if local(element) == "object" else next(element.iterchildren("{*}object"), None)
    if found is None:
        return None
    link = found.get(_LINK)
    return parts(f"{str(link).removeprefix('./').rstrip('/')}/content.xml") if link else found


def titles_of(chart: etree._Element) -> list[str]:
    """The title, the subtitle and the titles of the axes of a chart."""
    return [clean_line("".join(each.itertext())) for each in chart.iter("{*}title", "{*}subtitle")]
