"""Parses HTML into a tree of elements in linear time, with a limit on depth.

Comments, and attributes of an element beyond the first two hundred, are left out.
"""

from __future__ import annotations

import re

from lxml import etree
from lxml import html as parser

from qa.errors import UnreadableFile
from qa.reading.decode import decode

_XML_DECLARATION = re.compile(r"\A(?:\s*+<\?xml[^>]*+>)++")  # with or without its end
_GIVEN_UP = ("ERR_RESOURCE_LIMIT", "ERR_INTERNAL_ERROR", "ERR_NO_MEMORY")
_LABEL_BYTES = 2048
_COMMENT = re.compile(rb"<!--(?:[^-]|-(?!->))*+(?:-->)?")
_XML_LABEL = re.compile(rb"\s*+<\?xml[^>]{0,100}encoding\s*+=\s*+[\"']([A-Za-z0-9_-]+)")
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*+=\s*+[\"']?+\s*+([A-Za-z0-9_-]+)", re.IGNORECASE)
_DEEPEST = 256  # nested elements; browsers stop at 512, and real pages have far fewer
_MOST_ATTRIBUTES = 200  # of one element; the parser compares each with all previous ones
# Comments, elements without markup, and tags with their quoted values. No character is scanned twice.
_MARKUP = re.compile(
    r"<!--(?:[^-]|-(?!->))*+"
    r"|<(script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext)\b[^<]*+(?:<(?!/\1)[^<]*+)*+"
    r"|(<[a-z](?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)",
    re.IGNORECASE,
)
_FEW_ATTRIBUTES = re.compile(
    rf"<[^\s/]*+(?:[\s=>\"'/]*+[^\s=>\"'/]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"']*+))?+){{0,{_MOST_ATTRIBUTES}}}+"
)


def parse_html(data: bytes) -> tuple[etree._Element | None, str | None]:
    """The elements of a page, None if there are none, and a note on a guessed encoding.

    Raises:
        UnreadableFile: it is not text, is nested too deeply, or the parser failed for another reason, given in the
            message.
    """
    head = _COMMENT.sub(b"", data[:_LABEL_BYTES])
    label = _DECLARED.search(head) or _XML_LABEL.match(head)
    decoded = decode(data, label[1].decode("ascii") if label else None)
    return tree_of(_XML_DECLARATION.sub("", decoded.text)), decoded.guess


def tree_of(text: str) -> etree._Element | None:
    """The elements of a page's text, or None if there are none.

    Raises:
        UnreadableFile: as `parse_html`.
    """
    if not text.strip():
        return None
    # Without `huge_tree` the parser refuses a text, script or style of 10 MB; our own limit replaces its limit on
    # depth.
    reader = parser.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = parser.document_fromstring(_MARKUP.sub(_with_few_attributes, text), parser=reader)
    except etree.ParserError:
        return None
    for error in reader.error_log:
        if error.type_name in _GIVEN_UP and "depth" not in error.message:
            raise UnreadableFile(f"cannot be read whole ({error.message})")
    if _depth(tree) > _DEEPEST:
        raise UnreadableFile("is nested too deeply to read")
    return tree


def words_of(element: etree._Element) -> str:
    """All text in an element, in one line."""
    return " ".join("".join(element.itertext()).split())


def _depth(tree: etree._Element) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _with_few_attributes(markup: re.Match[str]) -> str:
    """A tag without attributes beyond the maximum; other markup unchanged."""
    tag = markup[2]
    few = _FEW_ATTRIBUTES.match(tag) if tag and len(tag) >= 2 * _MOST_ATTRIBUTES else None
    return few[0] if few else markup[0]
