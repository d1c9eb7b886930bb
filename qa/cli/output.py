"""Prints and logs for the commands: text of documents is made safe, and characters that an output cannot encode are
escaped.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from typing import Any, Protocol, TextIO

from qa.cli.log_form import LineFormatter
from qa.text.safe_text import is_safe, printable

_OUTSIDE_ASCII = re.compile(r"[^\x20-\x7e\n]")


def prepare_output() -> None:
    """Set standard output and error to escape characters that they cannot encode (Chinese in Latin-1), and start the
    log.

    Warnings are logged; a command that logs more calls `start_log` itself.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    start_log(logging.WARNING)


def say(*lines: str, to: TextIO | None = None) -> None:
    """Print and flush lines; characters that are not printable, line ends included, are escaped."""
    print("\n".join(map(printable, lines)), file=to or sys.stdout, flush=True)


def show(*lines: str) -> None:
    """Print lines that are already safe, with escape sequences for bold and links (`qa.cli.terminal`)."""
    print("\n".join(lines), flush=True)


def say_json(data: Any, indent: int = 2) -> None:
    """Print data as JSON. No character is lost: those not printable or not in the output's encoding become JSON
    escapes.
    """
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    text = _OUTSIDE_ASCII.sub(lambda match: match[0] if is_safe(match[0]) else json.dumps(match[0])[1:-1], text)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=indent)
    print(text, flush=True)


class _Stream(Protocol):
    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Whether a record is at least a warning, or not from a library that logs each of its steps."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in {"faiss", "mcp", "watchfiles"}


def start_log(level: int = logging.INFO, to: _Stream | None = None) -> None:
    """Start logging at a level; the log of a program that has configured its own is left unchanged.

    Args:
        level: The lowest level that is logged.
        to: The stream to write to; by default the one in use, or else standard error.
    """
    root = logging.getLogger()
    ours = _our_handlers()
    form = ours[0].formatter if ours else LineFormatter()
    if to and ours:
        root.removeHandler(ours[0])
    if not root.handlers:
        handler = logging.StreamHandler(to)
        handler.addFilter(_is_worth_telling)
        handler.setFormatter(form)
        root.addHandler(handler)
    if _our_handlers():
        root.setLevel(level)


def log_as(form: LineFormatter) -> None:
    """Change the format of the log's lines; handlers of other programs are left unchanged."""
    for handler in _our_handlers():
        handler.setFormatter(form)


def _our_handlers() -> list[logging.Handler]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, LineFormatter)]
