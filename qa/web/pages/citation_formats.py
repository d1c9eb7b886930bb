"""Citations as plain text, Markdown, APA, Chicago, BibTeX, RIS and CSL-JSON.

Guarantees: no field is invented. A document without a date is called undated or has no date field. Without an author,
    the publisher takes the author's place only in running text. Every format has the place of the quote. Titles and
    names are escaped in each format: they cannot add markup, fields or lines. Links are web addresses.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from qa.records import Citation
from qa.text.page_units import place_words, range_words
from qa.text.safe_text import one_line, web_address
from qa.web.pages.wording import MONTHS, day

# Braces by name: BibTeX counts them even after a backslash, so a single one would end its field.
_BIBTEX_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
}  # fmt: skip
# Punctuation that can be markup, entity or mathematics anywhere in a line, or turns bare text into a link.
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$@-]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_MARKDOWN_NUMBER = re.compile(r"^(\d+)([.)])")  # would start a list
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Format:
    """A citation in one format."""

    name: str
    text: str


def formats(citation: Citation, link: str, source_url: str | None = None) -> tuple[Format, ...]:
    """The citation in all formats. `link` opens the quote here; `source_url`, if known, is the document's address."""
    url = web_address(source_url or "") or link
    opens = link if link != url else ""
    return (
        Format("Citation", plain(citation, url)),
        Format("Markdown", markdown(citation, url)),
        Format("APA", apa(citation, url)),
        Format("Chicago", chicago(citation, url)),
        Format("BibTeX", bibtex(citation, url, opens)),
        Format("RIS", ris(citation, url, opens)),
        Format("CSL-JSON", csl_json(citation, url, opens)),
    )


def plain(citation: Citation, url: str) -> str:
    """The citation as one line of text."""
    return f"{_lead(citation)}“{one_line(citation.title)}”. {_details(citation)}. {url}"


def markdown(citation: Citation, url: str) -> str:
    """The same line in Markdown, with the title as a link."""
    target = quote(url, safe=":/?#[]@!$&'*+,;=%~")
    lead, title, details = map(escape_markdown, (_lead(citation), one_line(citation.title), _details(citation)))
    return f"{lead}[{title}]({target}). {details}."


def apa(citation: Citation, url: str) -> str:
    """A reference by APA's Publication Manual (7th edition) for a web page; without a name the title is first."""
    date = f"({_american_day(citation.date, year_first=True) or 'n.d.'})."
    title = _stopped(citation.title)
    lead = _lead(citation).rstrip()
    return " ".join([*([lead, date, title] if lead else [title, date]), *_publisher(citation), url])


def chicago(citation: Citation, url: str) -> str:
    """A bibliography entry by The Chicago Manual of Style, 17th edition, for a web page."""
    page = [] if citation.page is None else [f"{place_words(citation.source, citation.page)}."]
    day_of_year = _american_day(citation.date)
    date = [f"{day_of_year}."] if day_of_year else []
    title = f"“{_stopped(citation.title)}”"
    return " ".join([_lead(citation) + title, *_publisher(citation), *date, *page, f"{url}."])


def ris(citation: Citation, url: str, opens: str = "") -> str:
    """A record in the RIS format for reference managers. Each tag's value is one line."""
    parts = _date_parts(citation.date)
    fields = [
        ("TY", "ELEC"),
        ("TI", one_line(citation.title)),
        ("AU", one_line(citation.author or "")),
        ("PB", one_line(citation.publisher or "")),
        ("PY", str(parts[0]) if parts else ""),
        ("DA", "/".join(f"{part:02}" for part in parts)),
        ("SP", "" if citation.page is None else str(citation.page)),
        ("UR", quote(url, safe=":/?#[]@!$&'()*+,;=%~")),
        ("N1", _note(citation, opens)),
    ]
    return "\n".join([*(f"{tag}  - {value}" for tag, value in fields if value), "ER  - "])


