"""Reads the text of a Word document's paragraphs, and their anchored text boxes, pictures, charts and diagrams.

Text that Word shows is read: insertions, results of fields, equations, symbols. Struck-out text is left out, and so is
text that Word does not show: deletions, hidden text, field codes, prompts of empty content controls, and white text
without a background.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lxml import etree

from qa.reading.left_out import LeftOut
from qa.reading.office.equations import linear
from qa.reading.office.names import is_on, qn, value
from qa.reading.office.symbols import as_unicode
from qa.reading.office.word_fields import Fields
from qa.reading.office.word_numbering import formatted
from qa.reading.office.word_styles import Look, Styles, is_shaded, look_of
from qa.reading.superscripts import Script

_SKIPPED = {
    qn(f"w:{name}")
    for name in "del moveFrom instrText delText delInstrText pPr rPr smartTagPr customXmlPr rubyPr txbxContent".split()
}
_AT_ANCHOR = {qn("w:drawing"), qn("w:pict"), qn("w:object")}
_BLANKS = {qn("w:tab"): " ", qn("w:ptab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_NOTES = {qn("w:footnoteReference"): "footnote", qn("w:endnoteReference"): "endnote"}


@dataclass(slots=True)
class Line:
    """A paragraph's pieces of text with their scripts, its anchored objects, and whether the next one continues it.

    `hidden`: whether its end is hidden or deleted; `bold`: whether all of its text is in bold type.
    """

    pieces: list[tuple[str, Script]] = field(default_factory=list)
    anchored: list[etree._Element] = field(default_factory=list)
    runs_on: bool = False
    hidden: bool = False
    bold: bool = True


class _NoteMarks:
    """The marks of footnotes and endnotes, numbered in the order of their references.

    Attributes:
        by_note: The marks by kind and id of the note, in the order of the references.
    """

    def __init__(self, forms: dict[str, str]) -> None:
        self._forms = forms
        self._counts: Counter[str] = Counter()
        self.by_note: dict[tuple[str, str], str] = {}

    def mark_at(self, reference: etree._Element) -> str:
        """The text at a reference; "" if a custom mark follows in the document's text."""
        kind = _NOTES[reference.tag]
        key = kind, str(reference.get(qn("w:id")))
        if reference.get(qn("w:customMarkFollows")) in ("1", "true", "on"):
            self.by_note.setdefault(key, "")  # the note's text also contains the mark
            return ""
        if key not in self.by_note:
            self._counts[kind] += 1
            self.by_note[key] = f"[{formatted(self._counts[kind], self._forms[kind])}]"
        return self.by_note[key]


