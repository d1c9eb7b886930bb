"""Puts text from right to left on a PDF page into logical order, also inside lines from left to right and the reverse.

PDFium returns the words of such text in the order of the drawing, some of them and their letters from left to right.
Here the runs of a line are sorted by their place: those of the line's own direction stay apart, and those of the other
direction, with the numbers between them, become one run in their own order (the effect of Unicode's rules X and L2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate, cycle, pairwise

from qa.reading.formats.pdf_runs import Run

SPACE_EM = 0.16  # minimum distance of words
_WIDE_GAP_EM = 1.0  # between cells of a table
BASE_EM = 0.16  # maximum distance of the baselines of one line
_SIGNS = frozenset("$€£+-−")
_SEPARATORS = frozenset(".,:/-\u2212\u2013\u060c\u066b\u066c")  # part of a number only between its digits
_BRACKET = re.compile(r"[()]")


def in_logical_order(runs: list[Run]) -> list[Run]:
    """The runs of one direction of writing, with those of each line in reading order if some are right-to-left."""
    if not any(run.rtl for run in runs):
        return runs
    return [run for line in _lines(runs) for run in _ordered(line)]


def _lines(runs: list[Run]) -> Iterator[list[Run]]:
    """Consecutive runs on one baseline."""
    line: list[Run] = []
    for run in runs:
        if line and abs(run.y - line[0].y) > BASE_EM * line[0].size:
            yield line
            line = []
        line.append(run)
    yield line


def _ordered(line: list[Run]) -> list[Run]:
    if not any(run.rtl for run in line):
        return line
    right_to_left = sum(_letters(run) if run.rtl else -_letters(run) for run in line) > 0
    found: list[Run] = []
    line = sorted(line, key=lambda run: run.x0)
    for span in _spans(_numbers(line) if right_to_left else line, foreign=not right_to_left):
        found += [_merged(span, rtl=not right_to_left)] if len(span) > 1 else span
    if right_to_left:
        for run in found:
            run.rtl = True  # numbers too: the next run is on their left
        found.reverse()
    _pair_brackets(found)
    return found


def _pair_brackets(line: list[Run]) -> None:
    """Let brackets open and close in turn if they do not pair: fonts name them by their shape or by their meaning."""
    opened = [*accumulate(1 if sign == "(" else -1 for run in line for sign in _BRACKET.findall(run.text))]
    if len(opened) % 2 or not opened or (min(opened) == 0 == opened[-1]):
        return
    signs = cycle("()")
    for run in line:
        run.text = _BRACKET.sub(lambda _: next(signs), run.text)


def _numbers(line: list[Run]) -> list[Run]:
    """Runs from left to right, with numbers that are drawn in several runs, such as "5" and "%", as one."""
    found: list[Run] = []
    for run, following in pairwise([*line, line[-1]]):
        last = found[-1] if found else run
        inside = last.text[-1].isdigit() and (run.text not in _SEPARATORS or _touch(run, following))
        inside = inside or (last.text[0].isdigit() and last.text[-1] in _SEPARATORS)
        if _touch(last, run) and (inside or last.text in _SIGNS):
            found[-1] = _merged([last, run], rtl=False)
        else:
            found.append(run)
    return found


def _touch(left: Run, right: Run) -> bool:
    """Whether two runs that are not right-to-left have no space between them."""
    return left is not right and not left.rtl and not right.rtl and right.x0 - left.x1 <= SPACE_EM * right.size


def _letters(run: Run) -> int:
    return sum(map(str.isalpha, run.text))


def _spans(line: list[Run], *, foreign: bool) -> Iterator[list[Run]]:
    """Runs from left to right, those of the other direction together; `foreign`: whether that is right-to-left."""
    span: list[Run] = []
    between: list[Run] = []  # runs without letters after the span, part of it only if it goes on
    for run in line:
        near = not span or run.x0 - (between or span)[-1].x1 <= _WIDE_GAP_EM * run.size
        neutral = not _letters(run)
        if span and near and neutral:
            between.append(run)
            continue
        other = run.rtl if foreign else not run.rtl and _letters(run) > 0
        if span and near and other:
            span += [*between, run]
            between = []
            continue
        yield from filter(None, ([*span], *([each] for each in between)))
        between, span = [], [run] if other else []
        if not other:
            yield [run]
    yield from filter(None, (span, *([each] for each in between)))


def _merged(span: Iterable[Run], *, rtl: bool) -> Run:
    """One run of several, from left to right or from right to left."""
    ordered = sorted(span, key=lambda run: -run.x1 if rtl else run.x0)
    merged = replace(ordered[0])
    for run in ordered[1:]:
        distance = merged.x0 - run.x1 if rtl else run.x0 - merged.x1
        merged.text += (" " if distance > SPACE_EM * run.size else "") + run.text
        merged.x0, merged.x1 = min(merged.x0, run.x0), max(merged.x1, run.x1)
    return merged
