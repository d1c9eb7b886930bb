"""Lines on pages to paragraphs, headings and lists: what a reader sees in size, weight, place and punctuation.

How it works, in order:

1. Lines at the top or bottom of pages that recur, numbers aside, are running headers and footers: each is kept once,
   as boilerplate, and bare page numbers are left out.
2. The size that most characters have is the text's own. Larger lines, and short bold ones set apart, are headings; the
   largest on the first page, at its top, is the title.
3. Lines join to paragraphs until one is set apart, indented after a full stop, a list item, or of another size. Words
   broken at line ends are joined; the hyphen stays where the document writes the word with one elsewhere.
4. A sentence torn by a page break is joined to its first half. What follows it stays on its own page, so that a
   citation names the page that the words stand on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa.reading.draft import Draft
from qa.records import BlockKind
from qa.text.sentences import split_sentences

_EDGE_LINES = 2  # lines at each end of a page that may be a running header or footer
_BULLET = re.compile(r"[•‣▪–·◦●○■–—*-]\s+(?=\S)|\(?(?:\d{1,3}|[a-z])[.)]\s+(?=\S)")
_NUMBER_ONLY = re.compile(
    r"[-–— ]*(?:page |p\. ?)?(?:\d{1,4}|[ivxlc]{1,7})(?: ?(?:of|/) ?\d{1,4})?[-–— ]*", re.IGNORECASE
)
_HYPHENATED = re.compile(r"(?<!\w)\w++(?:-\w++)+")
_WORD_AT_START = re.compile(r"\w+")
_HYPHENS = ("-", "\u2010")
_BROKEN_OFF = re.compile(r"(?<!\w)(\w++)[-\u2010]$")
_STOPPED = re.compile(r"[.!;,…]$")
_SENTENCE_END = re.compile(r"[.!?:…][\"'”’)\]*†‡]*$")
_MOST_HEADING_WORDS = 20
_LARGER = 1.12  # times the text's size, for a heading
_SET_APART = 1.25  # times the usual distance of lines, for a header or footer
_LONGEST_TORN_CHARS = 5000  # a longer paragraph takes up no further one
_LONGEST_WORD_CHARS = 100
_APART = 1.45  # times the usual distance of lines, for a new paragraph


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a page; `y` is its base, counted from the page's foot. All in the page's units."""

    text: str
    page: int
    size: float
    bold: bool
    left: float
    right: float
    y: float


@dataclass(slots=True)
class _Paragraph:
    kind: BlockKind
    lines: list[Line]
    text: str = ""
    level: int = 0

    @property
    def page(self) -> int:
        return self.lines[0].page


def lay_out(pages: list[list[Line]]) -> list[Draft]:
    """Turn pages of lines into drafts."""
    size = _text_size([line for page in pages for line in page])
    bodies, furniture = _furniture(pages, size)
    lines = [line for page in bodies for line in page]
    words = Counter(_HYPHENATED.findall(" ".join(line.text for line in lines)))
    paragraphs = list(_paragraphs(bodies, size))
    for paragraph in paragraphs:
        paragraph.text = _joined(paragraph.lines, words)
    _mark_levels(paragraphs)
    drafts: list[Draft] = []
    for paragraph in _mended(paragraphs, words):
        tight = paragraph.kind is BlockKind.LIST_ITEM
        drafts.append(Draft(paragraph.kind, paragraph.text, level=paragraph.level, page=paragraph.page, tight=tight))
    drafts.extend(Draft(BlockKind.BOILERPLATE, line.text, page=line.page) for line in furniture)
    return drafts


def _furniture(pages: list[list[Line]], size: float) -> tuple[list[list[Line]], list[Line]]:
    """Part running headers and footers from the rest; of those that recur, the first of each."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_pattern(line) for line in _edges(page, size)})
    often = max(2, round(0.4 * sum(bool(page) for page in pages)))
    bodies: list[list[Line]] = []
    kept: dict[str, Line] = {}
    for page in pages:
        edges = {id(line) for line in _edges(page, size)}
        body = []
        for line in page:
            if id(line) in edges and _NUMBER_ONLY.fullmatch(line.text):
                continue
            if id(line) in edges and seen[_pattern(line)] >= often:
                kept.setdefault(_pattern(line), line)
            else:
                body.append(line)
        bodies.append(body)
    return bodies, list(kept.values())


def _edges(page: list[Line], size: float) -> list[Line]:
    """The lines that stand where headers and footers do: one or two, set apart from the text, and no larger than it."""
    ranked = sorted(page, key=lambda line: -line.y)
    steps = [above.y - line.y for above, line in pairwise(ranked) if above.y - line.y > 0.5 * size]
    apart = _SET_APART * min([median(steps) if steps else size, 1.5 * size])
    found: list[Line] = []
    for lines in (ranked, ranked[::-1]):
        outer: list[Line] = []
        for line in lines:
            if outer and abs(outer[-1].y - line.y) > apart:
                break
            outer.append(line)
        if len(outer) <= _EDGE_LINES or len(outer) == len(page):
            found += outer[:_EDGE_LINES]
    return [line for line in found if line.size < _LARGER * size]


def _pattern(line: Line) -> str:
    """A line as it recurs from page to page: numbers that grow with the page's stand as their distance to it."""
    numbers = [int(number) for number in re.findall(r"\d{1,9}", line.text)]
    if len(numbers) == 1 or (numbers and line.text.lower().startswith("page")):
        return line.text.lower().replace(str(numbers[0]), f"#{numbers[0] - line.page}", 1)
    return line.text.lower()


