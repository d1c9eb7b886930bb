"""Parses messages (EML) and mailboxes (MBOX), and lists attachments as files."""

from __future__ import annotations

import codecs
import email
import email.policy
import mimetypes
import re
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

from qa.containers.entries import Entry

_BEGINS = re.compile(rb"(?:^|(?<=\n\n)|(?<=\n\r\n))From (?:[^\n\d]|\d(?!\d{3}))*+\d[^\n]*+\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_QUOTED = re.compile(rb"(?m)^>(>*From )")


def parsed_message(data: bytes) -> EmailMessage:
    """Parse a message; never fails: bytes that are not a message give an empty or short one."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if end := _HEAD_END.search(data):
        data = _as_utf8(data[: end.start()]) + data[end.start() :]
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _as_utf8(head: bytes) -> bytes:
    """The head of a message, whose letters beyond ASCII should be encoded but may be those of Windows."""
    try:
        head.decode()
    except UnicodeDecodeError:
        return head.decode("cp1252", "replace").encode()
    return head


def mailbox_messages(data: bytes) -> Iterator[EmailMessage]:
    """The messages of a mailbox, in order."""
    bounds = [found.span() for found in _BEGINS.finditer(data)]
    ends = [*(start for start, _ in bounds[1:]), len(data)]
    for (_, start), end in zip(bounds, ends, strict=False):
        yield parsed_message(_QUOTED.sub(rb"\1", data[start:end]))


def attached(message: EmailMessage) -> Iterator[tuple[str, EmailMessage]]:
    """The parts of a message that are files, each with its name; names of attached messages end in `.eml`."""
    body = message.get_body(preferencelist=("plain", "html"))
    for number, part in enumerate(_attached(message, body), 1):
        yield _name(part, number), part


def message_entries(file: BinaryIO) -> list[Entry]:
    """The attachments of a message."""
    return [Entry(name, partial(_load, part)) for name, part in attached(parsed_message(file.read()))]


def mailbox_entries(file: BinaryIO) -> list[Entry]:
    """The attachments of a mailbox's messages, each in a folder named by its message's number."""
    return [
        Entry(f"{number}/{name}", partial(_load, part))
        for number, message in enumerate(mailbox_messages(file.read()), 1)
        for name, part in attached(message)
    ]


def _attached(part: EmailMessage, body: object) -> Iterator[EmailMessage]:
    """The parts besides the body that are files, in order, without parts of attached messages."""
    if part.is_multipart() and part.get_content_maintype() != "message":
        for inner in part.get_payload():
            if isinstance(inner, EmailMessage):
                yield from _attached(inner, body)
        return
    is_text = part.get_content_type() in ("text/plain", "text/html")
    is_file = not is_text or part.get_content_disposition() == "attachment" or part.get_filename()
    if is_file and part is not body:
        yield part


def _name(part: EmailMessage, number: int) -> str:
    kind = part.get_content_type()
    try:
        given = " ".join(str(part.get_filename() or "").split())
        if not given and kind == "message/rfc822":
            given = " ".join(str(_inner(part).get("Subject", "")).split()).replace("/", "_")
    except (ValueError, LookupError, AttributeError, TypeError):  # malformed headers
        given = ""
    name = given or f"attachment {number}"
    ending = ".eml" if kind == "message/rfc822" else mimetypes.guess_extension(kind) or ""
    known = PurePosixPath(name).suffix and kind != "message/rfc822"
    return name if known or name.lower().endswith(ending) else name + ending


def _inner(part: EmailMessage) -> EmailMessage:
    """The message in an attached part."""
    inside = part.get_payload()
    found = inside[0] if isinstance(inside, list) and inside else EmailMessage()
    return found if isinstance(found, EmailMessage) else EmailMessage()


def _load(part: EmailMessage, most_bytes: int) -> bytes:
    if part.get_content_type() == "message/rfc822":
        return _inner(part).as_bytes(policy=email.policy.default)[: most_bytes + 1]
    raw = part.get_payload(decode=True)
    return raw[: most_bytes + 1] if isinstance(raw, bytes) else b""
