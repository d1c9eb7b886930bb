"""Plain text to drafts: the structure that a reader sees in white space, capitals and punctuation.

How it works, in order:

1. Paragraphs are runs of lines between blank lines; a gap is the number of blank lines above one.
2. A file of mostly short, unpunctuated lines is a deck: wide gaps part its slides, a slide's first line is its title.
3. Anything else is prose. Hard-wrapped lines are joined, bullets become list items, inline markup resolves.
4. Lines that recur, legal lines with what trails them, and links to nowhere are boilerplate; a paragraph that opens
   with a mark which another one carries is a footnote.
5. A paragraph that stops in mid-sentence takes up the next one: a page break tore them apart.
6. Short lines that open a stretch of text are headings, the first of all the title; a subhead may open a paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qa.reading.draft import Draft
from qa.reading.formats.plain_text_slides import Paragraph, is_deck, paragraphs_of, read_slides
from qa.reading.inline_markup import Inline, resolve
from qa.records import BlockKind

_BULLET = re.compile(r"[ \t]*(?:[-*•‣▪–·+]|\(?\d{1,3}[.)])[ \t]+(?=\S)")
_ATX = re.compile(r"(#{1,6})[ \t]++(?=\S)")
_LABEL = re.compile(r"\[([^\[\]\n]{2,80})\][ \t]+(?=\S)")
_RUN_IN = re.compile(r"([A-Z][^.!?:\n]{1,90}):[ ](?=[A-Z\"“'‘(])")
_SENTENCE_END = re.compile(r"[.!?:…][\"'”’)\]*†‡§]*$")
_UNFINISHED_END = re.compile(r"[\w,]$")
_LEAD = re.compile(r"\S+( \S+){0,13}$")
_STOPPED = re.compile(r"(?:[.!…][\"'”’)\]*†‡§]*|[:;,])$")
_LEGAL = re.compile(
    r"©|\bcopyright\b|all rights reserved|\bterms of (?:use|service)\b|\bprivacy (?:statement|policy|notice)\b",
    re.IGNORECASE,
)
_MARK = r"([*†‡§]{1,3}|\[\d{1,3}\]|[¹²³⁴⁵⁶⁷⁸⁹])"
_FOOTNOTE_MARK = re.compile(_MARK + r"(?=[^\s*])")
_CARRIED_MARK = re.compile(r"(?<=[\w.,;:!?)\"'”’])" + _MARK + r"(?=\s|$|[.,;:)])")
_PAGE_NUMBER = re.compile(r"(?:page |p\. ?|[-–— ]*)\d{1,4}(?: (?:of|/) \d{1,4})?[-–— ]*$", re.IGNORECASE)

_WRAPPED_LINE_CHARS = 45  # lines of a hard-wrapped paragraph are at least this long, all but the last
_LONGEST_HEADING_WORDS = 14
_LONGEST_LEGAL_WORDS = 40  # a longer paragraph that mentions copyright is about it
_LONGEST_TORN_CHARS = 5000  # a longer paragraph takes up no further one
_RECURRING_LINE = 3  # a short line seen this often is a running header or footer


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paragraph on its way to becoming a draft."""

    kind: BlockKind
    inline: Inline
    level: int = 0
    tight: bool = False
    label: bool = False  # a heading written before each of its paragraphs

    @property
    def text(self) -> str:
        return self.inline.text


def read_plain(text: str) -> list[Draft]:
    """Turn cleaned text into drafts."""
    paragraphs = list(paragraphs_of(text))
    return read_slides(paragraphs) if is_deck(paragraphs) else _prose(paragraphs)


def _prose(paragraphs: list[Paragraph]) -> list[Draft]:
    labels = _label_headings(paragraphs)
    pieces: list[_Piece] = []
    for paragraph in paragraphs:
        pieces.extend(_pieces(paragraph, labels))
    pieces = _mark_footnotes(_mark_boilerplate(pieces))
    pieces = _mark_headings(_join_torn(pieces))
    return [
        Draft(piece.kind, piece.text, level=piece.level, run_in=_run_in(piece), tight=piece.tight) for piece in pieces
    ]


