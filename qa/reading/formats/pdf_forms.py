"""Reads the values of form fields and text notes on a PDF page, which PDFium's text of the page does not include."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.decode import clean_line
from qa.reading.formats.pdf_runs import Run

_MOST_ANNOTATIONS = 5_000
_MOST_BYTES = 1 << 20
_MOST_OPTIONS = 1000
_LISTS = (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW


def form_values(page: pdfium.PdfPage, runs: Sequence[Run]) -> Iterator[Run]:
    """The values of a page's fields, as runs at the positions of the fields."""
    size = max((run.size for run in runs[:50]), default=10.0)
    for index in range(min(_MOST_ANNOTATIONS, raw.FPDFPage_GetAnnotCount(page.raw))):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            run = _value(annotation, size, page.formenv.raw if page.formenv else None)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
        if run is not None:
            yield run


def _value(annotation: raw.FPDF_ANNOTATION, size: float, form: raw.FPDF_FORMHANDLE | None) -> Run | None:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if raw.FPDFAnnot_GetFlags(annotation) & _HIDDEN or kind not in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT):
        return None
    text = _shown(annotation, form) if kind == raw.FPDF_ANNOT_WIDGET else _string(annotation, b"Contents")
    text = clean_line(text)
    box = raw.FS_RECTF()
    if not text or not raw.FPDFAnnot_GetRect(annotation, box):
        return None
    height = abs(box.top - box.bottom)
    size = min(size, height) if height else size
    y = min(box.top, box.bottom) + max(0.0, (min(height, 2 * size) - size) / 2) + 0.22 * size
    return Run(text, min(box.left, box.right), max(box.left, box.right), y, round(size, 1), False, 0, " ", False)


def _shown(annotation: raw.FPDF_ANNOTATION, form: raw.FPDF_FORMHANDLE | None) -> str:
    """The visible value of a field: its text or choice, or a cross for a ticked box."""
    kind = _string(annotation, b"FT")
    state = _string(annotation, b"AS")
    if state:
        return "[x]" if state != "Off" else ""
    if kind in ("Btn", "Sig"):
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
    if not 2 < length <= _MOST_BYTES:
        return ""
    return _text(partial(raw.FPDFAnnot_GetStringValue, annotation, key), length)


def _text(get: Callable[[ctypes.Array[ctypes.c_ushort], int], object], length: int) -> str:
    """The text that a function of PDFium writes into a buffer."""
    buffer = (ctypes.c_ushort * ((length + 1) // 2))()
    get(buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
