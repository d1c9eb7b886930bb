"""Collects the texts of an RTF file while it is read: body, notes, headers, with their paragraphs and tables."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from qa.reading.decode import clean_line, clean_lines
from qa.reading.draft import Draft, Headings
from qa.reading.superscripts import Script, in_line
from qa.records import BlockKind

BODY = "body"


@dataclass(slots=True)
class _Story:
    pieces: list[tuple[str, Script]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    nested_cells: list[str] = field(default_factory=list)
    nested_rows: list[str] = field(default_factory=list)
    marker: str = ""
    bold: bool = True


class Stories:
    """Collects text by destination, and makes drafts from it. Text for a destination that was not opened is ignored."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._notes: list[Draft] = []
        self._running: dict[str, None] = {}
        self._stories: defaultdict[str, _Story] = defaultdict(_Story)
        self._opened = {BODY}
        self._headings = Headings()

    def drafts(self) -> list[Draft]:
        """All blocks: the body's, the notes, and headers and footers."""
        self.end_row(BODY)  # of an unfinished table
        running = (Draft(BlockKind.BOILERPLATE, text) for text in self._running)
        return [draft for draft in (*self._drafts, *self._notes, *running) if draft.text.strip()]

    def open_note(self) -> tuple[str, str]:
        """Start a note; return its text's name, and its mark."""
        mark = f"[{len(self._notes) + 1}]"
        self._notes.append(Draft(BlockKind.FOOTNOTE, mark))
        self._opened.add(name := f"note{len(self._notes) - 1}")
        return name, mark

    def open(self, kind: str) -> str:
        """Start a header or footer ("running") or a text box ("box"); return its text's name."""
        self._opened.add(name := f"{kind}{len(self._opened)}")
        return name

    def put(self, name: str, text: str, script: Script, *, bold: bool) -> None:
        """Add to a text."""
        if name in self._opened:
            story = self._stories[name]
            story.pieces.append((text, script))
            story.bold = story.bold and (bold or not text.strip())

    def put_marker(self, name: str, text: str) -> None:
        """Add to the number or bullet of a text's paragraph."""
        self._stories[name].marker += text

    def end_paragraph(self, name: str, level: int | None = None) -> None:
        """End a text's paragraph, a heading if it has a level."""
        bold = self._stories[name].bold
        text, marker = self._taken(name)
        if not text:
            return
        if name.startswith("running"):
            if not text.isdigit():
                self._running[text] = None
        elif name.startswith("note"):
            at = int(name.removeprefix("note"))
            self._notes[at] = replace(self._notes[at], text=f"{self._notes[at].text} {' '.join(text.split())}")
        elif name == BODY or name.startswith("box"):
            self._drafts.append(self._block(text, marker, level, bold=bold))

    def end_cell(self, name: str, *, nested: bool = False) -> None:
        """End a cell, or one of a table inside a cell."""
        text, marker = self._taken(name)
        story = self._stories[name]
        words = " ".join(f"{marker if _is_number(marker) else ''} {text}".split())
        (story.nested_cells if nested else story.cells).append(words)

    def end_row(self, name: str, *, nested: bool = False) -> None:
        """End a row; those of tables inside its cells follow it."""
        story = self._stories[name]
        if nested:
            story.nested_rows.append(" | ".join(story.nested_cells))
            story.nested_cells = []
            return
        lines = [" | ".join(story.cells) if any(story.cells) else "", *story.nested_rows]
        if name == BODY:
            self._drafts += (Draft(BlockKind.TABLE, line, tight=True) for line in lines if line)
        story.cells, story.nested_rows = [], []

    def _taken(self, name: str) -> tuple[str, str]:
        """The text since the last end, and its number."""
        story = self._stories[name]
        text, marker = clean_lines(in_line(story.pieces)), clean_line(story.marker)
        story.pieces, story.marker, story.bold = [], "", True
        return text, marker

    def _block(self, text: str, marker: str, level: int | None, *, bold: bool) -> Draft:
        numbered = marker if _is_number(marker) else ""
        if level:
            return self._headings.draft(f"{numbered} {text}", level)
        if marker:
            return Draft(BlockKind.LIST_ITEM, f"{numbered or '-'} {text}", tight=True, bold=bold and bool(numbered))
        return Draft(BlockKind.PARAGRAPH, text, bold=bold)


def _is_number(marker: str) -> bool:
    return any(char.isalnum() for char in marker)
