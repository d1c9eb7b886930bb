"""Limits the depth of brackets for a Markdown parser, so that its time is linear in their number."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

# For every "[" the parser scans all brackets nested in it; real link texts have fewer levels.
_DEEPEST_BRACKETS = 16
_BRACKET = re.compile(r"[\[\]]")


def limit_brackets(parser: MarkdownIt) -> None:
    """Disable links in paragraphs with brackets nested deeper than in real links."""
    without_links = MarkdownIt("commonmark").enable("strikethrough").disable(["link", "image"])

    def parse_inline(state: StateCore) -> None:
        for token in state.tokens:
            if token.type == "inline":
                chosen = without_links if _nests_too_deeply(token.content) else state.md
                token.children = token.children if token.children is not None else []
                chosen.inline.parse(token.content, chosen, state.env, token.children)

    parser.core.ruler.at("inline", parse_inline)


def _nests_too_deeply(text: str) -> bool:
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] == "[" else max(0, depth - 1)
        if depth > _DEEPEST_BRACKETS:
            return True
    return False
