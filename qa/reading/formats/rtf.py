r"""Reads RTF as drafts: paragraphs, lists with their numbers, tables, footnotes; headers and footers as boilerplate.

A file is groups in braces, control words and text (Rich Text Format 1.9.1). Each group inherits the state of the one
around it. Hidden, deleted and struck-out text, codes of fields and unknown destinations are left out, as is white text
in a file without backgrounds of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line
from qa.reading.draft import Read, own_title
from qa.reading.left_out import LeftOut
from qa.reading.office.rtf_stories import BODY, Stories
from qa.reading.office.rtf_tables import Colours, EncodedText, Styles
from qa.reading.office.word_styles import LEAST_SHIFT
from qa.reading.superscripts import Script

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|\\"
)  # line ends between tokens have no meaning, even between the bytes of one character
_PASSED_OVER = frozenset(
    b"stylesheet info fldinst datafield themedata colorschememapping latentstyles datastore listtable "
    b"listoverridetable rsidtbl generator xmlnstbl filetbl revtbl object objdata bkmkstart bkmkend pgdsctbl nonshppict "
    b"sp sn sv pnseclvl1 pnseclvl2 pnseclvl3 tc xe shprslt annotation atnid atnauthor ftnsep ftnsepc ftncn aftnsep "
    b"aftnsepc aftncn mmathPr wgrffmtfilter nonesttables".split()
)
_RUNNING = frozenset(b"header headerl headerr headerf footer footerl footerr footerf".split())
_STORIES = _RUNNING | {b"footnote", b"shptxt", b"upr", b"ud"}
_SHOWN = frozenset(b"shptxt shpinst ud fldrslt nesttableprops listtext pntext mmath field shp footnote".split())
_CHARS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ", b"softline": "\n",
}  # fmt: skip
_SIGNS = {b"~": "\u00a0", b"_": "-", b"-": ""}
_ENDS = frozenset(b"par sect page cell nestcell row nestrow".split())
_MARKER = "marker:"  # prefix of the name of the text whose number or bullet is read
_SCRIPTS = {b"super": Script.RAISED, b"up": Script.RAISED, b"sub": Script.LOWERED, b"dn": Script.LOWERED,
            b"nosupersub": Script.BASE}  # fmt: skip
_SWITCHES = {b"v": "hidden", b"deleted": "deleted", b"strike": "struck", b"striked": "struck", b"intbl": "in_table",
             b"b": "bold"}  # fmt: skip
_MOST_SKIPPED = 10
_DEEPEST = 1_000


def read_rtf(data: bytes) -> Read:
    """Read an RTF file as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is not RTF, or is nested too deeply.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableFile("is not an RTF file")
    reader = _Reader(Colours(data))
    reader.read(data)
    drafts = reader.stories.drafts()
    return Read(drafts, own_title(clean_line(reader.title), drafts), reader.left_out.told())


@dataclass(slots=True)
class _State:
    """The inherited state of a group: the destination and format of its text."""

    destination: str = "body"
    script: Script = Script.BASE
    hidden: bool = False
    deleted: bool = False
    white: bool = False
    struck: bool = False
    bold: bool = False
    font: int = 0
    skip: int = 1  # substitute characters after a Unicode one
    in_table: bool = False
    level: int | None = None
    outside: str = ""  # the destination before `upr`, whose first form is not read

    def set(self, word: bytes, value: int | None) -> bool:
        """Apply a control word that sets the format of the following text; return whether it is one."""
        if word in _SCRIPTS:
            least = LEAST_SHIFT if word in (b"up", b"dn") else 1
            self.script = _SCRIPTS[word] if value is None or value >= least else Script.BASE
        elif word == b"pard":
            self.in_table, self.level = False, None
        elif word == b"plain":
            self.hidden = self.deleted = self.white = self.struck = self.bold = False
            self.script = Script.BASE
        elif word in _SWITCHES:
            setattr(self, _SWITCHES[word], value != 0)
        elif word == b"uc":
            self.skip = max(0, min(value or 0, _MOST_SKIPPED))
        elif word == b"outlinelevel":
            self.level = (value or 0) + 1 if (value or 0) < 9 else None
        elif word == b"f":
            self.font = value or 0
        else:
            return False
        return True


