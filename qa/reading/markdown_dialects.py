"""Reads what site generators and editors add to CommonMark, as the readers of the site or the notes see it.

Titles of notes and tabs are paragraphs, and what is indented below them is Markdown. Links to pages are their text. The
marks of highlighted text, attributes, comments, imports and places for tables of contents are left out. So are the tags
of Jekyll and Hugo, `{% include %}` and `{{< ref >}}`; in code they are text, and so is `{{ name }}`, except in the
address of a link.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt, helpers
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_INDENTED = re.compile(r'(?:!!!|\?\?\?\+?|===[!+]*)[ \t]+(?=\S)(?P<kind>[\w-]*)[\w \t-]*(?:"(?P<title>.*)")?[ \t]*')
_FENCE = re.compile(r":{3,}[ \t]*[\w-]*(?![^\s\[{])(?:\{[^{}]*\})?(?P<title>.*)")
_CALLOUT = re.compile(r"\[!(?P<kind>[\w-]+)(?:\|[^\]]*)?\][+-]?[ \t]*(?P<title>\S.*)?")
_UNSEEN = re.compile(
    r"\[TOC\]|\[\[_?TOC_?\]\]|import\s[^'\"]*['\"][^'\"]+['\"];?\s*|export\s+(?:const|default|let|function)\b.*",
    re.IGNORECASE,
)
_INDENT = 4

_VALUE = r"(?:[#.][\w-]+|[\w-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'{}]+))"
_ATTRIBUTES = rf"\{{(?::[^{{}}\n]*|[ ]*{_VALUE}(?:[ ]+{_VALUE})*+[ ]*)\}}"
_TAG = r"\{%(?:[^%]|%(?!\})){0,500}%\}|\{\{<(?:[^>]|>(?!\}\})){0,500}>\}\}|\{\{%(?:[^%]|%(?!\}\})){0,500}%\}\}"
_IN_ADDRESS = re.compile(rf"{_TAG}|\{{\{{(?:[^}}]|\}}(?!\}})){{0,500}}\}}\}}")
_MARKS = {
    "[": re.compile(r"\[\[(?=[^\[\]\n]*[^\W\d])(?! )(?:[^\[\]\n|]*\|)?([^\[\]\n|]+)\]\](?![(\[])"),
    "!": re.compile(r"!\[\[[^\[\]\n]+\]\]"),
    "=": re.compile(r"(?<![\w=])==(?![\s=])((?:[^=\n]|=(?!=))+)(?<!\s)==(?![\w=])"),
    "%": re.compile(r"(?<!\S)%%[^%]+%%"),
    "{": re.compile(
        rf"(?P<tag>{_TAG})|\{{/\*(?:[^*]|\*(?!/)){{0,1000}}+\*/\}}"
        rf"|(?<=[)\]`]){_ATTRIBUTES}|{_ATTRIBUTES}(?=[ \t]*$)",
        re.MULTILINE,
    ),
}


def read_dialects(parser: MarkdownIt, tag: str, page: str) -> None:
    """Let a parser read the additions.

    Args:
        parser: The parser.
        tag: The name of the empty element that replaces a tag.
        page: That of the one that replaces a file which is shown inside the text.
    """

    def mark(state: StateInline, silent: bool) -> bool:
        pattern = _MARKS.get(state.src[state.pos])
        found = pattern.match(state.src, state.pos, state.posMax) if pattern else None
        if found is None:
            return False
        if not silent and (found[0][0] == "!" or found.lastgroup == "tag"):
            element = tag if found.lastgroup else page
            state.push("html_inline", "", 0).content = f"<{element}></{element}>"
        elif not silent and found.lastindex:
            last, state.pos, state.posMax = state.posMax, found.start(1), found.end(1)
            state.md.inline.tokenize(state)
            state.posMax = last
        state.pos = found.end()
        return True

    parser.inline.ruler.after("text", "mark", mark)
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "lead", _lead, {"alt": interrupted})
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]
        parseLinkDestination=_destination,
        parseLinkLabel=helpers.parseLinkLabel,
        parseLinkTitle=helpers.parseLinkTitle,
    )


def _destination(text: str, begin: int, maximum: int) -> Any:
    """A link's address, empty if it has tags."""
    place, has_tags = begin, False
    while place < maximum and text[place] not in " \t\n()<>":
        found = _IN_ADDRESS.match(text, place)
        has_tags = has_tags or found is not None
        place = found.end() if found else place + 1
    if has_tags and place <= maximum:
        return SimpleNamespace(ok=True, pos=place, str="")
    return helpers.parseLinkDestination(text, begin, maximum)


def _lead(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a line that begins a note or a tab, ends one, or is not shown."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    found = _INDENTED.fullmatch(line) or _FENCE.fullmatch(line) or _UNSEEN.fullmatch(line)
    if found is None and state.parentType == "blockquote":
        found = _CALLOUT.fullmatch(line)
    if found is None or state.is_code_block(start):
        return False
    if not silent:
        _write(state, start, end, found)
    return True


def _write(state: StateBlock, start: int, end: int, found: re.Match[str]) -> None:
    names: dict[str, str | None] = found.groupdict()
    title = names.get("title")
    title = (names.get("kind") or "").title() if title is None else title.strip("[] \t")
    if title:
        state.push("paragraph_open", "p", 1)
        inline = state.push("inline", "", 0)
        inline.content, inline.children, inline.map = title, [], [start, start + 1]
        state.push("paragraph_close", "p", -1)
    state.line = below = start + 1
    if found.re is _INDENTED:
        indent = state.blkIndent
        while below < end and (state.isEmpty(below) or state.sCount[below] >= indent + _INDENT):
            below += 1
        last, state.lineMax, state.blkIndent = state.lineMax, below, indent + _INDENT
        state.level += 1
        state.md.block.tokenize(state, start + 1, below)
        state.level -= 1
        state.lineMax, state.blkIndent, state.line = last, indent, below
