"""Finds the title of a document: the file's own if it is a real title, else a heading or the first sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.records import Block, BlockKind
from qa.text.safe_text import one_line
from qa.text.sentences import split_sentences

_LONGEST_TITLE_CHARS = 300  # the title is added to every passage
_LONGEST_OPENING_CHARS = 120  # of a document without a title
_SHORTEST_CLAUSE = 0.5  # minimum share of the maximum length for a cut at a clause's end
_CLAUSE_END = re.compile(r"[,;:–—](?=\s)|\s(?=[–—-]\s)")
_LITTLE_WORDS = frozenset(
    "a an the this that its their his her our and or but of in on at to for from by with as than into over under "
    "is are was were be been has have had new single very".split()
)
_PROGRAM = re.compile(
    r"(?:microsoft (?:word|excel|powerpoint|office word|office powerpoint)|powerpoint|word|excel) ?[-–:] .*"
    r"|microsoft (?:word|excel|powerpoint)(?: document| presentation)?|powerpoint[- ]pr[aä]sentation"
    r"|powerpoint presentation|pr[eé]sentation powerpoint|presentaci[oó]n de powerpoint",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\(?(?:untitled|unnamed|anonymous|unknown|no title|title|document|dokument|unbenannt|sans titre|sin t[ií]tulo"
    r"|new document|print|printout|scan|scanned document|image|slide|page|presentation|layout|default"
    r"|none|null|temp|acrobat document|full page photo|remote desktop redirected printer doc)"
    r"(?:[-_ ]?(?:document|page|slide|layout|title|file))?[-_ ]?\(?\d{0,3}\)?\)?",
    re.IGNORECASE,
)
_LONGEST_JUNK_CHARS = 300
_SCANNER = re.compile(
    r"(?:scan(?:ned)?|img|image|doc|dsc|document|dokument|fax|page|file|xerox|kmbt|hp|sharp|canon|ricoh|copier|skm|mx"
    r"|pdf|untitled|temp|tmp)?[-_ ]?(?=\S*\d)[\d_.:-]{2,}(?:[a-z]?\d*)?",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"\S(?:.{0,200}\S)?\.(?:docx?|dotx?|odt|rtf|pages|wpd|tiff?|jpe?g|png|gif|bmp|eps|ps|pdf|indd|qxd|qxp|pmd|fm|ai|cdr"
    r"|pub|vsdx?|dwg|pptx?|odp|key|xlsx?|ods|csv|txt|md|html?|xml|tex|dvi|p65|eml|msg|prn|tmp|aspx?|php|mif|book)",
    re.IGNORECASE,
)
_PATH = re.compile(r"[A-Za-z]:[\\/].*|\\\\\S.*|(?:file|https?|ftp)://\S*|~?/(?:[^/\s]+/)+[^/\s]*|\S+[\\/]\S+[\\/]\S*")
_MARKED_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t#]*")
_WRAPPED = re.compile(r"\*\*(.+)\*\*[:.]?|\[(.+)\]|__(.+)__")


def is_title(text: str) -> bool:
    """Whether the title in a file's properties is a title, and not written by a printer driver, scanner or program.

    File names, paths, addresses, placeholders ("untitled") and scan numbers are not titles.
    """
    text = one_line(text)
    if not any(map(str.isalpha, text)):
        return False
    if len(text) > _LONGEST_JUNK_CHARS:
        return True
    return not any(junk.fullmatch(text) for junk in (_PROGRAM, _PLACEHOLDER, _SCANNER, _FILE_NAME, _PATH))


def title_of(text: str, blocks: Sequence[Block]) -> str:
    """The title of a document without its own: its title block, its first heading, or its first sentence.

    A sentence of more than 120 characters is cut between words, at the end of a clause if one is near.
    """
    body = [block for block in blocks if block.kind is not BlockKind.BOILERPLATE] or list(blocks)
    for block in body:
        if block.kind is BlockKind.TITLE:
            return shortened(heading_words(text[block.start : block.end]), _LONGEST_TITLE_CHARS)
    first = body[0]
    inner = text[first.start : first.end]
    if first.kind is BlockKind.HEADING:
        return shortened(heading_words(inner), _LONGEST_TITLE_CHARS)
    sentences = split_sentences(inner)
    opening = inner[sentences[0].start : sentences[0].end] if sentences else inner
    return shortened(one_line(opening).strip("| ") or one_line(opening), _LONGEST_OPENING_CHARS)


def heading_words(text: str) -> str:
    """A heading without the marks around it in plain text: "## Fees ##", "**Fees**", "[Fees]"."""
    line = one_line(text)
    if marked := _MARKED_HEADING.fullmatch(line):
        line = marked[1] or line
    if wrapped := _WRAPPED.fullmatch(line):
        line = next(filter(None, wrapped.groups()))
    return line


def shortened(line: str, most_chars: int) -> str:
    """A line of at most `most_chars` characters: unchanged, or cut after a word, with an ellipsis."""
    if len(line) <= most_chars:
        return line
    room = line[:most_chars]  # one character more than fits before the ellipsis
    cut = room.rfind(" ")
    if cut < 0:
        return line[: most_chars - 1] + "…"  # a single long word
    clauses = [match.start() for match in _CLAUSE_END.finditer(room, 0, cut + 1)]
    if clauses and clauses[-1] >= _SHORTEST_CLAUSE * most_chars:
        return room[: clauses[-1]].rstrip() + "…"
    words = room[:cut].split(" ")
    while len(words) > 3 and words[-1].lower().strip(",;:") in _LITTLE_WORDS:
        words.pop()
    return " ".join(words).rstrip(",;:–—- ") + "…"
