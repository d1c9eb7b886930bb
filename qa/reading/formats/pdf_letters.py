"""Prepares the runs of text on a PDF page for the lines: repeated drawings, separate accents, spaced letters.

1. Text that is drawn again over the same text, as for a shadow or heavier letters, is left out.
2. An accent that is drawn separately over a letter becomes part of that letter.
3. Letters drawn one by one at wide or fixed distances, as in "C H A P T E R", count as wider, so that only larger
   distances separate words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from statistics import median

from qa.reading.formats.pdf_drawn_order import accented, is_accent
from qa.reading.formats.pdf_runs import Run

_ROW = 1 << 24  # positions of a grid in one row
_NEAR = [dx * _ROW + dy for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
_SHIFT = 1.0  # points; maximum distance of a repeated drawing from its original
_SHORTEST_PART_CHARS = 4
_MOST_COMPARED = 200  # runs of a line, the latest, that a run is compared with
_MOST_ACCENTS = 500  # on one page, drawn separately
_ACCENT_EM = 0.5  # maximum distance of the baselines of an accent and its letter
_FEWEST_LETTERS = 6  # in a row, to be spaced letters
_LEAST_SPACING_EM = 0.06
_MOST_SPACING_EM = 0.65
_FIXED = 0.08  # maximum deviation of a step from a multiple of the usual one, as a share of that
_MOSTLY = 0.85


def prepared(runs: Iterable[Run]) -> list[Run]:
    """The runs of one direction of writing, in drawing order."""
    found = _accented(list(_once(runs)))
    for place, letters in groupby(found, key=lambda run: (run.y, run.size) if len(run.text) == 1 else None):
        if place is not None:
            _widen(list(letters))
    return found


def _once(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs without repeated drawings of the same text at the same place."""
    seen: defaultdict[str, set[int]] = defaultdict(set)
    lines: defaultdict[int, list[Run]] = defaultdict(list)
    for run in runs:
        unit = max(0.3, 0.25 * min(run.size, run.x1 - run.x0))  # two adjacent equal letters are two letters
        place = round(run.x0 / unit) * _ROW + round(run.y / unit)
        places = seen[run.text]
        line = lines[round(run.y / 2)]
        if (not places or places.isdisjoint([place + step for step in _NEAR])) and not _is_part(run, line):
            line.append(run)
            yield run
        places.add(place)


def _is_part(run: Run, line: list[Run]) -> bool:
    """Whether a run repeats a part of an earlier one of its line, inside that one's box."""
    if len(run.text) < _SHORTEST_PART_CHARS:
        return False
    return any(
        other.x0 - _SHIFT <= run.x0
        and run.x1 <= other.x1 + _SHIFT
        and abs(run.size - other.size) < _SHIFT
        and run.text in other.text
        for other in line[-_MOST_COMPARED:]
    )


def _accented(runs: list[Run]) -> list[Run]:
    """Runs with the accents that are drawn separately over their first or last letter."""
    accents = [run for run in runs if len(run.text) == 1 and is_accent(run.text)]
    joined = {id(accent) for accent in accents[:_MOST_ACCENTS] if _joins(accent, runs)}
    return [run for run in runs if id(run) not in joined] if joined else runs


def _joins(accent: Run, runs: list[Run]) -> bool:
    """Add an accent to the letter below it; return whether there is one."""
    middle = (accent.x0 + accent.x1) / 2
    for run in runs:
        if not run.x0 <= middle <= run.x1 or abs(run.y - accent.y) > _ACCENT_EM * run.size or run is accent:
            continue
        share = (middle - run.x0) / (run.x1 - run.x0) * len(run.text)
        at = int(len(run.text) - share if run.rtl else share)
        at = 0 if at <= 1 else len(run.text) - 1 if at >= len(run.text) - 2 else at
        if at in (0, len(run.text) - 1) and (letter := accented(run.text[at], accent.text)):
            run.text = run.text[:at] + letter + run.text[at + 1 :]
            return True
    return False


def _widen(letters: list[Run]) -> None:
    """Extend the letters of a row to the next one, if they are spaced or at fixed distances."""
    if (
        len(letters) < _FEWEST_LETTERS
        or letters[0].rtl
        or sum(run.text.isalpha() for run in letters) < 0.6 * len(letters)
    ):
        return
    size = letters[0].size
    steps = [right.x0 - left.x0 for left, right in pairwise(letters)]
    step = median(steps)
    if not 0 < step < 2 * size:
        return
    fixed = sum(abs(each / step - max(1, round(each / step))) <= _FIXED for each in steps) >= _MOSTLY * len(steps)
    gaps = [right.x0 - left.x1 for left, right in pairwise(letters)]
    spacing = median(gaps)
    if fixed and max(steps) > 1.5 * step:
        for run in letters:
            run.x1 = max(run.x1, run.x0 + step)
    elif _LEAST_SPACING_EM * size < spacing < _MOST_SPACING_EM * size:
        for run in letters:
            run.x1 += spacing
