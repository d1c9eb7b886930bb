"""Converts Office equations (OMML) to text on one line: `(a+b)/c`, `x_i^2`, `√(x)`.

The notation is that of Unicode Technical Note 28.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lxml import etree

from qa.reading.office.names import OFF, is_on, qn

_ATOM = re.compile(r"[\w.,]*|[^\s()\[\]{}/^_]|[([{][^()\[\]{}]*[)\]}]")
_SKIPPED = (
    {qn(f"m:{name}Pr") for name in "r f sSup sSub sSubSup sPre rad nary d func acc bar box".split()}
    | {qn(f"m:{name}") for name in ("borderBoxPr", "eqArrPr", "mPr", "limLowPr", "limUppPr", "groupChrPr", "phantPr")}
    | {qn("m:ctrlPr"), qn("m:argPr"), qn("m:oMathParaPr"), qn("w:rPr"), qn("w:del"), qn("w:moveFrom")}
)
_WORD = re.compile(r"[\w.,]+(?:\^[\w.,]+|_[\w.,]+)*")
_ROOTS = {"2": "√", "3": "∛", "4": "∜"}


def linear(element: etree._Element) -> str:
    """The text of an equation or a part of it."""
    writer = _WRITERS.get(element.tag)
    if writer is not None:
        return writer(element)
    if element.tag == qn("m:t") or element.tag == qn("w:t"):
        return element.text or ""
    if element.tag in (qn("w:br"), qn("w:tab")):
        return " "
    return joined(linear(child) for child in element.iterchildren("*") if child.tag not in _SKIPPED)


def joined(parts: Iterable[str]) -> str:
    """Concatenated parts, with a blank between two words."""
    written: list[str] = []
    last = ""
    for part in parts:
        if len(part) > 1 and part[:2].isalpha() and last.isalpha() and len(last) > 1:
            written.append(" ")
        written.append(part)
        last = part[-2:] or last
    return "".join(written)


def _part(element: etree._Element, name: str) -> str:
    found = element.find(qn(f"m:{name}"))
    return "" if found is None else linear(found).strip()


def _property(element: etree._Element, name: str, otherwise: str) -> str:
    """A character from an object's properties, such as a bracket; "" if it is set to none."""
    kind = etree.QName(element).localname
    found = element.find(f"{qn(f'm:{kind}Pr')}/{qn(f'm:{name}')}")
    return otherwise if found is None else str(found.get(qn("m:val")) or "")


def grouped(text: str) -> str:
    """Text as one operand: in brackets unless it is already a single operand."""
    return text if _ATOM.fullmatch(text) else f"({text})"


def with_scripts(base: str, low: str, high: str) -> str:
    """A base with its subscript and superscript, which may be empty."""
    return base + (f"_{grouped(low)}" if low else "") + (f"^{grouped(high)}" if high else "")


def _scripts(element: etree._Element, base: str) -> str:
    return with_scripts(base, _part(element, "sub"), _part(element, "sup"))


def fraction(over: str, under: str) -> str:
    """A fraction, with sides in brackets that are not single words with their scripts."""
    sides = (side if _WORD.fullmatch(side) else grouped(side) for side in (over, under))
    return "/".join(sides)


def root(degree: str, inside: str) -> str:
    """A root; the degree of a square root may be empty."""
    return (_ROOTS.get(degree or "2") or f"√[{degree}]") + f"({inside})"


def _brackets(element: etree._Element) -> str:
    inside = _elements(element, _property(element, "sepChr", "|"))
    return _property(element, "begChr", "(") + inside + _property(element, "endChr", ")")


def _accent(element: etree._Element) -> str:
    inside = _part(element, "e")
    accent = _property(element, "chr", "\u0302")
    return inside + accent if len(inside) == 1 else grouped(inside) + accent.strip("\u0302") if inside else ""


def _elements(element: etree._Element, separator: str) -> str:
    return separator.join(linear(each).strip() for each in element.iterchildren(qn("m:e")))


def _matrix(element: etree._Element) -> str:
    return f"[{'; '.join(_elements(row, ', ') for row in element.iterchildren(qn('m:mr')))}]"


def _phantom(element: etree._Element) -> str:
    return "" if _property(element, "show", "1") in OFF else _part(element, "e")


def _run(element: etree._Element) -> str:
    if is_on(element.find(qn("w:rPr")), "w:vanish"):
        return ""
    return joined(linear(child) for child in element.iterchildren("*") if child.tag not in _SKIPPED)


_WRITERS: dict[str, Callable[[etree._Element], str]] = {
    qn("m:r"): _run,
    qn("m:f"): lambda element: fraction(_part(element, "num"), _part(element, "den")),
    **dict.fromkeys(
        map(qn, ("m:sSup", "m:sSub", "m:sSubSup")), lambda element: _scripts(element, grouped(_part(element, "e")))
    ),
    qn("m:sPre"): lambda element: _scripts(element, "") + _part(element, "e"),
    qn("m:limLow"): lambda element: with_scripts(_part(element, "e"), _part(element, "lim"), ""),
    qn("m:limUpp"): lambda element: with_scripts(_part(element, "e"), "", _part(element, "lim")),
    qn("m:rad"): lambda element: root(_part(element, "deg"), _part(element, "e")),
    qn("m:nary"): lambda element: f"{_scripts(element, _property(element, 'chr', '∫'))} {_part(element, 'e')}",
    qn("m:d"): _brackets,
    qn("m:func"): lambda element: f"{_part(element, 'fName')} {_part(element, 'e')}",
    qn("m:acc"): _accent,
    qn("m:eqArr"): lambda element: _elements(element, "; "),
    qn("m:m"): _matrix,
    qn("m:phant"): _phantom,
}
