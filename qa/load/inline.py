"""Inline markup to what a reader sees: emphasis, escapes, links and entities resolve; everything else stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from qa.load.decode import clean

_MARKUP = re.compile(r"[*_`\\\[\]&<!~]")
# The parser drops white space at line ends, and would take time over a line of megabytes.
_LONGEST_MARKED_UP_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Inline:
    """Resolved text. `lead` is the length of bold text that opens it; `dead_link`: it is all one link to nowhere."""

    text: str
    lead: int = 0
    dead_link: bool = False


@cache
def _parser() -> MarkdownIt:
    # Raw HTML stays text: a plain file that shows "<tag>" means those characters.
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


def resolve(text: str) -> Inline:
    """Resolve CommonMark's inline markup in one paragraph."""
    if len(text) > _LONGEST_MARKED_UP_CHARS or not _MARKUP.search(text):
        return Inline(text)
    (token,) = _parser().parseInline(text)
    return from_tokens(token.children or [])


def from_tokens(tokens: list[Token]) -> Inline:
    """The same, from inline tokens that a block parser has made."""
    parts: list[str] = []
    bold = 0
    lead = 0
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
        if bold and lead == sum(map(len, parts)):
            lead += len(piece)
        if not in_link:
            outside_links += len(piece.strip())
        parts.append(piece)
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
