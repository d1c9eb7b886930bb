"""The capabilities of an output (width in columns, bold, links), and text wrapped for it.

Guarantees: text of documents passes through `printable`, so only this module writes escape sequences to a terminal.
Bold follows NO_COLOR and FORCE_COLOR (no-color.org, force-color.org). Links follow OSC 8, for terminals known to
support them.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from qa.records import Span
from qa.text.safe_text import printable

_WIDEST = 100  # longer lines are hard to read
_NARROWEST = 20
_TAB_COLUMNS = 8

# Variables set by terminals that support OSC 8, and the values of TERM_PROGRAM and TERM that such terminals set.
_HAVE_LINKS = ("WT_SESSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "DOMTERM", "GHOSTTY_RESOURCES_DIR")
_PROGRAMS_WITH_LINKS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "mintty", "rio", "tabby"})
_TERMS_WITH_LINKS = re.compile(r"(?:xterm-kitty|xterm-ghostty|alacritty|foot|contour|wezterm)", re.IGNORECASE)
_VTE_WITH_LINKS = 5000


@dataclass(frozen=True, slots=True)
class Terminal:
    """The capabilities of an output.

    Attributes:
        columns: The width of its lines.
        bold: Whether words can be bold.
        links: Whether text can be a link.
        encoding: The character encoding of the output.
    """

    columns: int = 80
    bold: bool = False
    links: bool = False
    encoding: str = "utf-8"

    def shown(self, text: str) -> str:
        """Text made safe, with escapes for characters that cannot be encoded."""
        return printable(text).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def link(self, text: str, address: str | None) -> str:
        """A text that links to an address without blanks; only the text if the output has no links."""
        shown = self.shown(text)
        return f"\x1b]8;;{printable(address)}\x1b\\{shown}\x1b]8;;\x1b\\" if self.links and address else shown

    def wrapped(self, text: str, marks: Sequence[Span] = (), margin: str = "") -> Iterator[str]:
        """Lines of text, not wider than the output, with some of it bold, or underlined with ^ in a line below.

        Args:
            text: The text; its line ends are kept.
            marks: The places that become bold or underlined.
            margin: Put before each line.
        """
        marked = {place for mark in marks for place in range(mark.start, mark.end)}
        room = max(_NARROWEST, self.columns - width_of(margin))
        for line in _lines(self._cells(text, marked), room):
            yield (margin + self._joined(line)).rstrip()
            if not self.bold and any(cell.marked for cell in line):
                yield (margin + "".join(("^" if cell.marked else " ") * cell.width for cell in line)).rstrip()

    def _cells(self, text: str, marked: set[int]) -> Iterator[_Cell | None]:
        """The characters as shown; None for a line end."""
        column = 0
        for place, char in enumerate(text):
            if char == "\n":
                column = 0
                yield None
                continue
            shown = " " * (_TAB_COLUMNS - column % _TAB_COLUMNS) if char == "\t" else self.shown(char)
            cell = _Cell(shown, width_of(shown), place in marked)
            column += cell.width
            yield cell

    def _joined(self, line: list[_Cell]) -> str:
        if not self.bold:
            return "".join(cell.shown for cell in line)
        pieces, bold = [], False
        for cell in line:
            if cell.marked != bold:
                bold = cell.marked
                pieces.append("\x1b[1m" if bold else "\x1b[22m")
            pieces.append(cell.shown)
        return "".join([*pieces, "\x1b[22m"] if bold else pieces)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A character as shown, its width in columns, and whether it is marked."""

    shown: str
    width: int
    marked: bool


def terminal_of(stream: TextIO, environ: Mapping[str, str] | None = None) -> Terminal:
    """The capabilities of an output, by its type and the environment variables."""
    env = os.environ if environ is None else environ
    on_terminal = stream.isatty() and env.get("TERM") != "dumb"
    return Terminal(
        columns=min(_columns(env), _WIDEST),
        bold=not env.get("NO_COLOR") and (bool(env.get("FORCE_COLOR")) or (on_terminal and _steered(env))),
        links=env["FORCE_HYPERLINK"] not in ("", "0") if "FORCE_HYPERLINK" in env else on_terminal and _has_links(env),
        encoding=stream.encoding or "ascii",
    )


def _columns(env: Mapping[str, str]) -> int:
    given = env.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and len(given) < 5 and int(given):
        return int(given)
    return shutil.get_terminal_size().columns


def _steered(env: Mapping[str, str]) -> bool:
    """Whether a terminal understands escape sequences: all do except the consoles of old systems."""
    return sys.platform != "win32" or any(name in env for name in ("WT_SESSION", "TERM_PROGRAM", "TERM"))


def _has_links(env: Mapping[str, str]) -> bool:
    vte = env.get("VTE_VERSION", "")
    return (
        any(name in env for name in _HAVE_LINKS)
        or env.get("TERM_PROGRAM") in _PROGRAMS_WITH_LINKS
        or bool(_TERMS_WITH_LINKS.match(env.get("TERM", "")))
        or (vte.isascii() and vte.isdigit() and int(vte) >= _VTE_WITH_LINKS)
    )


def _lines(cells: Iterator[_Cell | None], room: int) -> Iterator[list[_Cell]]:
    """Lines of at most `room` columns, broken at the last blank that fits, without trailing blanks."""
    line: list[_Cell] = []
    width = 0
    for cell in cells:
        if cell is None:
            yield _trimmed(line)
            line, width = [], 0
            continue
        line.append(cell)
        width += cell.width
        if width > room and not cell.shown.isspace():
            kept, line = _broken(line)
            width = sum(each.width for each in line)
            yield kept
    yield _trimmed(line)


def _broken(line: list[_Cell]) -> tuple[list[_Cell], list[_Cell]]:
    """Break a line that is one character too long: at its last blank, or else before its last character."""
    blank = next((place for place in range(len(line) - 1, 0, -1) if line[place].shown.isspace()), 0)
    kept = _trimmed(line[:blank])
    return (kept, line[blank + 1 :]) if kept else (line[:-1], line[-1:])


def _trimmed(line: list[_Cell]) -> list[_Cell]:
    """A line without its trailing blanks."""
    end = len(line)
    while end and line[end - 1].shown.isspace():
        end -= 1
    return line[:end]


def width_of(shown: str) -> int:
    """The width of text in columns: 0 for combining marks, 2 for the wide characters of East Asia and emoji."""
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in shown
    )
