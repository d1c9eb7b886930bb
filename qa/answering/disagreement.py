"""Finds different figures for one question in different documents.

1. The question must ask for a count, an amount, a percentage, a year or a date, and must not be about one document: it
   has no year, date or document's name.
2. In the highlighted sentence of each of the first passages, figures of this kind are searched. For a count, the noun
   of "how many" must follow the figure within a few words.
   An end of a range ("5 to 10") is no figure.
3. A sentence has the same subject as the first one if it, the previous sentence and its headings contain the same
   content words of the question, and no further name, place, owner, year or limiting words ("each", "at least", "this
   year", "rooms with a view").
4. Figures of different documents are compared by value. If two differ by more than rounding, each value is listed once
   with its citation, in the order of the passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.answering.answer_patterns import AnswerType
from qa.answering.answer_type import expected_type, thing, things_counted
from qa.answering.citations import cite
from qa.answering.figures import ANY_YEAR, Figure, alike, figures, of_a_range
from qa.answering.quotes import Group
from qa.index.contract import Index
from qa.records import Citation, Passage, Span, Stated
from qa.retrieval.evidence import terms_of
from qa.retrieval.query import ContentWord
from qa.text.units import NUMBER_WORDS
from qa.text.words import spelt, term

_LOOKED_AT = 5  # passages
_NEAR = 4  # words between a figure and the counted noun
_SENTENCES = 4  # sentences of a passage, the best-matching first
_HEADING_LINES = 2  # in a passage that begins with lines without final punctuation
_MOST = 5  # values listed
_NUMBER_OF = re.compile(r"\b(?:number|total) of ((?:[\w'’-]+ ){1,3})", re.IGNORECASE)
# Words for the measure, not for the thing.
_MEASURES = frozenset(map(term, "number total many much year date day percentage percent share".split()))
_MONTHS = frozenset("january february march april may june july august september october november december".split())
_KINDS = {AnswerType.COUNT: "count", AnswerType.DATE: "year", AnswerType.SHARE: "share"} | dict.fromkeys(
    (AnswerType.AGE, AnswerType.AMOUNT, AnswerType.DURATION, AnswerType.MEASURE), "amount"
)
_LIMITS = frozenset(
    "each per every except excluding other another further additional new alone half third former plan planned "
    "expected projected target goal forecast estimated not no never cannot".split()
)
_BOUNDS = re.compile(
    r"\b(?:at (?:least|most)|(?:fewer|less|no more) than|up to"
    r"|(?:last|next|previous|this) (?:month|quarter|season|week|year))\b"
)
# After the counted noun they limit it: "rooms with a view" are some of the rooms.
_LIMITING_BEHIND = frozenset("aged having over that under which who whose with without".split())
_DIRECTIONS = frozenset("north south east west northern southern eastern western upper lower".split())
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w’'-]+")
# A list of names does not limit.
_LISTED = re.compile(r"(?:[A-Z][\w.]{0,40}(?: \w{1,40})?, (?:and )?){2,20}[A-Z][\w.]{0,40}")
_OWNER = re.compile(r"(?<![\w’'-])([\w-]+)['’]s?(?= \w)")  # "the museum's library" is not the town's
_HOW = re.compile(r"\bhow (\w+)", re.IGNORECASE)
_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)  # not the "per" that limits
_WHOLE_WORD = re.compile(r"[\w’'-]+")


@dataclass(frozen=True, slots=True)
class _Statement:
    document_id: str
    sentence: str
    figure: Figure
    citation: Citation
    missing: frozenset[str]
    limited: str


def disagreement(
    index: Index, question: str, asked: Sequence[ContentWord], groups: Sequence[Group]
) -> tuple[Stated, ...]:
    """The differing figures of different documents, at least two; empty if they agree.

    Args:
        index: The index of the passages.
        question: The question as searched.
        asked: Its content words.
        groups: Its best passages, best first.
    """
    kind = _KINDS.get(expected_type(question))
    counted = things_counted(question) if kind == "count" else frozenset()
    if kind is None or (kind == "count" and not counted) or any(word.whole for word in asked):
        return ()
    subject = {word.term for word in asked if not word.whole} - _MEASURES
    measure = _HOW.search(question)
    if measure and measure[1].casefold() not in {"many", "much"}:
        subject.add(term(measure[1]))  # a long question may ask about more than one figure
    first: _Statement | None = None
    told: list[_Statement] = []
    for passage, order in _passages(groups):
        statement = _statement(index, passage, order, kind, counted, subject)
        if statement is None:
            if first is None:
                return ()  # the first passage has no figure to differ from
            continue
        first = first or statement
        if statement.missing <= first.missing and _same_subject(first, statement, question, kind):
            told.append(statement)
    return _different(told)


def _passages(groups: Sequence[Group]) -> Iterator[tuple[Passage, Sequence[int]]]:
    """The first passages and their near copies, with the sentences to search, best first."""
    for group in groups[:_LOOKED_AT]:
        scores = group.best.sentence_scores
        best = sorted(range(len(scores)), key=lambda number, scores=scores: -float(scores[number]))  # type: ignore[misc]
        yield group.best.hit.passage, best[:_SENTENCES]
        for copy in group.copies:
            yield copy.passage, range(len(copy.passage.sentences))


def _different(told: Sequence[_Statement]) -> tuple[Stated, ...]:
    kept: list[_Statement] = []
    for statement in told:
        others = [each for each in kept if each.figure.unit == statement.figure.unit]
        own = any(each.document_id == statement.document_id for each in kept)
        if not own and not any(alike(each.figure, statement.figure) for each in others) and len(others) == len(kept):
            kept.append(statement)
    return tuple(Stated(each.figure.value, each.citation) for each in kept[:_MOST]) if len(kept) > 1 else ()


def _statement(
    index: Index, passage: Passage, order: Sequence[int], kind: str, counted: frozenset[str], subject: set[str]
) -> _Statement | None:
    """The passage's statement of the figure: the first sentence, in a given order, that has one."""
    info = index.info(passage.document_id)
    lines = (passage.text[span.start : span.end] for span in passage.sentences[:_HEADING_LINES])
    inside = (line for line in lines if not line.endswith((".", "!", "?")))
    headings = terms_of(" ".join((*passage.headings, info.title, *inside)))
    for number in order:
        span = passage.sentences[number]
        sentence = passage.text[span.start : span.end]
        held = terms_of(sentence) | headings
        if number:
            before = passage.sentences[number - 1]
            held |= terms_of(passage.text[before.start : before.end])
        missing = subject - held
        if len(missing) * 3 > len(subject):
            continue
        found = [each for each in figures(sentence, kind) if not counted or _counts(sentence, each, counted)]
        if len({each.value for each in found}) == 1 and not of_a_range(sentence, found[0]):
            place = Span(passage.start + span.start, passage.start + span.end)
            citation = cite(info, place, passage.page, sentence)
            limited = _limited(sentence, found[0], counted)
            return _Statement(passage.document_id, sentence, found[0], citation, frozenset(missing), limited)
    return None


