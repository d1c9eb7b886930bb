"""Reads the text in tables of a PDF page that have horizontal rules only: the wrapped lines of cells become one row.

1. The text between two rules is a band, as is that above the first rule and below the last, if it has the columns of
   the next band. Columns are the ranges that chunks cover.
2. A band is one row if its cells continue from line to line: lines begin with small letters, or their first words had
   no space at the ends of the lines above. It is also one row if most bands of the table have a cell of one line.
3. Other bands with columns are several rows. Running text is not part of the table.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import chain, pairwise

from qa.reading.formats.pdf_chunks import ROW_EM, as_rows, by_base, chunks_of
from qa.reading.formats.pdf_ruled_rows import STEP_EM, RuledRows, as_chunk, one_cell
from qa.reading.formats.pdf_rules import Table
from qa.reading.formats.pdf_runs import Run
from qa.reading.formats.pdf_tables import Row, with_tables

_MOST_LINES = 8  # of a cell
_MOSTLY = 0.7  # share of the lines that continue a cell
_FEWEST_ROWS = 3  # that rules separate, if no line continues another
_GAP_EM = 0.55  # after a line, and after the next word

_Columns = list[list[Run]]  # the lines of each, from the top


def open_rows_of(table: Table, runs: list[Run]) -> tuple[list[RuledRows], list[Run]]:
    """The rows of a table, and the runs outside it; all runs, if it has no row of several lines.

    Args:
        table: The rules.
        runs: The horizontal runs of the page.
    """
    bands: dict[int, list[Run]] = {}
    for run in runs:
        if at := table.cell_at((run.x0 + run.x1) / 2, run.y + 0.3 * run.size):
            bands.setdefault(at[0], []).append(run)
    last = len(table.rows) - 2
    for number in (0, last):
        bands[number] = _near(bands.get(number, []), from_top=number > 0)
    parted = {number: _columns(chunks_of([replace(run) for run in bands[number]])) for number in sorted(bands)}
    for number, neighbour in ((0, 1), (last, last - 1)):
        if not _is_like(parted[number], parted.get(neighbour, [])):
            del parted[number]
    ends = [*sorted(column[0].x0 for columns in parted.values() for column in columns), table.columns[-1]]
    single = sum(_may_be_row(columns) and min(map(len, columns)) == 1 for columns in parted.values())
    is_ruled = single >= max(_FEWEST_ROWS, _MOSTLY * sum(len(columns) > 1 for columns in parted.values()))
    rows: list[Row] = []
    taken: set[int] = set()
    wrapped = False
    for number, columns in parted.items():
        if max(map(len, columns)) == 1 or (_may_be_row(columns) and (is_ruled or _continues(columns, ends))):
            rows.append(Row([one_cell(column) for column in columns], cells=True))
            wrapped = wrapped or any(len(column) > 1 for column in columns)
        elif len(columns) > 1:
            rows += (replace(row, cells=True) for row in with_tables(as_rows([*chain(*columns)])))
        else:
            continue
        taken.update(map(id, bands[number]))
    return ([as_chunk(rows, table)], [run for run in runs if id(run) not in taken]) if wrapped else ([], runs)


def _near(runs: list[Run], *, from_top: bool) -> list[Run]:
    """The runs of the first lines or of the last ones, up to a wider step."""
    lines = by_base(runs)[:: 1 if from_top else -1]
    steps = (abs(line[0].y - other[0].y) > STEP_EM * line[0].size for line, other in pairwise(lines))
    end = 1 + next((place for place, is_wide in enumerate(steps) if is_wide), len(lines))
    return [*chain(*lines[:end])]


def _columns(chunks: list[Run]) -> _Columns:
    """Chunks by the ranges that they cover, from the left."""
    columns: _Columns = []
    end = 0.0
    for chunk in sorted(chunks, key=lambda chunk: chunk.x0):
        if columns and chunk.x0 < end:
            columns[-1].append(chunk)
        else:
            columns.append([chunk])
        end = max(end, chunk.x1) if len(columns[-1]) > 1 else chunk.x1
    return [sorted(column, key=lambda chunk: -chunk.y) for column in columns]


def _is_like(columns: _Columns, others: _Columns) -> bool:
    """Whether a band has the columns of another one: each ends before the next one of both bands."""
    both = [[*pair[0], *pair[1]] for pair in zip(columns, others, strict=False)]
    apart = all(max(chunk.x1 for chunk in one) < min(chunk.x0 for chunk in other) for one, other in pairwise(both))
    return len(columns) == len(others) > 1 and apart


def _may_be_row(columns: _Columns) -> bool:
    """Whether the lines of each column are close, and none but the first is a number."""
    lines = [each for column in columns for each in pairwise(column)]
    return (
        len(columns) > 1
        and max(map(len, columns)) <= _MOST_LINES
        and all(any(map(str.isalpha, line.text)) for _, line in lines)
        and all(ROW_EM < (above.y - line.y) / line.size <= STEP_EM for above, line in lines)
    )


def _continues(columns: _Columns, ends: list[float]) -> bool:
    """Whether the lines of the columns continue one another.

    Args:
        columns: The lines of each column.
        ends: The left ends of all columns of the table in order, and its right end.
    """
    lines = [each for column in columns for each in pairwise(column)]
    small = sum(line.text[0].islower() for _, line in lines)
    full = sum(_is_full(above, line, ends) for above, line in lines if not line.text[0].islower())
    several = sum(len(column) > 1 for column in columns) > 1
    return small + full >= _MOSTLY * len(lines) and (small > 0 or not several)


def _is_full(above: Run, line: Run, ends: list[float]) -> bool:
    """Whether the first word of a line had no space at the end of the line above."""
    word = (line.x1 - line.x0) * len(line.text.split()[0]) / len(line.text)
    column_end = ends[min(bisect_right(ends, max(above.x1, line.x1)), len(ends) - 1)]
    return above.x1 + word > column_end - _GAP_EM * line.size
