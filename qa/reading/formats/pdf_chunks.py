"""Joins the runs of text on a PDF page to chunks: text on one baseline without wide gaps, with its superscripts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import attrgetter

from qa.reading.formats.pdf_direction import BASE_EM, SPACE_EM, in_logical_order
from qa.reading.formats.pdf_letters import prepared
from qa.reading.formats.pdf_runs import NUMBERS_GAP_EM, Run, are_numbers
from qa.reading.formats.pdf_tables import Row
from qa.reading.page_lines import BULLETS
from qa.reading.superscript_marks import LOWERED, RAISED, RESET

_CHUNK_GAP_EM = 1.0
_MARK_GAP_EM = 0.5
_OFF_BASE_EM = 0.25
_OVERLAP_EM = 0.6
_LEAST_SPACE_EM = 0.09
ROW_EM = 0.35  # maximum distance of the baselines of one row
_LEAST_LOWERED_EM = -0.06
_SUBSCRIPT = 0.75  # times the size of the neighbouring text, for a subscript close to the baseline
_SMALLER = 0.86  # times the size of the neighbouring text, for a superscript or subscript
_MARKER_GAP_EM = 4
_TICK = "✓"  # a marker at the start of a row, but else a value in a cell
_MOST_INITIALS = 100
_MOST_NOTES = 100
_RAISED = re.compile(f"{RAISED}([^{RAISED}{RESET}]+){RESET}")
_CAPITAL_SIZE = 0.6  # maximum size of a line beside an initial, as a share of the initial's
_LONE_LETTERS = frozenset("AÀIOÓYEÉ")  # that are words
_MARKER = re.compile(
    rf"[{BULLETS}-]|\(?(?:\d{{1,3}}|[a-z]|[ivxlc]{{1,5}})[.)]|§ ?\d{{1,4}}[a-z]?|\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}\.?"
)


def chunks_of(runs: list[Run]) -> list[Run]:
    """The chunks of the runs of one direction of writing."""
    return _chunks(in_logical_order(prepared(runs)))


def _chunks(runs: Iterable[Run]) -> list[Run]:
    """The runs, each extended by those that continue it."""
    chunks: list[Run] = []
    for run in runs:
        if not (chunks and _joined(chunks, run)):
            chunks.append(run)
    return chunks


def _joined(chunks: list[Run], run: Run) -> bool:
    """Add a run to the last chunk if it continues that one; return whether it does."""
    chunk = chunks[-1]
    size = max(chunk.size, run.size)
    distance = run.x0 - chunk.x1
    if chunk.rtl or run.rtl:
        distance = max(distance, chunk.x0 - run.x1)
    rise = run.y - chunk.y
    if run.size < _CAPITAL_SIZE * chunk.size and len(chunk.text) == 1 and chunk.text.isupper() and len(run.text) > 1:
        return False  # an initial over several lines
    on_base = abs(rise) <= BASE_EM * size and not _is_lowered(run, chunk, rise)
    marker = chunk.text != _TICK and _is_marker(chunk.text, run.text)
    if marker and chunk.text[-1].isdigit():  # a number such as 2.1 is that of a section only at the start of a line
        marker = len(chunks) < 2 or abs(chunks[-2].y - chunk.y) > ROW_EM * run.size
    usual = NUMBERS_GAP_EM if are_numbers(chunk.text, run.text) else _CHUNK_GAP_EM
    reach = _MARK_GAP_EM if not on_base else _MARKER_GAP_EM if marker else usual
    if not -_OVERLAP_EM * size <= distance <= reach * size:
        return False
    gap = " " if distance > (_LEAST_SPACE_EM if run.gap.startswith(" ") else SPACE_EM) * size else ""
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


def _is_marker(text: str, following: str) -> bool:
    """Whether text is the marker of a list or the number of a section, and not a number before another one."""
    return _MARKER.fullmatch(text) is not None and not (text[-1].isdigit() and not any(map(str.isalpha, following)))


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


def with_initials(chunks: list[Run]) -> list[Run]:
    """Chunks with each initial that is as high as several lines, or before small letters, joined to the first line."""
    initials = [chunk for chunk in chunks if len(chunk.text) == 1 and chunk.text.isupper()]
    for initial in initials[:_MOST_INITIALS]:
        low, high = initial.y - 0.25 * initial.size, initial.y + initial.size
        beside = [
            chunk
            for chunk in chunks
            if low < chunk.y < high
            and chunk.size < _CAPITAL_SIZE * initial.size
            and -0.1 * initial.size < chunk.x0 - initial.x1 < 0.5 * initial.size
        ]
        first = max(beside, key=lambda chunk: chunk.y, default=None)
        if first is None or not first.text[0].isalpha():
            continue
        if not first.text[0].islower() and (len(beside) < 2 or first.y < initial.y + 0.2 * initial.size):
            continue
        words = {word.lower() for chunk in chunks if chunk is not first for word in chunk.text.split()}
        word = first.text.split()[0].lower()
        apart = initial.text in _LONE_LETTERS and word in words and initial.text.lower() + word not in words
        first.text = f"{initial.text}{' ' if apart else ''}{first.text}"
        first.x0 = initial.x0
        chunks = [chunk for chunk in chunks if chunk is not initial]
    return chunks


def with_notes(chunks: list[Run]) -> list[Run]:
    """Chunks with each number of a note, set apart from its smaller text, joined to it as a superscript.

    The number is a superscript in larger text above, and begins its line.
    """
    marks = {mark[1]: chunk for chunk in chunks for mark in _RAISED.finditer(chunk.text)}
    for number in [chunk for chunk in chunks if chunk.text in marks][:_MOST_NOTES]:
        above, near = marks[number.text], _MARKER_GAP_EM * number.size
        line = [chunk for chunk in chunks if chunk is not number and abs(chunk.y - number.y) <= BASE_EM * number.size]
        text = next((chunk for chunk in line if 0 <= chunk.x0 - number.x1 <= near), None)
        begins = not any(0 <= number.x0 - chunk.x1 <= near for chunk in line)
        if text and begins and text.size < above.size and text.y < above.y and any(map(str.isalpha, text.text)):
            text.text, text.x0 = f"{RAISED}{number.text}{RESET}{text.text}", number.x0
            chunks = [chunk for chunk in chunks if chunk is not number]
    return chunks


def by_base(runs: list[Run]) -> list[list[Run]]:
    """Runs or chunks on one baseline together, from top to bottom."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=attrgetter("y"), reverse=True):
        if lines and lines[-1][0].y - run.y <= ROW_EM * max(lines[-1][0].size, run.size):
            lines[-1].append(run)
        else:
            lines.append([run])
    return lines


def as_rows(chunks: list[Run]) -> list[Row]:
    """Chunks on one baseline as rows, from top to bottom; a marker of a list is joined to the text after it."""
    rows = [Row(line) for line in by_base(chunks)]
    for row in (row for row in rows if len(row.chunks) > 1):
        rtl = sum(chunk.rtl for chunk in row.chunks) > len(row.chunks) / 2
        row.chunks.sort(key=lambda chunk: -chunk.x1 if rtl else chunk.x0)
        if _is_marker(row.chunks[0].text, row.chunks[1].text):
            marker = row.chunks.pop(0)
            row.chunks[0].text = f"{marker.text} {row.chunks[0].text}"
            row.chunks[0].x0 = min(marker.x0, row.chunks[0].x0)
    return rows
