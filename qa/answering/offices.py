"""Recognises questions for the holder of an office or the founder of something, and texts that name one.

A person in the same sentence is not enough: "As COO, Ada Quill reports to the CEO" does not say who the CEO is. The
name must be next to the office ("President Ada Quill", "Ada Quill, the first president") or joined to it by a word such
as "named", "is" or "as" ("Ada Quill has been named president").
"""

from __future__ import annotations

import re
from functools import lru_cache

from qa.text.words import terms

_MODIFIER = (
    r"acting|area|associate|assistant|board|co|current|deputy|executive|first|founding|general|interim|last|managing"
    r"|medical|national|new|newest|next|overall|present|regional|second|senior|third|vice"
)
_MODIFIERS = rf"(?:(?:{_MODIFIER})[ -]){{0,4}}"
_SAME_OFFICE = (
    r"ceo|chief executive(?: officer)?",
    r"coo|chief operating officer",
    r"cfo|chief financial officer",
    r"chair(?:m[ae]n|persons?|wom[ae]n|s)?",
    r"(?:co-?)?founders?",
)
_EACH_OFFICE = tuple(re.compile(each, re.IGNORECASE) for each in _SAME_OFFICE)
_OFFICES = "|".join(_SAME_OFFICE) + (
    r"|chief (?:[a-z]+ ){1,2}officer|administrator|boss|captain|chancellor|chief of staff|commissioner|curator|dean"
    r"|director|editor|governor|head|leader|mayor|minister|president|principal|secretary|speaker|superintendent|treasurer"
)
_HEAD = r"boss|captain|ceo|chair(?:m[ae]n|person|wom[ae]n)?|chief|dean|director|head|leader|president|principal"
_IS_HEAD = re.compile(r"boss|head|leader")
_DONE = {
    "chair": r"chair(?:s|ed|m[ae]n|person|wom[ae]n)?",
    "head": rf"heads|headed|leads|led|{_HEAD}",
    "invent": r"created|devised|developed|discovered|invent(?:ed|ors?)",
    "found": r"(?:co-?)?found(?:ed|ers?)|began|begun|created|established|formed|launched|set up|started",
}
_ASKED = re.compile(
    r"\bwho(?:['’]?s|(?: (?:are|became|been|had|has|is|was|were|will|be|become))+)"
    r"(?: (?:appointed|as|currently|elected|its|made|named|our|the|their))*"
    rf" {_MODIFIERS}(?P<office>{_OFFICES})\b"
    rf"|\bnames? of (?:(?!(?:and|for|in|of|who)\b)[\w'’-]+ ){{0,5}}?(?P<named>{_OFFICES})\W*$"
    r"|\bwho (?:are|is|sat|serves?|sits?|was|were) (?:on|the members of)"
    r" (?:(?!(?:and|in|of|who)\b)[\w'’-]+ ){1,5}?(?P<body>board|committee|council)\b"
    r"|\bwho (?:(?:had|has) )?(?:co-?)?(?:(?P<verb>chair|head)(?:ed|s)|(?P<done>found|invent)ed)\b",
    re.IGNORECASE,
)
_BEFORE_OR_AFTER = re.compile(r"\b(?:after|before)\b")
_CAPITAL = r"(?:[A-Z]\.|[A-Z][\w’'-]+)"
_NAME = (
    r"(?:\b[Hh]e\b|\b[Ss]he\b"
    rf"|(?P<name>{_CAPITAL}(?: (?:(?:de|der|di|la|van|von) )*{_CAPITAL}){{0,4}})(?:,? [A-Z]{{2,4}}\b)?)"
)
_JOINING = (
    r"(?:a|also|an|appointed|are|as|be|became|becomes|been|by|elected|had|has|have|her|his|includes?|is|its|joined|made|named"
    r"|on|our|sat|serve|served|serves|serving|sits|the|their|then|to|was|who|will)"
)
_BEFORE = re.compile(
    rf"{_NAME}(?:,[^,.;!?\n]{{1,80}},|[,:|–—-]|\s[|–—-])?\s+"
    rf"(?:(?:{_JOINING}\s+)*|[^.;!?\n]{{0,120}}\bas (?:(?:a|an|its|our|the|their) )?)"
    rf"(?i:{_MODIFIERS}(?:(?:{_OFFICES}),? and {_MODIFIERS})?)$"
)
_BEHIND = re.compile(
    rf"(?i: and {_MODIFIERS}(?:{_OFFICES}))?(?:,? of [^.;,\n]{{1,80}}?)?"
    r"(?:(?:,|:|\s?[|–—-]| is| was| named|(?: (?:in|on) [^.;\n]{1,40}?)? by(?: [a-z]{1,20}){0,3})?\s+"
    rf"(?i:{_JOINING} )?|\s?\([^().;\n]{{0,40}}?){_NAME}"
    r"| by (?:[a-z]{1,20} ){0,3}[a-z]{2,20}(?:ant|ee|ent|er|ian|ist|man|men|or)s?\b"  # "by farmers"
)
_PART_OF_OFFICE = re.compile(rf"\b(?:[A-Z]{{2,}}|(?i:{_MODIFIER}))\b")
_LOOKED_AT = 300  # characters on each side of an office


@lru_cache(maxsize=64)
def office_asked(question: str) -> re.Pattern[str] | None:
    """A pattern for the office or action ("founded") in a question for a person; None for other questions."""
    asked = _ASKED.search(question)
    if asked is None:
        return None
    verb = asked["verb"] or asked["done"]
    if verb:
        meant = _DONE[verb.casefold()]
    else:
        office = asked["office"] or asked["named"] or asked["body"]
        same = next((each.pattern for each in _EACH_OFFICE if each.fullmatch(office)), re.escape(office))
        meant = _HEAD if _IS_HEAD.fullmatch(office.casefold()) else same
    if not verb and _BEFORE_OR_AFTER.search(question):
        meant += "|predecessor|successor|succeed(?:ed|s)|replac(?:ed|es|ing)"
    return re.compile(rf"\b(?:{meant})\b(?!-)", re.IGNORECASE)  # not "board-certified"


def names_holder(text: str, office: re.Pattern[str], asked: frozenset[str]) -> bool:
    """Whether a text names the holder of an office with at least one index term that is not in `asked`."""
    for place in office.finditer(text):
        before = _BEFORE.search(text[max(0, place.start() - _LOOKED_AT) : place.start()])
        behind = _BEHIND.match(text, place.end(), place.end() + _LOOKED_AT)
        for found in (before, behind):
            if found and (not found["name"] or not asked.issuperset(terms(_person(found["name"])))):
                return True
    return False


def _person(name: str) -> str:
    """A name without abbreviations and parts of an office; of several words in capitals, all."""
    return name if name.isupper() and " " in name else _PART_OF_OFFICE.sub("", name)
