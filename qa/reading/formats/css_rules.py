"""Reads the rules of style sheets for the properties that determine whether and how text is shown.

Selectors of tags, classes, ids, attributes, positions among siblings and `:not`, joined by blanks, `>`, `+` and `~`,
are supported (Selectors Level 4). Rules for a screen of 1280 by 720 pixels are read (Media Queries Level 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?|<!--|-->")
_BRACE = re.compile(r"[{}]")
_SHOWN = (
    "display|visibility|content-visibility|opacity|position|clip|clip-path|left|top|width|height|max-width|max-height"
    "|margin-left|margin-top|overflow|overflow-[xy]|padding|padding-top|padding-bottom|font-size|text-indent"
    "|vertical-align|list-style|list-style-type|animation|animation-name|transition|transition-property|transform"
    "|text-decoration(?:-line)?+(?=\\s*+:[^;]{0,60}?line-through)"
)
_PAINTED = (
    "color|background|background-color|background-image|text-shadow|-webkit-text-stroke|mix-blend-mode|filter|margin"
    "|margin-bottom|margin-right|grid-area"
)
# The names and values of properties that determine whether and how text is shown, and of these and those of colours.
SHOWN, PAINTED = (
    re.compile(rf"(?:^|;)\s*+({names})\s*+:\s*+([^;]{{1,80}})") for names in (_SHOWN, f"{_SHOWN}|{_PAINTED}")
)
_PARTS = re.compile(
    r"(?P<name>[.#]?-?[A-Za-z_][\w-]*|\*)|\[\s*(?P<attribute>[\w-]+)\s*(?:(?P<sign>[~^$*|]?=)\s*[\"']?"
    r"(?P<value>[^\"'\]]*?)[\"']?\s*[is]?\s*)?\]|(?P<pseudo>::?[a-z-]+)(?:\((?P<inside>[^()]*(?:\([^()]*\))?[^()]*)\))?",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s*([>+~])\s*|\s+")
_PIECE = re.compile(r"[(),]|[^(),]+")
_COUNTED = re.compile(r"([+-]?\d*)n([+-]\d+)?|([+-]?\d+)")
_PLACES = {"first-child": "1", "first-of-type": "1", "last-child": "1", "last-of-type": "1", "nth-child": "",
           "nth-of-type": "", "nth-last-child": "", "nth-last-of-type": ""}  # fmt: skip
_FEATURE = re.compile(r"\(\s*(min-|max-)?(width|height)\s*(:|<=|>=|<|>)\s*([\d.]+)(px|em|rem)?\s*\)")
_SCREEN = {"width": 1280.0, "height": 720.0}
_EM_PIXELS = 16
_MOST_RULES = 1500  # rules for these properties; real pages have fewer
_MOST_PARTS = 8

Declarations = dict[str, tuple[str, bool]]  # by property: its value, and whether it is important


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound selector: tag, classes and id (".a", "#b"), attributes, position, and excluded compounds."""

    tag: str = ""
    names: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str, str], ...] = ()
    places: tuple[tuple[str, int, int], ...] = ()
    others: tuple[Compound, ...] = ()


@dataclass(slots=True)
class Rule:
    """A selector and its declarations.

    Attributes:
        compounds: From left to right.
        joints: The combinator between each compound and the previous one: " ", ">", "+" or "~".
        state: Whether it applies only after an action, such as a click.
        weight: Its specificity and position; the rule with the greatest takes precedence.
        declared: By property, its value and whether it is important.
    """

    compounds: tuple[Compound, ...]
    joints: tuple[str, ...]
    state: bool
    weight: tuple[int, int]
    declared: Declarations = field(default_factory=dict)


def declarations(text: str, properties: re.Pattern[str]) -> Declarations:
    """The declarations in a rule's body or a `style` attribute for the properties of a pattern."""
    found: Declarations = {}
    for name, value in properties.findall(text.lower()):
        plain, _, important = value.partition("!")
        if not found.get(name, ("", False))[1] or important:
            found[name] = plain.strip(), "important" in important
    return found


def rules_of(blocks: Iterable[tuple[str, str]], properties: re.Pattern[str]) -> tuple[Rule, ...]:
    """The rules of some `blocks_of` for some properties; for equal selectors the later declarations take precedence."""
    found: dict[str, Rule] = {}
    for order, (selectors, body) in enumerate(blocks):
        if not (declared := declarations(body, properties)):
            continue
        for selector in selectors.split(",") if "(" not in selectors else _divided(selectors):
            text = selector.strip()
            rule = found.get(text) or _rule(text)
            if rule is None or len(found) >= _MOST_RULES:
                continue
            rule.weight = rule.weight[0], order
            rule.declared |= {
                name: said for name, said in declared.items() if said[1] or not rule.declared.get(name, said)[1]
            }
            found[text] = rule
    return tuple(found.values())


def holds_on_screen(queries: str) -> bool:
    """Whether a list of media queries matches a usual screen."""
    return any(_holds(query.strip()) for query in queries.lower().split(",")) or not queries.strip()


