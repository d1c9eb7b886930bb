"""Makes example questions from the headings of the loaded documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, zip_longest

from qa.records import BlockKind, Document

EXAMPLES = 5
_QUESTION_WORDS = range(3, 13)
_TOPIC_WORDS = range(2, 9)  # one word is too vague to ask about, nine are a sentence
_LONGEST_HEADING_CHARS = 120
_WORD = re.compile(r"\w+")
_ARTICLE = re.compile(r"(?i)^(?:the|an?) ")
_WELL_FORMED = re.compile(r"[^\W\d_][\w\u2019' ,&/()\u2013-]*[\w)]")
_APPARATUS = re.compile(
    r"(?i)\b(?:references|contents|notes|footnotes|bibliography|appendix|acknowledge?ments?|contact|index|copyright)\b"
)


def questions(documents: tuple[Document, ...]) -> tuple[str, ...]:
    """A handful of questions, taken from one document after the other; none when no heading would do."""
    by_document = zip_longest(*(_of_document(document) for document in documents))
    distinct: dict[str, None] = {}
    for question in chain.from_iterable(by_document):
        if question:
            distinct[question] = None
        if len(distinct) == EXAMPLES:
            break
    return tuple(distinct)


def _of_document(document: Document) -> Iterator[str]:
    headings = [heading for heading in dict.fromkeys(_headings(document)) if len(heading) <= _LONGEST_HEADING_CHARS]
    written = frozenset(_WORD.findall(document.text))
    yield from (heading for heading in headings if heading.endswith("?") and len(heading.split()) in _QUESTION_WORDS)
    for heading in headings:
        well_formed = _WELL_FORMED.fullmatch(heading) and not _APPARATUS.search(heading)
        if well_formed and len(_ARTICLE.sub("", heading).split()) in _TOPIC_WORDS:
            yield f"What is said about {_lowered(heading, written)}?"


def _headings(document: Document) -> Iterator[str]:
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            yield " ".join(document.text[block.start : block.end].split())
        elif block.run_in:
            yield document.text[block.start : block.start + block.run_in].strip().rstrip(":.")


def _lowered(heading: str, written: frozenset[str]) -> str:
    """The heading with a small first letter, if that word is among those that the document has `written` so."""
    first = _WORD.match(heading)
    lowered = heading[:1].lower() + heading[1:]
    return lowered if first and lowered[: first.end()] in written else heading
