"""Converts lines on pages to paragraphs, headings and lists, by size, weight, position and punctuation.

How it works, in order:

1. Recurring lines at the top or bottom of pages, also with numbers that grow with the page number, are running headers
   and footers: each is kept once, as boilerplate, and bare page numbers are left out (`layout_furniture`).
2. The most frequent character size is the text size. Larger lines, and separate short bold ones, are headings; the
   largest at the top of the first page is the title.
3. Lines are joined to paragraphs until one is spaced apart, indented after a full stop, a list item, or of another
   size. Words broken at line ends are joined (`hyphens`). Rows of a table remain separate lines.
4. Superscripts and subscripts become text that is separate from the word before them; a paragraph that begins with a
   superscript mark is a footnote.
5. A sentence divided by a page break is joined, across the page's footnotes, and the position of the break is kept, so
   that a citation has the page of its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa.reading.draft import Draft
from qa.reading.hyphens import Words
from qa.reading.layout_furniture import LARGER, part_furniture
from qa.reading.page_lines import BULLETS, LINE_END, Line, text_size, without_struck
from qa.reading.superscript_marks import bare_mark, written_out
from qa.records import BlockKind
from qa.text.sentences import split_sentences

_BULLET = re.compile(rf"[{BULLETS}-]\s+(?=\S)|\(?(?:\d{{1,3}}|[a-z])[.)]\s+(?=\S)")
_STOPPED = re.compile(r"[.!;,…]$")
_SENTENCE_END = re.compile(r"[.!?:…][\"'”’)\]*†‡]*$")
_MOST_HEADING_WORDS = 20
_NOTE_OPENS = re.compile("\x0e([^\x0f]{1,8})\x0f[ \t]*")
_LONGEST_TORN_CHARS = 5000  # a longer paragraph is not joined with a further one
_LONGEST_WORD_CHARS = 100
_WIDE_STEP_EM = 1.9  # after a short line, for a new paragraph in any case
_APART = 1.45  # times the usual distance of lines, for a new paragraph


@dataclass(slots=True)
class _Paragraph:
    kind: BlockKind
    lines: list[Line]
    text: str = ""
    level: int = 0
    breaks: tuple[tuple[int, int], ...] = ()  # offset where a further page begins, and its number

    @property
    def page(self) -> int:
        """The number of the page on which it begins."""
        return self.lines[0].page

    def draft(self) -> Draft:
        """The paragraph with its text."""
        tight = self.kind is BlockKind.LIST_ITEM
        return Draft(self.kind, self.text, level=self.level, page=self.page, tight=tight, breaks=self.breaks)


def lay_out(pages: list[list[Line]]) -> list[Draft]:
    """Convert pages of lines to drafts."""
    size = text_size([line for page in pages for line in page])
    bodies, furniture = part_furniture(pages, size)
    words = Words(line.text for page in bodies for line in page)
    paragraphs = list(_paragraphs(bodies, size))
    notes = {bare_mark(mark[1]) for paragraph in paragraphs if (mark := _NOTE_OPENS.match(paragraph.lines[0].text))}
    for paragraph in paragraphs:
        paragraph.text = without_struck(_joined(paragraph, words))
        _resolve_marks(paragraph, notes)
    paragraphs = [paragraph for paragraph in paragraphs if paragraph.text]
    _mark_levels(paragraphs)
    drafts = [paragraph.draft() for paragraph in _mended(paragraphs, words)]
    return drafts + [
        Draft(BlockKind.BOILERPLATE, written_out(without_struck(line.text.replace(LINE_END, " "))), page=line.page)
        for line in furniture
    ]


def _paragraphs(pages: list[list[Line]], size: float) -> Iterator[_Paragraph]:
    for page in pages:
        if not page:
            continue
        steps = [above.y - line.y for above, line in pairwise(page) if 0 < above.y - line.y < 4 * size]
        pitch = median(steps) if steps else 1.3 * size
        right = max(line.right for line in page)
        middle = (min(line.left for line in page) + right) / 2
        run: list[Line] = []
        left = 0.0  # of the run's lines except the first, which may be indented
        for line in page:
            if run and (_begins(run, left, line, pitch, right) or _leaves_centre(run[-1], line, middle, size)):
                yield _paragraph(run, size)
                run = []
            run.append(line)
            left = line.left if len(run) < 3 else min(left, line.left)
        yield _paragraph(run, size)


def _begins(run: list[Line], left: float, line: Line, pitch: float, right: float) -> bool:
    """Whether a line begins a new paragraph instead of continuing the lines above it."""
    above = run[-1]
    if line.row or above.row:
        return not (line.row and above.row)
    step = above.y - line.y
    short = above.right < right - 0.12 * (right - run[0].left)
    opens = _BULLET.match(line.text) or _NOTE_OPENS.match(line.text) or (short and _is_wide(step, above, line))
    if line.upright != above.upright or opens:
        return True
    if abs(line.size - above.size) > 0.08 * above.size or line.bold != above.bold:
        return (
            abs(line.size - above.size) > 0.08 * above.size or len(run) == 1 or bool(_SENTENCE_END.search(above.text))
        )
    if step > _APART * max(pitch, 1.1 * line.size) or step < -line.size:
        # Spaced apart, or the top of another column, where a sentence may continue.
        return step > 0 or bool(_SENTENCE_END.search(above.text))
    if not _SENTENCE_END.search(above.text):
        return False
    indented = line.left > left + 0.7 * line.size
    return (indented and not _BULLET.match(run[0].text)) or (short and line.left <= run[0].left + 0.1 * line.size)


def _is_wide(step: float, above: Line, line: Line) -> bool:
    """Whether the step between two lines with words, the first of which is whole, parts paragraphs on any page."""
    words = all(any(map(str.isalpha, each.text)) for each in (above, line))  # not numbers beside a chart
    return step > _WIDE_STEP_EM * max(line.size, above.size) and words and not above.text.endswith(("-", ","))


def _leaves_centre(above: Line, line: Line, middle: float, size: float) -> bool:
    """Whether a heading begins at the left of a heading above it that is centred on the page, such as the title."""
    is_heading = min(line.size, above.size) >= LARGER * size and not (line.row or above.row)
    off, above_off = (abs((each.left + each.right) / 2 - middle) for each in (line, above))
    return is_heading and line.left < above.left - line.size and above_off <= line.size < off


def _paragraph(run: list[Line], size: float) -> _Paragraph:
    if run[0].row:
        return _Paragraph(BlockKind.TABLE, run)
    if _NOTE_OPENS.match(run[0].text):
        return _Paragraph(BlockKind.FOOTNOTE, run)
    text = run[-1].text
    short = (
        len(run) <= 4
        and run[0].text[0] not in BULLETS
        and sum(len(line.text.split()) for line in run) <= _MOST_HEADING_WORDS
    )
    if short and all(line.size >= LARGER * size for line in run):
        return _Paragraph(BlockKind.HEADING, run)
    if short and all(line.bold for line in run) and not _STOPPED.search(text[-1:]) and any(map(str.isalpha, text)):
        return _Paragraph(BlockKind.HEADING, run)
    kind = BlockKind.LIST_ITEM if _BULLET.match(run[0].text) else BlockKind.PARAGRAPH
    return _Paragraph(kind, run)


def _joined(paragraph: _Paragraph, words: Words) -> str:
    lines = [line.text.split(LINE_END) for line in paragraph.lines]
    if paragraph.kind is BlockKind.TABLE:
        return "\n".join(_without_line_ends(row, words) for row in lines)
    return _without_line_ends([piece for line in lines for piece in line], words)


def _without_line_ends(lines: list[str], words: Words) -> str:
    """Lines as one."""
    parts: list[str] = []
    begun = ""  # beginning of a word that spans line ends
    for above, line in pairwise(lines):
        shown, gap = words.end_of(above, line, begun)
        parts += (shown, gap)
        begun = "" if gap else (begun + shown)[-_LONGEST_WORD_CHARS:]
    return "".join((*parts, lines[-1]))


def _resolve_marks(paragraph: _Paragraph, notes: set[str]) -> None:
    """Write superscripts and subscripts as text; marks of notes in brackets, also at the beginning of a note."""
    opens = _NOTE_OPENS.match(paragraph.text) if paragraph.kind is BlockKind.FOOTNOTE else None
    if opens is None:
        paragraph.text = written_out(paragraph.text, notes)
        return
    mark = bare_mark(opens[1]) or opens[1].strip()
    shown = f"[{mark}] " if mark[:1].isalnum() else mark
    paragraph.text = shown + written_out(paragraph.text[opens.end() :], notes)


def _mark_levels(paragraphs: list[_Paragraph]) -> None:
    """Set the level of headings by size, and mark the document's title."""
    headings = [paragraph for paragraph in paragraphs if paragraph.kind is BlockKind.HEADING]
    if not headings:
        return
    sizes = sorted({paragraph.lines[0].size for paragraph in headings}, reverse=True)
    first = paragraphs[0]
    title = first if first.kind is BlockKind.HEADING and first.lines[0].size == sizes[0] else None
    if title is None and headings[0].page == 1 and headings[0].lines[0].size == sizes[0] and len(sizes) > 1:
        title = headings[0] if paragraphs.index(headings[0]) <= 2 else None
    rank = {size: number for number, size in enumerate(sizes)}
    for paragraph in headings:
        paragraph.level = 2 + min(4, rank[paragraph.lines[0].size] - (title is not None and len(sizes) > 1))
    if title is not None:
        title.kind, title.level = BlockKind.TITLE, 1


