"""The supported types of files, by the suffixes of their names."""

from __future__ import annotations

from qa.text.document_names import suffix_of

# Suffixes of the same format: other names, and templates, slide shows and files with macros, which are read alike.
_SAME = {
    ".txt": ".text", ".md": ".markdown", ".html": ".htm .xhtml", ".mhtml": ".mht",
    ".docx": ".docm .dotx .dotm", ".pptx": ".pptm .ppsx .ppsm .potx .potm", ".xlsx": ".xlsm .xltx .xltm",
    ".odt": ".ott", ".odp": ".otp", ".ods": ".ots",
}  # fmt: skip
_FORMATS = {suffix: named for named, suffixes in _SAME.items() for suffix in suffixes.split()}
# Serving does not import the parsers; a test compares this list with them (`qa.reading.documents`).
READ_FORMATS = frozenset(
    ".txt .md .html .mhtml .pdf .docx .pptx .xlsx .csv .tsv .odt .odp .ods .rtf .eml .msg .mbox .epub .jsonl".split()
)
READ_SUFFIXES = READ_FORMATS | frozenset(_FORMATS)
ARCHIVE_SUFFIXES = frozenset({".zip"})  # without text of their own; the files in them are read
TAKEN_SUFFIXES = READ_SUFFIXES | ARCHIVE_SUFFIXES
_SAVE_AS = {
    ".docx": ".doc .dot .pages .wpd .wps", ".pptx": ".ppt .pps .pot .key", ".xlsx": ".xls .xlt .xlsb .numbers",
    ".html": ".webarchive",
}  # fmt: skip


def format_of(name: str) -> str:
    """The format of a file by its name, as the usual suffix of that format: ".docx" for "plan.DOTX"."""
    suffix = suffix_of(name)
    return _FORMATS.get(suffix, suffix)


def why_not_read(name: str) -> str | None:
    """Why a file with a name is not read, by its type; None if the type is supported."""
    suffix = suffix_of(name)
    if suffix in TAKEN_SUFFIXES:
        return None
    for better, others in _SAVE_AS.items():
        if suffix in others.split():
            return f"{suffix} is not read; save it as {better}"
    known = ", ".join(sorted(READ_FORMATS | ARCHIVE_SUFFIXES))
    return f"{suffix or 'a name without a suffix'} is not read; known are {known}"
