"""Example questions from the loaded documents' own headings: what a reader could ask here, never what was planned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice, zip_longest

from qa.records import BlockKind, Document

EXAMPLES = 5
_WORDS = range(2, 9)  # one word is too vague to ask about, nine are a sentence
_WELL_FORMED = re.compile(r"[^\W\d_][\w\u2019' ,&/()\u2013-]*[\w)]")
_APPARATUS = re.compile(
    r"(?i)\b(?:references|contents|notes|footnotes|bibliography|appendix|acknowledge?ments?|contact|index|copyright)\b"
)


def questions(documents: tuple[Document, ...]) -> tuple[str, ...]:
    """A handful of questions, taken from one document after the other; none when no heading would do."""
    by_document = zip_longest(*(_of_document(document) for document in documents))
    distinct = dict.fromkeys(question for question in chain.from_iterable(by_document) if question)
    return tuple(islice(distinct, EXAMPLES))


def _of_document(document: Document) -> Iterator[str]:
    for heading in _headings(document):
        words = len(heading.split())
        if heading.endswith("?") and words in range(3, 13):
            yield heading
        elif words in _WORDS and _WELL_FORMED.fullmatch(heading) and not _APPARATUS.search(heading):
            yield f"What is said about {_lowered(heading, document.text)}?"


def _headings(document: Document) -> Iterator[str]:
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            yield " ".join(document.text[block.start : block.end].split())
        elif block.run_in:
            yield document.text[block.start : block.start + block.run_in].strip().rstrip(":.")


def _lowered(heading: str, text: str) -> str:
    """The heading with a small first letter, if the document itself writes that word so in running text."""
    first, space, rest = heading.partition(" ")
    lowered = first[:1].lower() + first[1:]
    if re.search(rf"(?<!\w){re.escape(lowered)}(?!\w)", text):
        return lowered + space + rest
    return heading
