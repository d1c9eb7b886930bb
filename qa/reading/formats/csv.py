"""Reads CSV and TSV as drafts: each row with its column heads. A block's page is the number of its row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, product
from typing import Any

from qa.errors import UnreadableFile
from qa.reading.draft import Read
from qa.reading.tables import Cell, Row, rows_to_drafts

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
_SAMPLE_CHARS = 1 << 16
_LONGEST_CELL_CHARS = 1 << 24
_LONGEST_NUMBER_CHARS = 40
_NUMBER = re.compile(r"[-+(]?\s*(?:[^\W\d_]{2,3})?[€$£¥%]?\s*[\d.,'\s]*\d[\d.,'\s]*\)?\s*(?:[€$£¥%]|[^\W\d_]{0,3})")
_SINGLE = re.compile(r"'[^'\n]*+'[,;\t|]'")  # single quotation marks around cells
_SAID = re.compile(r"sep=([^\w\s\"]|\t)\n", re.IGNORECASE)  # a first line that declares the delimiter
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?")


def read_csv(text: str) -> Read:
    """Convert rows of values to drafts; the delimiter may be a comma, semicolon, tab or vertical bar.

    Cells may be in double or single quotation marks. If one is not closed, they are part of the cells.

    Raises:
        UnreadableFile: a cell exceeds the maximum length.
    """
    csv.field_size_limit(_LONGEST_CELL_CHARS)
    said = _SAID.match(text)
    below = text[said.end() :] if said else text
    form: dict[str, Any] = {"quotechar": "'" if _SINGLE.match(below) else '"', "skipinitialspace": True}
    form = _dialect(below, form, said[1] if said else _DELIMITERS)
    if _is_open(below, form):
        form["quoting"] = csv.QUOTE_NONE
    return Read([*rows_to_drafts(_rows(below, form, 2 if said else 1), headed=True)], {})


def _rows(text: str, form: dict[str, Any], first: int) -> Iterator[Row]:
    try:
        for number, values in enumerate(csv.reader(io.StringIO(text), **form), first):
            words = [" ".join(value.split()) for value in values]
            yield number, [Cell(column, word, _is_text(word)) for column, word in enumerate(words, 1) if word]
    except csv.Error as error:
        raise UnreadableFile(
            f"holds a cell that cannot be read ({error}); look for a quotation mark left open"
        ) from None


def _is_text(value: str) -> bool:
    return len(value) > _LONGEST_NUMBER_CHARS or not (_NUMBER.fullmatch(value) or _DATE.fullmatch(value))


def _is_open(text: str, form: dict[str, Any]) -> bool:
    """Whether a quotation mark that is not closed takes in all lines after it."""
    if text.count(form["quotechar"]) % 2:
        try:
            for _ in csv.reader(io.StringIO(text), strict=True, **form):
                pass
        except csv.Error as error:
            return "end of data" in str(error)
    return False


def _dialect(text: str, form: dict[str, Any], delimiters: str) -> dict[str, Any]:
    """The delimiter with the most uniform number of cells in the first rows; in a tie, the one with more cells.

    Where quotation marks follow backslashes, these may be escapes, if the number of cells is then more uniform.
    """
    sample = text[:_SAMPLE_CHARS]
    escapes = (None, "\\") if '\\"' in sample else (None,)
    best = form | {"delimiter": delimiters[0]}
    most = 0.0, 0
    for escape, delimiter in product(escapes, delimiters):
        dialect = form | {"delimiter": delimiter, "escapechar": escape}
        rows = csv.reader(io.StringIO(sample), **dialect)
        widths: list[int] = []
        with suppress(csv.Error):  # of a later row
            widths.extend(len(row) for row in islice(rows, _SAMPLE_ROWS) if row)
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        if usual > 1 and (widths.count(usual) / len(widths), usual) > most:
            best, most = dialect, (widths.count(usual) / len(widths), usual)
    return best