def _holds(query: str) -> bool:
    words = [word.strip() for word in re.split(r"\band\b", query.removeprefix("only "))]
    if words[0].startswith("not "):
        return not _holds(query[4:])
    return all(word in ("screen", "all", "(orientation: landscape)") or _fits_screen(word) for word in words)


def _fits_screen(feature: str) -> bool:
    found = _FEATURE.fullmatch(feature)
    if found is None:
        return False
    bound, side, sign, number, unit = found.groups()
    try:
        limit = float(number) * (1 if unit == "px" else _EM_PIXELS)
    except ValueError:
        return False
    least = bound == "min-" or sign.startswith(">")
    return _SCREEN[side] >= limit if least else _SCREEN[side] <= limit


def blocks_of(sheet: str) -> Iterator[tuple[str, str]]:
    """The selectors and declarations of a sheet's rules for the screen."""
    within: list[tuple[bool, str]] = []  # of each open brace: whether its content is read, and the text before it
    sheet, end = _COMMENT.sub(" ", sheet), 0
    for brace in _BRACE.finditer(sheet):
        text = sheet[end : brace.start()].strip()
        end = brace.end()
        read = within[-1][0] if within else True
        if brace[0] == "{":
            text = text.rsplit(";", 1)[-1].strip()
            within.append((read and (not text.startswith("@") or _is_read(text)), text))
        elif within:
            inside, before = within.pop()
            if inside and text and not before.startswith("@"):
                yield before, text


def _is_read(at_rule: str) -> bool:
    name = at_rule.partition(" ")[0]
    return name in ("@supports", "@layer") or (name.startswith("@media") and holds_on_screen(at_rule[6:]))


def _divided(selectors: str) -> list[str]:
    """Selectors split at commas outside brackets."""
    parts, depth = [""], 0
    for piece in _PIECE.findall(selectors):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _rule(selector: str) -> Rule | None:
    if "::" in selector or len(selector) > 400:  # a pseudo-element
        return None
    joints, parts, end = [], [], 0
    for joint in _JOINT.finditer(selector):
        if selector.count("(", 0, joint.start()) == selector.count(")", 0, joint.start()):
            parts.append(selector[end : joint.start()])
            joints.append(joint[1] or " ")
            end = joint.end()
    compounds = [_compound(part) for part in (*parts, selector[end:])]
    if len(compounds) > _MOST_PARTS or any(each is None for each in compounds):
        return None
    read = [each for each in compounds if each is not None]
    specificity = sum(100 * sum(name[0] == "#" for name in each.names) for each, _ in read)
    specificity += sum(len(each.attributes) + len(each.places) for each, _ in read)
    specificity += sum(sum(name[0] == "." for name in one.names) for each, _ in read for one in (each, *each.others))
    tags = sum(each.tag not in ("", "*") for each, _ in read)
    return Rule(
        tuple(each for each, _ in read), tuple(joints), any(state for _, state in read), (1000 * specificity + tags, 0)
    )


def _compound(text: str) -> tuple[Compound, bool] | None:
    """A compound selector, and whether it applies only in some state; None if it cannot be parsed."""
    tag, names, state, end = "", set(), False, 0
    attributes, places, others = [], [], []
    for part in _PARTS.finditer(text):
        if part.start() != end:
            return None
        end = part.end()
        if (name := part["name"]) is not None:
            if name[0] in ".#":
                names.add(name)
            else:
                tag = name.lower()
        elif part["attribute"]:
            attributes.append((part["attribute"].lower(), part["sign"] or "", part["value"] or ""))
        elif (kind := part["pseudo"].lstrip(":").lower()) in _PLACES:
            counted = _counted((part["inside"] or _PLACES[kind]).strip().lower())
            places.append((kind, *counted))
        elif kind == "not" and part["inside"]:
            inside = [_compound(each.strip()) for each in part["inside"].split(",")]
            state = state or any(each is None or each[1] for each in inside)
            others += [each[0] for each in inside if each is not None]
        elif kind != "root":
            state = True
    if end != len(text) or not text:
        return None
    return Compound(tag, frozenset(names), tuple(attributes), tuple(places), tuple(others)), state


def _counted(text: str) -> tuple[int, int]:
    """The step and the offset of `an+b`."""
    if text in ("odd", "even"):
        return 2, int(text == "odd")
    found = _COUNTED.fullmatch(text.replace(" ", ""))
    if found is None:
        return 0, -1  # none
    step, offset, alone = found.groups()
    if alone:
        return 0, int(alone)
    return int(step + "1") if step in ("", "+", "-") else int(step), int(offset or 0)


def names_of(element: etree._Element) -> frozenset[str]:
    """An element's classes and id, as selectors write them."""
    classes, own = element.get("class"), element.get("id")
    if not classes and not own:
        return frozenset()
    return frozenset([*(f".{name}" for name in (classes or "").split()), *([f"#{own.strip()}"] if own else [])])
