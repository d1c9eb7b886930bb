"""Joins and parts words of a question as the documents write them: "light house", "lifejackets".

- Two adjacent words are joined if the documents have the joined word, and no passage has both words.
- A word that neither the documents nor the model know is parted if a passage has both parts, and the model knows one of
  them: two rare words in one are rather a name.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from qa.text.function_words import is_function_word
from qa.text.spelling import Vocabulary, strange
from qa.text.words import term, words

_SHORTEST_JOINED = 3  # letters of a word
_PREFIX = 2  # letters of the shortest first word: "co-located"
_SHORTEST_PART = 4  # letters
_LONGEST = 40  # letters


def as_written(question: str, vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    """The question with words joined and parted; the same string object if nothing changes.

    Args:
        question: The question as asked.
        vocabulary: The documents' words and terms.
        is_word: Whether a word is a single token of the model.
    """
    return _parted(_joined(question, vocabulary), vocabulary, is_word)


def _joined(question: str, vocabulary: Vocabulary) -> str:
    pairs = [
        (first, second, term(question[first.start : first.end] + question[second.start : second.end]))
        for first, second in pairwise(words(question))
        if question[first.end : second.start] in {" ", "-"}
        and _may_be_joined(question[first.start : first.end], _PREFIX)
        and _may_be_joined(question[second.start : second.end], _SHORTEST_JOINED)
    ]
    frequencies = vocabulary.frequencies([joined for _, _, joined in pairs])
    for (first, second, _), frequency in reversed(list(zip(pairs, frequencies, strict=True))):
        if not frequency:
            continue
        one, other = term(question[first.start : first.end]), term(question[second.start : second.end])
        if not vocabulary.together(one, [other])[0]:
            question = question[: first.end] + question[second.start :]
    return question


def _may_be_joined(word: str, shortest: int) -> bool:
    return word.isalpha() and len(word) >= shortest and not is_function_word(word.casefold())


def _parted(question: str, vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    places = [place for place in words(question) if _may_be_parted(question[place.start : place.end], is_word)]
    unknown = strange((question[place.start : place.end] for place in places), vocabulary)
    cuts = {word: range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1) for word in sorted(unknown)}
    parts = {part: term(part) for word, at in cuts.items() for cut in at for part in (word[:cut], word[cut:])}
    known = dict(zip(parts, vocabulary.frequencies(list(parts.values())), strict=True))

    def may_part(one: str, other: str) -> bool:
        in_documents = known[one] and known[other] and (is_word(one) or is_word(other))
        return bool(in_documents and vocabulary.together(parts[one], [parts[other]])[0])

    for place in reversed(places):
        word = question[place.start : place.end]
        found = next((cut for cut in cuts.get(word, ()) if may_part(word[:cut], word[cut:])), None)
        if found:
            question = f"{question[: place.start + found]} {question[place.start + found :]}"
    return question


def _may_be_parted(word: str, is_word: Callable[[str], bool]) -> bool:
    return word.isalpha() and 2 * _SHORTEST_PART <= len(word) <= _LONGEST and not is_word(word)
