"""Reads CSV and TSV as drafts: each row with its column heads. A block's page is the number of its row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from qa.errors import UnreadableFile
from qa.reading.draft import Read
from qa.reading.tables import Cell, Row, rows_to_drafts

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
_SAMPLE_CHARS = 1 << 16
_LONGEST_CELL_CHARS = 1 << 24
_LONGEST_NUMBER_CHARS = 40
_NUMBER = re.compile(r"[-+(]?\s*[^\W\d_]{0,3}[€$£¥%]?\s*[\d.,'\s]*\d[\d.,'\s]*\)?\s*(?:[€$£¥%]|[^\W\d_]{0,3})")
_SAID = re.compile(r"sep=([^\w\s\"]|\t)\n", re.IGNORECASE)  # a first line that declares the delimiter
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?")


def read_csv(text: str) -> Read:
    """Convert rows of values to drafts; the delimiter may be a comma, semicolon, tab or vertical bar.

    Raises:
        UnreadableFile: a cell exceeds the maximum length.
    """
    csv.field_size_limit(_LONGEST_CELL_CHARS)
    said = _SAID.match(text)
    rows = _rows(text[said.end() :], said[1], 2) if said else _rows(text, _delimiter(text), 1)
    return Read([*rows_to_drafts(rows, headed=True)], {})


def _rows(text: str, delimiter: str, first: int) -> Iterator[Row]:
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
        for number, values in enumerate(reader, first):
            words = [" ".join(value.split()) for value in values]
            yield number, [Cell(column, word, _is_text(word)) for column, word in enumerate(words, 1) if word]
    except csv.Error as error:
        raise UnreadableFile(
            f"holds a cell that cannot be read ({error}); look for a quotation mark left open"
        ) from None


def _is_text(value: str) -> bool:
    return len(value) > _LONGEST_NUMBER_CHARS or not (_NUMBER.fullmatch(value) or _DATE.fullmatch(value))


def _delimiter(text: str) -> str:
    """The delimiter with the most uniform number of cells in the first rows; in a tie, the one with more cells."""
    sample = text[:_SAMPLE_CHARS]
    best, most = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        rows = csv.reader(io.StringIO(sample), delimiter=delimiter, skipinitialspace=True)
        widths = [len(row) for row in islice(_until_broken(rows), _SAMPLE_ROWS) if row]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        if usual > 1 and (widths.count(usual) / len(widths), usual) > most:
            best, most = delimiter, (widths.count(usual) / len(widths), usual)
    return best


def _until_broken(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return
