"""Reads web archives (MHTML) as drafts: a page that a browser saved in one file together with its style sheets."""

from __future__ import annotations

from email.message import EmailMessage
from urllib.parse import urljoin

from qa.containers.messages import parsed_message
from qa.errors import UnreadableFile
from qa.reading.draft import Read
from qa.reading.formats.email import PAGES, content_of, header
from qa.reading.formats.html import read_html


def read_web_archive(data: bytes) -> Read:
    """Read a saved page as drafts, with its own details and the address that it was saved from.

    Raises:
        UnreadableFile: there is no page in it, or the page is nested too deeply.
    """
    parts = [part for part in parsed_message(data).walk() if isinstance(part, EmailMessage)]
    page = next((part for part in parts if part.get_content_type() in PAGES), None)
    if page is None:
        raise UnreadableFile("is not a web archive: it holds no page")
    address = _address(page, "Content-Location") or _address(parts[0], "Snapshot-Content-Location")
    sheets = {
        name: part
        for part in parts
        if part.get_content_type() == "text/css"
        for name in (_address(part, "Content-Location"), f"cid:{_address(part, 'Content-ID').strip('<>')}")
    }

    def sheet_of(link: str) -> str:
        part = sheets.get(urljoin(address, link))
        return content_of(part)[0] if part else ""

    # Browsers write links inside the page, as to its notes, with its address.
    content = content_of(page)[1].replace(f"{address}#".encode(), b"#")
    read = read_html(content, sheet_of)
    return read._replace(own={"url": address, **read.own})


def _address(part: EmailMessage, name: str) -> str:
    """The address in a header field, which may be folded within it."""
    return "".join(header(part, name).split())
