"""Reads Outlook messages (MSG) as drafts, like EML: subject, header, body.

A message is a compound file whose streams are its properties ([MS-OXMSG], [MS-OXPROPS]). Attachments that are not
documents are counted as left out.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from qa.containers.compound_files import CompoundFile, open_compound, outlook_entries
from qa.errors import UnreadableFile
from qa.reading.decode import clean, decode
from qa.reading.draft import Draft, Read
from qa.reading.formats.email import body_drafts, is_document
from qa.reading.left_out import LeftOut
from qa.records import BlockKind

_SUBJECT, _BODY, _SENDER, _ADDRESS, _TO, _CC = "0037", "1000", "0C1A", "5D01", "0E04", "0E03"
_PAGE, _PACKED = "__substg1.0_10130102", "__substg1.0_10090102"
_TIMES = (0x00390040, 0x0E060040)  # sent, delivered
_PROPERTIES = "__properties_version1.0"
_HEADER_BYTES, _ENTRY = 32, struct.Struct("<IIQ")
_CODE_PAGES = (0x3FFD0003, 0x3FDE0003)  # of the message's properties, of its body
_CODECS = {20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 50221: "iso-2022-jp", 51932: "euc-jp",
           51949: "euc-kr", 54936: "gb18030"} | {28590 + part: f"iso-8859-{part}" for part in range(1, 16)}  # fmt: skip
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_msg(data: bytes) -> Read:
    """Read an Outlook message as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is broken, not a message, or has no text.
    """
    with open_compound(io.BytesIO(data)) as file:
        return _read(file, [entry.name for entry in outlook_entries(io.BytesIO(data))])


def _read(file: CompoundFile, attachments: list[str]) -> Read:
    if not file.exists(_PROPERTIES):
        raise UnreadableFile("is not a message (MSG): it lacks the properties of one")
    left_out = LeftOut()
    numbers = _numbers(file)
    page_number = next((numbers[tag] & 0xFFFF_FFFF for tag in _CODE_PAGES if tag in numbers), 0)
    charset = _CODECS.get(page_number, f"cp{page_number}") if page_number else None
    subject, sender, address, to, cc = (
        " ".join(_text(file, tag, charset).split()) for tag in (_SUBJECT, _SENDER, _ADDRESS, _TO, _CC)
    )
    who = f"{sender} <{address}>" if sender and address and address != sender else sender or address
    when = _time(numbers)
    head = {"From": who, "To": to, "Cc": cc, "Date": when.strftime("%Y-%m-%d %H:%M UTC") if when else ""}
    body, page = _text(file, _BODY, charset), file.stream(_PAGE).rstrip(b"\0")
    if not body.strip() and not page and file.exists(_PACKED):
        left_out.add("packed body")
    drafts = [Draft(BlockKind.TITLE, subject, level=1)] if subject else []
    drafts += body_drafts([f"{name}: {value}" for name, value in head.items() if value], body, page)
    left_out.add("attachment", len(file.attachments()) - sum(map(is_document, attachments)))
    own = {"title": subject, "author": sender, "date": when.date().isoformat() if when else ""}
    return Read(drafts, own, left_out.told())


def _text(file: CompoundFile, tag: str, charset: str | None) -> str:
    """A text property, in UTF-16 or else in the message's character set."""
    wide = file.stream(f"__substg1.0_{tag}001F")
    if wide:
        return clean(wide.decode("utf-16-le", "replace"))
    narrow = file.stream(f"__substg1.0_{tag}001E").rstrip(b"\0")
    return decode(narrow, charset).text if narrow else ""


def _numbers(file: CompoundFile) -> dict[int, int]:
    """The fixed-size properties by tag."""
    data = file.stream(_PROPERTIES)[_HEADER_BYTES:]
    whole = data[: len(data) // _ENTRY.size * _ENTRY.size]
    return {tag: value for tag, _, value in _ENTRY.iter_unpack(whole)}


def _time(found: dict[int, int]) -> datetime | None:
    """The time when the message was sent, or else delivered."""
    for tag in _TIMES:
        with suppress(KeyError, OverflowError):
            return _EPOCH + timedelta(microseconds=found[tag] // 10)
    return None
