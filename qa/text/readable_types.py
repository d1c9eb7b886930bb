"""The supported types of files, by the suffixes of their names."""

from __future__ import annotations

from qa.text.document_names import suffix_of

# Serving does not import the parsers; a test compares this list with them (`qa.reading.documents`).
READ_SUFFIXES = frozenset(
    ".txt .text .md .markdown .html .htm .xhtml .pdf .docx .pptx .xlsx .csv .tsv .odt .odp .ods .rtf .eml .msg .mbox "
    ".epub .jsonl".split()
)
ARCHIVE_SUFFIXES = frozenset({".zip"})  # without text of their own; the files in them are read
TAKEN_SUFFIXES = READ_SUFFIXES | ARCHIVE_SUFFIXES
_SAVE_AS = {
    ".doc": ".docx", ".pages": ".docx",
    ".ppt": ".pptx", ".key": ".pptx", ".xls": ".xlsx",
}  # fmt: skip


def why_not_read(name: str) -> str | None:
    """Why a file with a name is not read, by its type; None if the type is supported."""
    suffix = suffix_of(name)
    if suffix in TAKEN_SUFFIXES:
        return None
    if suffix in _SAVE_AS:
        return f"{suffix} is not read; save it as {_SAVE_AS[suffix]}"
    return f"{suffix or 'a name without a suffix'} is not read; known are {', '.join(sorted(TAKEN_SUFFIXES))}"
