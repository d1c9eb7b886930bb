"""The commands `qa status | documents | show`: what the index holds, its documents, and a document's text or a part."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import closing
from dataclasses import asdict

from qa.answering.citations import cite_place
from qa.cli.output import say, say_json
from qa.errors import InvalidRequest, UnknownDocument
from qa.index.build_notes import read_report
from qa.index.local.open_version import OpenVersion, open_index
from qa.records import Document, Span
from qa.settings import Settings
from qa.web.document_list import DocumentLookups, page_after

_ALIKE = 3  # similar ids listed when a document is not found
_PLACE = re.compile(r"(?P<name>.+?)(?::(?P<start>[0-9]{1,9})-(?P<end>[0-9]{1,9}))?", re.DOTALL)


def run_documents(settings: Settings, arguments: argparse.Namespace) -> int:
    """List all or the matching documents, as text or as the API's JSON."""
    with closing(open_index(settings.index_dir)) as index:
        query = " ".join((*arguments.words, arguments.query)).strip()
        found = DocumentLookups(tuple(index.documents)).matching(query, arguments.sort)
    if arguments.json:
        from qa.web.api.json_form import documents_data  # noqa: PLC0415

        say_json(documents_data(page_after(found, None, None)))
        return 0
    if not found:
        say("No document has these words." if query else "The index holds no documents.", to=sys.stderr)
    longest = max((len(info.id) for info in found), default=0)
    for info in found:
        source = ", ".join(filter(None, (info.title, info.publisher)))
        say(f"{info.id:{longest}}  {info.date or 'undated':10}  {info.characters:9,} characters  {source}")
    return 0


def run_show(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print a document's text, or the part that a citation refers to."""
    match = _PLACE.fullmatch(arguments.document)
    if not match:
        raise InvalidRequest("Name a document, as in `qa documents`, and no more than one place, as ID:812-1410.")
    with closing(open_index(settings.index_dir)) as index:
        document = _named(index, match["name"])
    if match["start"] is None:
        return _print_document(document, as_json=arguments.json)
    start, end = int(match["start"]), int(match["end"])
    if not start < end <= len(document.text):
        raise InvalidRequest(f"{document.id} has the characters 0-{len(document.text)}; {start}-{end} are not in it.")
    return _print_part(document, Span(start, end), settings.root_path, as_json=arguments.json)


def _named(index: OpenVersion, name: str) -> Document:
    """The document with a current or former id, or with a path as in citations."""
    try:
        return index.document(index.present_id(name))
    except UnknownDocument as error:
        by_path = next((info.id for info in index.documents if info.source == name), None)
        if by_path:
            return index.document(by_path)
        alike = ", ".join(info.id for info in DocumentLookups(tuple(index.documents)).matching(name)[:_ALIKE])
        hint = f"Documents with these words: {alike}." if alike else "`qa documents` lists all."
        raise UnknownDocument(f"{error} {hint}") from None


def _print_document(document: Document, *, as_json: bool) -> int:
    if as_json:
        from qa.web.api.json_form import document_data  # noqa: PLC0415

        say_json(document_data(document))
    else:
        say(*document.text.split("\n"))
    return 0


def _print_part(document: Document, part: Span, root: str, *, as_json: bool) -> int:
    text = document.text[part.start : part.end]
    if as_json:
        from qa.web.api.json_form import citation_data  # noqa: PLC0415

        say_json({"text": text, "citation": citation_data(cite_place(document, part), root)})
    else:
        say(*text.split("\n"))
    return 0


def run_status(settings: Settings, arguments: argparse.Namespace) -> int:
    """Open and verify the current snapshot, and list its documents."""
    index = open_index(settings.index_dir)
    try:
        if arguments.json:
            report = read_report(settings.index_dir)
            data = {
                "snapshot": index.id,
                "built_at": index.built_at,
                "segments": index.segments,
                "passages": index.size,
                "documents": [asdict(info) for info in index.documents],
                "last_build": asdict(report) if report else None,
            }
            say_json(data)
            return 0
        segments = f"{index.segments} segment{'' if index.segments == 1 else 's'}"
        say(f"Snapshot {index.id}, built {index.built_at}, whole; {index.size} passages in {segments}")
        for info in index.documents:
            plural = " " if info.passages == 1 else "s"
            say(f"{info.passages:6} passage{plural}  {info.date or 'undated':10}  {info.source}  {info.title}")
    finally:
        index.close()
    return 0
