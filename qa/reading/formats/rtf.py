r"""RTF to drafts: paragraphs, lists with their numbers, tables, footnotes; headers and footers as boilerplate.

A file is groups in braces, control words and text (Rich Text Format 1.9.1). Each group inherits the state of the one
around it. Hidden and deleted text, codes of fields and destinations that are not known are no text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from qa.errors import UnreadableFile
from qa.reading.decode import clean
from qa.reading.draft import Draft, Read
from qa.reading.left_out import LeftOut
from qa.reading.raised import Script, in_line
from qa.records import BlockKind

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_PASSED_OVER = frozenset(
    b"colortbl stylesheet info fldinst datafield themedata colorschememapping latentstyles datastore listtable "
    b"listoverridetable rsidtbl generator xmlnstbl filetbl revtbl object objdata bkmkstart bkmkend pgdsctbl nonshppict "
    b"sp sn sv shpinst pnseclvl1 pnseclvl2 pnseclvl3 tc xe annotation atnid atnauthor ftnsep ftnsepc ftncn aftnsep "
    b"aftnsepc aftncn mmathPr wgrffmtfilter nonesttables".split()
)
_RUNNING = frozenset(b"header headerl headerr headerf footer footerl footerr footerf".split())
_SHOWN = frozenset(b"shptxt fldrslt nesttableprops listtext pntext shprslt mmath field shp footnote".split())
_CHARS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ", b"softline": "\n",
}  # fmt: skip
_SIGNS = {b"~": "\u00a0", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n"}
_CHARSETS = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253",
             162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
             238: "cp1250"}  # fmt: skip
_HEADING = re.compile(r"heading\s*([1-9])", re.IGNORECASE)
_ENDS = {b"par": "_end_paragraph", b"sect": "_end_paragraph", b"page": "_end_paragraph", b"cell": "_end_cell",
         b"nestcell": "_end_nested_cell", b"row": "_end_row", b"nestrow": "_end_nested_row"}  # fmt: skip
_SCRIPTS = {b"super": Script.RAISED, b"up": Script.RAISED, b"sub": Script.LOWERED, b"dn": Script.LOWERED,
            b"nosupersub": Script.BASE}  # fmt: skip
_LEAST_SHIFT = 4  # in half points: a smaller one only adjusts the line
_MOST_SKIPPED = 10
_DEEPEST = 1_000
_LARGEST_CODE = 0x10FFFF


def read_rtf(data: bytes) -> Read:
    """Turn an RTF file into drafts, and what it says of itself.

    Raises:
        UnreadableFile: it is none, or nested too deeply.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableFile("is no RTF file")
    reader = _Reader()
    reader.read(data)
    drafts = [*reader.drafts, *reader.notes, *reader.running]
    title = " ".join(clean(reader.title).split())
    own = {"title": title} if title and not any(draft.kind is BlockKind.TITLE for draft in drafts) else {}
    return Read([draft for draft in drafts if draft.text.strip()], own, reader.left_out.told())


@dataclass(slots=True)
class _State:
    """What a group inherits: whether and where its text goes, and how it looks."""

    destination: str = "body"
    script: Script = Script.BASE
    hidden: bool = False
    deleted: bool = False
    font: int = 0
    skip: int = 1  # characters that stand in for a Unicode one
    in_table: bool = False
    level: int | None = None


