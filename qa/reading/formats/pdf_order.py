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

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from qa.reading.formats.pdf_columns import find_band
from qa.reading.formats.pdf_direction import in_logical_order
from qa.reading.formats.pdf_letters import prepared
from qa.reading.formats.pdf_runs import Run
from qa.reading.formats.pdf_tables import Row, with_tables
from qa.reading.page_lines import BULLETS, Line
from qa.reading.superscript_marks import LOWERED, RAISED, RESET

CELL = " | "
_CHUNK_GAP_EM = 1.0
_MARK_GAP_EM = 0.5
_OFF_BASE_EM = 0.25
_OVERLAP_EM = 0.6
_SPACE_EM = 0.16
_LEAST_SPACE_EM = 0.09
_BASE_EM = 0.16
_LEAST_LOWERED_EM = -0.06
_SUBSCRIPT = 0.75  # times the size of the neighbouring text, for a subscript close to the baseline
_SMALLER = 0.86  # times the size of the neighbouring text, for a superscript or subscript
_MARKER = re.compile(
    rf"[{BULLETS}-]|\(?(?:\d{{1,3}}|[a-z]|[ivxlc]{{1,5}})[.)]|§ ?\d{{1,4}}[a-z]?|\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}\.?"
)
_MARKER_GAP_EM = 4
_TICK = "✓"  # a marker at the start of a row, but else a value in a cell
_FEWEST_IN_COLUMN = 4
_MOST_CROSSING = 0.15  # share of the chunks that may cross the strip between columns
_PROSE_CHARS = 18
_PROSE_FILL = 0.28  # minimum width of chunks as a share of their side; low, since a side may hold further columns
_DEEPEST = 6
_MOST_STRIPS = 32  # between columns, the widest ones
_MOST_INITIALS = 100
_GUTTER_EM = 0.7
_UPSIDE_DOWN = 180
_CAPITAL_SIZE = 0.6  # maximum size of a line beside an initial, as a share of the initial's
_LONE_LETTERS = frozenset("AÀIOÓYEÉ")  # that are words


def lines_of(runs: Sequence[Run], page: int) -> list[Line]:
    """The lines of a page in reading order."""
    found: list[Line] = []
    chars: Counter[int] = Counter()
    for run in runs:
        chars[run.angle] += len(run.text)
    for number, (angle, _) in enumerate(chars.most_common()):
        same = [run for run in runs if run.angle == angle]
        if angle == _UPSIDE_DOWN:  # PDFium's order is that of the page
            same.sort(key=lambda run: (-run.y, run.x0))
        chunks = _with_initials(_chunks(in_logical_order(prepared(same))))
        found += (_line(row, page, upright=not number) for row in _rows(chunks))
    return found


def _line(row: Row, page: int, *, upright: bool) -> Line:
    chunks = row.chunks
    widest = max(chunks, key=lambda chunk: len(chunk.text))
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


def _chunks(runs: Iterable[Run]) -> list[Run]:
    """The runs, each extended by those that continue it."""
    chunks: list[Run] = []
    for run in runs:
        if not (chunks and _joined(chunks[-1], run)):
            chunks.append(run)
    return chunks


def _joined(chunk: Run, run: Run) -> bool:
    """Add a run to a chunk if it continues the chunk; return whether it does."""
    size = max(chunk.size, run.size)
    distance = run.x0 - chunk.x1
    if chunk.rtl or run.rtl:
        distance = max(distance, chunk.x0 - run.x1)
    rise = run.y - chunk.y
    if run.size < _CAPITAL_SIZE * chunk.size and len(chunk.text) == 1 and chunk.text.isupper() and len(run.text) > 1:
        return False  # an initial over several lines
    on_base = abs(rise) <= _BASE_EM * size and not _is_lowered(run, chunk, rise)
    marker = _MARKER.fullmatch(chunk.text) and chunk.text != _TICK
    reach = _MARK_GAP_EM if not on_base else _MARKER_GAP_EM if marker else _CHUNK_GAP_EM
    if not -_OVERLAP_EM * size <= distance <= reach * size:
        return False
    gap = " " if distance > (_LEAST_SPACE_EM if run.gap.startswith(" ") else _SPACE_EM) * size else ""
    if on_base:
        _extend(chunk, gap + run.text, run)
        if len(run.text) > len(chunk.text) // 2:
            chunk.size, chunk.bold = run.size, run.bold
    elif _is_mark(run, chunk, rise):
        _extend(chunk, (RAISED if rise > 0 else LOWERED) + run.text + RESET, run)
    elif chunk.size <= _SMALLER * run.size and 0 < -rise < 0.75 * run.size and len(chunk.text) <= 4:
        chunk.text = RAISED + chunk.text + RESET
        chunk.y, chunk.size, chunk.bold = run.y, run.size, run.bold
        _extend(chunk, gap + run.text, run)
    else:
        return False
    return True


