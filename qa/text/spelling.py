"""Corrects misspelt words of a question to words of the documents.

1. A word counts as misspelt only if neither the documents nor the model know it. Only words of letters are checked, in
   any case, outside numbers, dates and codes ("12 tonnes"), and a correction gets the case of the word.
2. A misspelt function word is corrected (`qa.text.function_words`), unless the model knows it as another word: "three"
   is not "there". Parts of a compound ("ro-ro") are no function words.
3. Otherwise the documents' words within one or two edits are compared (optimal string alignment: insert, delete,
   replace with a letter that is near, swap neighbours): fewer edits are better, where in long words another sound
   counts as one edit more, then the same sound, then co-occurrence with the question's other words, then frequency. A
   word that the model knows and that is one swap or doubled letter away also counts, if no word of the documents is as
   near. A word of which the model knows another form ("massages") is not changed, and one made from a known word
   ("untreated") by one edit only.
4. A word without vowels counts as an abbreviation and is not changed, nor is one with capitals inside ("OKRs").
5. A word that no document has, but whose British or American spelling they have, is replaced by that one
   (`qa.text.regional_spelling`), also if the model knows it.
6. A misspelt word may have the stem of the right one, so that the documents seem to have it: "managment". It is
   corrected if the model does not know it, but knows a word with the same stem and the same last letter that is one
   slip, vowel or missing letter away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise
from string import ascii_lowercase
from typing import Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.records import Span
from qa.text.function_words import function_word, is_function_word
from qa.text.phonetic_key import sound
from qa.text.quantities import quantities
from qa.text.regional_spelling import other_spellings
from qa.text.words import term, words

SHORTEST = 4
_LONGEST = 40  # letters; longer words of documents are not typed in questions
_MOST_LOOKED_UP = 16  # words of one question; each is compared with all words of the documents
_TWO_EDITS_FROM = 8  # letters; a shorter word within two edits may as well be another word
_TWO_IF_HEARD_FROM = 7  # letters, for words that sound alike
_SHORTEST_SLIP = 5  # letters, for a correction that only the model knows
_SHORTEST_LONG = 7  # letters, for one with a missing letter or another vowel
_SHORTEST_IN_CAPITALS = 6  # letters; a shorter word in capitals among lower-case words is an abbreviation
_FARTHEST = 3  # edits; more than any correction has
_VOWELS = "aeiou"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of a keyboard, each half a key right of the one above
# Pairs of letters that are typed for each other: neighbours on the keyboard, and those of similar sounds.
_NEAR = frozenset(
    map(
        frozenset,
        chain(
            *(pairwise(row) for row in _ROWS),
            *(zip(above[shift:], below, strict=False) for above, below in pairwise(_ROWS) for shift in (0, 1)),
            combinations(_VOWELS, 2),
            "bp bv ck cs ct dt fv gj iy kq sz".split(),
        ),
    )
)
_ENDINGS = ("", *"s ed ing er or ion".split())  # of other forms of a word
_BEGINNINGS = ("", *"un in im dis mis non pre re over under inter".split())
_MADE_WITH = ("", *"s es ed d ing er ers or ors ion ions ive ly ally able ment ness al ity ful less".split())
_SUFFIX = re.compile(r"(?:[ai]ble|[aei]n(?:ce|cy|t)|ment|[st]ion|ness|ity|ship|ous|ive|ism)s?$")
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
    spans = _outside_quantities(question)
    written = [question[span.start : span.end] for span in spans]
    unknown = strange(dict.fromkeys(written), vocabulary)
    loud = question.isupper()
    corrected = list(written)
    looked_up: dict[str, str] = {}
    for place, word in enumerate(written):
        folded = word.casefold()
        if word not in unknown:
            if word.isalpha() and _may_be_misspelt(word, is_word) and not _is_abbreviation(word, loud=loud):
                stemmed = _with_same_stem(folded, is_word)
                corrected[place] = word if stemmed == folded else _in_case_of(word, stemmed)
            continue
        if _is_abbreviation(word, loud=loud):
            continue
        following = written[place + 1].casefold() if place + 1 < len(written) else ""
        known = len(word) >= SHORTEST and is_word(word)
        meant = _of_documents(folded, vocabulary) if len(word) >= SHORTEST else None
        if meant is None and not known and not _hyphenated(question, spans[place]):
            meant = function_word(folded, following)
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
    if corrected == written:
        return question
    parts = []
    end = 0
    for span, word in zip(spans, corrected, strict=True):
        parts += [question[end : span.start], word]
        end = span.end
    return "".join((*parts, question[end:]))


def _outside_quantities(question: str) -> list[Span]:
    """The places of the words of a question that are no parts of numbers, dates and codes, such as units."""
    inside = [quantity.place for quantity in quantities(question)]
    return [place for place in words(question) if not any(each.start <= place.start < each.end for each in inside)]


def near(word: str, folded: Sequence[str], edits: int) -> list[int]:
    """The places of the words within at most `edits` edits of a word; all folded."""
    found = process.extract(word, folded, scorer=OSA.distance, score_cutoff=edits, limit=None)
    return [place for _, _, place in found]


def strange(written: Iterable[str], vocabulary: Vocabulary) -> frozenset[str]:
    """The words of letters that no passage contains."""
    found = [(word, index_term) for word in written if word.isalpha() and (index_term := term(word))]
    frequencies = vocabulary.frequencies([index_term for _, index_term in found])
    return frozenset(word for (word, _), frequency in zip(found, frequencies, strict=True) if not frequency)


def _hyphenated(question: str, place: Span) -> bool:
    """Whether a word is a part of a compound, which function words are not."""
    return question[: place.start].endswith("-") or question.startswith("-", place.end)


def _may_be_misspelt(word: str, is_word: Callable[[str], bool]) -> bool:
    """Whether the model knows neither a word nor another form of it."""
    if not SHORTEST <= len(word) <= _LONGEST or not _VOWEL.search(word):
        return False
    folded = word.casefold()
    return not any(map(is_word, (*(folded + ending for ending in _ENDINGS), folded.removesuffix("s"))))


def _is_derived(folded: str, is_word: Callable[[str], bool]) -> bool:
    """Whether a word is made from another that the model knows, as "untreated"."""
    bases = (
        folded.removeprefix(beginning).removesuffix(ending)
        for beginning in _BEGINNINGS
        if folded.startswith(beginning)
        for ending in _MADE_WITH
        if folded.endswith(ending)
    )
    return any(len(base) >= SHORTEST and (is_word(base) or is_word(base + "e")) for base in bases)


def _is_abbreviation(word: str, *, loud: bool) -> bool:
    """Whether a word has capitals inside, or is a short one in capitals while other words are not."""
    if word.isupper():
        return not loud and len(word) < _SHORTEST_IN_CAPITALS
    return word[1:] != word[1:].lower()


def _nearest(folded: str, others: Sequence[str], vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    edits = 2 if len(folded) >= _TWO_EDITS_FROM and not _is_derived(folded, is_word) else 1
    own = sound(folded)
    deaf = len(folded) >= _TWO_EDITS_FROM  # short words of different meaning often sound alike
    fitting = []
    for form in vocabulary.forms_near(folded, 2 if len(folded) >= _TWO_IF_HEARD_FROM else 1):
        if len(folded) < _SHORTEST_SLIP and is_function_word(form.folded):
            continue  # short misspelt ones are known
        distance, heard = OSA.distance(folded, form.folded), sound(form.folded) == own
        if heard or (distance <= edits and _is_slip(folded, form.folded)):
            fitting.append((distance + (deaf and not heard), distance, form))
    least = min((cost for cost, _, _ in fitting), default=_FARTHEST)
    best = [(distance, form) for cost, distance, form in fitting if cost == least]
    if all(distance > 1 for distance, _ in best) and (known := next(filter(is_word, _slips_of(folded)), None)):
        return known
    best = [each for each in best if sound(each[1].folded) == own] or best
    if len(best) > 1:
        return max((_beside(form, others, vocabulary), form.count, form.folded) for _, form in best)[2]
    return best[0][1].folded if best else folded


def _is_slip(typed: str, meant: str) -> bool:
    """Whether a word may be typed for another: it begins alike, and a single wrong letter is near the right one."""
    if typed[0] != meant[0] and typed[:2] != meant[1::-1]:
        return False
    wrong = [pair for pair in zip(typed, meant, strict=False) if pair[0] != pair[1]]
    if len(typed) != len(meant) or len(wrong) > 1:
        return True
    return all(frozenset(pair) in _NEAR for pair in wrong)


def _of_documents(folded: str, vocabulary: Vocabulary) -> str | None:
    """The other regional spelling of a word that the documents have."""
    others = other_spellings(folded)
    found = vocabulary.frequencies([term(other) for other in others]) if others else ()
    return next((other for other, frequency in zip(others, found, strict=True) if frequency), None)


def _with_same_stem(folded: str, is_word: Callable[[str], bool]) -> str:
    """The word of the model that a word with its stem is a misspelling of, or the word itself; plurals likewise."""
    plural = "s" if folded.endswith("s") and not folded.endswith("ss") else ""
    single = folded.removesuffix("s") if plural else folded
    if len(single) < _SHORTEST_LONG or is_word(single):
        return folded
    stem = term(single)
    for near_by in chain(
        _slips_of(single), _with_a_letter(single), _with_another_vowel(single), _without_a_letter(single)
    ):
        if near_by[-1] == single[-1] and is_word(near_by) and term(near_by) == stem:
            return near_by + plural
    return folded


def _with_a_letter(folded: str) -> Iterator[str]:
    """The words with one more letter inside."""
    return (folded[:at] + letter + folded[at:] for at in range(1, len(folded)) for letter in ascii_lowercase)


def _with_another_vowel(folded: str) -> Iterator[str]:
    """The words with another vowel inside."""
    inside = (at for at in range(1, len(folded)) if folded[at] in _VOWELS)
    return (folded[:at] + vowel + folded[at + 1 :] for at in inside for vowel in _VOWELS)


def _without_a_letter(folded: str) -> Iterator[str]:
    """The words with one letter less inside."""
    return (folded[:at] + folded[at + 1 :] for at in range(1, len(folded)))


def _beside(form: WordForm, others: Sequence[str], vocabulary: Vocabulary) -> int:
    """The number of passages with a word and another content word of the question, summed over those words."""
    beside = [index_term for word in dict.fromkeys(others) if (index_term := term(word))]
    return sum(vocabulary.together(term(form.folded), beside[:_MOST_LOOKED_UP]))


def _slips_of(folded: str) -> Iterator[str]:
    """The words that result from undoing one mistake.

    Mistakes are swapped neighbours, a doubled letter or an undoubled one; in long words with a suffix that no name has
    also a missing letter and a wrong vowel.
    """
    if len(folded) < _SHORTEST_SLIP:
        return
    for at in range(1, len(folded) - 1):
        yield folded[:at] + folded[at + 1] + folded[at] + folded[at + 2 :]
    for at in range(1, len(folded)):
        yield folded[:at] + folded[at + 1 :] if folded[at] == folded[at - 1] else folded[:at] + folded[at] + folded[at:]
    if len(folded) >= _SHORTEST_LONG and _SUFFIX.search(folded):
        yield from _with_a_letter(folded)
        yield from _with_another_vowel(folded)


def _in_case_of(word: str, corrected: str) -> str:
    """A folded word in the case of another: capitals, capitalised, or lower case."""
    if word.isupper() and len(word) > 1:
        return corrected.upper()
    return corrected[:1].upper() + corrected[1:] if word[0].isupper() else corrected
