"""The unit of a document's page numbers: pages of a PDF, slides, rows, chapters, lines, messages."""

from __future__ import annotations

from qa.text.readable_types import format_of

_UNITS = {
    ".pptx": "slide", ".odp": "slide", ".xlsx": "row", ".ods": "row", ".csv": "row", ".tsv": "row", ".epub": "chapter",
    ".jsonl": "line", ".mbox": "message",
}  # fmt: skip


def unit_of(source: str) -> str:
    """The unit of a document's page numbers, such as "page", "slide" or "row".

    Args:
        source: The file's path.
    """
    return _UNITS.get(format_of(source), "page")


def place_words(source: str, page: int, sheet: str | None = None) -> str:
    """A numbered place of a document in words: "p. 5", "slide 3", "row 12", "row 12 of Prices".

    Args:
        source: The file's path.
        page: The number.
        sheet: The heading above the rows of a workbook.
    """
    unit = unit_of(source)
    named = f" of {sheet}" if unit == "row" and sheet else ""
    return f"p. {page}" if unit == "page" else f"{unit} {page}{named}"


def range_words(source: str, first: int, last: int) -> str:
    """A run of numbered places of a document in words: "p. 5", "pp. 5\u20136", "rows 12\u201318".

    Args:
        source: The file's path.
        first: The first number.
        last: The last one.
    """
    if first == last:
        return place_words(source, first)
    unit = unit_of(source)
    return f"{'pp.' if unit == 'page' else f'{unit}s'} {first}\u2013{last}"
