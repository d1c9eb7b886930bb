"""British and American spellings of the same word."""

from __future__ import annotations

import re

_REPLACED = tuple(
    (re.compile(pattern), other)
    for british, replaced, american, back in (
        (r"is(?=(?:e[ds]?|er[s]?|ing|ations?|ational)$)", "iz", r"iz(?=(?:e[ds]?|er[s]?|ing|ations?|ational)$)", "is"),
        (r"ys(?=(?:e[ds]?|ing)$)", "yz", r"yz(?=(?:e[ds]?|ing)$)", "ys"),
        (r"(?<=\w{2})our", "or", r"(?<=\w{2})or(?!e)", "our"),
        (r"tre(?=s?$)", "ter", r"ter(?=s?$)", "tre"),
        (r"ence(?=s?$)", "ense", r"ense(?=s?$)", "ence"),
        (r"ogue(?=s?$)", "og", r"og(?=s?$)", "ogue"),
        (r"ll(?=(?:ed|ers?|ing)$)", "l", r"(?<=[aeiou])l(?=(?:ed|ers?|ing)$)", "ll"),
        (r"ramme(?=s?$)", "ram", r"ram(?=s?$)", "ramme"),
        (r"[ao]e(?=\w{3})|(?<=\w{4})[ao]e", "e", r"(?<=\w)e(?=[a-z]{3})", "ae"),
        (r"l(?=ment|ful)", "ll", r"ll(?=ment|ful)", "l"),
    )
    for pattern, other in ((british, replaced), (american, back))
)


def other_spellings(folded: str) -> list[str]:
    """The spellings of a folded word that regular differences between British and American English result in.

    Most of them are no words; the caller looks them up.
    """
    replaced = (pattern.sub(other, folded, count=1) for pattern, other in _REPLACED)
    return [each for each in dict.fromkeys(replaced) if each != folded]
