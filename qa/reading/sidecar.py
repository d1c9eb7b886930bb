"""Parses the sidecar that describes documents: `sources.toml` in their folder, one table per file.

    ["annual-report.txt"]
    title = "Annual Report 2023"
    publisher = "Example Foundation"
    author = "A. Writer"
    date = 2023-05-01
    url = "https://example.org/annual-report"

A further table, `[site]`, has a `name` and a `description` of the site, and `examples`, a list of example questions.
All fields are optional. Titles and names are one line; an address must be safe for a link. The sidecar takes precedence
over the file's own details.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from qa.errors import UnreadableFile
from qa.text.dates import read_date
from qa.text.document_names import SIDECAR
from qa.text.safe_text import one_line, web_address
from qa.text.site import Example, Site

MOST_BYTES = 16 << 20  # entries of 100,000 documents; reading it takes seconds and sixteen times the memory
# The parser's time grows with the square of a key's parts, and each bracket takes a level of the interpreter's stack;
# the format needs only one table in the file and one value in that.
_MOST_KEY_PARTS = 16
_MOST_NESTING = 16
_STRUCTURE = re.compile(
    r"""\"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"{3,5})?|'''(?:[^']|'(?!''))*+(?:'{3,5})?"""  # strings over several lines
    r"""|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?"""  # strings on one line
    r"""|\#[^\n]*+|(?P<dots>\.)|(?P<opens>[\[{])|(?P<closes>[\]}])|(?P<ends>\n)""",
    re.DOTALL,
)
SITE = "site"
_FIELDS = ("title", "publisher", "author", "date", "url")


@dataclass(frozen=True, slots=True)
class Details:
    """The metadata of a document."""

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None

    def over(self, other: Details) -> Details:
        """These details, completed by others."""
        return Details(**{name: getattr(self, name) or getattr(other, name) for name in _FIELDS})


def details_digest(details: Details | None) -> str:
    """A digest of a sidecar entry: 16 hexadecimal digits; empty without an entry."""
    if details is None:
        return ""
    return sha256("\0".join(getattr(details, name) or "" for name in _FIELDS).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says: details by the file's path relative to the folder, with forward slashes, and the site."""

    documents: Mapping[str, Details]
    site: Site


def parse_sidecar(data: bytes) -> Sidecar:
    """Parse a sidecar.

    Args:
        data: Its bytes; for one above the size limit, the first `MOST_BYTES` + 1.

    Raises:
        UnreadableFile: the sidecar is not valid TOML, too large or too deep to read, or holds a field or value of the
            wrong kind.
    """
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        check_toml(text, len(data))
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{SIDECAR}: {error}; correct it and build again") from None
    site = _site(tables.pop(SITE, None))
    return Sidecar({name: _details(name, table) for name, table in tables.items()}, site)


def _site(table: object) -> Site:
    if table is None:
        return Site()
    fields = ("name", "description", "examples")
    if not isinstance(table, dict) or not set(table) <= set(fields):
        raise UnreadableFile(f"{SIDECAR}: write [{SITE}] as a table of {', '.join(fields)}")
    texts = {name: one_line(str(table.get(name) or "")) for name in fields[:2]}
    examples = table.get("examples", [])
    of_text = all(isinstance(table.get(name, ""), str) for name in texts)
    if not of_text or not isinstance(examples, list) or not all(isinstance(each, str) for each in examples):
        raise UnreadableFile(f"{SIDECAR}: in [{SITE}], name and description are texts, and examples is a list of texts")
    questions = filter(None, map(one_line, examples))
    return Site(**texts, examples=tuple(map(Example, questions)))


def details_of(values: Mapping[str, str]) -> Details:
    """Details from a file's front matter, without unknown fields and invalid values."""
    return Details(**{name: _READ[name](values[name]) for name in _FIELDS if name in values})


# How each field is read from text; None, or an empty text, if it cannot be used.
_READ: Mapping[str, Callable[[str], str | None]] = {
    "title": one_line,
    "publisher": one_line,
    "author": one_line,
    "date": read_date,
    "url": web_address,
}
_KINDS = {"date": "a date", "url": "an http or https address"}


def check_toml(text: str, size_bytes: int = 0) -> None:
    """Refuse text for which the TOML parser would take too long, in one pass.

    Raises:
        ValueError: the text is refused; the message has the reason and the line.
    """
    if size_bytes > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB")
    line, dots, depth = 1, 0, 0
    for found in _STRUCTURE.finditer(text):
        match found.lastgroup:
            case "dots":
                dots += 1
            case "opens":
                depth += 1
            case "closes":
                depth -= 1
            case "ends":
                dots = 0
        if dots >= _MOST_KEY_PARTS:
            raise ValueError(f"line {line} holds a key of more than {_MOST_KEY_PARTS} parts")
        if depth > _MOST_NESTING:
            raise ValueError(f"line {line} is nested more than {_MOST_NESTING} deep")
        line += found[0].count("\n")


def _details(name: str, table: object) -> Details:
    if not isinstance(table, dict):
        raise UnreadableFile(f'{SIDECAR}: write ["{name}"] as a table of {", ".join(_FIELDS)}')
    values = {}
    for field, value in table.items():
        if field not in _FIELDS:
            raise UnreadableFile(f'{SIDECAR}: ["{name}"] has no field {field!r}; known are {", ".join(_FIELDS)}')
        if field == "date" and isinstance(value, date) and not isinstance(value, datetime):
            text: str | None = value.isoformat()
        else:
            text = _READ[field](value) if isinstance(value, str) else None
        if not text:
            raise UnreadableFile(f'{SIDECAR}: ["{name}"] {field} = {value!r} is not {_KINDS.get(field, "text")}')
        values[field] = text
    return Details(**values)
