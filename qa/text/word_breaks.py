"""Joins and parts words of a question as the documents write them: "light house", "lifejackets".

- Two adjacent words are joined if the documents have the joined word, and no passage has both words.
- A word that neither the documents nor the model know is parted if a passage has both parts, and the model knows one of
  them: two rare words in one are rather a name.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from qa.text.function_words import is_function_word
from qa.text.spelling import Vocabulary
from qa.text.words import term, words

_SHORTEST_JOINED = 3  # letters of each word
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
        and _may_be_joined(question[first.start : first.end])
        and _may_be_joined(question[second.start : second.end])
    ]
    frequencies = vocabulary.frequencies([joined for _, _, joined in pairs])
    for (first, second, _), frequency in reversed(list(zip(pairs, frequencies, strict=True))):
        if not frequency:
            continue
        one, other = term(question[first.start : first.end]), term(question[second.start : second.end])
        if not vocabulary.together(one, [other])[0]:
            question = question[: first.end] + question[second.start :]
    return question


def _may_be_joined(word: str) -> bool:
    return word.isalpha() and len(word) >= _SHORTEST_JOINED and not is_function_word(word.casefold())


def _parted(question: str, vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    for place in reversed(words(question)):
        word = question[place.start : place.end]
        if not word.isalpha() or not 2 * _SHORTEST_PART <= len(word) <= _LONGEST or is_word(word):
            continue
        cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
        whole, *parts = vocabulary.frequencies(
            [term(word), *(term(part) for at in cuts for part in (word[:at], word[at:]))]
        )
        if whole:
            continue
        known = [at for at, one, other in zip(cuts, parts[::2], parts[1::2], strict=True) if one and other]
        known = [at for at in known if is_word(word[:at]) or is_word(word[at:])]
        found = next((at for at in known if vocabulary.together(term(word[:at]), [term(word[at:])])[0]), None)
        if found:
            question = f"{question[: place.start + found]} {question[place.start + found :]}"
    return question