def _tokens(data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of `_TOKEN`, without the bytes of pictures, which may look like tokens."""
    at = 0
    while (found := _TOKEN.search(data, at)) is not None:
        at = found.end()
        if found[1] == b"bin":
            at += max(0, int(found[2] or 0))
        else:
            yield found


class _Reader:
    """Reads one file from its first token to its last."""

    def __init__(self, colours: Colours) -> None:
        self.stories = Stories()
        self.left_out = LeftOut()
        self.title = ""
        self._state = _State()
        self._stack: list[_State] = []
        self._encoded = EncodedText()
        self._styles = Styles()
        self._colours = colours

    def read(self, data: bytes) -> None:
        """Read the file into `stories`, `title` and `left_out`; raises `UnreadableFile` if it is nested too deeply."""
        star = opened = False
        for token in _tokens(data):
            word, value, code, sign, brace, text = token.groups()
            if code or text:
                self._encoded.add(bytes.fromhex(code.decode()) if code else text)
            else:
                self._put(self._encoded.take(self._state.font))
                self._encoded.to_skip = 0
            if brace == b"{":
                if len(self._stack) > _DEEPEST:
                    raise UnreadableFile("is nested too deeply to read")
                self._stack.append(replace(self._state))
                opened, star = True, False
                continue
            if brace == b"}":
                self._close()
            elif sign == b"*":
                star = True
                continue
            elif sign in (b"\n", b"\r"):
                self._end(b"par")
            elif sign is not None:
                self._put(_SIGNS.get(sign, sign.decode("latin-1")) if sign in _SIGNS or sign in b"\\{}" else "")
            elif word:
                self._word(word, int(value) if value else None, star=star, opens=opened)
            opened = star = False
        self._put(self._encoded.take(self._state.font))
        self.stories.end_paragraph(BODY, self._level())

    def _word(self, word: bytes, value: int | None, *, star: bool, opens: bool) -> None:
        state = self._state
        if opens and (word in _PASSED_OVER or (star and word not in _SHOWN)) and word != b"fonttbl":
            state.destination = {b"stylesheet": "styles", b"info": "info"}.get(word, "nowhere")
        elif word in (b"fonttbl", b"colortbl"):
            state.destination = "fonts" if word == b"fonttbl" else "colours"
        elif word == b"title" and state.destination == "info":
            state.destination = "title"
        elif word == b"pict":
            state.destination = "nowhere"
            self.left_out.add("picture")
        elif word in _STORIES:
            self._open(word)
        elif word in (b"listtext", b"pntext"):
            state.destination = _MARKER + state.destination
        elif word == b"u" and value is not None:
            self._put(self._encoded.take_code(value % 0x10000 if value < 0 else value))
            self._encoded.to_skip = state.skip
        elif word in _CHARS:
            self._put(_CHARS[word])
        else:
            self._format(word, value)

    def _open(self, word: bytes) -> None:
        """Switch to a separate text, or to the one of two forms that is read."""
        state = self._state
        if word == b"upr":
            state.outside, state.destination = state.destination, "nowhere"
        elif word == b"ud":
            state.destination = state.outside or state.destination
        elif word == b"footnote":
            name, mark = self.stories.open_note()
            state.script = Script.BASE
            self._put(mark)
            state.destination, state.in_table = name, False
        else:
            state.destination = self.stories.open("box" if word == b"shptxt" else "running")
            state.in_table = False

    def _format(self, word: bytes, value: int | None) -> None:
        """Handle a control word that ends something, or sets the format of the following text."""
        if word in _ENDS:
            self._end(word)
            return
        if word == b"pard":
            self._styles.current = None
        if not self._state.set(word, value):
            self._number(word, value or 0)

    def _number(self, word: bytes, value: int) -> None:
        """Handle a control word whose number is that of a style, a colour or a character set."""
        match word:
            case b"s":
                self._styles.current = value
            case b"sbasedon":
                self._styles.set_base(value)
            case b"cf":
                self._state.white = self._colours.hides(value)
            case b"red" | b"green" | b"blue":
                self._colours.set_part(word, value)
            case _:
                self._encoded.set_charset(word, value, self._state.font)

    def _put(self, text: str) -> None:
        state = self._state
        if not text or state.hidden or state.deleted:
            return
        name = state.destination
        if name == "title":
            self.title += text
        elif name == "fonts":
            self._encoded.name_font(state.font, text)
        elif name == "colours":
            self._colours.end(text.count(";"))
        elif (state.white or state.struck) and text.strip():
            self.left_out.add(f"piece of {'struck-out' if state.struck else 'white'} text")
        elif name == "styles":
            self._styles.name(text, state.level)
        elif name.startswith(_MARKER):
            self.stories.put_marker(name.removeprefix(_MARKER), text)
        else:
            self.stories.put(name, text, state.script, bold=state.bold)

    def _close(self) -> None:
        if not self._stack:
            return
        before = self._state
        self._state = self._stack.pop()
        name = before.destination
        if name != self._state.destination and name.startswith(("note", "running", "box")):
            self.stories.end_paragraph(name)

    def _end(self, word: bytes) -> None:
        """End a paragraph, a cell or a row; after a paragraph in a cell, the cell continues on a new line."""
        name = self._state.destination
        if word in (b"cell", b"nestcell"):
            self.stories.end_cell(name, nested=word == b"nestcell")
        elif word in (b"row", b"nestrow"):
            self.stories.end_row(name, nested=word == b"nestrow")
        elif self._state.in_table and name == BODY:
            self._put("\n")
        else:
            self.stories.end_paragraph(name, self._level())

    def _level(self) -> int | None:
        return self._state.level or self._styles.level()
