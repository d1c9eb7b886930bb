"""Finds which words of a question match which words of a passage.

The token similarities that rank passages also show, by sentence and word, which part of a passage answers. They select
the highlights, are the input of the confidence, and explain a result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from qa.encode.max_similarities import NO_TOKEN
from qa.index.contract import Floats, TokenSimilarities
from qa.records import Passage, Span, WordMatch
from qa.retrieval.headed_lines import heads
from qa.retrieval.late_interaction import max_sim, mean_of
from qa.retrieval.query import ContentWord, Tokens
from qa.retrieval.search import Hit, Ranking
from qa.text.number_words import other_spellings
from qa.text.quantities import WITHOUT_YEAR, quantities
from qa.text.words import term, terms

_PREFERRED = 1.1  # times the score of a sentence that has the kind of answer asked for
_FROM_BEFORE = 0.9  # share of a match in the sentence before that counts, since "he" and "the complaint" refer to it
_AS_GOOD = 0.99  # share of the best sentence's score from which a second one is also highlighted
# Words that an answer need not contain: "1871" answers "which year".
_ASKED_FOR = frozenset(
    "year years date day month time number amount percentage percent name kind type sort city state country place "
    "person people thing things".split()
)
_MEANS_THE_SAME = 0.75  # similarity
_YEAR = re.compile(r"#\d{4}")


@dataclass(frozen=True)
class Match:
    """A hit compared with its question.

    Attributes:
        number: Its position among the compared passages.
        met: Each question token's best match in a sentence and in the lines above that introduce it, `(question tokens,
            sentences) float32`; -1 for a sentence that the model did not see.
        sentence_scores: Each sentence's MaxSim, of `met`, `(sentences,) float32`; 0 for one that the model did not see.
        best_sentence: The number of the sentence that matches the question best.
        answering: The numbers of the sentences that answer, ascending: the best one, a second one that is about as
            good, and the introducing line of each, which does not answer by itself; all sentences under that line if it
            matches the question as well as they do.
    """

    ranking: Ranking
    hit: Hit
    number: int
    met: Floats
    sentence_scores: Floats
    best_sentence: int
    answering: tuple[int, ...]

    @property
    def highlights(self) -> list[Span]:
        """The sentences that answer, as offsets into the passage's text."""
        return [self.hit.passage.sentences[number] for number in self.answering]

    @cached_property
    def in_best_sentence(self) -> Floats:
        """Each question token's best match in the best sentence and in the text outside sentences, `(q,) float32`."""
        outside = self.ranking.compared.outside[:, self.number]
        return np.asarray(np.maximum(outside, self.met[:, self.best_sentence]), dtype=np.float32)

    @cached_property
    def words(self) -> tuple[WordMatch, ...]:
        """Each content word of the question with its match in the passage and its heading trail, without the place."""
        return _word_matches(self, lambda _: None)

    @cached_property
    def unmet(self) -> tuple[str, ...]:
        """The question's content words that the passage does not mention, as typed, each once.

        A word is mentioned if the passage, its headings or its document's title contain its index term or a similar
        word; a number, date or code only if they contain it as a whole.
        """
        known = about(self)
        wholes = {word.text: word.term for word in self.ranking.content_words if word.whole}
        written = {each for pair in self.ranking.alternatives for each in pair.short | pair.long}
        typed = self.ranking.question.casefold()
        missing: dict[str, str] = {}
        for match_ in self.words:
            named = {wholes[match_.word]} if match_.word in wholes else {term(match_.word), *terms_of(match_.word)}
            held = match_.exact or bool(known & named)
            near = match_.word not in wholes and match_.similarity >= _MEANS_THE_SAME
            asked_for = match_.word.casefold() in _ASKED_FOR
            added = term(match_.word) in written and match_.word.casefold() not in typed
            if not (held or near or asked_for or added):
                missing.setdefault(match_.word.casefold(), match_.word)
        return tuple(missing.values())


def match(ranking: Ranking, place: int, hit: Hit, holds: Callable[[str], bool] | None = None) -> Match:
    """Compare the hit at a place of the ranking with the question.

    Args:
        ranking: The ranking.
        place: The place of the hit.
        hit: The hit.
        holds: Tests whether a sentence has the kind of answer asked for; such sentences are preferred.
    """
    number = int(ranking.order[place])
    compared = ranking.compared
    inside = slice(int(compared.bounds[number]), int(compared.bounds[number + 1]))
    numbers, pieces = compared.numbers[inside], compared.sentences[:, inside]
    whole = numbers.tolist() == list(range(len(hit.passage.sentences)))
    if whole:
        met = pieces.copy()
    else:  # a sentence may have several pieces, with tokens outside sentences between
        seen = numbers >= 0
        met = np.full((len(ranking.tokens), len(hit.passage.sentences)), NO_TOKEN, dtype=np.float32)
        np.maximum.at(met.T, numbers[seen], pieces.T[seen])
    under = heads(hit.passage)
    for sentence, head in enumerate(under):
        if head != sentence:
            np.maximum(met[:, sentence], met[:, head], out=met[:, sentence])
    in_context = met.copy()
    np.maximum(met[:, 1:], _FROM_BEFORE * met[:, :-1], out=in_context[:, 1:])
    scores, told = max_sim(met, ranking.weights), max_sim(in_context, ranking.weights)
    if not whole:
        unseen = met.max(axis=0) == NO_TOKEN
        scores[unseen] = told[unseen] = 0.0
    best, answering = _answering(under, _preferring(holds, told, hit.passage) if holds else told)
    return Match(ranking, hit, number, met, scores, best, answering)


def _answering(under: Sequence[int], scores: Floats) -> tuple[int, tuple[int, ...]]:
    """The best sentence and all answering sentences, given each sentence's introducing line."""
    heading = {head for sentence, head in enumerate(under) if head != sentence}
    values = scores.tolist()
    order = sorted(range(len(under)), key=lambda number: (number in heading, -values[number]))
    best = order[0]
    chosen = {number for number in order[:2] if scores[number] >= _AS_GOOD * scores[best] and number not in heading}
    chosen.add(best)
    for head in {under[number] for number in chosen} & heading:
        chosen.add(head)
        if scores[head] >= _AS_GOOD * scores[best]:
            chosen.update(sentence for sentence, its in enumerate(under) if its == head)
    return best, tuple(sorted(chosen))


def _preferring(holds: Callable[[str], bool], scores: Floats, passage: Passage) -> Floats:
    """The scores of the sentences, higher for those that hold what is asked for, of those that may then be best."""
    preferred = scores.copy()
    for number in np.flatnonzero(scores * _PREFERRED >= scores.max()).tolist():
        sentence = passage.sentences[number]
        if holds(passage.text[sentence.start : sentence.end]):
            preferred[number] *= _PREFERRED
    return preferred


def about(found: Match) -> frozenset[str]:
    """The index terms of the document's title, publisher, author and date."""
    info = found.ranking.index.info(found.hit.passage.document_id)
    return terms_of(" ".join(filter(None, (info.title, info.publisher, info.author, info.date))))


def placed_word_matches(found: Sequence[Match]) -> list[tuple[WordMatch, ...]]:
    """For each match its `words`, with their places in the passage."""
    if not found:
        return []
    ranking = found[0].ranking
    compared = ranking.index.similarities(ranking.tokens, np.array([each.hit.row for each in found], dtype=np.int64))
    return [_word_matches(each, _places(compared, number)) for number, each in enumerate(found)]


def _word_matches(found: Match, place: Callable[[Tokens], Span | None]) -> tuple[WordMatch, ...]:
    passage, compared = found.hit.passage, found.ranking.compared
    held = terms_of(passage.text) | terms_of(" ".join(passage.headings))
    for each in found.ranking.alternatives:
        if each.short <= held or each.long <= held:
            held |= each.short | each.long
    known = about(found)
    in_passage = compared.passages[:, found.number]
    in_sentence = found.in_best_sentence
    return tuple(
        WordMatch(
            word=word.text,
            weight=word.rarity,
            similarity=float(mean_of(in_passage, word.tokens)),
            in_sentence=float(mean_of(in_sentence, word.tokens)),
            exact=holds(word, held, known),
            place=place(word.tokens),
        )
        for word in found.ranking.content_words
        if len(word.tokens)
    )


def holds(word: ContentWord, held: frozenset[str], known: frozenset[str]) -> bool:
    """Whether terms hold a word, or its number in another spelling; the year of a date may be known of the document."""
    if word.term.startswith(WITHOUT_YEAR) and word.term in held:
        years = {each for quantity in quantities(word.text) for each in quantity.parts if _YEAR.fullmatch(each)}
        return years <= held | known
    return not held.isdisjoint((word.term, *other_spellings(word.term)))


def whole_question(found: Match) -> float:
    """The mean similarity of the question's tokens with the best sentence and the text outside sentences."""
    return float(found.in_best_sentence.mean())


def _places(compared: TokenSimilarities, number: int) -> Callable[[Tokens], Span | None]:
    """A function from a word's tokens to the place of their best common match; None if it is in the heading trail."""
    tokens = slice(int(compared.bounds[number]), int(compared.bounds[number + 1]))
    matrix, spans = compared.matrix[:, tokens], compared.spans[tokens]

    def place(word: Tokens) -> Span | None:
        begin, end = spans[int(matrix[word].mean(axis=0).argmax())].tolist()
        return Span(begin, end) if begin >= 0 else None

    return place


@lru_cache(maxsize=1024)
def terms_of(text: str) -> frozenset[str]:
    """The index terms of a text, cached: many questions find the same passage."""
    return frozenset(terms(text))
