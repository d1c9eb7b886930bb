"""Converts MathML to text on one line, in the notation of Office equations: `(a+b)/c`, `x_i^2`, `√(x)`."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from qa.reading.office.equations import fraction, grouped, joined, root, with_scripts

_UNSEEN = str.maketrans("", "", "\u2061\u2062\u2063\u2064")  # invisible operators: function, times, comma, plus
_DROPPED = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts", "maligngroup", "malignmark"})


def linear(element: etree._Element) -> str:
    """The text of a formula or a part of it."""
    tag = str(element.tag).rpartition("}")[2]
    if tag in _DROPPED:
        return ""
    if tag == "mspace":
        return " "
    if (writer := _WRITERS.get(tag)) is not None:
        return writer([linear(child).strip() for child in element.iterchildren("*")], element)
    own = " ".join((element.text or "").translate(_UNSEEN).split())
    return own if not len(element) else joined([own, *(linear(child) for child in element.iterchildren("*"))])


_Writer = Callable[[list[str], etree._Element], str]  # noqa: SLF001 - lxml's name for its elements


def _at(parts: list[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


def _scripts(base: str, low: str, high: str) -> str:
    return with_scripts(grouped(base) if base else "", low, high)


def _over(parts: list[str], _: etree._Element) -> str:
    base, above = _at(parts, 0), _at(parts, 1)
    if len(above) == 1 and not above.isalnum():  # an accent or a bar
        return base + above if len(base) == 1 else grouped(base) + above
    return _scripts(base, "", above)


def _fenced(parts: list[str], element: etree._Element) -> str:
    return f"{element.get('open', '(')}{', '.join(parts)}{element.get('close', ')')}"


def _table(_: list[str], element: etree._Element) -> str:
    rows = (
        ", ".join(linear(cell).strip() for cell in row.iterchildren("{*}mtd"))
        for row in element.iterchildren("{*}mtr", "{*}mlabeledtr")
    )
    return f"[{'; '.join(rows)}]"


def _multiscripts(parts: list[str], element: etree._Element) -> str:
    children = [str(child.tag).rpartition("}")[2] for child in element.iterchildren("*")]
    cut = children.index("mprescripts") if "mprescripts" in children else len(children)
    after, before = parts[1:cut], parts[cut + 1 :]
    return _scripts("", _at(before, 0), _at(before, 1)) + _scripts(_at(parts, 0), _at(after, 0), _at(after, 1))


_WRITERS: dict[str, _Writer] = {
    "mfrac": lambda parts, _: fraction(_at(parts, 0), _at(parts, 1)),
    "msqrt": lambda parts, _: f"√({joined(parts)})",
    "mroot": lambda parts, _: root(_at(parts, 1), _at(parts, 0)),
    "msup": lambda parts, _: _scripts(_at(parts, 0), "", _at(parts, 1)),
    "msub": lambda parts, _: _scripts(_at(parts, 0), _at(parts, 1), ""),
    "msubsup": lambda parts, _: _scripts(_at(parts, 0), _at(parts, 1), _at(parts, 2)),
    "munder": lambda parts, _: _scripts(_at(parts, 0), _at(parts, 1), ""),
    "mover": _over,
    "munderover": lambda parts, _: _scripts(_at(parts, 0), _at(parts, 1), _at(parts, 2)) + " ",
    "mmultiscripts": _multiscripts,
    "mfenced": _fenced,
    "mtable": _table,
    "semantics": lambda parts, _: _at(parts, 0),
}