class ParagraphReader:
    """Reads the paragraphs of a document in order; fields may span several of them."""

    def __init__(self, styles: Styles, left_out: LeftOut, note_forms: dict[str, str]) -> None:
        """Start a document.

        Args:
            styles: The document's styles.
            left_out: Counts the parts that are not read.
            note_forms: The number formats of footnotes and endnotes, by "footnote" and "endnote".
        """
        self._styles = styles
        self._left_out = left_out
        self._note_marks = _NoteMarks(note_forms)
        self.notes = self._note_marks.by_note
        self._fields = Fields()
        self._shaded = True
        self._line = Line()
        self._style = Look()

    def begin_story(self, root: etree._Element) -> None:
        """Start a part's text."""
        self._fields = Fields(root)

    def line(self, paragraph: etree._Element, *, shaded: bool) -> Line:
        """A paragraph's text.

        Args:
            paragraph: The paragraph.
            shaded: Whether it may have a background, so that white text may be visible.
        """
        properties = paragraph.find(qn("w:pPr"))
        mark = None if properties is None else properties.find(qn("w:rPr"))
        self._line = Line()
        self._style = self._styles.paragraph(value(properties, "w:pStyle")).look
        self._shaded = shaded or is_shaded(properties)
        self._inside(paragraph)
        if mark is not None:
            gone = mark.find(qn("w:del")) is not None or mark.find(qn("w:moveFrom")) is not None
            self._line.runs_on = gone
            self._line.hidden = bool(is_on(mark, "w:vanish")) or gone
        frame = None if properties is None else properties.find(qn("w:framePr"))
        if frame is not None and frame.get(qn("w:dropCap")) in ("drop", "margin"):
            self._line.runs_on = True
            self._line.pieces = [(text, Script.BASE) for text, _ in self._line.pieces]
        return self._line

    def _inside(self, element: etree._Element) -> None:
        for child in element.iterchildren("*"):
            tag = child.tag
            if tag == qn("w:r"):
                self._run(child)
            elif tag == qn("m:oMath") or tag == qn("m:oMathPara"):
                self._equation(child)
            elif tag == qn("w:sdt"):
                self._control(child)
            elif tag == qn("w:ruby"):
                self._ruby(child)
            elif tag in _AT_ANCHOR:
                self._line.anchored.append(child)
            elif tag not in _SKIPPED:
                self._inside(child)

    def _control(self, control: etree._Element) -> None:
        content = control.find(qn("w:sdtContent"))
        if content is not None and not is_prompt(control):
            self._inside(content)

    def _equation(self, element: etree._Element) -> None:
        if self._fields.in_code:
            return
        for equation in element.iter(qn("m:oMath")):
            text = " ".join(linear(equation).split())
            before = self._line.pieces[-1][0][-1:] if self._line.pieces else ""
            lead = " " if before and not before.isspace() and before not in "([" else ""
            self._add(f"{lead}{text} " if text else "", Script.BASE)
            self._line.bold = False

    def _ruby(self, element: etree._Element) -> None:
        base, above = element.find(qn("w:rubyBase")), element.find(qn("w:rt"))
        for part, before, after in ((base, "", ""), (above, "(", ")")):
            if part is not None:
                self._add(before, Script.BASE)
                self._inside(part)
                self._add(after, Script.BASE)

    def _run(self, run: etree._Element) -> None:
        properties = run.find(qn("w:rPr"))
        style = self._styles.character(value(properties, "w:rStyle"))
        direct = look_of(properties)
        look = direct.over(style).over(self._style)
        # Hidden is a toggle property: a style that hides within one that hides shows (ISO/IEC 29500-1, 17.7.3).
        hidden = direct.hidden if direct.hidden is not None else bool(style.hidden) != bool(self._style.hidden)
        if hidden:
            return self._pass_over(run)
        has_text = any((text.text or "").strip() for text in run.iterchildren(qn("w:t")))
        if unseen := _why_unseen(look, shaded=self._shaded or bool(look.shaded)):
            self._left_out.add(f"piece of {unseen} text", has_text)
            return self._pass_over(run)
        self._line.bold = self._line.bold and (bool(look.bold) or not has_text)
        script = look.script or Script.BASE
        for child in run.iterchildren("*"):
            self._run_child(child, look, script)
        return None

    def _pass_over(self, run: etree._Element) -> None:
        """Skip a run that is not shown, but handle the marks of fields in it."""
        for child in run.iterchildren(qn("w:fldChar")):
            self._fields.take(child)

    def _run_child(self, child: etree._Element, look: Look, script: Script) -> None:
        tag = child.tag
        if tag == qn("w:fldChar"):
            self._add(self._fields.take(child), Script.BASE)
        elif tag == qn("w:instrText"):
            self._fields.add_code(child.text or "")
        elif self._fields.in_code or tag in _SKIPPED:
            return
        elif tag == qn("w:t"):
            self._add(as_unicode(child.text or "", look.font), script)
        elif tag in _BLANKS:
            self._add(_BLANKS[tag], Script.BASE)
        elif tag == qn("w:sym"):
            self._symbol(child, script)
        elif tag in _NOTES:
            self._add(self._note_marks.mark_at(child), Script.BASE)
        elif tag in _AT_ANCHOR:
            self._line.anchored.append(child)
        elif tag == qn("w:ruby"):
            self._ruby(child)
        else:
            self._inside(child)

    def _symbol(self, element: etree._Element, script: Script) -> None:
        code = str(element.get(qn("w:char")) or "")
        try:
            char = chr(int(code, 16))
        except (ValueError, OverflowError):
            return
        shown = as_unicode(char, element.get(qn("w:font")))
        if not shown:
            self._left_out.add("symbol")
        self._add(shown or " ", script)

    def _add(self, text: str, script: Script) -> None:
        if text:
            self._line.pieces.append((text, script))


def _why_unseen(look: Look, *, shaded: bool) -> str:
    """The reason why characters are not text, or "". `shaded`: they may have a background."""
    if look.struck:
        return "struck-out"
    if look.tiny:
        return "tiny"
    return "white" if look.covered or (look.white and not shaded) else ""


def is_prompt(control: etree._Element) -> bool:
    """Whether a content control shows only a prompt, such as "Click here to enter text"."""
    return bool(is_on(control.find(qn("w:sdtPr")), "w:showingPlcHdr"))
