"""Adds long forms to abbreviations of a question, and abbreviations to long forms.

1. Everyday abbreviations are expanded (`qa.retrieval.everyday_abbreviations`).
2. After a short form that the documents define, its long form is added in brackets; for one that no document uses,
   words with these initials, if they occur more often than chance explains. One initial may be missing ("HDHP":
   high-deductible plans).
3. After a long form that the documents define, its short form is added in brackets; after another run of words, its
   initials, if the documents use them, none of their words has them, and chance hardly explains it.

Additions change the results, so a form is added only if it helps and is almost certain:

- one meaning of the short form is clearly the most frequent among the documents that define it;
- the documents mostly write the short form in capitals: "age" and "no" are usually words;
- few passages contain the typed form, or far more passages contain the other form without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from qa.index.contract import Abbreviation, Index
from qa.retrieval.everyday_abbreviations import TypedWord, typed_words, unknown, written_out
from qa.text.abbreviations import everyday, folded, initials_of, short_folded
from qa.text.words import STOP_WORDS, term, terms

_LONGEST_SHORT = 8
_LONGEST_LONG = 7  # words
_MAY_LACK_FROM = 4  # letters
_LEADS = 2  # times as frequent as the next meaning
_FEW_PASSAGES = 3
_FAR_MORE = 2  # times as many passages
# Initials of phrases are as varied as letters of an alphabet of 15 used evenly. A passage has some two phrases of any
# number of words; words with the right initials count from ten times the number that is expected by chance.
_VARIETY = 15
_BY_CHANCE = 20
# Undefined short forms in capitals are fewer than one for five passages; a word or two is no long form.
_SHORTS_A_PASSAGE = 0.2
_UNLIKELY = 0.05  # expected number of runs of words with such initials by chance
_FEWEST_INITIALS = 3
_LINKS = frozenset({"and", "for", "of"})


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The index terms of a short form and of its long form; a passage with either counts as having both."""

    short: frozenset[str]
    long: frozenset[str]


def widened(question: str, index: Index, is_word: Callable[[str], bool]) -> tuple[str, tuple[Alternatives, ...]]:
    """The question with its abbreviations expanded, and which of its words are alternatives of each other."""
    asked = typed_words(question)
    written = written_out(question, asked, index)
    if written is not question:
        question, asked = written, typed_words(written)
    shorts = [word for word in asked if _may_be_short(word, question)]
    runs = _runs(asked)
    strange = unknown([word for word in shorts if not is_word(word.text)], index)
    lacking = {word.key: list(_lacking_one(word.key)) for word in strange}
    initials = {key: _initials(key) for key in runs}
    known = _Known(index, chain((word.key for word in shorts), runs, *lacking.values(), *initials.values()))
    added: dict[int, tuple[str, Alternatives]] = {}
    present = folded(question)
    for word in shorts:
        long = known.long_form(word)
        if not long and word in strange:
            long = known.spelt_out([word.key, *lacking[word.key]])
        if long and folded(long) not in present:
            added[_end(word, question)] = long, Alternatives(frozenset(terms(word.text)), frozenset(terms(long)))
    tried = Counter(map(len, chain(*initials.values())))
    for key, end in runs.items():
        short = known.short_form(key) or known.unexplained(key, initials[key], tried)
        if short and short_folded(short) not in present.split():
            added[end] = short, Alternatives(frozenset(terms(short)), frozenset(terms(key)))
    return _with(question, {end: f" ({text})" for end, (text, _) in added.items()}), tuple(
        alternatives for _, alternatives in added.values()
    )


