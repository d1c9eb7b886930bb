"""Evaluates the question log: unanswered questions, frequent questions, and questions per day.

Two questions are linked if their vectors are near each other, or if they have the same index terms; groups are the
connected components (single linkage). Questions with filters are left out of the groups, since the filter may be the
reason for a missing answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qa.answering.citations import find_quote
from qa.answering.question_log import LoggedQuestion
from qa.encode import Encoder
from qa.errors import UnknownDocument
from qa.index.contract import Index
from qa.records import Verdict
from qa.text.words import spelt, term, terms

_NEAR = 0.7  # minimum cosine of two questions with the same meaning
_MOST_GROUPED = 2000  # distinct questions, the most frequent first: all pairs of them are compared
_UNANSWERED = (Verdict.RELATED, Verdict.NONE)
_LABEL_WORDS = 4


@dataclass(frozen=True, slots=True)
class Counted:
    """A question and how often it was asked."""

    question: str
    times: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A group of unanswered questions with the same meaning, the most frequent first.

    `about` are the words that most of them share; `times` is how often they were asked in total.
    """

    about: tuple[str, ...]
    times: int
    questions: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the log with its number of questions and of unanswered ones."""

    day: str
    asked: int
    unanswered: int


def is_gap(question: LoggedQuestion) -> bool:
    """Whether a question was not answered, by its verdict or its reader's answer."""
    return question.found is False or (question.found is None and question.verdict in _UNANSWERED)


def gaps(questions: Iterable[LoggedQuestion], encoder: Encoder) -> list[Gap]:
    """The groups of unanswered questions, the most frequent first."""
    unanswered = [each for each in questions if is_gap(each) and not each.filtered]
    counted = most_asked(unanswered)[:_MOST_GROUPED]
    if not counted:
        return []
    vectors = np.stack([encoder.encode_question(each.question).vector for each in counted])
    near = vectors @ vectors.T >= _NEAR
    by_terms: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for row, each in enumerate(counted):
        if found := frozenset(terms(each.question)):
            by_terms[found].append(row)
    links = [[int(other) for other in np.flatnonzero(near[row])] for row in range(len(counted))]
    for rows in by_terms.values():
        links[rows[0]] += rows
    found_gaps = [_gap([counted[row] for row in sorted(group)]) for group in _components(links)]
    return sorted(found_gaps, key=lambda gap: (-gap.times, gap.questions[0].question))


def most_asked(questions: Iterable[LoggedQuestion]) -> list[Counted]:
    """Distinct questions, the most frequent first; case and white space are ignored."""
    times: Counter[str] = Counter()
    typed: dict[str, str] = {}
    for each in questions:
        key = " ".join(each.question.casefold().split())
        times[key] += 1
        typed.setdefault(key, each.question)
    return [Counted(typed[key], count) for key, count in sorted(times.items(), key=lambda item: (-item[1], item[0]))]


def per_day(questions: Iterable[LoggedQuestion]) -> list[Day]:
    """The days with questions, in order."""
    asked: Counter[str] = Counter()
    unanswered: Counter[str] = Counter()
    for each in questions:
        day = each.minute.partition("T")[0]
        asked[day] += 1
        unanswered[day] += is_gap(each)
    return [Day(day, asked[day], unanswered[day]) for day in sorted(asked)]


def as_gold(questions: Iterable[LoggedQuestion], index: Index) -> Iterator[dict[str, Any]]:
    """Confirmed questions as entries of a gold file (`qa.evaluate.gold`), each with its newest confirmation.

    A question whose quotation is no longer in the documents is left out.
    """
    newest = {" ".join(each.question.casefold().split()): each for each in questions if each.found}
    for number, each in enumerate(newest.values(), 1):
        if each.document_id is None or each.reference is None:
            continue
        try:
            document = index.document(index.present_id(each.document_id))
        except UnknownDocument:
            continue
        found = find_quote(document.text, each.reference)
        if found:
            evidence = document.text[found.span.start : found.span.end]
            yield {
                "id": f"log-{number}",
                "question": each.question,
                "kind": "log",
                "doc": document.source,
                "evidence": [evidence],
            }


def _gap(questions: Sequence[Counted]) -> Gap:
    times = sum(each.times for each in questions)
    shares: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for each in questions:
        written = {stem: word.casefold() for word in reversed(spelt(each.question)) if (stem := term(word))}
        spelling = written | spelling
        shares.update(dict.fromkeys(written, each.times))
    common = [stem for stem, count in shares.most_common(_LABEL_WORDS) if 2 * count > times]
    return Gap(tuple(spelling[stem] for stem in common), times, tuple(questions))


def _components(links: Sequence[Sequence[int]]) -> Iterator[set[int]]:
    """The connected components of a graph; `links` may list a connection at either end."""
    both: list[set[int]] = [set(each) for each in links]
    for row, others in enumerate(links):
        for other in others:
            both[other].add(row)
    left = set(range(len(links)))
    while left:
        group, pending = set(), [min(left)]
        while pending:
            row = pending.pop()
            if row not in group:
                group.add(row)
                pending += both[row] - group
        left -= group
        yield group
