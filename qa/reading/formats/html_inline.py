"""Collects the text of a block of a page: line breaks, alternative texts, superscripts, bold text at the start."""

from __future__ import annotations

from lxml import etree

from qa.reading.formats.html_notes import BACK, REFERENCE
from qa.reading.formats.html_tree import words_of
from qa.reading.superscript_marks import LOWERED, RAISED, RESET, written_out

_BREAK = "\v"  # a line break in collected text, since line ends of the page are only blanks
_INVISIBLE = str.maketrans("", "", "\u00ad\u200b\u2060")
_LONGEST_RUN_IN_CHARS = 90


class InlineReader:
    """Collects the elements and texts of a block in order. `take` ends the block and starts the next."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._said = False  # whether `_text` has characters other than white space
        self._bold = 0
        self._lead: str | None = None  # bold text at the start of the block
        self._links_nowhere = 0
        self._dead_chars = 0

    def start(self, element: etree._Element) -> None:
        """Handle the start of an element within the block."""
        match element.tag:
            case "br":
                self._text.append(_BREAK)
            case "img":
                self.say(str(element.get("alt") or ""))
            case "q":
                self.say("“")
            case "b" | "strong":
                self._bold += not self._said
            case "a" if element.get("href") in ("", "#"):
                self._links_nowhere += 1

    def end(self, element: etree._Element) -> None:
        """Handle the end of an element within the block."""
        if element.tag in ("b", "strong") and self._bold:
            self._bold -= 1
            if self._said and self._lead is None:
                self._lead = "".join(self._text)
        elif element.tag == "q":
            self.say("”")
        elif element.tag == "a" and element.get("href") in ("", "#"):
            self._links_nowhere -= 1

    def say(self, text: str | None) -> None:
        """Add text."""
        if not text:
            return
        self._text.append(text)
        blank = text.isspace()
        if not blank and self._said and not self._bold and self._lead is None:
            self._lead = ""  # the block does not begin in bold
        self._said = self._said or not blank
        if self._links_nowhere and not blank:
            self._dead_chars += len("".join(text.split()))

    def say_raised(self, element: etree._Element) -> None:
        """Add a superscript or subscript, separate from the text before it."""
        if element.get(BACK) is not None:
            return
        mark = words_of(element)
        references = [each for each in element.iter("sup", "a") if each.get(REFERENCE) is not None]
        if references:
            self.say("".join(f"[{each.get(REFERENCE)}]" for each in references))
        elif mark:
            self.say((LOWERED if element.tag == "sub" else RAISED) + mark + RESET)

    def take(self) -> tuple[str, int, bool, bool]:
        """The text since the last call.

        Returns:
            The text with single spaces; the length in characters of bold text at the start, used like a heading;
            whether all of it is bold; and whether it consists only of links without a target.
        """
        raw = written_out("".join(self._text).translate(_INVISIBLE))
        lead, dead = self._lead, self._dead_chars
        self._text, self._said, self._lead, self._bold, self._dead_chars = [], False, None, 0, 0
        lines = (" ".join(line.split()) for line in raw.split(_BREAK)) if _BREAK in raw else None
        text = "\n".join(filter(None, lines)) if lines else " ".join(raw.split())
        opening = " ".join((lead or "").split())
        bold = len(opening) if text.startswith(opening) else 0
        run_in = bold if bold < min(len(text), _LONGEST_RUN_IN_CHARS) else 0
        return text, run_in, bool(bold) and bold == len(text), bool(dead) and dead == len("".join(text.split()))
