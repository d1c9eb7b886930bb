"""Finds the words of a text and their index terms: the analyser for index, spelling and evidence."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

from qa.records import Span
from qa.text.quantities import quantities, with_plain_digits

# Part of every snapshot's configuration: raise it if the same document gives other terms, word forms or abbreviations.
ANALYSER_VERSION = 4

# Question and function words without content. Negations and numbers are not among them.
STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being between but by can could d did do does doing for from get "
    "had has have having he her hers him his how i if in into is it its itself just ll m many may me might more most "
    "much must my of on or our ours out over re s shall she should so some such t than that the their theirs them "
    "then there these they this those through to too under until up us ve very was we were what when where which "
    "while who whom whose why will with would you your yours".split()
)

WORD = r"[^\W_]+(?:['’.&][^\W_]+)*"  # runs of letters and digits, with inner apostrophes, stops and ampersands
_WORD = re.compile(WORD)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_INITIALS_IN_PLURAL = re.compile(r"[A-Z]{2,}s")
_POSSESSIVE = re.compile(r"['’]s?$")
_MARKS = "⁰¹²³⁴⁵⁶⁷⁸⁹"  # of footnotes, behind words
_SHORTEST_MARKED = 3  # characters; a shorter word is a unit
_LONGEST_KEPT_CHARS = 40  # longer words are not repeated, and would let foreign text fill the cache with megabytes


def spelt(text: str) -> list[str]:
    """The words of a text, in order, as written."""
    found: list[str] = _WORD.findall(text)
    return found


def words(text: str) -> list[Span]:
    """The places of the words of a text, in order."""
    return [Span(match.start(), match.end()) for match in _WORD.finditer(text)]


def term(word: str) -> str:
    """The index term of a word: folded to lower case without accents, possessives or endings; "" for a stop word."""
    return _kept_term(word) if len(word) <= _LONGEST_KEPT_CHARS else _term(word)


def word_groups(table: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """The groups of a table of words, such as "own | owner; buy purchase": the words before and after the "|"."""
    parted = (group.partition("|") for group in table.split(";"))
    return tuple((frozenset(words.split()), frozenset(others.split())) for words, _, others in parted)


def plain_letters(text: str) -> str:
    """A text folded to lower case, without accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in folded if not unicodedata.combining(char))


def _term(word: str) -> str:
    unmarked = word.rstrip(_MARKS)
    if len(unmarked) >= _SHORTEST_MARKED and unmarked[-1].isalpha():
        word = unmarked
    if _INITIALS_IN_PLURAL.fullmatch(word):
        word = word[:-1]  # the stemmer leaves the s of words without vowels
    folded = _POSSESSIVE.sub("", plain_letters(word)).replace("’", "'")
    if _INITIALS.fullmatch(folded):
        return folded.replace(".", "")  # A.F.L. and AFL are one term, and U.S. is not a stop word
    if folded in STOP_WORDS:
        return ""
    # Made for each word: it is not safe for several threads, and making one takes less time than stemming.
    return str(Stemmer.Stemmer("english", 0).stemWord(folded))


_kept_term = lru_cache(maxsize=65536)(_term)


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, repeats included.

    A number, date or code has terms for the whole (`qa.text.quantities`); words in it, such as "million", also count.
    """
    text = with_plain_digits(text)
    found: list[str] = []
    end = 0
    for quantity in quantities(text):
        place = quantity.place
        found += _terms_of_words(text[end : place.start])
        found += (*quantity.whole, *quantity.parts)
        found += (each for word in _LETTERS.findall(text[place.start : place.end]) if (each := term(word)))
        end = place.end
    return found + _terms_of_words(text[end:])


def _terms_of_words(text: str) -> list[str]:
    return [each for word in spelt(text) if (each := term(word))]
