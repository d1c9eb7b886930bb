"""Reads listed files, and keeps the last one, since the documents of a container are read one by one."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from qa.errors import UnreadableForNow
from qa.index.regular_files import read_regular

CHANGED = "was changed while the build ran; build again"


class WholeFiles:
    """Reads files of a documents' folder and checks their digests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest, self._data = "", b""

    def read(self, path: Path, digest: str, size: int) -> bytes | None:
        """The bytes of a file; None if their SHA-256 differs.

        Raises:
            UnreadableForNow: the file cannot be opened.
        """
        if digest != self._digest:
            self._digest, self._data = "", b""
            try:
                data = read_regular(self._folder, path, size)
            except OSError as error:
                raise UnreadableForNow(f"cannot be opened ({error.strerror})") from None
            if sha256(data).hexdigest() != digest:
                return None
            self._digest, self._data = digest, data
        return self._data
