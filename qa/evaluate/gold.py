"""Reads questions with known answers, and checks whether a passage has the evidence.

A gold file has one JSON object a line: `id`, `question`, `kind`, and for a question that the documents answer `doc` (a
file name), `evidence` (verbatim spans of the file) and `also` (alternatives, each with `doc` and `evidence`). A
question that they do not answer has the kind "unanswerable" and a `sub_kind`. A line with only `question` and a boolean
`answerable` is a question only for the confidence.

Evidence is compared only by its letters and digits, so white space and markup do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qa.errors import UnreadableFile
from qa.records import Document, Span
from qa.text.json_reading import parse_json

UNANSWERABLE = "unanswerable"
_T = TypeVar("_T")
_COVERED = 0.5  # minimum share of an evidence span's characters in a relevant passage


@dataclass(frozen=True, slots=True)
class Evidence:
    """A part of a document that supports an answer, in offsets of its canonical text."""

    document_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question, whether the documents answer it, and the evidence for the answer."""

    id: str
    question: str
    answerable: bool
    kind: str
    sub_kind: str
    evidence: tuple[Evidence, ...]

    def relevant(self, document_id: str, span: Span) -> bool:
        """Whether a passage covers at least half of one evidence span."""
        return any(
            each.document_id == document_id
            and _overlap(each.span, span) >= _COVERED * (each.span.end - each.span.start)
            for each in self.evidence
        )

    def touches(self, document_id: str, span: Span) -> bool:
        """Whether a span overlaps an evidence span."""
        return any(each.document_id == document_id and _overlap(each.span, span) > 0 for each in self.evidence)


def read_gold(path: Path, documents: Iterable[Document]) -> list[GoldQuestion]:
    """Read a gold file and find its evidence in the documents.

    Raises:
        UnreadableFile: a line is malformed, or its evidence is not in the document it names.
    """
    by_source = {document.source: document for document in documents}
    return _each_line(path, lambda entry: _question(entry, by_source))


def read_forms(path: Path, questions: Mapping[str, str]) -> list[tuple[str, str]]:
    """Read other forms of questions, each with its question: lines of JSON with `of`, its id, and `question`.

    Raises:
        UnreadableFile: a line is malformed, or `of` is not among the ids of `questions`.
    """

    def pair(entry: dict[str, Any]) -> tuple[str, str]:
        if entry["of"] not in questions:
            raise ValueError(f"no question has the id {entry['of']!r}")
        return questions[entry["of"]], entry["question"]

    return _each_line(path, pair)


def _each_line(path: Path, read: Callable[[dict[str, Any]], _T]) -> list[_T]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(read(parse_json(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise UnreadableFile(f"{path}, line {number}: {error}") from None
    return found


def _question(entry: dict[str, Any], documents: dict[str, Document]) -> GoldQuestion:
    if "answerable" in entry:
        return GoldQuestion(entry["question"], entry["question"], bool(entry["answerable"]), "", "", ())
    answerable = entry["kind"] != UNANSWERABLE
    groups = [entry, *entry.get("also", [])] if answerable else []
    evidence = tuple(
        Evidence(documents[group["doc"]].id, _locate(documents[group["doc"]].text, text))
        for group in groups
        for text in group["evidence"]
    )
    return GoldQuestion(entry["id"], entry["question"], answerable, entry["kind"], entry.get("sub_kind", ""), evidence)


def _locate(text: str, evidence: str) -> Span:
    """Find evidence in canonical text by its letters and digits."""
    wanted = re.sub(r"^\s*date \d{4}-\d{2}-\d{2} ", "", evidence)  # a line that the loader used as metadata
    places = [index for index, char in enumerate(text) if char.isalnum()]
    letters = "".join(text[index] for index in places)
    needle = "".join(char for char in wanted if char.isalnum())
    at = letters.find(needle)
    if not needle or at < 0:
        raise ValueError(f"evidence not in the document: {evidence[:60]!r}")
    return Span(places[at], places[at + len(needle) - 1] + 1)


def _overlap(first: Span, second: Span) -> int:
    return max(0, min(first.end, second.end) - max(first.start, second.start))
