"""Corrects misspelt words of a question to words of the documents.

1. A word counts as misspelt only if neither the documents nor the model know it. Only words of letters are checked;
   capitals do not matter, and a correction is written as the word was.
2. A misspelt function word becomes that function word (`qa.text.function_words`), unless the model knows it as a word
   of its own: "three" is not "there".
3. Else the documents' words within an edit or two are weighed (optimal string alignment: insert, delete, replace, swap
   neighbours): fewer edits are better, then the same sound, then standing beside the question's other words, then being
   frequent. A word that the model knows and that is a swap or a doubled letter away counts as well, if no word of the
   documents is as near.
4. A word without vowels is an abbreviation, and is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.text.function_words import function_word
from qa.text.sound import sound
from qa.text.words import term, words

SHORTEST = 4
_LONGEST = 40  # letters; longer words of documents are strings of characters that are not typed in questions
_MOST_LOOKED_UP = 16  # words of one question; each is compared with all words of the documents
_TWO_EDITS_FROM = 8  # letters; a shorter word within two edits is as likely another word
_TWO_IF_HEARD_FROM = 5  # letters, for words that sound alike
_SHORTEST_SLIP = 5  # letters of a word that the model knows and the documents do not
_SHORTEST_IN_CAPITALS = 6  # letters; a shorter word in capitals among small ones is an abbreviation
_FARTHEST = 3  # edits; more than a correction may have
_VOWEL = re.compile(r"[aeiouy]|[^\x00-\x7f]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WordForm:
    """A word of the documents.

    Attributes:
        folded: Its case-folded form, by which it is one word.
        usual: As it is written most often.
        count: How often it occurs, however it is written.
    """

    folded: str
    usual: str
    count: int


class Vocabulary(Protocol):
    """The words and terms of some documents."""

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term."""
        ...

    def together(self, term: str, others: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold a term and each of some others."""
        ...

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The words within at most `edits` edits of a folded word."""
        ...


def correct(question: str, vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    """The question with its misspelt words replaced; the same string object when there are none.

    Args:
        question: As it was asked.
        vocabulary: The documents'.
        is_word: Whether the model knows a word whole.
    """
    spans = words(question)
    written = [question[span.start : span.end] for span in spans]
    strange = _strange(dict.fromkeys(written), vocabulary)
    if not strange:
        return question
    loud = question.isupper()
    corrected = list(written)
    looked_up: dict[str, str] = {}
    for place, word in enumerate(written):
        if word not in strange or _is_abbreviation(word, loud=loud):
            continue
        folded = word.casefold()
        following = written[place + 1].casefold() if place + 1 < len(written) else ""
        known = len(word) >= SHORTEST and is_word(word)
        meant = None if known else function_word(folded, following)
        if (
            meant is None
            and word not in looked_up
            and len(looked_up) < _MOST_LOOKED_UP
            and _may_be_misspelt(word, is_word)
        ):
            looked_up[word] = _nearest(folded, [each for each in written if each != word], vocabulary, is_word)
        found = meant or looked_up.get(word, folded)
        if found != folded:
            corrected[place] = _in_case_of(word, found)
    parts = []
    end = 0
    for span, word in zip(spans, corrected, strict=True):
        parts += [question[end : span.start], word]
        end = span.end
    return "".join((*parts, question[end:]))


def near(word: str, folded: Sequence[str], edits: int) -> list[int]:
    """The places of the words within at most `edits` edits of a word; all folded."""
    found = process.extract(word, folded, scorer=OSA.distance, score_cutoff=edits, limit=None)
    return [place for _, _, place in found]


def _strange(written: Iterable[str], vocabulary: Vocabulary) -> frozenset[str]:
    """The words that consist of letters and that no passage holds."""
    found = [(word, index_term) for word in written if word.isalpha() and (index_term := term(word))]
    frequencies = vocabulary.frequencies([index_term for _, index_term in found])
    return frozenset(word for (word, _), frequency in zip(found, frequencies, strict=True) if not frequency)


def _may_be_misspelt(word: str, is_word: Callable[[str], bool]) -> bool:
    return SHORTEST <= len(word) <= _LONGEST and bool(_VOWEL.search(word)) and not is_word(word)


def _is_abbreviation(word: str, *, loud: bool) -> bool:
    """Whether a word in capitals stands among others that are not."""
    return word.isupper() and not loud and len(word) < _SHORTEST_IN_CAPITALS


def _nearest(folded: str, others: Sequence[str], vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    edits = 2 if len(folded) >= _TWO_EDITS_FROM else 1
    own = sound(folded)
    fitting = []
    for form in vocabulary.forms_near(folded, 2 if len(folded) >= _TWO_IF_HEARD_FROM else edits):
        distance, heard = OSA.distance(folded, form.folded), sound(form.folded) == own
        begins_alike = folded[0] in form.folded[:2] and distance <= edits
        if begins_alike or heard:
            fitting.append((distance, not heard, form))
    least = min((distance for distance, _, _ in fitting), default=_FARTHEST)
    if least > 1 and (known := next(filter(is_word, _slips_of(folded)), None)):
        return known
    best = [(deaf, form) for distance, deaf, form in fitting if distance == least]
    best = [each for each in best if each[0] == min(deaf for deaf, _ in best)]
    if len(best) > 1:
        return max((_beside(form, others, vocabulary), form.count, form.folded) for _, form in best)[2]
    return best[0][1].folded if best else folded


def _beside(form: WordForm, others: Sequence[str], vocabulary: Vocabulary) -> int:
    """In how many passages a word stands with each of the question's other content words, summed."""
    beside = [index_term for word in dict.fromkeys(others) if (index_term := term(word))]
    return sum(vocabulary.together(term(form.folded), beside[:_MOST_LOOKED_UP]))


def _slips_of(folded: str) -> Iterator[str]:
    """The words that a word is if two neighbours were swapped, or a letter doubled or not doubled, by mistake."""
    if len(folded) < _SHORTEST_SLIP:
        return
    for at in range(1, len(folded) - 1):
        yield folded[:at] + folded[at + 1] + folded[at] + folded[at + 2 :]
    for at in range(1, len(folded)):
        yield folded[:at] + folded[at + 1 :] if folded[at] == folded[at - 1] else folded[:at] + folded[at] + folded[at:]


def _in_case_of(word: str, corrected: str) -> str:
    """A folded word written as another is: in capitals, with a capital, or small."""
    if word.isupper() and len(word) > 1:
        return corrected.upper()
    return corrected[:1].upper() + corrected[1:] if word[0].isupper() else corrected
