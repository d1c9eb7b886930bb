"""Corrects misspelt words of a question to words of the documents.

1. A word counts as misspelt only if neither the documents nor the model know it. Only words of letters are checked, in
   any case, and a correction gets the case of the word.
2. A misspelt function word is corrected (`qa.text.function_words`), unless the model knows it as another word: "three"
   is not "there".
3. Otherwise the documents' words within one or two edits are compared (optimal string alignment: insert, delete,
   replace, swap neighbours): fewer edits are better, then the same sound, then co-occurrence with the question's other
   words, then frequency. A word that the model knows and that is one swap or doubled letter away also counts, if no
   word of the documents is as near.
4. A word without vowels counts as an abbreviation and is not changed.
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
_LONGEST = 40  # letters; longer words of documents are not typed in questions
_MOST_LOOKED_UP = 16  # words of one question; each is compared with all words of the documents
_TWO_EDITS_FROM = 8  # letters; a shorter word within two edits may as well be another word
_TWO_IF_HEARD_FROM = 5  # letters, for words that sound alike
_SHORTEST_SLIP = 5  # letters, for a correction that only the model knows
_SHORTEST_IN_CAPITALS = 6  # letters; a shorter word in capitals among lower-case words is an abbreviation
_FARTHEST = 3  # edits; more than any correction has
_VOWEL = re.compile(r"[aeiouy]|[^\x00-\x7f]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WordForm:
    """A word of the documents.

    Attributes:
        folded: Its case-folded form, which identifies the word.
        usual: Its most frequent spelling.
        count: The number of occurrences in all spellings.
    """

    folded: str
    usual: str
    count: int


class Vocabulary(Protocol):
    """The interface for the words and terms of some documents."""

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
    """The question with misspelt words corrected; the same string object if there are none.

    Args:
        question: The question as asked.
        vocabulary: The documents' words and terms.
        is_word: Whether a word is a single token of the model.
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
    """The words of letters that no passage contains."""
    found = [(word, index_term) for word in written if word.isalpha() and (index_term := term(word))]
    frequencies = vocabulary.frequencies([index_term for _, index_term in found])
    return frozenset(word for (word, _), frequency in zip(found, frequencies, strict=True) if not frequency)


def _may_be_misspelt(word: str, is_word: Callable[[str], bool]) -> bool:
    return SHORTEST <= len(word) <= _LONGEST and bool(_VOWEL.search(word)) and not is_word(word)


def _is_abbreviation(word: str, *, loud: bool) -> bool:
    """Whether a word is in capitals and other words are not."""
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
    """The number of passages with a word and another content word of the question, summed over those words."""
    beside = [index_term for word in dict.fromkeys(others) if (index_term := term(word))]
    return sum(vocabulary.together(term(form.folded), beside[:_MOST_LOOKED_UP]))


def _slips_of(folded: str) -> Iterator[str]:
    """The words that result from undoing one mistake: swapped neighbours, a doubled letter or an undoubled one."""
    if len(folded) < _SHORTEST_SLIP:
        return
    for at in range(1, len(folded) - 1):
        yield folded[:at] + folded[at + 1] + folded[at] + folded[at + 2 :]
    for at in range(1, len(folded)):
        yield folded[:at] + folded[at + 1 :] if folded[at] == folded[at - 1] else folded[:at] + folded[at] + folded[at:]


def _in_case_of(word: str, corrected: str) -> str:
    """A folded word in the case of another: capitals, capitalised, or lower case."""
    if word.isupper() and len(word) > 1:
        return corrected.upper()
    return corrected[:1].upper() + corrected[1:] if word[0].isupper() else corrected