def _is_lowered(run: Run, chunk: Run, rise: float) -> bool:
    """Whether a run is a subscript only slightly below a chunk's baseline, but much smaller."""
    return rise <= _LEAST_LOWERED_EM * chunk.size and run.size <= _SUBSCRIPT * chunk.size and len(run.text) <= 4


def _is_mark(run: Run, chunk: Run, rise: float) -> bool:
    """Whether a run is a superscript or subscript of a chunk: smaller, or clearly off its baseline."""
    if abs(rise) >= 0.75 * chunk.size or run.size > chunk.size:
        return False
    return run.size <= _SMALLER * chunk.size or (abs(rise) >= _OFF_BASE_EM * chunk.size and len(run.text) <= 4)


def _extend(chunk: Run, text: str, run: Run) -> None:
    chunk.text += text
    chunk.x0, chunk.x1 = min(chunk.x0, run.x0), max(chunk.x1, run.x1)
    chunk.rtl = chunk.rtl or run.rtl


def _with_initials(chunks: list[Run]) -> list[Run]:
    """Chunks with each initial that is as high as several lines joined to the first of these lines."""
    initials = [chunk for chunk in chunks if len(chunk.text) == 1 and chunk.text.isupper()]
    for initial in initials[:_MOST_INITIALS]:
        low, high = initial.y - 0.2 * initial.size, initial.y + initial.size
        beside = [
            chunk
            for chunk in chunks
            if low < chunk.y < high
            and chunk.size < _CAPITAL_SIZE * initial.size
            and -0.1 * initial.size < chunk.x0 - initial.x1 < 0.5 * initial.size
        ]
        first = max(beside, key=lambda chunk: chunk.y, default=None)
        if first is None or len(beside) < 2 or not first.text[0].isalpha() or first.y < initial.y + 0.2 * initial.size:
            continue
        words = {word.lower() for chunk in chunks if chunk is not first for word in chunk.text.split()}
        word = first.text.split()[0].lower()
        apart = initial.text in _LONE_LETTERS and word in words and initial.text.lower() + word not in words
        first.text = f"{initial.text}{' ' if apart else ''}{first.text}"
        first.x0 = initial.x0
        chunks = [chunk for chunk in chunks if chunk is not initial]
    return chunks


def _rows(chunks: list[Run], depth: int = 0) -> list[Row]:
    """Chunks in reading order."""
    strip = _gutter(chunks) if depth < _DEEPEST and len(chunks) >= 2 * _FEWEST_IN_COLUMN else None
    if strip is None:
        return _in_bands(_by_base(chunks), depth)
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
    while depth < _DEEPEST and (band := find_band(rows, start)) is not None:
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


def _by_base(chunks: list[Run]) -> list[Row]:
    rows: list[Row] = []
    for chunk in sorted(chunks, key=lambda chunk: -chunk.y):
        above = rows[-1].chunks[0] if rows else None
        if above is not None and above.y - chunk.y <= 0.35 * max(above.size, chunk.size):
            rows[-1].chunks.append(chunk)
        else:
            rows.append(Row([chunk]))
    for row in rows:
        rtl = sum(chunk.rtl for chunk in row.chunks) > len(row.chunks) / 2
        row.chunks.sort(key=lambda chunk: -chunk.x1 if rtl else chunk.x0)
        if len(row.chunks) > 1 and _MARKER.fullmatch(row.chunks[0].text):
            marker = row.chunks.pop(0)
            row.chunks[0].text = f"{marker.text} {row.chunks[0].text}"
            row.chunks[0].x0 = min(marker.x0, row.chunks[0].x0)
    return rows