def _counts(sentence: str, figure: Figure, counted: frozenset[str]) -> bool:
    """Whether the counted noun follows a figure within a few words, without another figure between, or the text has
    "the number of" such things.
    """
    named = _NUMBER_OF.search(sentence, 0, figure.place.start)
    if counted & {*map(thing, spelt(f"{named[1] if named else ''} {figure.value}"))}:
        return True  # "24 hours" counts hours
    for word in spelt(sentence[figure.place.end :])[: _NEAR + 1]:
        if thing(word) in counted:
            return True
        if word[0].isdigit() or word.casefold() in NUMBER_WORDS:
            return False
    return False


def _limited(sentence: str, figure: Figure, counted: frozenset[str]) -> str:
    """The word directly after the counted noun that limits it; empty if there is none."""
    behind = spelt(sentence[figure.place.end :])[: _NEAR + 2]
    last = max((number for number, word in enumerate(behind) if thing(word) in counted), default=len(behind))
    following = behind[last + 1].casefold() if last + 1 < len(behind) else ""
    return following if following in _LIMITING_BEHIND else ""


def _same_subject(first: _Statement, other: _Statement, question: str, kind: str) -> bool:
    """Whether two statements have the same names, years and limiting words, apart from those in the question."""
    asked = {word.casefold() for word in _WHOLE_WORD.findall(question)}
    either = {
        word.casefold() for each in (first, other) for word in _WHOLE_WORD.findall(_OWNER.sub(" ", each.sentence))
    }

    def marks(statement: _Statement) -> set[str]:
        sentence = statement.sentence
        found = {word.casefold() for word in _NAME.findall(_LISTED.sub(" ", sentence))}
        lower = {word.casefold() for word in _WHOLE_WORD.findall(_PER_CENT.sub("%", sentence))}
        owners = {word.casefold() for word in _OWNER.findall(sentence)} - either
        limiting = {*_BOUNDS.findall(sentence.casefold()), *filter(None, [statement.limited])}
        return (found | limiting | owners | (lower & (_LIMITS | _DIRECTIONS)) | set(ANY_YEAR.findall(sentence))) - asked

    differing = marks(first) ^ marks(other)
    if kind == "year":
        return not differing - set(ANY_YEAR.findall(f"{first.sentence} {other.sentence}")) - _MONTHS
    return not differing
