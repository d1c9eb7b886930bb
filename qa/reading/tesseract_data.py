"""What text recognition needs of the system: the binding's package, and Tesseract's trained data of languages.

The data are files of the system (Debian: tesseract-ocr-eng and so on), in the folder that TESSDATA_PREFIX names, or
else where Debian has them.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDERS = ("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata")
_NO_LANGUAGES = frozenset({"osd", "equ"})  # how pages are turned, and formulas


def recognition_identity() -> str:
    """What decides the outcome beside the page: versions and languages; empty where nothing can be recognised."""
    try:
        binding = version("tesserocr")
    except PackageNotFoundError:
        return ""
    folder = trained_data()
    return f"tesserocr-{binding} {'+'.join(languages(folder))}" if folder else ""


def trained_data() -> Path | None:
    """The folder of the trained data, if there is one that holds a language."""
    named = os.environ.get("TESSDATA_PREFIX")
    folders = map(Path, [named] if named else FOLDERS)
    return next((folder for folder in folders if languages(folder)), None)


def languages(folder: Path) -> list[str]:
    """The languages of a folder, English first, since the first one is preferred."""
    found = {path.name.partition(".")[0] for path in folder.glob("*.traineddata")} - _NO_LANGUAGES
    return sorted(found, key=lambda name: (name != "eng", name))
