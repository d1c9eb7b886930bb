"""Markdown to drafts, by CommonMark's grammar with tables and front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.token import Token

from qa.reading.draft import Draft
from qa.reading.inline_markup import Inline, from_tokens, parser
from qa.records import BlockKind

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_LINE = re.compile(r"([A-Za-z_][\w-]*+)[ \t]*+:")
_LONGEST_RUN_IN_CHARS = 90


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """Split a leading block of `name: value` lines between `---` lines from the text.

    Returns:
        The plain string values by lower-case name, and the text below. Nested values are left out.
    """
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    values = {}
    for line in match[1].split("\n"):
        pair = _FRONT_LINE.match(line)
        value = line[pair.end() :].strip(" \t") if pair else ""
        if pair and value:
            values[pair[1].lower()] = value.strip("\"'")
    return values, text[match.end() :]


def read_markdown(text: str) -> list[Draft]:
    """Turn Markdown into drafts."""
    tokens = parser("table").parse(text)
    drafts = list(_Reader().read(tokens))
    if drafts and drafts[0].kind is BlockKind.HEADING:
        drafts[0] = Draft(BlockKind.TITLE, drafts[0].text, level=1)
    return drafts


class _Reader:
    """Follows the token stream: which list, table or heading is open decides what an inline token is."""

    def __init__(self) -> None:
        self._lists: list[int | None] = []  # for each open list, the number of its next item, or None for bullets
        self._marker = ""
        self._heading = 0
        self._in_cell = False
        self._row: list[str] = []
        self._table: list[str] = []

    def read(self, tokens: list[Token]) -> Iterator[Draft]:
        """Turn a document's tokens into drafts."""
        for token in tokens:
            if token.type == "inline":
                yield from self._inline(from_tokens(token.children or []))
            elif token.type in ("fence", "code_block"):
                yield Draft(BlockKind.CODE, token.content.strip("\n"))
            elif token.type == "table_close":
                yield Draft(BlockKind.TABLE, "\n".join(self._table))
            elif token.nesting:
                self._open_or_close(token)

    def _open_or_close(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                number = self._lists[-1]
                self._marker = "- " if number is None else f"{number}. "
                self._lists[-1] = None if number is None else number + 1
            case "heading_open" | "heading_close":
                self._heading = int(token.tag[1]) if token.nesting > 0 else 0
            case "table_open":
                self._table = []
            case "tr_open":
                self._row = []
            case "tr_close":
                self._table.append(" | ".join(self._row))
            case "th_open" | "td_open" | "th_close" | "td_close":
                self._in_cell = token.nesting > 0

    def _inline(self, inline: Inline) -> Iterator[Draft]:
        if self._in_cell:
            self._row.append(inline.text)
        elif self._heading:
            yield Draft(BlockKind.HEADING, inline.text, level=max(2, self._heading))
        elif self._lists:
            kind = BlockKind.LIST_ITEM if self._marker else BlockKind.PARAGRAPH
            yield Draft(kind, self._marker + inline.text, tight=True)
            self._marker = ""
        elif inline.dead_link:
            yield Draft(BlockKind.BOILERPLATE, inline.text)
        else:
            run_in = inline.lead if inline.lead < min(len(inline.text), _LONGEST_RUN_IN_CHARS) else 0
            yield Draft(BlockKind.PARAGRAPH, inline.text, run_in=run_in)
