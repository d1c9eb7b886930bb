"""Makes example questions from the documents' sentences, and keeps those that the documents answer.

1. Sentences of a few documents that match a pattern give candidates: a definition ("X is a ..."), a name with a role
   ("..., director of X"), a date ("X was founded in ..."), a figure ("X has ... members"), a heading that asks.
2. Each candidate is asked. It is kept if the verdict is `answered` and the first result contains its sentence.
3. A few of them are chosen: the kinds in turn, and documents without a chosen question first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Protocol

from qa.answering.example_patterns import KINDS, Candidate, heading_questions, sentence_questions
from qa.errors import RequestError, UnknownDocument
from qa.records import Answer, BlockKind, Document, DocumentInfo, Verdict
from qa.text.sentences import split_sentences
from qa.text.site import Example

EXAMPLES = 5
_DOCUMENTS_READ = 24
_CHARS_READ = 40_000  # of each document
_MOST_TRIED = 12  # of each kind
_WORD = re.compile(r"[\w’'-]+")
_PROSE = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM})


class Answering(Protocol):
    """The interface of the service: answers questions and has the documents."""

    def ask(self, question: str) -> Answer:
        """Answer a question."""

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every document, without its text."""

    def document(self, document_id: str) -> Document:
        """One document with its text."""


def example_questions(service: Answering) -> tuple[Example, ...]:
    """A few questions that the documents answer; empty if no sentence matches a pattern."""
    tried: Counter[str] = Counter()
    found: list[tuple[str, bool, Example]] = []
    for document, candidate in _candidates(_sample(service)):
        if tried[candidate.kind] >= _MOST_TRIED or any(candidate.question == each.question for _, _, each in found):
            continue
        tried[candidate.kind] += 1
        answer = _tried(service, document, candidate)
        if answer:
            found.append((candidate.kind, answer.sure, Example(candidate.question, document.id)))
    return tuple(_chosen(found))


def _sample(service: Answering) -> list[Document]:
    """Some documents, spread over the list, except those that a rebuild has just removed."""
    documents = service.documents()
    found = []
    for info in documents[:: max(1, len(documents) // _DOCUMENTS_READ)][:_DOCUMENTS_READ]:
        with suppress(UnknownDocument):
            found.append(service.document(info.id))
    return found


def _candidates(documents: Sequence[Document]) -> Iterator[tuple[Document, Candidate]]:
    """Candidates from the documents in turn, so that one long document does not use up the tries."""
    waiting = [(document, _of_document(document)) for document in documents]
    while waiting:
        taken = [(document, tuple(islice(candidates, 2)), candidates) for document, candidates in waiting]
        for document, few, _ in taken:
            yield from ((document, candidate) for candidate in few)
        waiting = [(document, candidates) for document, few, candidates in taken if few]


def _of_document(document: Document) -> Iterator[Candidate]:
    written = frozenset(_WORD.findall(document.text[: 2 * _CHARS_READ]))
    for block in document.blocks:
        if block.start > _CHARS_READ:
            return
        text = document.text[block.start : block.end]
        if block.kind is BlockKind.HEADING:
            yield from heading_questions(text, block.end)
        for span in split_sentences(text) if block.kind in _PROSE else ():
            yield from sentence_questions(text[span.start : span.end], block.start + span.start, written)


def _tried(service: Answering, document: Document, candidate: Candidate) -> Answer | None:
    """The answer to a candidate if the verdict is `answered` and the first result contains its sentence; else None."""
    try:
        answer = service.ask(candidate.question)
    except RequestError:
        return None
    if answer.verdict is not Verdict.ANSWERED or answer.unmet:
        return None
    first = answer.passages[0]
    places = (place for place in (first.citation, *first.also_in) if place.document_id == document.id)
    return answer if any(place.start <= candidate.place < place.end for place in places) else None


def _chosen(found: Iterable[tuple[str, bool, Example]]) -> list[Example]:
    """Choose a few: the kinds in turn; within a kind, first new documents, then sure answers."""
    waiting = list(found)
    chosen: list[Example] = []
    used: Counter[str | None] = Counter()
    for kind in KINDS * EXAMPLES:
        of_kind = [each for each in waiting if each[0] == kind]
        if of_kind and len(chosen) < EXAMPLES:
            best = min(of_kind, key=lambda each: (used[each[2].document_id], not each[1]))
            waiting.remove(best)
            chosen.append(best[2])
            used[best[2].document_id] += 1
    return chosen
