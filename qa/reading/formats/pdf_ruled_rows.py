"""Reads the text in ruled tables of a PDF page: the rows, with all lines of a cell together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from qa.reading.formats.pdf_chunks import as_rows, by_base, chunks_of
from qa.reading.formats.pdf_rules import Table
from qa.reading.formats.pdf_runs import Run
from qa.reading.formats.pdf_tables import Row
from qa.reading.page_lines import LINE_END

_LONGEST_CELL_CHARS = 1_500  # a longer one is part of the page's layout
STEP_EM = 1.4  # maximum distance of the lines of one cell
_GAP_EM = 1.5  # minimum distance of columns
_MANY_LINES = 4
_MANY_CELLS = 4
_FEWEST_NUMBERS = 4  # in cells of several lines, for a row that has no rules between its lines
_MOST_DOUBTFUL = 0.3  # share of the rows, and of the cells


@dataclass(slots=True)
class RuledRows(Run):
    """The rows of a table, placed like a chunk that is as wide as the table."""

    rows: list[Row]


_Cells = dict[int, dict[int, list[Run]]]  # by row and column


def rows_of(table: Table, runs: list[Run]) -> tuple[list[RuledRows], list[Run]]:
    """The rows of a table, and the runs outside it; all runs, if its rules only frame other text.

    Args:
        table: The rules.
        runs: The horizontal runs of the page.
    """
    cells: _Cells = {}
    outside: list[Run] = []
    for run in runs:
        at = table.cell_at((run.x0 + run.x1) / 2, run.y + 0.3 * run.size)
        (outside if at is None else cells.setdefault(at[0], {}).setdefault(at[1], [])).append(run)
    parted = {number: _divided(cells[number]) for number in sorted(cells)}
    if sum(len(row) > 1 for row in cells.values()) < 2 or not _are_rows([parts[0] for parts in parted.values()]):
        return [], runs
    rtl = 2 * sum(len(run.text) for run in runs if run.rtl) > sum(len(run.text) for run in runs)
    rows = [
        Row(list(_row(table, number, part, rtl=rtl)), cells=True) for number, parts in parted.items() for part in parts
    ]
    return [as_chunk(rows, table)], outside


def as_chunk(rows: list[Row], table: Table) -> RuledRows:
    """The rows of a table, at its place."""
    first = next(chunk for chunk in rows[0].chunks if chunk.text)
    ends = table.columns[0], table.columns[-1]
    return RuledRows(first.text, *ends, first.y, first.size, first.bold, 0, "", False, rows)


def _divided(row: dict[int, list[Run]]) -> list[dict[int, list[Run]]]:
    """A row between rules; its lines, if it has cells with several lines that are all numbers.

    Cells of one line, which may be in the middle of the row, belong to the first line.
    """
    cells = {column: by_base(cell) for column, cell in row.items()}
    numbers = [len(cell) for cell in cells.values() if all(map(_is_number, chain(*cell)))]
    if sum(lines for lines in numbers if lines > 1) < _FEWEST_NUMBERS:
        return [row]
    columns = {id(run): column for column, cell in row.items() for run in cell if len(cells[column]) > 1}
    parts: list[dict[int, list[Run]]] = []
    for line in by_base([run for run in chain(*row.values()) if id(run) in columns]):
        parts.append({})
        for run in line:
            parts[-1].setdefault(columns[id(run)], []).append(run)
    parts[0] |= {column: row[column] for column, cell in cells.items() if len(cell) == 1}
    return parts if 2 * sum(len(part) > 1 for part in parts) >= len(parts) else [row]


def _is_number(run: Run) -> bool:
    return any(map(str.isdigit, run.text)) and not any(map(str.isalpha, run.text))


def _are_rows(rows: list[dict[int, list[Run]]]) -> bool:
    """Whether most cells are cells, and not parts of a page, several rows or several columns without rules."""
    parted = [[by_base(cell) for cell in row.values()] for row in rows]
    cells = [cell for row in parted for cell in row]
    if max(sum(len(run.text) for line in cell for run in line) for cell in cells) > _LONGEST_CELL_CHARS:
        return False
    first_lines = [sorted(cell[0], key=lambda run: run.x0) for cell in cells]
    gaps = sum(any(b.x0 - a.x1 > _GAP_EM * b.size for a, b in pairwise(line)) for line in first_lines)
    return gaps <= _MOST_DOUBTFUL * len(cells) and sum(map(_is_several, parted)) <= _MOST_DOUBTFUL * len(rows)


def _is_several(lines: list[list[list[Run]]]) -> bool:
    """Whether a row, given the lines of its cells, looks like several: all have as many, which are spaced or many."""
    steps = [above[0].y - line[0].y for above, line in pairwise(lines[0])]
    spaced = (
        len(steps) + 1 >= _MANY_LINES
        or len(lines) >= _MANY_CELLS
        or min(steps, default=0) > STEP_EM * lines[0][0][0].size
    )
    return len(lines) > 1 and bool(steps) and len(set(map(len, lines))) == 1 and spaced


def _row(table: Table, number: int, cells: dict[int, list[Run]], *, rtl: bool) -> Iterator[Run]:
    """The cells of a row up to the last one with text, each as one chunk; `rtl`: from the right."""
    inside: dict[int, list[Run]] = {}
    for column, cell in cells.items():
        lines = as_rows(chunks_of(cell))
        is_parted = len(lines[0].chunks) > 1  # cells without a rule between them
        for chunk in (chunk for line in lines for chunk in line.chunks):
            inside.setdefault(max(column, table.column_at(chunk.x0)) if is_parted else column, []).append(chunk)
    left, top = table.columns[0], table.rows[number]
    for column in range(len(table.columns) - 2, min(inside) - 1, -1) if rtl else range(max(inside) + 1):
        chunks = inside.get(column) or [Run("", left, left, top, 0.0, False, 0, "", False)]
        beside = len({chunk.y for chunk in chunks}) == 1 and all(map(_is_number, chunks))
        yield from chunks if beside else [one_cell(chunks)]


def one_cell(lines: list[Run]) -> Run:
    """The lines of a cell as one chunk."""
    widest = max(lines, key=lambda chunk: len(chunk.text))
    return replace(widest, text=LINE_END.join(chunk.text for chunk in lines), y=lines[0].y)
