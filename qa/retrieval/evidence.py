"""Tells which words of a question match which words of a passage.

The token similarities that rank passages also give, by sentence and by word, the part of a passage that answers. They
choose the highlights, are the input of the confidence, and explain a result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qa.encode.maxima import NO_TOKEN
from qa.index.contract import Floats, TokenSimilarities
from qa.records import Span, WordMatch
from qa.retrieval.search import Hit, Ranking
from qa.text.words import term, terms

Tokens = npt.NDArray[np.intp]

_AS_GOOD = 0.99  # of the best sentence's score, for a second one to be highlighted with it
_LONGEST_HEADING = 12  # words
_MOST_ITEMS = 20
# What is asked for need not be named by what answers: "1871" answers which year.
_ASKED_FOR = frozenset(
    "year years date day month time number amount percentage percent name kind type sort city state country place "
    "person people thing things".split()
)
_MEANS_THE_SAME = 0.75  # similarity
_ENDED = re.compile(r"[.!?…][\"'”’)\]*]*$")
_ITEM = re.compile(r"[-*•–]\s|\d{1,3}[.)]\s")


@dataclass(frozen=True, slots=True)
class Match:
    """A hit, compared with its question.

    Attributes:
        number: Which of the passages compared it is.
        sentence_scores: Each sentence's MaxSim, `(sentences,) float32`; 0 for one that the model did not see.
    """

    ranking: Ranking
    hit: Hit
    number: int
    sentence_scores: Floats

    @property
    def best_sentence(self) -> int:
        """The sentence that meets the question best."""
        return int(self.sentence_scores.argmax())


def match(ranking: Ranking, place: int, hit: Hit) -> Match:
    """Compare the hit at a place of the ranking with the question."""
    number = int(ranking.order[place])
    compared = ranking.compared
    inside = slice(int(compared.bounds[number]), int(compared.bounds[number + 1]))
    scores = np.zeros(len(hit.passage.sentences), dtype=np.float32)
    seen = compared.numbers[inside] >= 0
    scores[compared.numbers[inside][seen]] = ranking.sentence_scores[inside][seen]
    return Match(ranking, hit, number, scores)


def highlights(found: Match) -> tuple[Span, ...]:
    """The sentences that answer, as offsets into the passage's text; see `answering_sentences`."""
    return tuple(found.hit.passage.sentences[number] for number in answering_sentences(found))


def answering_sentences(found: Match) -> list[int]:
    """The number of the sentence that answers, and of the second best where it is about as good, ascending.

    A heading or the lead of a list does not answer by itself: the text under it belongs to it.
    """
    best, *others = np.argsort(-found.sentence_scores, kind="stable")[:2].tolist()
    chosen = {best, *(other for other in others if _as_good(found.sentence_scores, other, best))}
    for number in sorted(chosen):
        if _introduces(found, number):
            chosen.update(_introduced(found, number))
    return sorted(chosen)


def _as_good(scores: Floats, other: int, best: int) -> bool:
    return bool(scores[other] >= _AS_GOOD * scores[best])


def _introduces(found: Match, number: int) -> bool:
    """Whether a sentence is a line without an end, before others: a heading, or the lead of a list."""
    text, sentences = found.hit.passage.text, found.hit.passage.sentences
    if number + 1 >= len(sentences):
        return False
    sentence = text[sentences[number].start : sentences[number].end].rstrip("*_ ")
    alone = "\n" in text[sentences[number].end : sentences[number + 1].start]
    begins = number == 0 or "\n" in text[sentences[number - 1].end : sentences[number].start]
    if sentence.endswith(":"):
        return alone
    is_line = number == 0 and begins and alone and not _ENDED.search(sentence)
    return is_line and len(sentence.split()) <= _LONGEST_HEADING and not _ITEM.match(sentence)


def _introduced(found: Match, number: int) -> range:
    """The lines under a heading, or the items of the list under a lead: up to a sentence that is no line of a list."""
    text, sentences = found.hit.passage.text, found.hit.passage.sentences
    last = number
    while last + 1 < len(sentences) and last - number < _MOST_ITEMS:
        following = text[sentences[last + 1].start : sentences[last + 1].end]
        parted = "\n" in text[sentences[last].end : sentences[last + 1].start]
        if not parted or (last > number and _ENDED.search(following) and not _ITEM.match(following)):
            break
        last += 1
    return range(number + 1, last + 1)


