"""Reads messages as drafts: the subject as title, the header fields that mail programs show, and the body.

If a message has several forms, the plain text is read, else HTML; then its further texts. Attachments that are
documents are read separately (`qa.containers`), others are counted as left out. The messages of a mailbox (MBOX) are
read in order; a block's page is then the number of its message.
"""

from __future__ import annotations

import codecs
import re
from base64 import b64decode
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from qa.containers.messages import attached, mailbox_messages, parsed_message
from qa.errors import UnreadableFile
from qa.reading.decode import clean_line, decode
from qa.reading.draft import Draft, Read, as_part
from qa.reading.formats.html import read_html
from qa.reading.formats.plain_text import read_plain
from qa.reading.formats.plain_text_furniture import is_prose
from qa.reading.left_out import LeftOut
from qa.records import BlockKind
from qa.text.document_names import safe_name
from qa.text.readable_types import why_not_read

_SHOWN = ("From", "To", "Cc", "Date")
_FORMS = ("plain", "html")  # forms of a message's text, by preference
PAGES = ("text/html", "application/xhtml+xml")
_WIDE = ("utf-7", "utf-16", "utf-32")  # not accepted as the label of a page's encoding
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_SOFT_BREAK = re.compile(r"(?<!^--) \n", re.MULTILINE)  # of flowed text with deleted blanks (RFC 3676)
_STUB_WORDS = 30  # of a plain text that only refers to the HTML form
_FULLER = 3  # times as many words in the HTML form


def read_message(data: bytes) -> Read:
    """Read one message as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is not a message, or has no text.
    """
    left_out = LeftOut()
    message = parsed_message(data)
    drafts = list(_drafts(message, left_out))
    if not drafts:
        raise UnreadableFile("is not a message: it has neither subject nor text")
    own = {"title": header(message, "Subject"), "author": _name(header(message, "From")), "date": _day(message)}
    return Read(drafts, own, left_out.told())


def read_mailbox(data: bytes) -> Read:
    """Read a mailbox as drafts.

    Raises:
        UnreadableFile: it holds no message.
    """
    left_out = LeftOut()
    drafts: list[Draft] = []
    for number, message in enumerate(mailbox_messages(data), 1):
        drafts += (replace(as_part(draft), page=number) for draft in _drafts(message, left_out))
    if not drafts:
        raise UnreadableFile('is not a mailbox: no line begins a message with "From "')
    return Read(drafts, {}, left_out.told())


def _drafts(message: EmailMessage, left_out: LeftOut) -> Iterator[Draft]:
    if subject := header(message, "Subject"):
        yield Draft(BlockKind.TITLE, subject, level=1)
    lines = [f"{name}: {value}" for name in _SHOWN if (value := header(message, name))]
    body, page = message.get_body(preferencelist=_FORMS), message.get_body(preferencelist=("html",))
    files = {id(part) for _, part in attached(message)}
    parts = (_fuller(part, page) if part is body else part for part in _texts(message, body, files))
    texts = [content_of(part) for part in parts] or [("", b"")]
    for place, text in enumerate(texts):
        yield from body_drafts([] if place else lines, *text)
    for name, part in attached(message):
        if not is_document(name):
            left_out.add("picture" if part.get_content_maintype() == "image" else "attachment")


def is_document(name: str) -> bool:
    """Whether an attachment with this name is read as a separate document or as an archive of documents."""
    return why_not_read(safe_name(name) or "") is None


def _texts(part: EmailMessage, body: object, files: Collection[int]) -> Iterator[EmailMessage]:
    """The body of a message and its further text parts that are no files, in order.

    Mail programs split a text at its pictures, and mailing lists add a part.
    """
    if part is body:
        yield part
    elif part.get_content_type() in ("multipart/alternative", "multipart/related"):
        preferred = part.get_body(preferencelist=_FORMS)
        if isinstance(preferred, EmailMessage):
            yield preferred
    elif part.is_multipart() and part.get_content_maintype() != "message":
        for inner in part.get_payload():
            if isinstance(inner, EmailMessage):
                yield from _texts(inner, body, files)
    elif id(part) not in files and part.get_content_type() in ("text/plain", "text/html"):
        yield part


def _fuller(part: EmailMessage, page: object) -> EmailMessage:
    """The HTML form if the plain text is empty or only refers to it; else the plain text."""
    if not isinstance(page, EmailMessage) or page is part:
        return part
    words = len(content_of(part)[0].split())
    if words >= _STUB_WORDS:
        return part
    inside = list(body_drafts([], *content_of(page)))
    return page if sum(len(draft.text.split()) for draft in inside) >= max(1, _FULLER * words) else part


def body_drafts(lines: list[str], text: str, page: bytes) -> Iterator[Draft]:
    """The header lines of a message, then its body: plain text, or else HTML."""
    if lines:
        yield Draft(BlockKind.PARAGRAPH, "\n".join(lines))
    inside: list[Draft] = []
    if text.strip():
        inside = list(_plain_drafts(text))
    elif page:
        with suppress(UnreadableFile):
            inside = read_html(page).drafts
    yield from map(as_part, inside)


def _plain_drafts(text: str) -> Iterator[Draft]:
    """A plain text's drafts; the greeting and the lines of the signature, after all sentences, are no headings."""
    signature = True
    drafts: list[Draft] = []
    for draft in reversed(read_plain(text)):
        is_heading = draft.kind is BlockKind.HEADING
        signature = signature and (is_heading or not (draft.kind is BlockKind.LIST_ITEM or is_prose(draft.text)))
        no_heading = draft.kind is BlockKind.TITLE or (is_heading and signature)
        drafts.append(replace(draft, kind=BlockKind.PARAGRAPH, level=0) if no_heading else draft)
    return reversed(drafts)


def content_of(part: EmailMessage) -> tuple[str, bytes]:
    """A part as text or, if it is a page, as HTML; the other is empty."""
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    if (part.get("Content-Transfer-Encoding") or "").strip().lower() == "base64":
        data = _mended(part, data)
    charset = (part.get_content_charset() or "").lower()
    if charset.startswith(_WIDE):
        data = data.decode(charset, "replace").encode()
    if part.get_content_type() in PAGES and not charset:
        return "", data
    text = decode(data, charset).text if data else ""
    if part.get_content_type() in PAGES:
        return "", codecs.BOM_UTF8 + text.encode()  # takes precedence over the page's label
    if str(part.get_param("delsp")).lower() == "yes":
        text = _SOFT_BREAK.sub("", text)
    return text, b""


def _mended(part: EmailMessage, data: bytes) -> bytes:
    """Decoded Base64, as far as possible if it is truncated or has invalid characters."""
    given = str(part.get_payload())
    if data.strip() != given.strip().encode("ascii", "replace"):
        return data
    digits = _NO_BASE64.sub("", given)
    return b64decode(digits[: len(digits) // 4 * 4]) if digits else data


def header(message: EmailMessage, name: str) -> str:
    """A header field as one line; empty if it is missing or malformed."""
    try:
        value = str(message.get(name, ""))
    except (ValueError, LookupError, AttributeError, TypeError):  # of a malformed header
        return ""
    return clean_line(value)


def _name(sender: str) -> str:
    name, address = parseaddr(sender)
    return name or address


def _day(message: EmailMessage) -> str:
    with suppress(ValueError, TypeError, IndexError):
        return parsedate_to_datetime(header(message, "Date")).date().isoformat()
    return ""
