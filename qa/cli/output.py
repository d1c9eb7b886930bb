"""Prints and logs for the commands: foreign text is made safe, and what an output cannot encode is escaped."""

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
    """Begin a command: standard output and error write an escape for what they cannot encode (Chinese in Latin-1).

    Warnings are logged; a command that tells more of its work calls `start_log` itself.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    start_log(logging.WARNING)


def say(*lines: str, to: TextIO | None = None) -> None:
    """Print lines at once; a line end within one of them is shown as an escape, as all that is not printable."""
    print("\n".join(map(printable, lines)), file=to or sys.stdout, flush=True)


def show(*lines: str) -> None:
    """Print lines that are safe already, with what makes words bold or a link of them (`qa.cli.terminal`)."""
    print("\n".join(lines), flush=True)


def say_json(data: Any, indent: int = 2) -> None:
    """Print data as JSON. It is whole: what is not printable, or not in the output's encoding, is escaped as JSON."""
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
    """Whether a record is at least a warning, or of none of the libraries that log each step of their own."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in {"faiss", "mcp", "watchfiles"}


def start_log(level: int = logging.INFO, to: _Stream | None = None) -> None:
    """Log from now on, from a level on; a program that has a log of its own keeps that instead.

    Args:
        level: The least that is logged.
        to: Where to; standard error where nothing is given and nothing was before.
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
    """Write the log's lines in another form; a log that is not ours stays as it is."""
    for handler in _our_handlers():
        handler.setFormatter(form)


def _our_handlers() -> list[logging.Handler]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, LineFormatter)]
