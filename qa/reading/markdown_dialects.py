"""Reads what Obsidian, MkDocs, Docusaurus, kramdown and GitHub add to CommonMark, as their readers see it.

Titles of notes and tabs are paragraphs, and what is indented below them is Markdown. Links to pages are their text. The
marks of highlighted text, attributes, comments, imports and places for tables of contents are left out.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
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
_MARKS = {
    "[": re.compile(r"\[\[(?=[^\[\]\n]*[^\W\d])(?! )(?:[^\[\]\n|]*\|)?([^\[\]\n|]+)\]\](?![(\[])"),
    "!": re.compile(r"!\[\[[^\[\]\n]+\]\]"),
    "=": re.compile(r"(?<![\w=])==(?![\s=])((?:[^=\n]|=(?!=))+)(?<!\s)==(?![\w=])"),
    "%": re.compile(r"(?<!\S)%%[^%]+%%"),
    "{": re.compile(
        rf"\{{/\*(?:[^*]|\*(?!/)){{0,1000}}+\*/\}}|(?<=[)\]`]){_ATTRIBUTES}|{_ATTRIBUTES}(?=[ \t]*$)", re.MULTILINE
    ),
}


def read_dialects(parser: MarkdownIt, element: str) -> None:
    """Let a parser read the additions, with an empty element for each file that is shown inside the text."""

    def mark(state: StateInline, silent: bool) -> bool:
        pattern = _MARKS.get(state.src[state.pos])
        found = pattern.match(state.src, state.pos, state.posMax) if pattern else None
        if found is None:
            return False
        if not silent and found[0][0] == "!":
            state.push("html_inline", "", 0).content = f"<{element}></{element}>"
        if not silent and found.re.groups:
            last, state.pos, state.posMax = state.posMax, found.start(1), found.end(1)
            state.md.inline.tokenize(state)
            state.posMax = last
        state.pos = found.end()
        return True

    parser.inline.ruler.after("text", "mark", mark)
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "lead", _lead, {"alt": interrupted})


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
