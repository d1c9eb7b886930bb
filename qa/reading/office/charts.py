"""Converts charts to rows: the title, a row of series names, then a row for each category with its values."""

from __future__ import annotations

from lxml import etree

from qa.reading.office.names import number, qn, value
from qa.reading.office.number_formats import writer_of
from qa.reading.office.slide_text import words

_MOST_POINTS = 10_000  # of one series; readable charts have fewer


def chart_rows(root: etree._Element) -> tuple[str, list[list[str]]]:
    """The title and the data of a chart.

    Args:
        root: The root of a chart's part (`c:chartSpace`).

    Returns:
        Its titles on one line, and its rows of cells, the first with the series names.
    """
    chart = root.find(qn("c:chart"))
    if chart is None:
        return "", []
    titles = [_words(chart.find(qn("c:title")))]
    area = chart.find(qn("c:plotArea"))
    if area is None:
        return titles[0], []
    axes = [_words(title) for title in area.iterfind(f"*/{qn('c:title')}")]
    series = [_Series(each) for each in area.iter(qn("c:ser"))]
    return ". ".join(filter(None, titles)), _rows(series, " / ".join(filter(None, axes)))


class _Series:
    """A series: its name, and its categories and values by position."""

    def __init__(self, element: etree._Element) -> None:
        self.name = _words(element.find(qn("c:tx"))) or next(iter(_points(element.find(qn("c:tx"))).values()), "")
        self.categories = _points(_first(element, "c:cat", "c:xVal"))
        self.values = _points(_first(element, "c:val", "c:yVal"))
        for label in element.iterfind(f"{qn('c:dLbls')}/{qn('c:dLbl')}"):
            said, place = _words(label.find(qn("c:tx"))), number(value(label, "c:idx", "val"), -1)
            if said and place >= 0 and said != self.values.get(place):
                self.values[place] = " ".join(filter(None, (self.values.get(place), said)))
        self.sizes = _points(element.find(qn("c:bubbleSize")))


def _rows(series: list[_Series], axes: str) -> list[list[str]]:
    """The rows: series with the same categories side by side, others below each other."""
    rows: list[list[str]] = []
    done: list[list[_Series]] = []
    for each in series:
        if done and done[-1][0].categories == each.categories:
            done[-1].append(each)
        else:
            done.append([each])
    for together in done:
        names = [each.name for each in together]
        if any(names) or axes:
            rows.append([axes, *names])
        places = sorted({place for each in together for place in (*each.categories, *each.values)})
        for place in places:
            values = [
                " ".join(filter(None, (each.values.get(place, ""), each.sizes.get(place, "")))) for each in together
            ]
            rows.append([together[0].categories.get(place, ""), *values])
    return [row for row in rows if any(row)]


def _first(element: etree._Element, *names: str) -> etree._Element | None:
    return next((found for name in names if (found := element.find(qn(name))) is not None), None)


def _points(source: etree._Element | None) -> dict[int, str]:
    """Cached points by position; if categories have levels, the outer levels come first."""
    if source is None:
        return {}
    levels = list(source.iter(qn("c:lvl"))) or [source]
    size = max((number(each.get("val")) for each in source.iter(qn("c:ptCount"))), default=0)
    size = max([size, *(number(point.get("idx")) + 1 for point in levels[0].iter(qn("c:pt")))])
    columns = [
        _filled(_level(level), size) if len(levels) > 1 and level is not levels[0] else _level(level)
        for level in levels
    ]
    found = columns[0]
    for column in columns[1:]:
        found = {place: " ".join(filter(None, (column.get(place, ""), text))) for place, text in found.items()}
    return found


def _level(level: etree._Element) -> dict[int, str]:
    form = level.find(f".//{qn('c:formatCode')}")
    found: dict[int, str] = {}
    for point in level.iter(qn("c:pt")):
        place = number(point.get("idx"))
        text = point.findtext(qn("c:v")) or ""
        if len(found) < _MOST_POINTS:
            found[place] = _shown(text.strip(), point.get("formatCode") or (form.text if form is not None else None))
    return found


def _filled(level: dict[int, str], size: int) -> dict[int, str]:
    """An outer level with each name repeated up to the next one."""
    filled: dict[int, str] = {}
    last = ""
    for place in range(min(size, _MOST_POINTS)):
        last = level.get(place, last)
        filled[place] = last
    return filled


def _shown(text: str, form: str | None) -> str:
    """A value in its number format."""
    try:
        return writer_of(form or "General")(float(text))
    except (ValueError, ArithmeticError):
        return text


def _words(element: etree._Element | None) -> str:
    """The text in an element: its paragraphs, or the cached cell values."""
    if element is None:
        return ""
    return words(element) or " ".join(filter(None, (v.text for v in element.iter(qn("c:v")))))