def _mended(paragraphs: list[_Paragraph], words: Words) -> Iterator[_Paragraph]:
    """Join sentences that a page break divides."""
    held: _Paragraph | None = None
    notes: list[_Paragraph] = []  # those below the held paragraph
    for paragraph in paragraphs:
        if held is not None and paragraph.kind is BlockKind.FOOTNOTE:
            notes.append(paragraph)
            continue
        if held is not None and _torn(held, paragraph):
            end = split_sentences(paragraph.text)[0].end
            shown, gap = words.end_of(held.text, paragraph.text)
            held.breaks = (*held.breaks, (len(shown) + len(gap), paragraph.page))
            held.text = shown + gap + paragraph.text[:end].strip()
            rest = paragraph.text[end:].strip()
            if not rest:
                held.lines.append(replace(paragraph.lines[-1], page=paragraph.page))
                continue
            paragraph = _Paragraph(BlockKind.PARAGRAPH, paragraph.lines, rest)  # noqa: PLW2901
        if held is not None:
            yield held
        yield from notes
        notes = []
        held = paragraph
    if held is not None:
        yield held
    yield from notes


def _torn(above: _Paragraph, below: _Paragraph) -> bool:
    last, first = above.lines[-1], below.lines[0]
    text = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
    if first.page != last.page + 1 or above.kind not in text or below.kind is not BlockKind.PARAGRAPH:
        return False
    if len(above.text) > _LONGEST_TORN_CHARS:
        return False
    if abs(last.size - first.size) > 0.08 * last.size or _SENTENCE_END.search(above.text):
        return False
    return below.text[0].islower() or above.text.endswith((",", "-")) or len(above.text.split()) > _MOST_HEADING_WORDS
