"""Leaves the tags of site generators out of Markdown: `{% include %}` of Jekyll, `{{< ref >}}` of Hugo.

A reader of the site sees what they stand for. In code they are text, and so is `{{ name }}`, except in the address of a
link.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt, helpers
from markdown_it.rules_inline import StateInline

_TAGS = {"{{<": ">}}", "{{%": "%}}", "{%": "%}"}
_IN_ADDRESSES = _TAGS | {"{{": "}}"}
_LONGEST = 500  # characters of a tag


def leave_out_tags(parser: MarkdownIt, element: str) -> None:
    """Let a parser replace each tag by an empty element, and read links whose address has tags."""

    def tag(state: StateInline, silent: bool) -> bool:
        end = _end(state.src, state.pos, _TAGS)
        if not 0 <= end <= state.posMax:
            return False
        if not silent:
            state.push("html_inline", "", 0).content = f"<{element}></{element}>"
        state.pos = end
        return True

    parser.inline.ruler.after("text", "tag", tag)
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]
        parseLinkDestination=_destination,
        parseLinkLabel=helpers.parseLinkLabel,
        parseLinkTitle=helpers.parseLinkTitle,
    )


def _end(text: str, begin: int, tags: dict[str, str]) -> int:
    """The end of the tag that begins at a place of a text; -1 if there is none."""
    for opening, closing in tags.items():
        if text.startswith(opening, begin):
            found = text.find(closing, begin + len(opening), begin + _LONGEST)
            return found + len(closing) if found >= 0 else -1
    return -1


def _destination(text: str, begin: int, maximum: int) -> Any:
    """A link's address, empty if it has tags."""
    place, has_tags = begin, False
    while place < maximum and text[place] not in " \t\n()<>":
        end = _end(text, place, _IN_ADDRESSES)
        has_tags = has_tags or end >= 0
        place = max(end, place + 1)
    if has_tags and place <= maximum:
        return SimpleNamespace(ok=True, pos=place, str="")
    return helpers.parseLinkDestination(text, begin, maximum)
