"""Inline markup to what a reader sees: emphasis, escapes, links and entities resolve; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from qa.reading.decode import clean

_MARKUP = re.compile(r"[*_`\\\[\]&<!~]")
# The parser drops white space at line ends, and would take time over a line of megabytes.
_LONGEST_MARKED_UP_CHARS = 100_000
# The parser follows every "[" through all that are open inside it; no link's text nests so deep.
_DEEPEST_BRACKETS = 16
_BRACKET = re.compile(r"[\[\]]")


@dataclass(frozen=True, slots=True)
class Inline:
    """Resolved text. `lead` is the length of bold text that opens it; `dead_link`: it is all one link to nowhere."""

    text: str
    lead: int = 0
    dead_link: bool = False


@cache
def parser(*tables: str) -> MarkdownIt:
    """A parser of CommonMark with strikethrough, and tables where asked for, that takes a linear time over brackets.

    Raw HTML stays text: a file that shows "<tag>" means those characters.
    """
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 50}).enable(["strikethrough", *tables])
    made.core.ruler.at("inline", _parse_inline)
    return made


@cache
def _without_links() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable(["link", "image"])


def _parse_inline(state: StateCore) -> None:
    """The parser's own rule, but for paragraphs whose brackets nest deeper than a link's: those hold no links."""
    for token in state.tokens:
        if token.type == "inline":
            chosen = _without_links() if _nests_too_deeply(token.content) else state.md
            token.children = token.children if token.children is not None else []
            chosen.inline.parse(token.content, chosen, state.env, token.children)


def _nests_too_deeply(text: str) -> bool:
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] == "[" else max(0, depth - 1)
        if depth > _DEEPEST_BRACKETS:
            return True
    return False


def resolve(text: str) -> Inline:
    """Resolve CommonMark's inline markup in one paragraph."""
    if len(text) > _LONGEST_MARKED_UP_CHARS or not _MARKUP.search(text):
        return Inline(text)
    (token,) = parser().parseInline(text)
    return from_tokens(token.children or [])


def from_tokens(tokens: Sequence[Token]) -> Inline:
    """The same, from inline tokens that a block parser has made."""
    parts: list[str] = []
    bold = 0
    length = lead = 0
    targets: list[str] = []
    outside_links = 0
    in_link = False
    for token in tokens:
        piece = _text_of(token)
        if token.type == "strong_open":
            bold += 1
        elif token.type == "strong_close":
            bold -= 1
        elif token.type == "link_open":
            in_link = True
            targets.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            in_link = False
        if bold and lead == length:
            lead += len(piece)
        if not in_link:
            outside_links += len(piece.strip())
        parts.append(piece)
        length += len(piece)
    dead = len(targets) == 1 and outside_links == 0 and targets[0] in ("", "#")
    text = "".join(parts)
    # An entity may stand for a character that canonical text is free of, and markup may part a letter from its accent.
    return Inline(clean(text), len(clean(text[:lead])), dead)


def _text_of(token: Token) -> str:
    if token.type == "softbreak":
        return " "
    if token.type == "hardbreak":
        return "\n"
    if token.type == "image":
        return token.content  # the alternative text
    return token.content if token.type in ("text", "code_inline", "html_inline", "text_special") else ""
