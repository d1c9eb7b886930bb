"""Finds table rows among the rows of text on a PDF page, and joins the lines of their cells."""

from __future__ import annotations

from dataclasses import dataclass

from qa.reading.formats.pdf_runs import Run
from qa.reading.page_lines import LINE_END

_ALIGNED_EM = 0.9
_LINE_STEP_EM = 1.35  # maximum distance of the lines of one cell
_MOST_CELLS = 50  # of a row, that are compared with the next row
_FEWEST_CELLS = 3  # of a row whose cells may begin above its first cell


@dataclass(slots=True)
class Row:
    """Runs on one baseline, each with those that continue it (a chunk).

    If `cells`, they are cells of a table row, whose last line is `lower` below.
    """

    chunks: list[Run]
    cells: bool = False
    lower: float = 0.0


def with_tables(rows: list[Row]) -> list[Row]:
    """Mark table rows, and add the further lines of their cells."""
    out: list[Row] = []
    for row in _gathered(rows):
        above = out[-1] if out else None
        if above is not None and len(above.chunks) > 1 and _goes_on(above, row):
            above.lower = above.chunks[0].y - row.chunks[0].y
            _put_into(above, row, before=False)
            continue
        if above is not None and len(row.chunks) > 1 and len(above.chunks) > 1 and _aligned(above, row):
            above.cells = row.cells = True
        elif len(out) > 1 and _has_figures(row) and _has_figures(out[-2]) and _aligned(out[-2], row):
            out[-2].cells = row.cells = True  # a line of a long first cell is between them
        out.append(row)
    return out


def _has_figures(row: Row) -> bool:
    """Whether a row has at least two numbers, and no words, after its first chunk."""
    texts = [chunk.text for chunk in row.chunks[1:]]
    return len(texts) > 1 and not any(map(str.isalpha, "".join(texts)))


def _aligned(above: Row, row: Row) -> bool:
    """Whether a chunk of a row, other than the first, is aligned with one of the row above."""
    near = _ALIGNED_EM * row.chunks[0].size
    return any(
        abs(one.x0 - other.x0) < near
        or abs(one.x1 - other.x1) < near
        or abs(one.x0 + one.x1 - other.x0 - other.x1) < near
        for one in row.chunks[1:]
        for other in above.chunks[1:_MOST_CELLS]
    )


def _goes_on(above: Row, row: Row) -> bool:
    """Whether a row only continues cells of the row above: it is close below, and its first cell is empty."""
    step = above.chunks[0].y - above.lower - row.chunks[0].y
    size = row.chunks[0].size
    begins = above.chunks[0].x0 + 1.5 * size < row.chunks[0].x0
    return (
        above.cells
        and begins
        and step < _LINE_STEP_EM * size
        and all(_cell_above(above, chunk) for chunk in row.chunks)
    )


def _cell_above(above: Row, chunk: Run) -> Run | None:
    near = _ALIGNED_EM * chunk.size
    return next((cell for cell in above.chunks[1:_MOST_CELLS] if abs(cell.x0 - chunk.x0) < near), None)


def _put_into(row: Row, line: Row, *, before: bool) -> None:
    """Add a further line of a row's cells, before or after their text."""
    for chunk in line.chunks:
        cell = _cell_above(row, chunk)
        if cell is not None:
            cell.text = LINE_END.join((chunk.text, cell.text) if before else (cell.text, chunk.text))
            cell.x1 = max(cell.x1, chunk.x1)


def _gathered(rows: list[Row]) -> list[Row]:
    """Rows joined with the lines of their cells above them, as in tables with vertically centred cells."""
    out: list[Row] = []
    for row in rows:
        lines: list[Row] = []
        while len(row.chunks) >= _FEWEST_CELLS and out and _begins(out[-1], lines[-1] if lines else row, row):
            lines.append(out.pop())
        if lines and out and _is_near(out[-1], lines[-1]) and len(out[-1].chunks) >= _FEWEST_CELLS:
            out += lines[::-1]  # they may also be the last lines of the row above
            lines = []
        for line in lines:
            _put_into(row, line, before=True)
        out.append(row)
    return out


def _begins(line: Row, below: Row, row: Row) -> bool:
    """Whether a line only begins cells of a lower row, excluding its first cell."""
    fewer = len(line.chunks) < len(row.chunks)
    return fewer and _is_near(line, below) and all(_cell_above(row, chunk) for chunk in line.chunks)


def _is_near(above: Row, below: Row) -> bool:
    return 0 < above.chunks[0].y - below.chunks[0].y < _LINE_STEP_EM * below.chunks[0].size
