"""Reads messages as drafts: the subject as title, the lines of the head that mail programs show, and the body.

Of a message in several forms the plain text is read, else HTML. Attachments are counted among what was left out. A
mailbox (MBOX) is its messages in their order; a block's page is then the number of its message.
"""

from __future__ import annotations

import codecs
import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from qa.errors import UnreadableFile
from qa.reading.decode import clean, clean_line, decode
from qa.reading.draft import Draft, Read, as_part
from qa.reading.formats.html import read_html
from qa.reading.formats.plain_text import read_plain
from qa.reading.left_out import LeftOut
from qa.records import BlockKind

_SHOWN = ("From", "To", "Cc", "Date")
_BEGINS = re.compile(rb"(?:^|(?<=\n\n)|(?<=\n\r\n))From (?:[^\n\d]|\d(?!\d{3}))*+\d[^\n]*+\n")
_QUOTED = re.compile(rb"(?m)^>(>*From )")


def read_message(data: bytes) -> Read:
    """Read one message as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is no message, or one without text.
    """
    left_out = LeftOut()
    message = _parsed(data)
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
    bounds = [found.span() for found in _BEGINS.finditer(data)]
    drafts: list[Draft] = []
    ends = [*(start for start, _ in bounds[1:]), len(data)]
    for number, ((_, start), end) in enumerate(zip(bounds, ends, strict=False), 1):
        message = _parsed(_QUOTED.sub(rb"\1", data[start:end]))
        drafts += (replace(as_part(draft), page=number) for draft in _drafts(message, left_out))
    if not drafts:
        raise UnreadableFile('is no mailbox: no line begins a message with "From "')
    return Read(drafts, {}, left_out.told())


def _parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _drafts(message: EmailMessage, left_out: LeftOut) -> Iterator[Draft]:
    if subject := _header(message, "Subject"):
        yield Draft(BlockKind.TITLE, subject, level=1)
    lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    body = message.get_body(preferencelist=("plain", "html"))
    yield from body_drafts(lines, *(_content(body) if isinstance(body, EmailMessage) else ("", b"")))
    for part in message.walk():
        if part is not body and not part.is_multipart() and isinstance(part, EmailMessage):
            kind = part.get_content_type()
            if part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
                left_out.add("picture" if kind.startswith("image/") else "attachment")


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
