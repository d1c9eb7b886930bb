"""Finds the system requirements of text recognition: the binding's package, and Tesseract's trained data of languages.

The data are system files (Debian: tesseract-ocr-eng and so on), in the folder TESSDATA_PREFIX, or else in Debian's
default folder.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDERS = ("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata")
_NO_LANGUAGES = frozenset({"osd", "equ"})  # page orientation and formulas


def recognition_identity() -> str:
    """The versions and languages on which results depend; empty if text recognition is not available."""
    try:
        binding = version("tesserocr")
    except PackageNotFoundError:
        return ""
    folder = trained_data()
    return f"tesserocr-{binding} {'+'.join(languages(folder))}" if folder else ""


def trained_data() -> Path | None:
    """The folder of the trained data, or None if there is none with a language."""
    named = os.environ.get("TESSDATA_PREFIX")
    folders = map(Path, [named] if named else FOLDERS)
    return next((folder for folder in folders if languages(folder)), None)


def languages(folder: Path) -> list[str]:
    """The languages in a folder, English first, since Tesseract prefers the first one."""
    found = {path.name.partition(".")[0] for path in folder.glob("*.traineddata")} - _NO_LANGUAGES
    return sorted(found, key=lambda name: (name != "eng", name))