def _label_headings(paragraphs: list[Paragraph]) -> bool:
    """Whether the file writes its headings as "[Heading] " before each paragraph."""
    labelled = sum(bool(_LABEL.match(paragraph.lines[0])) for paragraph in paragraphs)
    return labelled >= 3 and labelled >= 0.5 * len(paragraphs)


def _pieces(paragraph: Paragraph, labels: bool) -> Iterator[_Piece]:
    lines = list(paragraph.lines)
    if labels and (label := _LABEL.match(lines[0])):
        yield _Piece(BlockKind.HEADING, resolve(label[1]), level=2, label=True)
        lines[0] = lines[0][label.end() :]
    run: list[str] = []
    seen_item = False
    for line in lines:
        heading = _ATX.match(line)
        bullet = _BULLET.match(line)
        if (heading or bullet) and run:
            yield _text_piece(run, seen_item)
            run = []
        if heading:
            shown = line[heading.end() :].rstrip(" \t").rstrip("#").rstrip(" \t") or "#"
            yield _Piece(BlockKind.HEADING, resolve(shown), level=max(2, len(heading[1])))
        elif bullet:
            run = [line.strip()]
            seen_item = True
            continue
        else:
            run.append(line.strip())
        if heading:
            seen_item = False
    if run:
        yield _text_piece(run, seen_item)


def _text_piece(lines: list[str], item: bool) -> _Piece:
    wrapped = all(len(line) >= _WRAPPED_LINE_CHARS for line in lines[:-1])
    inline = resolve((" " if wrapped else "\n").join(lines))
    bulleted = item and _BULLET.match(lines[0])
    return _Piece(BlockKind.LIST_ITEM if bulleted else BlockKind.PARAGRAPH, inline, tight=item)


def _mark_boilerplate(pieces: list[_Piece]) -> list[_Piece]:
    counts = Counter(piece.text for piece in pieces)
    marked = []
    for piece in pieces:
        words = len(piece.text.split())
        recurring = counts[piece.text] >= _RECURRING_LINE and words <= _LONGEST_HEADING_WORDS
        legal = words <= _LONGEST_LEGAL_WORDS and _LEGAL.search(piece.text)
        furniture = piece.inline.dead_link or _PAGE_NUMBER.match(piece.text)
        body = piece.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
        boilerplate = body and (recurring or legal or furniture)
        marked.append(replace(piece, kind=BlockKind.BOILERPLATE) if boilerplate else piece)
    # An imprint's address stands around its legal lines, and no sentence of the text follows it.
    for number in range(len(marked) - 2, 0, -1):
        below = marked[number + 1]
        imprint = below.kind is BlockKind.BOILERPLATE and not below.inline.dead_link
        if imprint and marked[number].kind is BlockKind.PARAGRAPH and not _is_prose(marked[number].text):
            marked[number] = replace(marked[number], kind=BlockKind.BOILERPLATE)
    return marked


def _is_prose(text: str) -> bool:
    """Whether the text holds running sentences: it ends like one, or most of its words are lower case."""
    words = text.split()
    lower = sum(word[0].islower() for word in words)
    return len(words) >= 4 and (bool(_SENTENCE_END.search(text)) or (lower >= 0.6 * len(words) and "\n" not in text))


def _mark_footnotes(pieces: list[_Piece]) -> list[_Piece]:
    carriers: dict[str, set[int]] = {}
    for number, piece in enumerate(pieces):
        for carried in _CARRIED_MARK.finditer(piece.text):
            carriers.setdefault(carried[1], set()).add(number)
    marked = []
    for number, piece in enumerate(pieces):
        mark = _FOOTNOTE_MARK.match(piece.text)
        carrying = carriers.get(mark[1], set()) if mark else set()
        if piece.kind is BlockKind.PARAGRAPH and len(carrying) > (number in carrying):
            piece = replace(piece, kind=BlockKind.FOOTNOTE)  # noqa: PLW2901
        marked.append(piece)
    return marked


