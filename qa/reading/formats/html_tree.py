"""HTML to a tree of elements, in a time linear in the page and within a limit on depth.

Comments are left out, and so are the attributes of an element beyond the first two hundred.
"""

from __future__ import annotations

import re

from lxml import etree
from lxml import html as parser

from qa.errors import UnreadableFile
from qa.reading.decode import clean, decode

_XML_DECLARATION = re.compile(r"\A\s*+<\?xml[^>]{0,200}\?>")
_GIVEN_UP = ("ERR_RESOURCE_LIMIT", "ERR_INTERNAL_ERROR", "ERR_NO_MEMORY")
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*+=\s*+[\"']?+\s*+([A-Za-z0-9_-]+)", re.IGNORECASE)
_DEEPEST = 256  # elements within elements; browsers stop at 512, and no page written by hand or program comes near
_MOST_ATTRIBUTES = 200  # of one element; the parser compares each with all before it
# Comments, what holds no markup, and tags, each with its quoted values. Nothing is looked at twice.
_MARKUP = re.compile(
    r"<!--(?:[^-]|-(?!->))*+"
    r"|<(script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext)\b[^<]*+(?:<(?!/\1)[^<]*+)*+"
    r"|(<[a-z](?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"[^\s=>\"'/]+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"']*+))?+")


def parse_html(data: bytes) -> etree._Element | None:
    """The elements of a page, or None where there are none.

    Raises:
        UnreadableFile: it is no text, elements nest too deeply, or the parser gave up for another reason, which is
            named.
    """
    text = _XML_DECLARATION.sub("", _decoded(data))
    if not text.strip():
        return None
    # Without `huge_tree` the parser refuses a text, script or style of 10 MB; its limit on depth is replaced by ours.
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


def _depth(tree: etree._Element) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _with_few_attributes(markup: re.Match[str]) -> str:
    """A tag without the attributes beyond the most that are read; anything else as it is."""
    tag = markup[2]
    if tag is None or len(tag) < 2 * _MOST_ATTRIBUTES:
        return markup[0]
    start = re.match(r"<[^\s/]*+", tag)
    for number, attribute in enumerate(_ATTRIBUTE.finditer(tag, start.end() if start else 0)):
        if number == _MOST_ATTRIBUTES:
            return tag[: attribute.start()]
    return tag


def _decoded(data: bytes) -> str:
    declared = _DECLARED.search(data[:2048])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return clean(data.decode(declared[1].decode("ascii")))
        except (LookupError, UnicodeDecodeError):
            pass  # it says what it is not, as pages do
    return decode(data)
