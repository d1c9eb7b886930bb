"""Checks words of a question that limit its answer: superlatives, ordinals, comparatives and negations.

For example, a text about the hospitals of a town need not state which is the largest. A limiting word is matched by
itself or by a synonym, a negation by any negation, near one of the words that it limits in the question: "the largest
town" does not match "the largest hospital", nor "exempt from fees, but not from taxes" "not exempt". A comparative
counts if the question compares two things ("larger than", "which has more"), and so it does in a text, where "more than
300" compares nothing.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from qa.text.units import NUMBER_WORDS
from qa.text.words import term, word_groups

_WORD = re.compile(r"[\w'’]+")
# "Don't they sell it?", "how long did it last", and "most of them" limit nothing.
_NO_LIMIT = re.compile(
    r"^\W*\w+n['’]t\b|\bmost of\b|(?<!\ba )(?<!\bmy )(?<!\b(?:her|his|its|our|the) )(?<!\byour )(?<!\btheir )\blast\b"
    r"(?! (?:decade|month|night|quarter|season|summer|time|week|winter|year)\b)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"\b(?:other|rather) than\b", re.IGNORECASE)
_FLOOR = re.compile(r"\b(?:at least|(?:no|not) (?:fewer|less) than|(?:more|longer) than|over)\b(?= [$€£]?\d)")
_CEILING = re.compile(r"\b(?:at most|no(?:t| \w+)? more than|up to)\b(?= [$€£]?\d)")
# Synonymous limiting words; the words after "|" match them but do not limit.
_ALIKE = tuple(
    (limits, limits | others)
    for limits, others in word_groups(
        "largest biggest greatest most highest top | main maximum; smallest least lowest fewest | minimum; "
        "first earliest oldest original; last latest newest final recent | current new modern; best leading top; "
        "worst; longest; shortest; youngest newest; busiest; cheapest | affordable cheap inexpensive lowest least; "
        "closest nearest; easiest; fastest quickest; hardest; heaviest; poorest; richest wealthiest; safest; slowest; "
        "strongest; tallest; weakest; widest; only alone sole exclusive exclusively solely; "
        "average median | mean typical typically; maximum most | limit limits limited; minimum least"
    )
)
# Opposites, on each side of "|", none of them of itself, and prefixes that make one.
_OPPOSITES = {
    term(word): frozenset(map(term, others))
    for pair in word_groups(
        "above | below; accept agree approve | refuse reject; advantage benefit | disadvantage drawback harm; "
        "after | before; allow permit | ban forbid prohibit; ancient old | modern new young; enter join | leave left; "
        "attack | defend; begin began begun start open | close end finish stop; better | worse; "
        "build built create | destroy; cheap | expensive; cold | hot warm; complete | incomplete; complex | simple; "
        "decline decrease drop fall fallen fell reduce shrink shrank shrunk | grow grew grown expand increase "
        "raise rise risen rose; defeat | victory; domestic | foreign; earlier early | late later; "
        "east eastern | west western; external outside | inside internal; fail | pass succeed; failure | success; "
        "fast | slow; female | male; gain profit win won | lose loss lost; high higher upper | low lower; "
        "hire | dismiss fire; import | export; include | exclude; inpatient | outpatient; "
        "large larger | small smaller; long | short; major | minor; majority | minority; "
        "mandatory required | optional voluntary; maximum | minimum; negative | positive; "
        "north northern | south southern; oppose | support; permanent | temporary; poor | rich; private | public; "
        "rural | urban; safe | dangerous; strong stronger | weak weaker; unite | divide"
    )
    for words, others in (pair, pair[::-1])
    for word in words
}
_NEGATING_PREFIX = re.compile(
    r"^(?:(?:dis|mis|non|un)(?=\w{4})|(?:il|im|in|ir)(?=\w{3,20}(?:able|al|ate|ect|ete|ible|ive|lar|ous|vant)$))"
)
_LIMITS = frozenset().union(*(limits for limits, _ in _ALIKE))
_COMPARATIVES = {word: f"{word[:-3]}er" for word in _LIMITS if word.endswith("est")}
_COMPARATIVES |= {"most": "more", "least": "less", "best": "better", "worst": "worse"}
_COMPARED = frozenset(_COMPARATIVES.values())
_NEGATIONS = frozenset(
    "not no never none neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't except "
    "nobody nothing nowhere".split()
)
_NEGATED = _NEGATIONS | frozenset("refuse refused stop stopped free eliminate".split())
_ANYWHERE = frozenset("alone exclusive exclusively only sole solely".split())  # a whole sentence may express it
_CHOICE = frozenset({"which", "who"})
_CLAUSE = frozenset({"because", "if", "that", "to", "when"})
_LONGEST_CHOICE = 6  # words before the comparative: "which of the two states has more patients"
# Words: limited by a word of the question, before and behind a superlative of the text, and likewise for a negation.
_LIMITED, _BEFORE, _BEHIND = 3, 3, 8
_DENIED, _BEHIND_NEGATION = 2, 6

_Limit = tuple[frozenset[str], frozenset[str], int, int]


def lacks_limit(question: str, sentences: Sequence[str]) -> bool:
    """Whether a question has a superlative, an ordinal or a negation that no sentence matches."""
    return _unmatched(_limits(_words(_NO_LIMIT.sub(" ", question))), sentences)


def lacks_comparison(question: str, sentences: Sequence[str]) -> bool:
    """Whether a question has a comparison that no sentence matches."""
    return _unmatched(_comparisons(_words(_INSTEAD.sub(" ", question))), sentences)


def says_opposite(question: str, sentences: Sequence[str], known: Container[str]) -> bool:
    """Whether a sentence contradicts a question: it has the opposite of a word near words of the question.

    "Rents fell" contradicts "did rents rise", but "rents did not fall" does not. A word is not contradicted if its
    index term is `known`, that is, in these sentences or around them.
    """
    asked = _words(question)
    told = [(words, [(other, *_terms(other)) for _, other in _not_negated(words)]) for words in map(_words, sentences)]
    for place, word in _not_negated(asked):
        index_term, without_prefix = _terms(word)
        if index_term and index_term not in known:
            around = _limited(asked[place + 1 :], _LIMITED) | _limited(asked[:place][::-1], _LIMITED)
            opposite = _OPPOSITES.get(index_term, frozenset()) | {without_prefix} - {index_term}
            for words, others in told:
                found = frozenset(
                    other
                    for other, its_term, its_rest in others
                    if its_term in opposite or its_rest == index_term != its_term
                )
                if _near(words, found, around, _BEFORE, _BEHIND):
                    return True
    return False


def _not_negated(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The words without a negation near before them, each with its place."""
    return (each for each in enumerate(words) if _NEGATIONS.isdisjoint(words[max(0, each[0] - _BEFORE) : each[0]]))


