"""Adds to the abbreviations of a question what they stand for, and the reverse.

1. Everyday abbreviations that the documents do not use are written out ("mgmt"), so are codes of states of the United
   States whose name the documents know, where the code is no other word or stands beside another state.
2. Behind a short form that the documents define, or spell out in words with these initials, its long form is put in
   brackets; a short form that stands nowhere may also lack one of its letters there ("HDHP": high-deductible plans).
3. Behind a long form that the documents define, its short form is put in brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qa.index.contract import Abbreviation, Index
from qa.records import Span
from qa.text.abbreviations import everyday, folded, short_folded, states
from qa.text.words import STOP_WORDS, term, terms, words

_LONGEST_SHORT = 8
_LONGEST_LONG = 7  # words
_MAY_LACK_FROM = 4  # letters
_JOINING = frozenset("and or &".split())
# Codes of states that are other words or abbreviations too.
_OTHER_WORDS = frozenset("al co de hi id in la ma me mi mo ms mt oh ok or pa pr sc".split())


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The index terms of a short form, and those of its long form: a passage that has either has both."""

    short: frozenset[str]
    long: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    place: Span
    key: str


def widened(question: str, index: Index, is_word: Callable[[str], bool]) -> tuple[str, tuple[Alternatives, ...]]:
    """The question with its abbreviations written out, and which of its words stand for each other."""
    question = _written_out(question, index)
    asked = _words(question)
    shorts = [word for word in asked if 2 <= len(word.key) <= _LONGEST_SHORT and word.key.isalpha() and term(word.text)]
    runs = list(_runs(asked))
    keys = [word.key for word in shorts] + [key for key, _ in runs]
    unknown = _unknown([word for word in shorts if not is_word(word.text)], index)
    lacking = {each: word.key for word in unknown for each in _lacking_one(word.key)}
    known: dict[str, list[Abbreviation]] = {}
    for each in index.abbreviations(list(dict.fromkeys((*keys, *lacking)))):
        for key in (short_folded(each.short), folded(each.long)):
            known.setdefault(key, []).append(each)
    added: dict[int, tuple[str, Alternatives]] = {}
    present = folded(question)
    for word in shorts:
        long = _long_form(word.key, known, lacking, spelt_out=word in unknown)
        if long and folded(long) not in present:
            added[word.place.end] = long, Alternatives(frozenset(terms(word.text)), frozenset(terms(long)))
    for key, end in runs:
        short = next((each.short for each in known.get(key, ()) if each.defined), None)
        if short and short_folded(short) not in present.split():
            added[end] = short, Alternatives(frozenset(terms(short)), frozenset(terms(key)))
    return _with(question, {end: f" ({text})" for end, (text, _) in added.items()}), tuple(
        alternatives for _, alternatives in added.values()
    )


def _long_form(
    key: str, known: dict[str, list[Abbreviation]], lacking: dict[str, str], *, spelt_out: bool
) -> str | None:
    """What a short form stands for: as the documents define it, else, if they do not have it, as they spell it out."""
    found = [each for each in known.get(key, ()) if short_folded(each.short) == key]
    if spelt_out and not found:
        found = [each for lacks, whole in lacking.items() if whole == key for each in known.get(lacks, ())]
    best = sorted((each for each in found if each.defined or each.used or spelt_out), key=lambda each: not each.defined)
    return best[0].long if best else None


def _written_out(question: str, index: Index) -> str:
    asked = _words(question)
    candidates = [word for word in asked if word.text.casefold() in everyday() or word.text.casefold() in states()]
    if not candidates:
        return question
    replaced = {}
    unknown = _unknown(candidates, index)
    for number, word in enumerate(asked):
        code = word.text.casefold()
        if word not in unknown:
            continue
        if code in states() and (code not in _OTHER_WORDS or _beside_state(asked, number, question)):
            named = terms(states()[code])
            if all(index.frequencies(named)):
                replaced[word.place] = states()[code]
        elif code in everyday():
            replaced[word.place] = everyday()[code]
    for place, text in sorted(replaced.items(), key=lambda item: -item[0].start):
        question = question[: place.start] + text + question[place.end :]
    return question


def _beside_state(asked: Sequence[_Word], number: int, question: str) -> bool:
    """Whether a word is joined to the code or the name of a state."""
    for step in (-1, 1):
        other = number + step
        if 0 <= other < len(asked) and asked[other].text.casefold() in _JOINING:
            other += step
        if 0 <= other < len(asked):
            first, last = sorted((asked[number].place, asked[other].place), key=lambda place: place.start)
            between = question[first.end : last.start].strip().casefold()
            joined = between in {"&", "/", ",", "and", "or", ", and"}
            text = asked[other].text.casefold()
            if joined and (text in states() or text in {name.casefold() for name in states().values()}):
                return True
    return False


def _unknown(asked: Sequence[_Word], index: Index) -> list[_Word]:
    """The words that no passage holds; stop words are held."""
    known = index.frequencies([term(word.text) for word in asked])
    return [
        word
        for word, frequency in zip(asked, known, strict=True)
        if not frequency and (term(word.text) or word.text.casefold() not in STOP_WORDS)
    ]


def _lacking_one(key: str) -> Iterator[str]:
    if len(key) >= _MAY_LACK_FROM:
        yield from (key[:at] + key[at + 1 :] for at in range(1, len(key)))


def _runs(asked: Sequence[_Word]) -> Iterator[tuple[str, int]]:
    """The folded runs of words that may be long forms, and where each ends; none begins or ends with a stop word."""
    parts = [folded(word.text) for word in asked]
    bearing = [part not in STOP_WORDS for part in parts]
    for last in range(1, len(asked)):
        if bearing[last]:
            for first in range(last - 1, max(-1, last - _LONGEST_LONG), -1):
                if bearing[first]:
                    yield " ".join(parts[first : last + 1]), asked[last].place.end


def _words(question: str) -> list[_Word]:
    texts = ((question[place.start : place.end], place) for place in words(question))
    return [_Word(text, place, short_folded(text)) for text, place in texts]


def _with(question: str, added: dict[int, str]) -> str:
    for end in sorted(added, reverse=True):
        question = question[:end] + added[end] + question[end:]
    return question
