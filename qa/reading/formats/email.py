"""Reads messages as drafts: the subject as title, the lines of the head that mail programs show, and the body.

Of a message in several forms the plain text is read, else HTML; then its further texts. Attachments that are documents
are read by themselves (`qa.containers`), others are counted among what was left out. A mailbox (MBOX) is its messages
in their order; a block's page is then the number of its message.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from qa.containers.messages import attached, mailbox_messages, parsed_message
from qa.errors import UnreadableFile
from qa.reading.decode import clean, clean_line, decode
from qa.reading.draft import Draft, Read, as_part
from qa.reading.formats.html import read_html
from qa.reading.formats.plain_text import read_plain
from qa.reading.left_out import LeftOut
from qa.records import BlockKind
from qa.text.document_names import safe_name
from qa.text.readable_types import why_not_read

_SHOWN = ("From", "To", "Cc", "Date")
_FORMS = ("plain", "html")  # of a message's text, the first one preferred


def read_message(data: bytes) -> Read:
    """Read one message as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is no message, or one without text.
    """
    left_out = LeftOut()
    message = parsed_message(data)
    drafts = list(_drafts(message, left_out))
    if not drafts:
        raise UnreadableFile("is no message: it has neither subject nor text")
    own = {"title": _header(message, "Subject"), "author": _name(_header(message, "From")), "date": _day(message)}
    return Read(drafts, {name: value for name, value in own.items() if value}, left_out.told())


def read_mailbox(data: bytes) -> Read:
    """Turn a mailbox into drafts.

    Raises:
        UnreadableFile: it holds no message.
    """
    left_out = LeftOut()
    drafts: list[Draft] = []
    for number, message in enumerate(mailbox_messages(data), 1):
        drafts += (replace(as_part(draft), page=number) for draft in _drafts(message, left_out))
    if not drafts:
        raise UnreadableFile('is no mailbox: no line begins a message with "From "')
    return Read(drafts, {}, left_out.told())


def _drafts(message: EmailMessage, left_out: LeftOut) -> Iterator[Draft]:
    if subject := _header(message, "Subject"):
        yield Draft(BlockKind.TITLE, subject, level=1)
    lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    texts = [_content(part) for part in _texts(message)] or [("", b"")]
    for place, text in enumerate(texts):
        yield from body_drafts([] if place else lines, *text)
    for name, part in attached(message):
        if not is_document(name):
            left_out.add("picture" if part.get_content_maintype() == "image" else "attachment")


def is_document(name: str) -> bool:
    """Whether an attachment of this name is read as a document by itself, or as an archive of such."""
    return why_not_read(safe_name(name) or "") is None


def _texts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The body of a message, and the texts that stand beside it, in their order.

    Programs divide a text at the pictures that stand in it, and lists of recipients add a part of their own.
    """
    body = message.get_body(preferencelist=_FORMS)
    files = {id(part) for _, part in attached(message)}

    def texts(part: EmailMessage) -> Iterator[EmailMessage]:
        if part is body:
            yield part
        elif part.get_content_type() in ("multipart/alternative", "multipart/related"):
            preferred = part.get_body(preferencelist=_FORMS)
            if isinstance(preferred, EmailMessage):
                yield preferred
        elif part.is_multipart() and part.get_content_maintype() != "message":
            for inner in part.get_payload():
                if isinstance(inner, EmailMessage):
                    yield from texts(inner)
        elif id(part) not in files and part.get_content_type() in ("text/plain", "text/html"):
            yield part

    yield from texts(message)


def body_drafts(lines: list[str], text: str, page: bytes) -> Iterator[Draft]:
    """The head of a message as lines, then its body: text, or else a page."""
    if lines:
        yield Draft(BlockKind.PARAGRAPH, "\n".join(lines))
    inside: list[Draft] = []
    if text.strip():
        inside = read_plain(text)
    elif page:
        with suppress(UnreadableFile):
            inside = read_html(page).drafts
    yield from map(as_part, inside)


def _content(part: EmailMessage) -> tuple[str, bytes]:
    """A part's text, or the page that it is."""
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = data.decode(charset)
    except (LookupError, ValueError):
        text = decode(data).text if data else ""
    return (
        (clean(text), b"") if part.get_content_type() == "text/plain" else ("", codecs.BOM_UTF8 + text.encode())
    )  # whatever the page says


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = str(message.get(name, ""))
    except (ValueError, LookupError, AttributeError, TypeError):  # of a head that is no proper one
        return ""
    return clean_line(value)


def _name(sender: str) -> str:
    name, address = parseaddr(sender)
    return name or address


def _day(message: EmailMessage) -> str | None:
    with suppress(ValueError, TypeError, IndexError):
        return parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    return None