@lru_cache(maxsize=4096)
def _terms(word: str) -> tuple[str, str]:
    """The index term of a word, and that of the word without a negating prefix, if it has one."""
    return term(word), term(_NEGATING_PREFIX.sub("", word))


def _unmatched(limits: Iterator[_Limit], sentences: Sequence[str]) -> bool:
    """Whether one of the limiting words is matched by no sentence."""
    return any(not any(_near(_words(sentence), *limit) for sentence in sentences) for limit in limits)


def _limits(asked: Sequence[str]) -> Iterator[_Limit]:
    """For each superlative and negation what matches it, the terms that it limits, and how near they must be."""
    for place, word in enumerate(asked):
        if word in _NEGATIONS:
            yield _NEGATED, _limited(asked[place + 1 :], _DENIED), 0, _BEHIND_NEGATION
        elif word in _LIMITS:
            alike = frozenset({word}).union(*(alike for limits, alike in _ALIKE if word in limits))
            limited = frozenset() if word in _ANYWHERE else _limited(asked[place + 1 :], _LIMITED)
            yield alike, limited, _BEFORE, _BEHIND


def _comparisons(asked: Sequence[str]) -> Iterator[_Limit]:
    """As `_limits`, for the comparatives that compare two things."""
    for place, word in enumerate(asked):
        if _compares(asked, place):
            groups = (alike for limits, alike in _ALIKE if any(_COMPARATIVES.get(each) == word for each in limits))
            alike = frozenset().union(*groups)
            alike |= {word, *(_COMPARATIVES[each] for each in alike & _COMPARATIVES.keys())}
            limited = _limited(asked[place + 1 :], _LIMITED) or _limited(asked[:place], _LIMITED)
            yield alike, limited, _BEFORE, _BEHIND


def _compares(asked: Sequence[str], place: int) -> bool:
    """Whether a word of a question is a comparative that compares two things."""
    if place and asked[place - 1] == "no":  # "no longer"
        return False
    behind = asked[place + 1 :]
    if "than" in behind and not _is_amount(asked, place + 2 + behind.index("than")):
        return asked[place] in _COMPARED or (asked[place].endswith("er") and behind[0] == "than")
    before = asked[:place]
    chooses = before[:1] and before[0] in _CHOICE and place <= _LONGEST_CHOICE and _CLAUSE.isdisjoint(before)
    return bool(chooses) and asked[place] in _COMPARED


def _limited(words: Sequence[str], most: int) -> frozenset[str]:
    """The index terms of the first content words of a part of a question, limiting words left out."""
    found = (term(word) for word in words if not any(word in each for each in (_LIMITS, _COMPARED, _NEGATIONS)))
    return frozenset(islice(filter(None, found), most))


def _near(words: Sequence[str], alike: frozenset[str], limited: frozenset[str], before: int, behind: int) -> bool:
    """Whether one of `alike` has a word with a `limited` term near it; if none is limited, whether it is there."""
    for place, word in enumerate(words):
        if word in alike and not (words[place + 1 : place + 2] == ["than"] and _is_amount(words, place + 2)):
            around = words[max(0, place - before) : place + behind + 1]
            if not limited or any(term(each) in limited for each in around):
                return True
    return False


def _is_amount(words: Sequence[str], place: int) -> bool:
    return any(word[0].isdigit() or word in NUMBER_WORDS for word in words[place : place + 1])


@lru_cache(maxsize=1024)
def _words(text: str) -> list[str]:
    folded = _CEILING.sub("maximum", _FLOOR.sub("minimum", text.casefold()))
    return [word.replace("’", "'") for word in _WORD.findall(folded)]
