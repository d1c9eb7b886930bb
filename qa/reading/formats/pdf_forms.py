"""Reads the values of form fields and text notes on a PDF page, which PDFium's text of the page does not include."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.decode import clean_line
from qa.reading.formats.pdf_drawings import Box
from qa.reading.formats.pdf_runs import Run

_MOST_ANNOTATIONS = 5_000
_MOST_BYTES = 1 << 20
_MOST_OPTIONS = 1000
_MOST_BOXES = 1000
_LISTS = (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_EMPTY_BYTES = 2  # of a text with its end
_PASSWORD = 1 << 13  # flag of a text field (ISO 32000, table 228)
_KINDS = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT)
_HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW


class Fields:
    """The fields of a page: the values of most, and the others drawn on the page.

    The picture of a signature, or of a value that a script formats, shows its text.

    Attributes:
        struck: The boxes of text that annotations strike out.
        drawn: Whether some are drawn on the page, which must be opened again to read them.
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.struck: list[Box] = []
        self._values: list[tuple[str, raw.FS_RECTF]] = []
        form = page.formenv.raw if page.formenv else None
        others: list[int] = []
        count = min(_MOST_ANNOTATIONS, raw.FPDFPage_GetAnnotCount(page.raw))
        for index in range(count):
            annotation = raw.FPDFPage_GetAnnot(page.raw, index)
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            is_seen = not raw.FPDFAnnot_GetFlags(annotation) & _HIDDEN
            is_shown = kind in _KINDS and is_seen
            if is_seen and kind == raw.FPDF_ANNOT_STRIKEOUT:
                self.struck += _boxes(annotation)
            if not (is_shown and form and _has_own_picture(annotation, form)):
                others.append(index)
                text = clean_line(_shown(annotation, kind, form)) if is_shown else ""
                if text and raw.FPDFAnnot_GetRect(annotation, box := raw.FS_RECTF()):
                    self._values.append((text, box))
            raw.FPDFPage_CloseAnnot(annotation)
        self.drawn = len(others) < count
        if self.drawn:
            for index in reversed(others):
                raw.FPDFPage_RemoveAnnot(page.raw, index)
            raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)

    def runs(self, others: Sequence[Run]) -> Iterator[Run]:
        """The values as runs at the positions of the fields; `others` are the runs of the page."""
        usual = max((run.size for run in others[:50]), default=10.0)
        for text, box in self._values:
            height = abs(box.top - box.bottom)
            size = min(usual, height) if height else usual
            y = min(box.top, box.bottom) + max(0.0, (min(height, 2 * size) - size) / 2) + 0.22 * size
            yield Run(text, min(box.left, box.right), max(box.left, box.right), y, round(size, 1), False, 0, " ", False)


def _boxes(annotation: raw.FPDF_ANNOTATION) -> Iterator[Box]:
    """The boxes of the text that an annotation marks."""
    corners = raw.FS_QUADPOINTSF()
    for index in range(min(_MOST_BOXES, raw.FPDFAnnot_CountAttachmentPoints(annotation))):
        if raw.FPDFAnnot_GetAttachmentPoints(annotation, index, corners):
            xs, ys = ([getattr(corners, f"{axis}{number}") for number in range(1, 5)] for axis in "xy")
            yield min(xs), min(ys), max(xs), max(ys)


def _has_own_picture(annotation: raw.FPDF_ANNOTATION, form: raw.FPDF_FORMHANDLE) -> bool:
    """Whether a field shows another text than its value, in a picture: a signature, a formatted number, a password."""
    if raw.FPDFAnnot_GetAP(annotation, raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL, None, 0) <= _EMPTY_BYTES:
        return False
    get_script = partial(raw.FPDFAnnot_GetFormAdditionalActionJavaScript, form, annotation)
    return (
        raw.FPDFAnnot_GetFormFieldType(form, annotation) == raw.FPDF_FORMFIELD_SIGNATURE
        or bool(raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD)
        or get_script(raw.FPDF_ANNOT_AACTION_FORMAT, None, 0) > _EMPTY_BYTES
    )


def _shown(annotation: raw.FPDF_ANNOTATION, kind: int, form: raw.FPDF_FORMHANDLE | None) -> str:
    """The visible value of a field: its text or choice, or a cross for a ticked box; also the text of a note."""
    if kind == raw.FPDF_ANNOT_FREETEXT:
        return _string(annotation, b"Contents")
    if state := _string(annotation, b"AS"):
        return "[x]" if state != "Off" else ""
    if _string(annotation, b"FT") in ("Btn", "Sig"):
        return ""
    is_list = form and raw.FPDFAnnot_GetFormFieldType(form, annotation) in _LISTS
    chosen = ", ".join(_chosen(annotation, form)) if is_list else ""
    return chosen or _string(annotation, b"V")


def _chosen(annotation: raw.FPDF_ANNOTATION, form: raw.FPDF_FORMHANDLE) -> Iterator[str]:
    """The visible labels of the choices in a list, which differ from the values that the form sends."""
    for index in range(min(_MOST_OPTIONS, raw.FPDFAnnot_GetOptionCount(form, annotation))):
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, index):
            length = min(_MOST_BYTES, raw.FPDFAnnot_GetOptionLabel(form, annotation, index, None, 0))
            yield _text(partial(raw.FPDFAnnot_GetOptionLabel, form, annotation, index), length)


def _string(annotation: raw.FPDF_ANNOTATION, key: bytes) -> str:
    length = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not _EMPTY_BYTES < length <= _MOST_BYTES:
        return ""
    return _text(partial(raw.FPDFAnnot_GetStringValue, annotation, key), length)


def _text(get: Callable[[ctypes.Array[ctypes.c_ushort], int], object], length: int) -> str:
    """The text that a function of PDFium writes into a buffer."""
    buffer = (ctypes.c_ushort * ((length + 1) // 2))()
    get(buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
