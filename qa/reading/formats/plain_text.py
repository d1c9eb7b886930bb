"""Reads plain text as drafts, with the structure shown by white space, capitals and punctuation.

The text is literal: every character except white space is kept, including marks of Markdown. These marks only help to
recognise headings, list items and links without a target.

How it works, in order:

1. Paragraphs are runs of lines between blank lines; a gap is the number of blank lines above one.
2. A file of mostly short, unpunctuated lines is a deck: wide gaps separate slides, a slide's first line is its title.
3. Anything else is prose. Hard-wrapped lines are joined, bullets become list items.
4. Page numbers, running lines, legal lines at the file's end and links without a target are boilerplate
   (`plain_text_furniture`); a paragraph that begins with a mark which another one contains is a footnote.
5. A paragraph that stops in mid-sentence is joined with the next one, from which a page break separated it.
6. Short lines before text are headings, the first one is the title; a paragraph may begin with a subheading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from qa.reading.draft import Draft, Read
from qa.reading.formats.plain_text_furniture import is_prose, mark_furniture
from qa.reading.formats.plain_text_slides import Paragraph, is_deck, paragraphs_of, read_slides
from qa.records import BlockKind
from qa.text.dates import read_date

_STAMP = re.compile(r"\s*date (\d{4}-\d{2}-\d{2})[ \t]+(?=\S)")
_BULLET = re.compile(r"[ \t]*(?:[-*•‣▪–·+]|\(?\d{1,3}[.)])[ \t]+(?=\S)")
_ATX = re.compile(r"(#{1,6})[ \t]++(?=\S)")
_LABEL = re.compile(r"\[([^\[\]\n]{2,80})\][ \t]+(?=\S)")
_RUN_IN = re.compile(r"([A-Z][^.!?:\n]{1,90}):[ ](?=[A-Z\"“'‘(])")
_SENTENCE_END = re.compile(r"[.!?:…][\"'”’)\]*†‡§]*$")
_UNFINISHED_END = re.compile(r"[\w,]$")
_LEAD = re.compile(r"\*\*(?!\s)[^*\n]{1,90}(?<!\s)\*\*(?=\s)")
_BOLD = re.compile(r"\*\*[^*\n]{1,96}\*\*")
_FIELD = re.compile(r"[^:\n]{1,40}:[ \t]+(?=\S)")  # "Result: passed"
_STOPPED = re.compile(r"(?:[.!…][\"'”’)\]*†‡§]*|[:;,])$")
_MARK = r"([*†‡§]{1,3}|\[\d{1,3}\]|[¹²³⁴⁵⁶⁷⁸⁹])"
_FOOTNOTE_MARK = re.compile(r"(?!\*[^\s*]+\*\s)" + _MARK + r"(?=[^\s*])")
_CARRIED_MARK = re.compile(r"(?<=[\w.,;:!?)\"'”’])" + _MARK + r"(?=\s|$|[.,;:)])")

_BODY = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_WRAPPED_LINE_CHARS = 45  # lines of a hard-wrapped paragraph are at least this long, all but the last
_LONGEST_HEADING_WORDS = 14
_LONGEST_TORN_CHARS = 5000  # a longer paragraph is not joined with a further one
_RECURRING = 3  # a short line that occurs this often is not a heading


def read_text(text: str) -> Read:
    """Read a cleaned text file, with a date stamp at the beginning of its first line ("date 2022-04-18 Kaiser ...")."""
    stamp = _STAMP.match(text)
    if stamp and read_date(stamp[1]):
        return Read(read_plain(text[stamp.end() :]), {"date": stamp[1]})
    return Read(read_plain(text), {})


def read_plain(text: str) -> list[Draft]:
    """Convert cleaned text to drafts."""
    paragraphs = list(paragraphs_of(text))
    return read_slides(paragraphs) if is_deck(paragraphs) else _prose(paragraphs)


def _prose(paragraphs: list[Paragraph]) -> list[Draft]:
    labels = _label_headings(paragraphs)
    label = ""
    pieces: list[Draft] = []
    for paragraph in paragraphs:
        found = _LABEL.match(paragraph.lines[0]) if labels else None
        new = found is not None and found[1] != label
        label = found[1] if found else ""
        pieces.extend(_pieces(paragraph, new))
    furniture = mark_furniture([piece.text if piece.kind in _BODY else None for piece in pieces])
    pieces = [
        replace(piece, kind=BlockKind.BOILERPLATE) if is_furniture else piece
        for piece, is_furniture in zip(pieces, furniture, strict=True)
    ]
    pieces = _mark_headings(_join_torn(_mark_footnotes(pieces)))
    return [replace(piece, run_in=_run_in(piece)) for piece in pieces]


def _label_headings(paragraphs: list[Paragraph]) -> bool:
    """Whether the file writes its headings as "[Heading] " before each paragraph."""
    labelled = sum(bool(_LABEL.match(paragraph.lines[0])) for paragraph in paragraphs)
    return labelled >= 3 and labelled >= 0.5 * len(paragraphs)


def _pieces(paragraph: Paragraph, labelled: bool) -> Iterator[Draft]:
    """The pieces of a paragraph; if `labelled`, it begins with a new heading in brackets."""
    lines = list(paragraph.lines)
    if labelled and (label := _LABEL.match(lines[0])):
        yield Draft(BlockKind.HEADING, label[0].rstrip(), level=2)
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
            yield Draft(BlockKind.HEADING, line.strip(), level=max(2, len(heading[1])))
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


def _text_piece(lines: list[str], item: bool) -> Draft:
    wrapped = all(len(line) >= _WRAPPED_LINE_CHARS for line in lines[:-1])
    bulleted = item and _BULLET.match(lines[0])
    kind = BlockKind.LIST_ITEM if bulleted else BlockKind.PARAGRAPH
    return Draft(kind, (" " if wrapped else "\n").join(lines), tight=item)


def _mark_footnotes(pieces: list[Draft]) -> list[Draft]:
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


def _join_torn(pieces: list[Draft]) -> list[Draft]:
    run_ins = sum(bool(_RUN_IN.match(piece.text)) for piece in pieces if _SENTENCE_END.search(piece.text))
    joined: list[Draft] = []
    last = -1  # index in `joined` of the last paragraph of the running text
    for piece in pieces:
        if piece.kind is BlockKind.PARAGRAPH and last >= 0 and _torn(joined[last].text, piece.text, run_ins):
            above = joined[last]
            joined[last] = replace(above, text=f"{above.text} {piece.text}")
            continue
        joined.append(piece)
        if piece.kind is BlockKind.PARAGRAPH:
            last = len(joined) - 1
        elif piece.kind not in (BlockKind.FOOTNOTE, BlockKind.BOILERPLATE):
            last = -1
    return joined


def _torn(above: str, below: str, run_ins: int) -> bool:
    """Whether a page break separated `below` from `above`.

    `above` must be prose with an incomplete end: it ends with a comma, or with a word and the text below continues in
    lower case or `above` is too long or too sentence-like for a heading.
    """
    if len(above) > _LONGEST_TORN_CHARS or not _UNFINISHED_END.match(above, len(above) - 1):
        return False
    goes_on = is_prose(below) or (below[0].islower() and _SENTENCE_END.search(below))
    if "\n" in above or "\n" in below or not goes_on:
        return False
    if above.endswith(","):
        return True
    if below[0].islower():
        return len(above.split()) >= 4
    opened = _RUN_IN.match(above)
    sentence = above[opened.end() :] if opened and run_ins >= 2 else above
    long_enough = len(above.split()) > _LONGEST_HEADING_WORDS or (opened is not None and run_ins >= 2)
    return long_enough and is_prose(sentence) and not _RUN_IN.match(below)


def _mark_headings(pieces: list[Draft]) -> list[Draft]:
    marked: list[Draft] = []
    counts = Counter(piece.text for piece in pieces)
    fields = Counter(field[0] for piece in pieces if (field := _FIELD.match(piece.text)))
    for piece, body in zip(pieces, _bodies(pieces), strict=True):
        field = _FIELD.match(piece.text)
        beside = [each.kind for each in (*marked[-1:], body) if each is not None]
        is_section = piece.kind is BlockKind.LIST_ITEM and piece.text[0].isdigit() and piece.kind not in beside
        recurs = counts[piece.text] >= _RECURRING or (field is not None and fields[field[0]] > 1)
        if (piece.kind is BlockKind.PARAGRAPH or is_section) and not recurs and _opens_text(piece, body):
            piece = replace(piece, kind=BlockKind.HEADING, level=2, tight=False)  # noqa: PLW2901
        if piece.kind is BlockKind.HEADING and not marked:
            piece = replace(piece, kind=BlockKind.TITLE, level=1)  # noqa: PLW2901
        marked.append(piece)
    return marked


def _bodies(pieces: list[Draft]) -> list[Draft | None]:
    """The piece after each piece, without footnotes."""
    found: list[Draft | None] = []
    following: Draft | None = None
    for piece in reversed(pieces):
        found.append(following)
        if piece.kind is not BlockKind.FOOTNOTE:
            following = piece
    return found[::-1]


def _opens_text(piece: Draft, body: Draft | None) -> bool:
    text = piece.text
    short = len(text.split()) <= _LONGEST_HEADING_WORDS and len(text) <= 100
    headline = text[:1].isupper() or text[:1].isdigit() or _BOLD.fullmatch(text) is not None
    unfinished = text.endswith("?") or not _STOPPED.search(text)
    if "\n" in text or not (short and headline and unfinished):
        return False
    if not any(map(str.isalpha, text)):
        return False  # a number is content by itself
    return body is not None and body.kind is not BlockKind.BOILERPLATE


def _run_in(piece: Draft) -> int:
    if piece.kind is not BlockKind.PARAGRAPH:
        return 0
    if lead := _LEAD.match(piece.text):
        return lead.end()
    match = _RUN_IN.match(piece.text)
    short = match is not None and len(match[1].split()) <= _LONGEST_HEADING_WORDS
    return match.end() - 1 if match and short else 0
