"""Orders the runs of text on a page as lines in reading order: columns one after the other, table rows whole.

How it works, in order, for each direction of writing on the page, the one with most text first:

1. Text drawn twice counts once; accents and spaced letters are joined to words (`pdf_letters`).
2. Adjacent runs on one baseline form a chunk; smaller runs above or below the baseline are marked as superscripts or
   subscripts.
3. A strip of the page that hardly any chunk crosses, with running text on both sides, separates columns: between two
   crossing chunks, the columns are read one after the other, and each is divided in the same way.
4. Elsewhere the chunks on one baseline are a row. Two or more rows with aligned chunks are a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from qa.reading.formats.pdf_chunks import as_rows, chunks_of, with_initials, with_notes
from qa.reading.formats.pdf_columns import find_bands
from qa.reading.formats.pdf_open_rows import open_rows_of
from qa.reading.formats.pdf_ruled_rows import RuledRows, rows_of
from qa.reading.formats.pdf_rules import Table
from qa.reading.formats.pdf_runs import Run
from qa.reading.formats.pdf_tables import Row, with_tables
from qa.reading.page_lines import Line

CELL = " | "
_FEWEST_IN_COLUMN = 4
_MOST_CROSSING = 0.15  # share of the chunks that may cross the strip between columns
_PROSE_CHARS = 18
_PROSE_FILL = 0.28  # minimum width of chunks as a share of their side; low, since a side may hold further columns
_DEEPEST = 6
_MOST_STRIPS = 32  # between columns, the widest ones
_GUTTER_EM = 0.7
_UPSIDE_DOWN = 180


def lines_of(runs: Sequence[Run], page: int, tables: Sequence[Table] = ()) -> list[Line]:
    """The lines of a page in reading order.

    Args:
        runs: Its text.
        page: Its number.
        tables: Its ruled tables.
    """
    found: list[Line] = []
    chars: Counter[int] = Counter()
    for run in runs:
        chars[run.angle] += len(run.text)
    for number, (angle, _) in enumerate(chars.most_common()):
        same = [run for run in runs if run.angle == angle]
        if angle == _UPSIDE_DOWN:  # PDFium's order is that of the page
            same.sort(key=lambda run: (-run.y, run.x0))
        whole: list[Run] = []
        for table in tables if not angle else ():
            inside, same = (open_rows_of if table.is_open else rows_of)(table, same)
            whole += inside
        chunks = with_notes(with_initials(chunks_of(same))) + whole
        rows = _rows(chunks)
        if whole:
            rows = [each for row in rows for each in _parted(row)]
        found += (_line(row, page, upright=not number) for row in rows)
    return found


def _parted(row: Row) -> list[Row]:
    """A row without the ruled tables in it, and their rows."""
    ruled = [each for chunk in row.chunks if isinstance(chunk, RuledRows) for each in chunk.rows]
    row.chunks = [chunk for chunk in row.chunks if not isinstance(chunk, RuledRows)]
    return [row, *ruled] if row.chunks else ruled


def _line(row: Row, page: int, *, upright: bool) -> Line:
    chunks = row.chunks
    widest = chunks[0] if len(chunks) == 1 else max(chunks, key=lambda chunk: len(chunk.text))
    return Line(
        text=(CELL if row.cells else " ").join(chunk.text for chunk in chunks),
        page=page,
        size=widest.size,
        bold=widest.bold,
        left=min(chunk.x0 for chunk in chunks),
        right=max(chunk.x1 for chunk in chunks),
        y=chunks[0].y,
        row=row.cells,
        upright=upright,
    )


def _rows(chunks: list[Run], depth: int = 0) -> list[Row]:
    """Chunks in reading order."""
    strip = _gutter(chunks) if depth < _DEEPEST and len(chunks) >= 2 * _FEWEST_IN_COLUMN else None
    if strip is None:
        return _in_bands(as_rows(chunks), depth)
    left = [chunk for chunk in chunks if chunk.x1 <= strip]
    right = [chunk for chunk in chunks if chunk.x0 >= strip]
    crossing = sorted((chunk for chunk in chunks if chunk.x0 < strip < chunk.x1), key=lambda chunk: -chunk.y)
    sides = (right, left) if sum(chunk.rtl for chunk in chunks) > len(chunks) / 2 else (left, right)
    rows: list[Row] = []
    for band, chunk in _bands(sides, crossing):
        for side in band:
            rows += _rows(side, depth + 1)
        if chunk is not None:
            rows.append(Row([chunk]))
    return rows


def _in_bands(rows: list[Row], depth: int) -> list[Row]:
    """Rows with the columns of their divided parts one after the other, and with tables elsewhere."""
    found: list[Row] = []
    start = 0
    for band in find_bands(rows) if depth < _DEEPEST else ():
        inside = [chunk for row in rows[band.first : band.end] for chunk in row.chunks]
        sides = [[chunk for chunk in inside if (chunk.x0 > band.strip) is right] for right in (False, True)]
        if sum(chunk.rtl for chunk in inside) > len(inside) / 2:
            sides.reverse()
        found += with_tables(rows[start : band.first])
        found += (row for side in sides for row in _rows(side, depth + 1))
        start = band.end
    return found + with_tables(rows[start:])


def _bands(
    sides: tuple[list[Run], list[Run]], crossing: list[Run]
) -> Iterator[tuple[tuple[list[Run], list[Run]], Run | None]]:
    """The chunks above each crossing chunk, and below the last one, divided into columns."""
    first, second = (sorted(side, key=lambda chunk: -chunk.y) for side in sides)
    one = two = 0
    for chunk in [*crossing, None]:
        ends = []
        for side, start in ((first, one), (second, two)):
            end = start
            while end < len(side) and (chunk is None or side[end].y > chunk.y):
                end += 1
            ends.append(end)
        yield (first[one : ends[0]], second[two : ends[1]]), chunk
        one, two = ends


def _gutter(chunks: list[Run]) -> float | None:
    """The position of a strip between two columns of running text, or None."""
    size = median(chunk.size for chunk in chunks)
    low, high = min(chunk.x0 for chunk in chunks), max(chunk.x1 for chunk in chunks)
    unit = max(0.5, size / 4)
    bins = min(4000, int((high - low) / unit) + 1)
    changes = [0] * (bins + 2)
    for chunk in chunks:
        changes[max(0, min(bins, int((chunk.x0 - low) / unit)))] += 1
        changes[max(0, min(bins, int((chunk.x1 - low) / unit))) + 1] -= 1
    most = _MOST_CROSSING * len(chunks)
    strips: list[tuple[float, float]] = []  # width, and the position of the middle
    covered, start = 0, None
    for place in range(bins + 1):
        covered += changes[place]
        if covered <= most and start is None:
            start = place
        elif covered > most and start is not None:
            width = (place - start) * unit
            if start > 0 and width >= _GUTTER_EM * size:
                strips.append((width, low + (start + place) / 2 * unit))
            start = None
    widest = sorted(strips, key=lambda strip: -strip[0])[:_MOST_STRIPS]
    return next((middle for _, middle in widest if _parts(chunks, middle)), None)


def _parts(chunks: list[Run], strip: float) -> bool:
    """Whether running text is on both sides of a strip at the same height."""
    sides = [[chunk for chunk in chunks if chunk.x1 <= strip], [chunk for chunk in chunks if chunk.x0 >= strip]]
    if any(len(side) < _FEWEST_IN_COLUMN or not _is_prose(side) for side in sides):
        return False
    (low, high), (other_low, other_high) = ((min(c.y for c in side), max(c.y for c in side)) for side in sides)
    shared = min(high, other_high) - max(low, other_low)
    return shared > 0.3 * min(high - low, other_high - other_low)


def _is_prose(side: list[Run]) -> bool:
    width = max(chunk.x1 for chunk in side) - min(chunk.x0 for chunk in side)
    chars = median(len(chunk.text) for chunk in side)
    return chars >= _PROSE_CHARS and median(chunk.x1 - chunk.x0 for chunk in side) >= _PROSE_FILL * width
