"""Abbreviations: everyday ones, and those that a text defines or spells out.

- `everyday` words come from a table, `everyday_abbreviations.json`.
- A definition is a short form in brackets after its long form, or the reverse: the nearest words with its initials, or
  else those found by the method of Schwartz and Hearst ("A simple algorithm for identifying abbreviation definitions in
  biomedical text", 2003): letters of the short form are searched from right to left, the first one must be found in the
  last word, and the last one must begin a word. "KFHP, or" and "or KFHP," count as brackets too, and so does a line of
  a list of abbreviations: "KFHP: Kaiser Foundation Health Plan", where the short form must be the initials.
- A phrase is a run of words that may have initials: adjacent capitalised words, or a hyphenated compound and the words
  after it up to a stop word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from qa.text.words import STOP_WORDS

_SHORT = r"[A-Z][A-Za-z0-9&-]{0,8}[A-Z0-9]s?|[A-Z]{2,10}s?|(?:[A-Z]\.){2,6}"
_BRACKETED = re.compile(
    r"\((?:(?:the|abbreviated|abbreviated as|also|known as|or|hereafter|hereinafter) )?"
    rf"[\"“'‘]?(?P<short>{_SHORT})[\"”'’]?(?:[,;] [^()\n]{{1,60}})?\)"
)
_LONG_IN_BRACKETS = re.compile(rf"(?<![\w-])(?P<short>{_SHORT}) \((?P<long>[^()]{{4,100}})\)")
_OR = re.compile(rf",? or (?:the )?(?P<short>{_SHORT})(?=[,;.:)]| is\b| are\b)")
_STANDS_FOR = re.compile(
    rf"(?<![\w-])(?P<short>{_SHORT}) (?:stands for|is short for|means) (?:the )?(?P<long>[^.;:,()\n]{{4,100}})"
)
_LISTED = re.compile(
    rf"^[|*\s-]{{0,6}}(?P<short>{_SHORT})[*]{{0,2}}(?: ?[:=|–—]|:[*]{{2}}| -|\t)\s{{1,3}}"
    r"(?P<long>[^.;:,()|\n]{4,100})",
    re.MULTILINE,
)
_WORDS_LOOKED_AT = 4  # words beyond the number of the short form's letters
_LONG_PIECE = re.compile(r"[^\s()\[\]{};:.,]+")
_CAPITAL = r"[A-Z][\w’'&]*"
_LINK = r"(?:of|for|the|and|in|on|de|&)"
_CAPITALS = re.compile(rf"(?<![\w-]){_CAPITAL}(?:(?:[ -]{_LINK})?[ -]{_CAPITAL}){{1,6}}")
_COMPOUND = re.compile(r"(?<![\w-])[A-Za-z]+(?:-[A-Za-z]+){1,4}(?: [A-Za-z]+){0,2}")
_IN_CAPITALS = re.compile(r"(?<![\w-])[A-Z]{2,10}s?(?![\w-])")
_PARTS = re.compile(r"[\w’']+")
_POSSESSIVE = re.compile(r"['’]s?$")
_LINKS = frozenset("of for the and in on de to a an &".split())
_NEVER_LAST = STOP_WORDS | _LINKS
_NEVER_FIRST = _NEVER_LAST - {"the"}
_SHORTEST, _LONGEST = 2, 6  # letters of initials


def folded(text: str) -> str:
    """A phrase in lower case and without hyphens, so that its spellings compare equal."""
    return " ".join(_PARTS.findall(text.casefold()))


def short_folded(text: str) -> str:
    """A short form without its case, hyphens, possessive and plural s."""
    plain = _POSSESSIVE.sub("", re.sub(r"[-.\s]", "", text))
    return (plain[:-1] if plain.endswith("s") and plain[:-1].isupper() else plain).casefold()


@cache
def everyday() -> dict[str, str]:
    """Everyday abbreviations with their long forms."""
    return dict(json.loads(files("qa.text").joinpath("everyday_abbreviations.json").read_text("utf-8"))["words"])


@cache
def states() -> dict[str, str]:
    """The states of the United States by their codes."""
    return dict(json.loads(files("qa.text").joinpath("everyday_abbreviations.json").read_text("utf-8"))["states"])


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """The short and long forms that a text defines, as written there."""
    for pattern in (_BRACKETED, _OR):
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - 200) : match.start()]
            yield from _pair(match["short"], before[before.rfind("\n") + 1 :])
    for pattern in (_LONG_IN_BRACKETS, _STANDS_FOR):
        for match in pattern.finditer(text):
            yield from _pair(match["short"], match["long"], whole=pattern is _LONG_IN_BRACKETS)
    for match in _LISTED.finditer(text):
        if short_folded(match["short"]) in initials_of(_PARTS.findall(match["long"])):
            yield from _pair(match["short"], match["long"], whole=True)


def _pair(short: str, text: str, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    plain = short[:-1] if short.endswith("s") and short[:-1].isupper() else short
    letters = sum(char.isalnum() for char in plain)
    pieces = list(_LONG_PIECE.finditer(text))[-min(letters + _WORDS_LOOKED_AT, 2 * letters) :]
    if not pieces:
        return
    if not whole and text[pieces[-1].end() :].strip(" *_\"'“”‘’,"):
        return  # other text is between
    begin = _with_initials(plain, text, pieces)
    if begin is None and (found := _begin(plain, text[pieces[0].start() : pieces[-1].end()])) is not None:
        begin = pieces[0].start() + found
    if begin is not None:
        long = " ".join(text[begin : pieces[-1].end()].strip("*_\"'“”‘’ ").split())
        if len(long) > len(plain) and plain.casefold() not in folded(long).split():
            yield plain, long


def _with_initials(short: str, text: str, pieces: list[re.Match[str]]) -> int | None:
    """The start of the fewest last words of a text whose initials are a short form; None if there are none."""
    for piece in reversed(pieces[:-1]):
        if short_folded(short) in initials_of(_PARTS.findall(text[piece.start() : pieces[-1].end()])):
            return piece.start()
    return None


def _begin(short: str, long: str) -> int | None:
    """The start of the long form in which a short form's letters are found from right to left; else None.

    Its last word must have one of them.
    """
    place = len(long) - 1
    last_word = long.rfind(" ") + 1
    for number in range(len(short) - 1, -1, -1):
        char = short[number].casefold()
        if not char.isalnum():
            continue
        while place >= 0 and (
            long[place].casefold() != char or (number == 0 and place > 0 and long[place - 1].isalnum())
        ):
            place -= 1
        if place < 0 or (number == len(short) - 1 and place < last_word):
            return None
        place -= 1
    return place + 1


def phrases(text: str) -> Iterator[tuple[str, str]]:
    """The runs of words that may be abbreviated, each with its initials in lower case."""
    for match in _CAPITALS.finditer(text):
        parts = _PARTS.findall(match[0])
        for begin in range(len(parts)):
            for end in range(begin + _SHORTEST, min(len(parts), begin + _LONGEST) + 1):
                run = parts[begin:end]
                if run[0].casefold() not in _NEVER_FIRST and run[-1].casefold() not in _NEVER_LAST:
                    yield from ((initials, " ".join(run)) for initials in initials_of(run))
    for match in _COMPOUND.finditer(text):
        parts = _PARTS.findall(match[0])
        compound = match[0].split(" ")[0].count("-") + 1
        for end in range(compound, len(parts) + 1):
            if parts[end - 1] in _NEVER_LAST:
                break
            yield from ((initials, " ".join(parts[:end])) for initials in initials_of(parts[:end]))


def initials_of(run: list[str]) -> set[str]:
    """The initials of all words of a run, and those without short connecting words, in lower case."""
    found = {"".join(part[0] for part in run), "".join(part[0] for part in run if part not in _LINKS)}
    return {each.casefold() for each in found if _SHORTEST <= len(each) <= _LONGEST and each.isalpha()}


def capitals(text: str) -> Iterator[str]:
    """The folded short forms that a text uses: words of capital letters."""
    return (short_folded(match[0]) for match in _IN_CAPITALS.finditer(text))