def bibtex(citation: Citation, url: str, opens: str = "") -> str:
    """A `@misc` entry; names are in double braces, since it is not known which part is the family name."""
    key = re.sub(r"[^A-Za-z0-9-]+", "-", f"{citation.document_id}-{citation.start}-{citation.end}")
    fields = [f"  title = {{{{{_escape_bibtex(citation.title)}}}}},"]
    if citation.author:
        fields.append(f"  author = {{{{{_escape_bibtex(citation.author)}}}}},")
    if citation.publisher:
        fields.append(f"  publisher = {{{_escape_bibtex(citation.publisher)}}},")
    parts = _date_parts(citation.date)
    if parts:
        fields.append(f"  year = {{{parts[0]}}},")
    if len(parts) > 1:
        fields.append(f"  month = {MONTHS[parts[1] - 1][:3].lower()},")
    # A brace would end the field, and a percent sign is safe inside \url only.
    fields.append(f"  url = {{{quote(url, safe=':/?#[]@!$&()*+,;=%~')}}},")
    fields.append(f"  note = {{{_escape_bibtex(_note(citation, opens))}}},")
    return "\n".join([f"@misc{{{key},", *fields, "}"])


def csl_json(citation: Citation, url: str, opens: str = "") -> str:
    """A CSL-JSON list of one item for reference managers."""
    item: dict[str, object] = {
        "id": f"{citation.document_id}-{citation.start}-{citation.end}",
        "type": "document",
        "title": citation.title,
    }
    if citation.author:
        item["author"] = [{"literal": citation.author}]
    if citation.publisher:
        item["publisher"] = citation.publisher
    parts = _date_parts(citation.date)
    if parts:
        item["issued"] = {"date-parts": [parts]}
    if citation.page is not None:
        item["page"] = "-".join(map(str, _pages(citation)))
    item |= {"URL": url, "note": _note(citation, opens)}
    lines = [f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in item.items()]
    return "[{\n" + ",\n".join(lines) + "\n}]"


def _lead(citation: Citation) -> str:
    name = citation.author or citation.publisher
    return f"{_stopped(name)} " if name else ""


def _details(citation: Citation) -> str:
    publisher = [one_line(citation.publisher)] if citation.author and citation.publisher else []
    return ", ".join([*publisher, day(citation.date), _place(citation)])


def _place(citation: Citation) -> str:
    pages = _pages(citation)
    page = f"{range_words(citation.source, pages[0], pages[-1])}, " if pages else ""
    return f"{page}{one_line(citation.source)}, characters {citation.start}\u2013{citation.end}"


def _note(citation: Citation, opens: str) -> str:
    """The place of the quote, and the link that opens it unless that is the cited address."""
    return ", ".join(filter(None, (_place(citation), opens)))


def _pages(citation: Citation) -> list[int]:
    """The pages of a quote: none, one, or the first and the last."""
    first, last = citation.pages or (citation.page, citation.page)
    return [] if first is None or last is None else [first] if first == last else [first, last]


def _publisher(citation: Citation) -> list[str]:
    """The publisher, if the author is given before it."""
    return [_stopped(citation.publisher)] if citation.author and citation.publisher else []


def _stopped(text: str) -> str:
    """A text on one line with exactly one final full stop."""
    return f"{one_line(text).rstrip('.')}."


def _american_day(date: str | None, *, year_first: bool = False) -> str:
    """A possibly incomplete date: "September 9, 2022", or "2022, September 9"."""
    parts = _date_parts(date)
    year = str(parts[0]) if parts else ""
    day_of_year = " ".join([MONTHS[parts[1] - 1], *map(str, parts[2:])]) if len(parts) > 1 else ""
    return ", ".join(filter(None, (year, day_of_year) if year_first else (day_of_year, year)))


def _date_parts(date: str | None) -> list[int]:
    match = _DATE.match(date or "")
    parts = [int(part) for part in match[0].split("-")] if match else []
    return parts if len(parts) < 2 or 1 <= parts[1] <= 12 else parts[:1]


def escape_markdown(text: str) -> str:
    """Escape one line of text so that Markdown shows it unchanged."""
    return _MARKDOWN_NUMBER.sub(r"\1\\\2", _MARKDOWN_SPECIAL.sub(r"\\\1", text))


def _escape_bibtex(text: str) -> str:
    return "".join(_BIBTEX_ESCAPES.get(character, character) for character in one_line(text))
