"""Addresses that open a quote, in the browser if asked: its reader page if a service runs here, else its file."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from qa.errors import CannotOpen
from qa.records import Citation
from qa.settings import Settings
from qa.text.document_names import suffix_of

_PATIENCE_S = 0.5  # a service on this machine answers this in a few milliseconds
_LONGEST_REPLY_BYTES = 16 << 20  # /api/index lists every file of the last build
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on, and not reached by it


@dataclass(frozen=True, slots=True)
class QuoteAddresses:
    """Addresses of quotes from one snapshot.

    Attributes:
        service: The address of a running service that has the snapshot, without a final slash; None if there is none.
        folder: The documents' folder.
    """

    service: str | None
    folder: Path

    def of(self, citation: Citation) -> str | None:
        """The address that opens a quote; None if there is neither a service nor the file."""
        if self.service:
            return self.service + citation.url
        path = (self.folder / citation.source).absolute()
        if not path.is_file():
            return None
        by_page = citation.page is not None and suffix_of(citation.source) == ".pdf"
        return path.as_uri() + (f"#page={citation.page}" if by_page else "")


def quote_addresses(settings: Settings, snapshot: str) -> QuoteAddresses:
    """The addresses of quotes from a snapshot, on the service at QA_HOST and QA_PORT if it serves that snapshot."""
    service = base_url(settings.host, settings.port)
    return QuoteAddresses(
        service if _snapshot_of(settings.host, settings.port) == snapshot else None, settings.seeds_dir
    )


def base_url(host: str, port: int) -> str:
    """The address at which a browser on this machine reaches a service that listens at a host and a port."""
    host = _ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _snapshot_of(host: str, port: int) -> str | None:
    """The snapshot of the service at a host and a port; None if none answers in time.

    It uses a plain socket: importing one of Python's HTTP clients takes longer than the rest of printing an answer.
    """
    request = "GET /api/index HTTP/1.0\r\nHost: localhost\r\n\r\n"
    try:
        host = _ANY_ADDRESS.get(host, host)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.connect((host, port))
            connection.sendall(request.encode())
            reply = bytearray()
            while len(reply) < _LONGEST_REPLY_BYTES and (piece := connection.recv(1 << 16)):
                reply += piece
        head, _, body = bytes(reply).partition(b"\r\n\r\n")
        told = json.loads(body) if head.split(b" ")[1:2] == [b"200"] else None
    except (OSError, ValueError):
        return None
    snapshot = told.get("snapshot") if isinstance(told, dict) else None
    return snapshot if isinstance(snapshot, str) else None


def open_in_browser(address: str | None) -> None:
    """Open an address in the browser.

    Raises:
        CannotOpen: the address is None, or no browser can be started.
    """
    if address is None:
        raise CannotOpen("The document's file is not here, and no service runs that shows it; start `qa serve`.")
    import webbrowser  # noqa: PLC0415 - it looks for browsers

    if not webbrowser.open(address):
        raise CannotOpen(f"No browser could be started; open {address} yourself.")