def unmet(found: Match) -> tuple[str, ...]:
    """The question's content words that a passage does not mention, as they were typed; each once.

    A word is mentioned where the passage, its headings or its document's title hold its index term, or a word that
    means about the same; a number, date or code only where it stands as a whole.
    """
    info = found.ranking.index.info(found.hit.passage.document_id)
    about = _terms_of(" ".join(filter(None, (info.title, info.publisher, info.author, info.date))))
    wholes = {word.text for word in found.ranking.content_words if word.whole}
    written = {each for pair in found.ranking.alternatives for each in pair.short | pair.long}
    missing: dict[str, str] = {}
    for match_ in word_matches(found):
        held = match_.exact or term(match_.word) in about or bool(about & _terms_of(match_.word))
        near = match_.word not in wholes and match_.similarity >= _MEANS_THE_SAME
        asked_for = match_.word.casefold() in _ASKED_FOR
        if (
            not held
            and not near
            and not asked_for
            and not (term(match_.word) in written and not _typed(found, match_.word))
        ):
            missing.setdefault(match_.word.casefold(), match_.word)
    return tuple(missing.values())


def _typed(found: Match, word: str) -> bool:
    return word.casefold() in found.ranking.question.casefold()


def word_matches(found: Match) -> tuple[WordMatch, ...]:
    """Each content word of the question, and how well the passage and its heading trail meet it; not where."""
    return _word_matches(found, lambda _: None)


def placed_word_matches(found: Sequence[Match]) -> list[tuple[WordMatch, ...]]:
    """For each match its `word_matches`, with the places where the passage meets the words."""
    if not found:
        return []
    ranking = found[0].ranking
    compared = ranking.index.similarities(ranking.tokens, np.array([each.hit.row for each in found], dtype=np.int64))
    return [_word_matches(each, _places(compared, number)) for number, each in enumerate(found)]


def _word_matches(found: Match, place: Callable[[Tokens], Span | None]) -> tuple[WordMatch, ...]:
    passage, compared = found.hit.passage, found.ranking.compared
    held = _terms_of(passage.text) | _terms_of(" ".join(passage.headings))
    for each in found.ranking.alternatives:
        if each.short <= held or each.long <= held:
            held |= each.short | each.long
    in_passage = compared.passages[:, found.number]
    in_sentence = _in_best_sentence(found)
    return tuple(
        WordMatch(
            word=word.text,
            weight=word.rarity,
            similarity=float(in_passage[word.tokens].mean()),
            in_sentence=float(in_sentence[word.tokens].mean()),
            exact=word.term in held,
            place=place(word.tokens),
        )
        for word in found.ranking.content_words
        if len(word.tokens)
    )


def _in_best_sentence(found: Match) -> Floats:
    """Each question token's best match in the best sentence and in what stands in no sentence, `(q,) float32`."""
    compared = found.ranking.compared
    inside = slice(int(compared.bounds[found.number]), int(compared.bounds[found.number + 1]))
    of_best = compared.sentences[:, inside][:, compared.numbers[inside] == found.best_sentence]
    best = np.maximum(compared.outside[:, found.number], of_best.max(axis=1, initial=NO_TOKEN))
    return np.asarray(best, dtype=np.float32)


def whole_question(found: Match) -> float:
    """The mean similarity of all the question's tokens with the best sentence and what stands in no sentence."""
    return float(_in_best_sentence(found).mean())


def _places(compared: TokenSimilarities, number: int) -> Callable[[Tokens], Span | None]:
    """What tells where in a passage a word's tokens meet their best match together; None if in the heading trail."""
    tokens = slice(int(compared.bounds[number]), int(compared.bounds[number + 1]))
    matrix, spans = compared.matrix[:, tokens], compared.spans[tokens]

    def place(word: Tokens) -> Span | None:
        begin, end = spans[int(matrix[word].mean(axis=0).argmax())].tolist()
        return Span(begin, end) if begin >= 0 else None

    return place


@lru_cache(maxsize=1024)
def _terms_of(text: str) -> frozenset[str]:
    return frozenset(terms(text))
