"""Files to Documents: canonical text, blocks, and what the file or its sidecar says of itself.

Leaves to others: which files to read (`qa.build`), and cutting passages (`qa.passages`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from pathlib import PurePosixPath

from qa.errors import UnreadableFile
from qa.load.decode import decode
from qa.load.draft import Draft, assemble
from qa.load.markdown import front_matter, read_markdown
from qa.load.plain import read_plain
from qa.load.sources import Details, details_of, parse_date
from qa.records import Block, BlockKind, Document

__all__ = ["LOADER_VERSION", "SUFFIXES", "document_id", "load_document"]

# Part of every snapshot's configuration: raise it when a loader's output changes for the same bytes.
LOADER_VERSION = 1

_READERS: dict[str, Callable[[str], list[Draft]]] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
}
SUFFIXES = frozenset(_READERS)

_STAMP = re.compile(r"\s*date (\d{4}-\d{2}-\d{2})[ \t]+(?=\S)")
_LONGEST_TITLE_CHARS = 90


def load_document(source: str, data: bytes, known: Details | None = None) -> Document:
    """Read one file.

    Args:
        source: The file's path relative to the documents' folder, with forward slashes.
        data: Its bytes.
        known: What the sidecar says of it.

    Raises:
        UnreadableFile: the format is not read here, or the file is broken or holds no text.
    """
    reader = _READERS.get(PurePosixPath(source).suffix.lower())
    if reader is None:
        raise UnreadableFile(f"format not read; known are {', '.join(sorted(SUFFIXES))}")
    text = decode(data)
    own, text = front_matter(text) if reader is read_markdown else _stamp(text)
    canonical, blocks = assemble(reader(text))
    if not blocks:
        raise UnreadableFile("holds no text")
    details = (known or Details()).over(details_of(own))
    return Document(
        id=document_id(source),
        source=source,
        sha256=sha256(data).hexdigest(),
        text=canonical,
        blocks=blocks,
        title=details.title or _title(canonical, blocks),
        publisher=details.publisher,
        author=details.author,
        date=details.date,
        url=details.url,
    )


def document_id(source: str) -> str:
    """A stable slug of a file's path: ASCII where that is legible, with a digest where folding lost something."""
    stem = unicodedata.normalize("NFC", source).removesuffix(PurePosixPath(source).suffix)
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
    plain = re.fullmatch(r"[a-z0-9_-]+", stem)
    if plain:
        return stem
    return "-".join(filter(None, (slug[:80], sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:8])))


def _stamp(text: str) -> tuple[dict[str, str], str]:
    """Split a date stamp that is glued to the first line ("date 2022-04-18 Kaiser ...") from the text."""
    match = _STAMP.match(text)
    if match and parse_date(match[1]):
        return {"date": match[1]}, text[match.end() :]
    return {}, text


def _title(text: str, blocks: tuple[Block, ...]) -> str:
    """The title block, or the document's opening words when it has none."""
    first = blocks[0]
    opening = " ".join(text[first.start : first.end].split())
    if first.kind is BlockKind.TITLE or len(opening) <= _LONGEST_TITLE_CHARS:
        return opening
    cut = opening[:_LONGEST_TITLE_CHARS]
    return cut[: cut.rfind(" ")].rstrip(",;:–-") + "…" if " " in cut else cut + "…"