def _text_size(lines: list[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _paragraphs(pages: list[list[Line]], size: float) -> Iterator[_Paragraph]:
    for page in pages:
        if not page:
            continue
        steps = [above.y - line.y for above, line in pairwise(page) if 0 < above.y - line.y < 4 * size]
        pitch = median(steps) if steps else 1.3 * size
        right = max(line.right for line in page)
        run: list[Line] = []
        left = 0.0  # of the run's lines but for the first, which may be indented
        for line in page:
            if run and _begins(run, left, line, pitch, right):
                yield _paragraph(run, size)
                run = []
            run.append(line)
            left = line.left if len(run) < 3 else min(left, line.left)
        yield _paragraph(run, size)


def _begins(run: list[Line], left: float, line: Line, pitch: float, right: float) -> bool:
    """Whether a line begins a new paragraph rather than going on with the lines above it."""
    above = run[-1]
    step = above.y - line.y
    if abs(line.size - above.size) > 0.08 * above.size or line.bold != above.bold:
        return (
            abs(line.size - above.size) > 0.08 * above.size or len(run) == 1 or bool(_SENTENCE_END.search(above.text))
        )
    if _BULLET.match(line.text):
        return True
    if step > _APART * max(pitch, 1.1 * line.size) or step < -line.size:
        # Set apart, or the top of another column, where a sentence may go on.
        return step > 0 or bool(_SENTENCE_END.search(above.text))
    if not _SENTENCE_END.search(above.text):
        return False
    indented = line.left > left + 0.7 * line.size
    short = above.right < right - 0.12 * (right - run[0].left)
    return (indented and not _BULLET.match(run[0].text)) or (short and line.left <= run[0].left + 0.1 * line.size)


def _paragraph(run: list[Line], size: float) -> _Paragraph:
    words = sum(len(line.text.split()) for line in run)
    text = run[-1].text
    short = words <= _MOST_HEADING_WORDS and len(run) <= 4
    if short and all(line.size >= _LARGER * size for line in run):
        return _Paragraph(BlockKind.HEADING, run)
    if short and all(line.bold for line in run) and not _STOPPED.search(text[-1:]) and any(map(str.isalpha, text)):
        return _Paragraph(BlockKind.HEADING, run)
    kind = BlockKind.LIST_ITEM if _BULLET.match(run[0].text) else BlockKind.PARAGRAPH
    return _Paragraph(kind, run)


def _joined(lines: list[Line], hyphenated: Counter[str]) -> str:
    parts: list[str] = []
    begun = ""  # of the word that goes on through line ends
    for above, line in pairwise(lines):
        shown, gap = _end_of(above.text, line.text, hyphenated, begun)
        parts += (shown, gap)
        begun = "" if gap else (begun + shown)[-_LONGEST_WORD_CHARS:]
    return "".join((*parts, lines[-1].text))


def _join(above: str, below: str, hyphenated: Counter[str]) -> str:
    """Join two texts, and the word that a hyphen at the end of the first broke."""
    return "".join((*_end_of(above, below, hyphenated), below))


def _end_of(above: str, below: str, hyphenated: Counter[str], begun: str = "") -> tuple[str, str]:
    """A line as it stands before the next one, and what parts the two: a space, or nothing inside a word.

    `begun` is what the lines before it hold of its first word.
    """
    broken = _BROKEN_OFF.search(begun + above) if above.endswith(_HYPHENS) else None
    rest = _WORD_AT_START.match(below)
    if not broken or not rest:
        return above, " "
    if f"{broken[1]}-{rest[0]}" in hyphenated or not below[0].islower() or broken[1][-1].isdigit():
        return above, ""
    return above[:-1], ""


def _mark_levels(paragraphs: list[_Paragraph]) -> None:
    """Give headings their depth by size, and the document its title."""
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


def _mended(paragraphs: list[_Paragraph], hyphenated: Counter[str]) -> Iterator[_Paragraph]:
    """Join sentences that a page break tore apart."""
    held: _Paragraph | None = None
    for paragraph in paragraphs:
        if held is not None and _torn(held, paragraph):
            end = split_sentences(paragraph.text)[0].end
            held.text = _join(held.text, paragraph.text[:end].strip(), hyphenated)
            rest = paragraph.text[end:].strip()
            if not rest:
                held.lines.append(replace(paragraph.lines[-1], page=paragraph.page))
                continue
            paragraph = _Paragraph(BlockKind.PARAGRAPH, paragraph.lines, rest)  # noqa: PLW2901
        if held is not None:
            yield held
        held = paragraph
    if held is not None:
        yield held


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
