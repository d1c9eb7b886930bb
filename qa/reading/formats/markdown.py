"""Reads Markdown as drafts: CommonMark with tables, strikethrough and footnotes, by conversion to HTML.

HTML in it is markup: the resulting page is read like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.html_inline import html_inline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from qa.reading.draft import Draft, Read
from qa.reading.formats.front_matter import front_matter
from qa.reading.formats.html import TAG, embedded_in, page_drafts
from qa.reading.formats.html_tree import tree_of
from qa.reading.markdown_dialects import read_dialects
from qa.records import BlockKind

_DEEPEST_BRACKETS = 16
_BRACKET = re.compile(r"[\[\]]")
_WITHOUT_LINKS = MarkdownIt("commonmark").enable("strikethrough").disable(["link", "image"])
_UNCLOSED = {"<!--": "-->", "<?": "?>", "<![": "]]>"}


def read_markdown(text: str) -> Read:
    """Read a file as drafts, with the details in its front matter.

    Raises:
        UnreadableFile: the HTML in it is nested too deeply.
    """
    own, below = front_matter(text)
    tree = tree_of(_parser().render(below))
    drafts = [] if tree is None else list(page_drafts(tree))
    if drafts and drafts[0].kind is BlockKind.HEADING:
        drafts[0] = Draft(BlockKind.TITLE, drafts[0].text, level=1)
    return Read(drafts, own, embedded_in(tree))


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": True, "maxNesting": 50}).enable(["strikethrough", "table"])
    made.use(footnote_plugin).use(deflist_plugin)
    made.add_render_rule("footnote_caption", _note_number)
    made.inline.ruler.at("html_inline", _html_inline)
    read_dialects(made, TAG, "iframe")
    made.core.ruler.at("inline", _inline)
    return made


def _inline(state: StateCore) -> None:
    """The parser's rule, but without links in paragraphs with brackets nested deeper than in real links.

    For each bracket the parser scans all those inside it.
    """
    for token in state.tokens:
        if token.type == "inline":
            chosen = _WITHOUT_LINKS if _nests_deeply(token.content) else state.md
            token.children = token.children if token.children is not None else []
            chosen.inline.parse(token.content, chosen, state.env, token.children)


def _nests_deeply(paragraph: str) -> bool:
    depth = 0
    for bracket in _BRACKET.finditer(paragraph):
        depth = depth + 1 if bracket[0] == "[" else max(0, depth - 1)
        if depth > _DEEPEST_BRACKETS:
            return True
    return False


def _note_number(_: RendererHTML, tokens: Sequence[Token], place: int, __: OptionsDict, ___: EnvType) -> str:
    """A note's number, the same for all its references."""
    return f"[{tokens[place].meta['id'] + 1}]"


def _html_inline(state: StateInline, silent: bool) -> bool:
    """The parser's rule, but it searches only once for the missing end of a comment."""
    for opening, closing in _UNCLOSED.items():
        if state.src.startswith(opening, state.pos):
            missing = state.env.setdefault("unclosed", {})
            key = (id(state.src), opening)
            if state.pos >= missing.get(key, len(state.src)):
                return False
            if state.src.find(closing, state.pos) < 0:
                missing[key] = state.pos
                return False
    return html_inline(state, silent)
