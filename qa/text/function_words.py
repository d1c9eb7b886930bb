"""Misspelt function words: "teh", "waht", "wich", and "dont".

Function words have no content, but a misspelt one looks like a rare word that no document has. A word counts as a
misspelt function word only if two letters are swapped, one is missing or one is doubled, or its apostrophe is missing,
and if it is not another word.
"""

from __future__ import annotations

from qa.text.words import STOP_WORDS

_FURTHER = frozenset(
    "after again against because before both does during each either every many much never neither not other since "
    "than though without within whether yet".split()
)
_WORDS = frozenset(word for word in STOP_WORDS | _FURTHER if word.isalpha())
_SHORT = frozenset("is of to in it at or by if an the and for are was has had how who why you can did but not".split())
_SHORTEST_LACKING = 4  # letters of a word that lacks one
# Words and abbreviations that are one swap away from a function word.
_OWN_MEANING = frozenset(
    "aws btu cna dose form fro god hsa ehr ma nad nay no nto on ont os own rae saw sea sued ta ti tow won abut "
    "hoses hers ours thorough quiet".split()
)
# "id", "ill", "its", "shell", "well" and "were" are other words.
_CONTRACTED = (
    "aren't can't couldn't didn't doesn't don't hadn't hasn't haven't he's how's i'm i've isn't she's shouldn't that's "
    "there's they're they've wasn't weren't what's where's who's won't wouldn't you're you've"
).split()
_ASKS_HOW = frozenset("many much long often old big large far high low soon fast well do does did can could to".split())


def _swapped(word: str) -> set[str]:
    return {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)} - {word}


def _slips() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word in sorted(_WORDS):
        slips = _swapped(word) if len(word) > 3 or word in _SHORT else set()
        if len(word) > _SHORTEST_LACKING:
            slips |= {word[:at] + word[at + 1 :] for at in range(1, len(word))}
        if len(word) > 2:
            slips |= {word[:at] + word[at] + word[at:] for at in range(len(word))}
        for slip in slips - _WORDS - _OWN_MEANING:
            found.setdefault(slip, []).append(word)
    found |= {word.replace("'", ""): [word] for word in _CONTRACTED}
    return {
        slip: tuple(sorted(meant, key=lambda word: (len(word) != len(slip), word))) for slip, meant in found.items()
    }


_MEANT = _slips()


def is_function_word(word: str) -> bool:
    """Whether a folded word has no content."""
    return word in _WORDS


def function_word(word: str, following: str) -> str | None:
    """The function word that a folded word is a misspelling of, or None; the next word decides between two."""
    meant = _MEANT.get(word)
    if meant is None:
        return None
    if "how" in meant and "who" in meant:
        return "how" if following in _ASKS_HOW else "who"
    return meant[0]
