"""Text recognition (OCR) of pages by Tesseract through tesserocr, from the extra `ocr`.

It uses all installed languages (`qa.reading.tesseract_data`).
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import pypdfium2 as pdfium

from qa.reading.decode import clean_line
from qa.reading.page_lines import Line
from qa.reading.tesseract_data import languages, trained_data

if TYPE_CHECKING:
    from tesserocr import PyTessBaseAPI

_DOTS_PER_INCH = 300  # the resolution for which Tesseract is trained
_MOST_PIXELS = 40_000_000
_LEAST_CONFIDENCE = 40  # of 100, of a line; results below this are mostly drawings
_SURE = 80  # of a page, on average
_POINTS_PER_INCH = 72


class TextRecognition:
    """Reads pages with pictures of text. Not thread-safe."""

    def __init__(self) -> None:
        """Load the trained languages, of which there must be one."""
        from tesserocr import PSM, PyTessBaseAPI  # noqa: PLC0415 - an extra

        folder = trained_data()
        assert folder is not None
        turned = (folder / "osd.traineddata").exists()
        mode = PSM.AUTO_OSD if turned else PSM.AUTO
        try:
            self._api = PyTessBaseAPI(path=str(folder), lang="+".join(languages(folder)), psm=mode)
        except RuntimeError as error:  # an error of its data, not of the file
            raise ImportError(f"Tesseract cannot use {folder}: {error}") from None

    def lines(self, page: pdfium.PdfPage, number: int) -> list[Line]:
        """The lines of a page in reading order, all of one size; empty if nothing is recognised.

        Tesseract does not detect that a short text is upside down, so uncertain pages are also read upside down.
        """
        lines, confidence = self._recognised(page, number, 0)
        if confidence < _SURE:
            turned, turned_confidence = self._recognised(page, number, 180)
            return turned if turned_confidence > confidence else lines
        return lines

    def _recognised(self, page: pdfium.PdfPage, number: int, turned: int) -> tuple[list[Line], float]:
        """The lines of a page rotated by some degrees, and Tesseract's mean confidence."""
        width, height = page.get_size()
        scale = min(_DOTS_PER_INCH / _POINTS_PER_INCH, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        bitmap = page.render(scale=scale, rotation=turned, grayscale=True)
        api = self._api
        api.SetImageBytes(bytes(bitmap.buffer), bitmap.width, bitmap.height, 1, bitmap.stride)
        api.SetSourceResolution(round(scale * _POINTS_PER_INCH))
        bitmap.close()
        return (_lines(api, number, scale, height), api.MeanTextConf()) if api.Recognize() else ([], 0.0)

    def close(self) -> None:
        """Free the trained languages."""
        self._api.End()


def _lines(api: PyTessBaseAPI, number: int, scale: float, height: float) -> list[Line]:
    from tesserocr import RIL, iterate_level  # noqa: PLC0415 - an extra

    found: list[tuple[str, tuple[int, int, int, int], bool]] = []
    begins = False
    for item in iterate_level(api.GetIterator(), RIL.TEXTLINE):
        begins = begins or item.IsAtBeginningOf(RIL.PARA)
        try:
            text = clean_line(item.GetUTF8Text(RIL.TEXTLINE))
        except RuntimeError:  # the page is empty
            continue
        if text and item.Confidence(RIL.TEXTLINE) >= _LEAST_CONFIDENCE:
            found.append((text, item.BoundingBox(RIL.TEXTLINE), begins))
            begins = False
    if not found:
        return []
    # Heights of boxes depend on the letters, and pages may be rotated: lines get new positions, one below the other.
    size = round(0.75 * median(min(box[3] - box[1], box[2] - box[0]) for _, box, _ in found) / scale, 1)
    lines: list[Line] = []
    y = height
    for text, (left, _, right, _), begins in found:
        y -= 2.4 * size if begins and lines else 1.2 * size
        lines.append(Line(text, number, size, bold=False, left=left / scale, right=right / scale, y=y))
    return lines