class _Known:
    """The documents' abbreviations that may occur in a question."""

    def __init__(self, index: Index, keys: Iterable[str]) -> None:
        """Look them up by folded short and long forms."""
        self._index = index
        every = index.abbreviations(list(dict.fromkeys(keys)))
        self._unexplained = {each.short: each.used for each in every if not each.long}
        found = [each for each in every if each.long]
        shorts = list(dict.fromkeys(short_folded(each.short) for each in found))
        self._meanings: dict[str, list[Abbreviation]] = {}
        for each in index.abbreviations(shorts) if shorts else ():
            self._meanings.setdefault(short_folded(each.short), []).append(each)
        self._shorts: dict[str, dict[str, None]] = {}
        for each in found:
            if each.defined:
                self._shorts.setdefault(folded(each.long), {})[short_folded(each.short)] = None

    def long_form(self, word: TypedWord) -> str | None:
        """The long form of a word that the documents use, or else the usual one of several words, if they have it."""
        if word.key not in self._meanings:
            usual = everyday().get(word.text.casefold(), "")
            has_it = " " in usual and self._holding(terms(usual)) > 0
            return usual if has_it and self._decides(terms(word.text), terms(usual)) else None
        best = self._leading([word.key])
        if not best or not best.used or not self._is_in_capitals(word.text, best.used):
            return None
        certain = self._is_certain(best, [word.key])
        return best.long if certain and self._decides(terms(word.text), terms(best.long)) else None

    def spelt_out(self, keys: Sequence[str]) -> str | None:
        """The long form of a short form that no document uses, given its possible initials."""
        best = self._leading(keys)
        return best.long if best and self._is_certain(best, keys) else None

    def _is_certain(self, meaning: Abbreviation, keys: Sequence[str]) -> bool:
        """Whether a meaning is defined, or its words occur more often than chance explains among initials tried."""
        letters = len(short_folded(meaning.short))
        tried = sum(len(key) == letters for key in keys)
        return meaning.defined or meaning.count > self._by_chance(_BY_CHANCE, letters, tried)

    def _by_chance(self, for_each_passage: float, letters: int, tried: int) -> float:
        """How many of what each passage has so often coincide with one of some tried initials of so many letters."""
        expected: float = for_each_passage * self._index.size * tried / _VARIETY**letters
        return expected

    def _is_in_capitals(self, short: str, used: int) -> bool:
        """Whether the documents mostly write a short form in capitals, given how often they do."""
        return used >= self._index.frequencies([term(short)])[0]

    def short_form(self, key: str) -> str | None:
        """The short form of a folded long form."""
        leading = [each for short in self._shorts.get(key, ()) if (each := self._leading([short]))]
        if not leading:
            return None
        asked = _meaning(key)
        best = max(
            (each for each in leading if _meaning(each.long) == asked),
            key=lambda each: (each.count, each.short),
            default=None,
        )
        return best.short if best and self._decides(terms(key), terms(best.short)) else None

    def unexplained(self, key: str, initials: Iterable[str], tried: Mapping[int, int]) -> str | None:
        """The initials of a folded run of words that documents use as a short form and explain nowhere.

        Args:
            key: The run of words.
            initials: Its possible initials.
            tried: How many initials of each length the question has.
        """
        for short in filter(self._unexplained.get, initials):
            by_chance = self._by_chance(_SHORTS_A_PASSAGE, len(short), tried[len(short)])
            likely = by_chance < _UNLIKELY or _meaning(everyday().get(short, "")) == _meaning(key)
            in_capitals = likely and self._is_in_capitals(short, self._unexplained[short])
            if in_capitals and self._decides(terms(key), terms(short)):
                return short.upper()
        return None

    def _leading(self, keys: Iterable[str]) -> Abbreviation | None:
        """The clearly most frequent meaning of some short forms, in its most frequent spelling."""
        found: dict[frozenset[str], list[Abbreviation]] = {}
        for each in (each for key in keys for each in self._meanings.get(key, ())):
            found.setdefault(_meaning(each.long), []).append(each)
        counted = [(sum(each.count for each in same), same) for same in found.values()]
        ranked = sorted(counted, key=lambda each: -each[0])
        if not ranked or (len(ranked) > 1 and ranked[0][0] < _LEADS * ranked[1][0]):
            return None
        return max(ranked[0][1], key=lambda each: (each.count, each.long))

    def _decides(self, typed: Sequence[str], other: Sequence[str]) -> bool:
        """Whether the terms of the other form find passages that the typed ones do not; stop words have no terms."""
        if not typed or not other:
            return False
        holding = self._holding(typed)
        if holding <= _FEW_PASSAGES:
            return True
        return self._holding(other) - self._holding([*typed, *other]) >= _FAR_MORE * holding

    def _holding(self, index_terms: Sequence[str]) -> int:
        """An upper bound on the number of passages that contain all of some index terms; exact for two."""
        frequencies = dict(zip(index_terms, self._index.frequencies(index_terms), strict=True))
        rarest, *others = sorted(frequencies, key=lambda each: (frequencies[each], each))
        return min([frequencies[rarest], *self._index.together(rarest, others)])


def _meaning(long: str) -> frozenset[str]:
    """A key that is equal for spellings of one long form that differ in case, hyphens and endings."""
    return frozenset(terms(folded(long)))


def _may_be_short(word: TypedWord, question: str) -> bool:
    """Whether a word may be a short form; one in brackets already follows its long form."""
    place = word.place
    bracketed = question[: place.start].endswith("(") and question.startswith(")", place.end)
    return 2 <= len(word.key) <= _LONGEST_SHORT and word.key.isalpha() and bool(term(word.text)) and not bracketed


def _end(word: TypedWord, question: str) -> int:
    """The end of a word, with the last full stop of initials."""
    return word.place.end + ("." in word.text and question.startswith(".", word.place.end))


def _lacking_one(key: str) -> Iterator[str]:
    if len(key) >= _MAY_LACK_FROM:
        yield from (key[:at] + key[at + 1 :] for at in range(1, len(key)))


def _runs(asked: Sequence[TypedWord]) -> dict[str, int]:
    """The folded runs of words that may be long forms, each with its end; none begins or ends with a stop word."""
    parts = [folded(word.text) for word in asked]
    bearing = [part not in STOP_WORDS for part in parts]
    found = {}
    for last in range(1, len(asked)):
        if bearing[last]:
            for first in range(last - 1, max(-1, last - _LONGEST_LONG), -1):
                if bearing[first]:
                    found[" ".join(parts[first : last + 1])] = asked[last].place.end
    return found


def _initials(key: str) -> list[str]:
    """The possible initials of a folded run of words; none if stop words other than links are among them."""
    parts = key.split()
    if any(part in STOP_WORDS and part not in _LINKS for part in parts):
        return []
    return [letters for letters in sorted(initials_of(parts)) if len(letters) >= _FEWEST_INITIALS]


def _with(question: str, added: dict[int, str]) -> str:
    for end in sorted(added, reverse=True):
        question = question[:end] + added[end] + question[end:]
    return question
