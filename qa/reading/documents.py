"""Parses files into Documents: canonical text, blocks, and details from the file or the sidecar.

Other modules choose the files (`qa.building.folder`), limit time and memory (`qa.reading.parser_process`), and cut
passages (`qa.reading.passages`).
"""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import PurePosixPath

from qa.errors import UnreadableFile
from qa.reading.decode import decode
from qa.reading.draft import Read, assemble, with_bold_headings
from qa.reading.parsed import Parsed, note_of
from qa.reading.sidecar import Details, details_of
from qa.reading.signatures import mislabelled
from qa.reading.tesseract_data import recognition_identity
from qa.reading.titles import title_of
from qa.records import Document
from qa.text.document_ids import document_id
from qa.text.page_units import unit_of
from qa.text.readable_types import format_of

# Part of every snapshot's configuration: raise it if a loader's output or the rule for ids changes.
LOADER_VERSION = 17
_LIBRARIES = ("chardet", "lxml", "markdown-it-py", "mdit-py-plugins", "pypdfium2", "pyyaml")

_DETAILS = ("title", "publisher", "author", "date", "url")
_LONGEST_DETAIL_CHARS = 1000


def load_document(source: str, data: bytes, known: Details | None = None) -> Document:
    """Read one file in this process.

    Args:
        source: The file's path relative to the documents' folder, with forward slashes.
        data: Its bytes.
        known: Its sidecar entry.

    Raises:
        UnreadableFile: the format is not read here, or the file is broken or holds no text.
    """
    return make_document(source, sha256(data).hexdigest(), parse_file(source, data), known)


def parse_file(source: str, data: bytes) -> Parsed:
    """Parse a file's content, with the details from the file but not those from the sidecar.

    Raises:
        UnreadableFile: the format is not read here, or the file is broken or holds no text.
    """
    kind = format_of(source)
    if kind not in FORMATS:
        raise UnreadableFile(f"format not read; known are {', '.join(sorted(FORMATS))}")
    if not data:
        raise UnreadableFile("is empty")
    if trouble := mislabelled(kind, data):
        raise UnreadableFile(trouble)
    drafts, own, left_out = _read(kind, data)
    text, blocks = assemble(with_bold_headings(drafts))
    if not blocks:
        raise UnreadableFile("holds no text")
    details = details_of(own)
    kept = {name: getattr(details, name) for name in _DETAILS} | {"note": note_of(left_out)}
    return Parsed(text, blocks, {name: value[:_LONGEST_DETAIL_CHARS] for name, value in kept.items() if value})


def make_document(source: str, digest: str, parsed: Parsed, known: Details | None = None) -> Document:
    """Combine a file's content and details; `known` takes precedence over the file's own details."""
    details = (known or Details()).over(Details(**{name: parsed.own.get(name) for name in _DETAILS}))
    return Document(
        id=document_id(source),
        source=source,
        sha256=digest,
        text=parsed.text,
        blocks=parsed.blocks,
        title=details.title or _title(parsed, source),
        publisher=details.publisher,
        author=details.author,
        date=details.date,
        url=details.url,
        left_out=parsed.left_out,
    )


def loader_identity() -> str:
    """What a loader's output depends on besides the file: its version and those of the parsing libraries."""
    libraries = (f"{name}-{version(name)}" for name in _LIBRARIES)
    return " ".join(filter(None, (str(LOADER_VERSION), *libraries, recognition_identity())))


# By format: the module of the format in `qa.reading.formats`, and its function. It takes the file's bytes, or its
# decoded text if the module is one of `_TEXTS`.
_READERS = {
    ".txt": ("plain_text", "read_text"),
    ".md": ("markdown", "read_markdown"),
    ".html": ("html", "read_html"),
    ".mhtml": ("web_archive", "read_web_archive"),
    **dict.fromkeys((".csv", ".tsv"), ("csv", "read_csv")),
    **dict.fromkeys((".odt", ".odp", ".ods"), ("odf", "read_odf")),
    **{f".{name}": (name, f"read_{name}") for name in ("pdf", "docx", "pptx", "xlsx", "rtf", "msg", "epub")},
    ".eml": ("email", "read_message"),
    ".mbox": ("email", "read_mailbox"),
    ".jsonl": ("json_lines", "read_json_lines"),
}
_TEXTS = ("plain_text", "markdown", "csv", "json_lines")
FORMATS = frozenset(_READERS)


def _read(kind: str, data: bytes) -> Read:
    """Read a file by the function of its format, which is imported now, since its libraries take long to load."""
    module, name = _READERS[kind]
    function = getattr(import_module(f"qa.reading.formats.{module}"), name)
    if module not in _TEXTS:
        return function(data)  # type: ignore[no-any-return]
    decoded = decode(data)
    found: Read = function(decoded.text)
    return found._replace(left_out=(*filter(None, [decoded.guess]), *found.left_out))


def _title(parsed: Parsed, source: str) -> str:
    """The title of a document without its own: the file's name for a table, the first words for other formats."""
    if unit_of(source) == "row":
        return " ".join(PurePosixPath(source).stem.replace("_", " ").split()) or source
    return title_of(parsed.text, parsed.blocks)