@dataclass(slots=True)
class _Story:
    """The text of the body, a note or a header that is being read."""

    pieces: list[tuple[str, Script]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    nested_cells: list[str] = field(default_factory=list)
    nested_rows: list[str] = field(default_factory=list)
    marker: str = ""


class _Reader:
    """Reads one file from its first token to its last."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.notes: list[Draft] = []
        self.running: list[Draft] = []
        self.left_out = LeftOut()
        self.title = ""
        self._state = _State()
        self._stack: list[_State] = []
        self._stories: dict[str, _Story] = {"body": _Story()}
        self._page = "cp1252"
        self._charsets: dict[int, str] = {}
        self._levels: dict[int, int] = {}
        self._style: int | None = None
        self._bytes = bytearray()
        self._to_skip = 0
        self._titled = False

    def read(self, data: bytes) -> None:
        star = False
        opened = False
        for found in _TOKEN.finditer(data):
            word, value, code, sign, brace, text = found.groups()
            if word == b"bin" and value:
                continue  # pictures are in hexadecimal digits as a rule; raw bytes are passed over as text of theirs
            if code or text:
                self._raw(bytes.fromhex(code.decode()) if code else text)
            else:
                self._flush()
                self._to_skip = 0
            if brace == b"{":
                if len(self._stack) > _DEEPEST:
                    raise UnreadableFile("is nested too deeply to read")
                self._stack.append(replace(self._state))
                opened = True
                star = False
                continue
            if brace == b"}":
                self._close()
            elif sign == b"*":
                star = True
                continue
            elif sign is not None:
                self._put(_SIGNS.get(sign, sign.decode("latin-1")) if sign in _SIGNS or sign in b"\\{}" else "")
            elif word:
                self._word(word, int(value) if value else None, star=star, opens=opened)
            opened = star = False
        self._flush()
        self._end_paragraph("body")

    def _word(self, word: bytes, value: int | None, *, star: bool, opens: bool) -> None:
        state = self._state
        if opens and (word in _PASSED_OVER or (star and word not in _SHOWN)) and word != b"fonttbl":
            state.destination = {b"stylesheet": "styles", b"info": "info"}.get(word, "nowhere")
        elif word == b"fonttbl":
            state.destination = "fonts"
        elif word == b"title" and state.destination == "info":
            state.destination = "title"
        elif word == b"pict":
            state.destination = "nowhere"
            self.left_out.add("picture")
        elif word == b"footnote":
            name = f"note{len(self._stories)}"
            self._stories[name] = _Story()
            number = len(self.notes) + 1
            self._put(f"[{number}]")
            self.notes.append(Draft(BlockKind.FOOTNOTE, f"[{number}]"))
            state.destination, state.script, state.in_table = name, Script.BASE, False
        elif word in _RUNNING:
            name = f"running{len(self._stories)}"
            self._stories[name] = _Story()
            state.destination, state.in_table = name, False
        elif word in (b"listtext", b"pntext"):
            state.destination = f"marker:{state.destination}"
        elif word == b"u" and value is not None:
            char = value % 0x10000 if value < 0 else value
            self._put(chr(char) if char <= _LARGEST_CODE else "")
            self._to_skip = state.skip
        elif word in _CHARS:
            self._put(_CHARS[word])
        else:
            self._format(word, value)

    def _format(self, word: bytes, value: int | None) -> None:
        """Take a word that ends something, or says how the text after it looks."""
        state = self._state
        if word in _ENDS:
            getattr(self, _ENDS[word])(state.destination)
        elif word in _SCRIPTS:
            least = _LEAST_SHIFT if word in (b"up", b"dn") else 1
            state.script = _SCRIPTS[word] if value is None or value >= least else Script.BASE
        elif word == b"pard":
            state.in_table, state.level, self._style = False, None, None
        elif word == b"plain":
            state.script, state.hidden, state.deleted = Script.BASE, False, False
        elif word in (b"v", b"deleted", b"intbl"):
            name = {b"v": "hidden", b"deleted": "deleted", b"intbl": "in_table"}[word]
            setattr(state, name, value != 0)
        else:
            self._number(word, value or 0)

    def _number(self, word: bytes, value: int) -> None:
        """Take a word whose number names a style, a font or a set of characters."""
        state = self._state
        match word:
            case b"uc":
                state.skip = max(0, min(value, _MOST_SKIPPED))
            case b"s":
                self._style = value
            case b"outlinelevel":
                state.level = value + 1 if value < 9 else None
            case b"f":
                state.font = value
            case b"fcharset":
                self._charsets[state.font] = _CHARSETS.get(value, self._page)
            case b"ansicpg":
                self._page = f"cp{value}"
            case b"mac":
                self._page = "mac_roman"

    def _raw(self, data: bytes) -> None:
        if self._to_skip:
            dropped = min(self._to_skip, len(data))
            self._to_skip -= dropped
            data = data[dropped:]
        self._bytes += data

    def _flush(self) -> None:
        """Decode the bytes that came since the last control word: a character may take several."""
        if self._bytes:
            charset = self._charsets.get(self._state.font, self._page)
            try:
                text = bytes(self._bytes).decode(charset, "replace")
            except LookupError:
                text = bytes(self._bytes).decode("cp1252", "replace")
            self._bytes.clear()
            self._put(text)

    def _put(self, text: str) -> None:
        state = self._state
        if not text or state.hidden or state.deleted:
            return
        name = state.destination
        if name == "title":
            self.title += text
        elif name == "styles":
            heading = _HEADING.match(text.strip())
            if heading and self._style is not None:
                self._levels[self._style] = int(heading[1])
        elif name.startswith("marker:") and name[7:] in self._stories:
            self._stories[name[7:]].marker += text
        elif name in self._stories:
            self._stories[name].pieces.append((text, state.script))

    def _close(self) -> None:
        if not self._stack:
            return
        before = self._state
        self._state = self._stack.pop()
        name = before.destination
        if name != self._state.destination and name.startswith(("note", "running")):
            self._end_paragraph(name)

    def _text(self, name: str) -> tuple[str, str]:
        """The paragraph that ends, and the number before it."""
        story = self._stories[name]
        lines = (" ".join(line.split()) for line in clean(in_line(story.pieces)).split("\n"))
        marker = " ".join(clean(story.marker).replace("\uf0b7", "•").split())
        story.pieces, story.marker = [], ""
        return "\n".join(filter(None, lines)), marker

    def _end_paragraph(self, name: str) -> None:
        if name not in self._stories:
            return
        if self._state.in_table and name == "body":
            self._put("\n")
            return
        text, marker = self._text(name)
        if not text:
            return
        if name.startswith("running"):
            if not text.isdigit() and text not in [draft.text for draft in self.running]:
                self.running.append(Draft(BlockKind.BOILERPLATE, text))
        elif name.startswith("note"):
            self.notes[-1] = replace(self.notes[-1], text=f"{self.notes[-1].text} {' '.join(text.split())}")
        else:
            self.drafts.append(self._block(text, marker))

    def _block(self, text: str, marker: str) -> Draft:
        level = self._state.level or self._levels.get(-1 if self._style is None else self._style)
        numbered = marker if any(char.isalnum() for char in marker) else ""
        if level:
            heading = " ".join(f"{numbered} {text}".split())
            if level == 1 and not self._titled:
                self._titled = True
                return Draft(BlockKind.TITLE, heading, level=1)
            return Draft(BlockKind.HEADING, heading, level=level + 1)
        if marker:
            return Draft(BlockKind.LIST_ITEM, f"{numbered or '-'} {text}", tight=True)
        return Draft(BlockKind.PARAGRAPH, text)

    def _end_cell(self, name: str) -> None:
        if name in self._stories:
            self._stories[name].cells.append(self._cell(name))

    def _end_nested_cell(self, name: str) -> None:
        if name in self._stories:
            self._stories[name].nested_cells.append(self._cell(name))

    def _cell(self, name: str) -> str:
        text, marker = self._text(name)
        return " ".join(f"{marker if any(map(str.isalnum, marker)) else ''} {text}".split())

    def _end_nested_row(self, name: str) -> None:
        if name in self._stories:
            story = self._stories[name]
            story.nested_rows.append(" | ".join(story.nested_cells))
            story.nested_cells = []

    def _end_row(self, name: str) -> None:
        """A row, and the rows of tables inside its cells after it."""
        if name in self._stories:
            story = self._stories[name]
            lines = [" | ".join(story.cells) if any(story.cells) else "", *story.nested_rows]
            self.drafts += (Draft(BlockKind.TABLE, line, tight=True) for line in lines if line)
            story.cells, story.nested_rows = [], []