def _join_torn(pieces: list[_Piece]) -> list[_Piece]:
    run_ins = sum(bool(_RUN_IN.match(piece.text)) for piece in pieces if _SENTENCE_END.search(piece.text))
    joined: list[_Piece] = []
    last = -1  # where the last paragraph of the running text stands in `joined`
    for piece in pieces:
        if piece.kind is BlockKind.PARAGRAPH and last >= 0 and _torn(joined[last].text, piece.text, run_ins):
            above = joined[last]
            joined[last] = replace(above, inline=Inline(f"{above.text} {piece.text}", above.inline.lead))
            continue
        joined.append(piece)
        if piece.kind is BlockKind.PARAGRAPH:
            last = len(joined) - 1
        elif piece.kind not in (BlockKind.FOOTNOTE, BlockKind.BOILERPLATE):
            last = -1
    return joined


def _torn(above: str, below: str, run_ins: int) -> bool:
    """Whether a page break tore `below` from `above`.

    Above must be prose that stops short: after a comma, or after a word while the text below goes on in lower case,
    or while above is too long or too much of a sentence for a heading.
    """
    if len(above) > _LONGEST_TORN_CHARS or not _UNFINISHED_END.match(above, len(above) - 1):
        return False
    goes_on = _is_prose(below) or (below[0].islower() and _SENTENCE_END.search(below))
    if "\n" in above or "\n" in below or not goes_on:
        return False
    if above.endswith(","):
        return True
    if below[0].islower():
        return len(above.split()) >= 4
    opened = _RUN_IN.match(above)
    sentence = above[opened.end() :] if opened and run_ins >= 2 else above
    long_enough = len(above.split()) > _LONGEST_HEADING_WORDS or (opened is not None and run_ins >= 2)
    return long_enough and _is_prose(sentence) and not _RUN_IN.match(below)


def _mark_headings(pieces: list[_Piece]) -> list[_Piece]:
    marked: list[_Piece] = []
    heading = ""
    for piece, body in zip(pieces, _bodies(pieces), strict=True):
        if piece.kind is BlockKind.PARAGRAPH and _opens_text(piece, body):
            piece = replace(piece, kind=BlockKind.HEADING, level=2)  # noqa: PLW2901
        if piece.kind is BlockKind.HEADING:
            if piece.label and piece.text == heading:
                continue  # repeated for the next paragraph under the same heading
            heading = piece.text
            if not marked:
                piece = replace(piece, kind=BlockKind.TITLE, level=1)  # noqa: PLW2901
        marked.append(piece)
    return marked


def _bodies(pieces: list[_Piece]) -> list[_Piece | None]:
    """What follows each piece, footnotes left out."""
    found: list[_Piece | None] = []
    following: _Piece | None = None
    for piece in reversed(pieces):
        found.append(following)
        if piece.kind is not BlockKind.FOOTNOTE:
            following = piece
    return found[::-1]


def _opens_text(piece: _Piece, body: _Piece | None) -> bool:
    text = piece.text
    short = len(text.split()) <= _LONGEST_HEADING_WORDS and len(text) <= 100
    headline = text[:1].isupper() or text[:1].isdigit() or piece.inline.lead == len(text)
    unfinished = text.endswith("?") or not _STOPPED.search(text)
    if "\n" in text or not (short and headline and unfinished):
        return False
    return body is not None and body.kind is not BlockKind.BOILERPLATE


def _run_in(piece: _Piece) -> int:
    if piece.kind is not BlockKind.PARAGRAPH:
        return 0
    if 0 < piece.inline.lead < len(piece.text) and _LEAD.match(piece.text[: piece.inline.lead]):
        return piece.inline.lead
    match = _RUN_IN.match(piece.text)
    short = match is not None and len(match[1].split()) <= _LONGEST_HEADING_WORDS
    return match.end() - 1 if match and short else 0
